import { writeFile } from 'node:fs/promises';
import { fail } from '../core/errors.js';
import { messageOf } from '../core/text.js';

/** Writes a file that the user named. @throws ERR_FILE_UNWRITABLE */
export async function writeOut(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    fail('ERR_FILE_UNWRITABLE', { file, why: messageOf(error) }, { cause: error });
  }
}
