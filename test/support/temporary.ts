import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeDisk } from '../../core/disk/node.js';

/** A disk in a new folder of the machine's temporary ones. */
export async function temporaryDisk(): Promise<{
  readonly folder: string;
  readonly disk: NodeDisk;
  readonly dispose: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'foreshift-test-'));
  return { folder, disk: new NodeDisk(folder), dispose: () => rm(folder, { recursive: true }) };
}
