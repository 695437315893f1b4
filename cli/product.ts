import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The product's own folder: where its package.json is, two above this file in `dist`. */
export const productFolder = fileURLToPath(new URL('../..', import.meta.url));

export async function productVersion(): Promise<string> {
  const text = await readFile(`${productFolder}package.json`, 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
