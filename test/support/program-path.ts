import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program of the system is. */
export function programPath(program: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
  assert.ok(found !== undefined, `${program} is not in the PATH`);
  return found;
}
