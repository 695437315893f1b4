import { readFile } from 'node:fs/promises';
import { fail } from '../core/errors.js';

/** A file that an option or the config names. @throws ERR_FILE_UNREADABLE */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    return fail('ERR_FILE_UNREADABLE', { file, why: 'it cannot be read' }, { cause });
  }
}
