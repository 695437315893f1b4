import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Whether a package has this file or folder, without loading any of it.
 * @throws if the package is not installed
 */
export function packageHas(name: string, part: string): boolean {
  const { resolve } = createRequire(import.meta.url);
  return existsSync(join(dirname(resolve(`${name}/package.json`)), part));
}
