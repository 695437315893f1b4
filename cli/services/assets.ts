import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Asset } from '../../api/assets.js';
import { productFolder } from '../product.js';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** The live page and its parts, by the path where they are served. */
export async function pageAssets(): Promise<ReadonlyMap<string, Asset>> {
  const source = join(productFolder, 'console');
  const built = join(productFolder, 'dist', 'console');
  const scripts = (await readdir(built)).filter((name) => name.endsWith('.js'));
  const files: readonly (readonly [path: string, file: string, type: string])[] = [
    ['/', join(source, 'index.html'), HTML],
    ['/style.css', join(source, 'style.css'), CSS],
    ...scripts.map((name) => [`/${name}`, join(built, name), SCRIPT] as const),
  ];
  const assets = files.map(async ([path, file, type]) => {
    return [path, { type, content: await readFile(file) }] as const;
  });
  return new Map(await Promise.all(assets));
}
