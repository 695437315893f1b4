import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, isNotFound } from '../../core/disk/codes.js';

const FILE = 'secret';

/**
 * The cluster's secret, from which agents' tokens are made: that of the environment, else the one in the data
 * directory, made at the first start and readable for its owner only.
 */
export async function clusterSecret(given: string | undefined, folder: string): Promise<string> {
  if (given !== undefined) return given;
  const file = join(folder, FILE);
  const known = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (known !== undefined && known.trim() !== '') return known.trim();
  await mkdir(folder, { recursive: true });
  const secret = randomBytes(32).toString('base64url');
  try {
    await writeFile(file, `${secret}\n`, { mode: 0o600, flag: known === undefined ? 'wx' : 'w' });
    await chmod(file, 0o600);
    return secret;
  } catch (error) {
    // Another process of this machine was first: its secret counts.
    if (hasCode(error, 'EEXIST')) return clusterSecret(given, folder);
    throw error;
  }
}
