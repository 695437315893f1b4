import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fail } from '../core/errors.js';
import { findFio } from './fio.js';

/** By which Debian package each comes. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  tgtd: ['tgt'],
  tgtadm: ['tgt'],
  'ganesha.nfsd': ['nfs-ganesha', 'nfs-ganesha-vfs'],
  rpcbind: ['rpcbind'],
  unshare: ['util-linux'],
};
const FIO_WORDS = "a fio with the engines nfs and libiscsi, which Debian's has not";

/** The fio that was found. @throws ERR_DEMO_STORAGE_ABSENT: all that is missing, and how it is had */
export async function storagePrograms(): Promise<string> {
  const absent: string[] = [];
  for (const program of Object.keys(PROGRAMS)) {
    if (!(await isInstalled(program))) absent.push(program);
  }
  const packages = [...new Set(absent.flatMap((program) => PROGRAMS[program] ?? []))];
  const fio = findFio();
  const what = [
    ...(process.getuid?.() === 0 ? [] : ['the rights of root']),
    ...absent,
    ...(fio === undefined ? [FIO_WORDS] : []),
  ];
  if (fio !== undefined && what.length === 0) return fio;
  const install = [
    ...(packages.length === 0 ? [] : [`apt-get install ${packages.join(' ')}`]),
    ...(fio === undefined ? ['`.ci/engines && .ci/fio` builds such a fio'] : []),
  ];
  return fail('ERR_DEMO_STORAGE_ABSENT', {
    what: what.join(', '),
    install: install.length === 0 ? 'the programs are there' : install.join('; '),
  });
}

async function isInstalled(program: string): Promise<boolean> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
