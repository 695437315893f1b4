import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Asset } from '../../api/assets.js';
import { productFolder } from '../product.js';

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** The console and its parts, by the path where they are served. */
export async function pageAssets(): Promise<ReadonlyMap<string, Asset>> {
  const source = join(productFolder, 'console');
  const built = join(productFolder, 'dist', 'console');
  const scripts = (await readdir(built, { recursive: true }))
    .filter((name) => name.endsWith('.js'))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
  const page = await readFile(join(source, 'index.html'), 'utf8');
  const files: readonly (readonly [path: string, content: string, type: string])[] = [
    ['/', withPreloads(page, scripts), HTML],
    ['/style.css', await readFile(join(source, 'style.css'), 'utf8'), CSS],
    ...(await Promise.all(
      scripts.map(
        async (name) => [`/${name}`, await readFile(join(built, name), 'utf8'), SCRIPT] as const,
      ),
    )),
  ];
  return new Map(
    files.map(([path, content, type]) => [path, { type, content, gzipped: gzipSync(content) }]),
  );
}

/** All scripts are asked for at once, and not only as one finds the next. */
function withPreloads(page: string, scripts: readonly string[]): string {
  const links = scripts.map((name) => `    <link rel="modulepreload" href="/${name}" />\n`);
  return page.replace('  </head>', `${links.join('')}  </head>`);
}
