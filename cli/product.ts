import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The product's own folder: where its package.json is, two above this file in `dist`. */
export const productFolder = fileURLToPath(new URL('../..', import.meta.url));

export async function productVersion(): Promise<string> {
  return (await manifest()).version;
}

/** The oldest Node that it runs on: major and minor. */
export async function nodeLeast(): Promise<readonly [major: number, minor: number]> {
  const [major = NaN, minor = 0] = (await manifest()).engines.node
    .replace(/^>=/, '')
    .split('.')
    .map(Number);
  return [major, minor];
}

async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(`${productFolder}package.json`, 'utf8')) as Manifest;
}

interface Manifest {
  readonly version: string;
  /** `>=20.19` */
  readonly engines: { readonly node: string };
}
