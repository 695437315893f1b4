import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { FIO } from '../../demo/fio.js';
import type { StorageSummary } from '../../demo/storage-demo.js';
import { foreshift } from '../support/foreshift.js';
import { describeWith, itWith } from '../support/installed.js';
import { faultsOf } from '../support/shipped-schemas.js';
import { untilWithin } from '../support/until.js';

/* The storage demo as README has it: one command, and a verdict. */

const MAIN = `${productFolder}dist/cli/main.js`;
const COMMAND = ['demo', '--storage', '--json', '--api-port', '0'];
const until = untilWithin(120_000);
/** The afternoon of the demo's day, when it gets too much for one server, is over by then. */
const SECONDS = '50';

describeWith('tgtd')('the storage demo', () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill());

  function started(...args: readonly string[]) {
    const demo = spawn(process.execPath, [MAIN, ...COMMAND, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // As a terminal does it: a group of its own, all of which Ctrl-C goes to.
      detached: true,
    });
    child = demo;
    const heard = { said: '', answer: '' };
    demo.stderr.on('data', (chunk: Buffer) => (heard.said += chunk.toString()));
    demo.stdout.on('data', (chunk: Buffer) => (heard.answer += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));
    return { demo, heard, ended };
  }

  describeWith('ganesha.nfsd')('with its servers', () => {
    itWith(FIO)(
      'moves a volume of each protocol since a forecast says so, while fio writes; nothing of it is lost',
      async () => {
        const before = await leftOver();
        const { heard, ended } = started('--for', SECONDS);
        expect({ exit: await ended, said: heard.said }).toMatchObject({ exit: 0 });
        expect(faultsOf('demo', heard.answer)).toEqual([]);
        const { volumes, moves } = JSON.parse(heard.answer) as StorageSummary;
        expect(volumes.map(({ volume }) => volume)).toEqual([
          'disk-1',
          'disk-2',
          'home-1',
          'home-2',
        ]);
        for (const { written, verified, failures } of volumes) {
          expect(failures).toEqual([]);
          expect(written).toBeGreaterThan(500);
          expect(verified).toBe(written);
        }
        expect(moves).toBeGreaterThanOrEqual(2);
        expect(heard.said).toMatch(/trigger: (?:iscsi|nfs)-1 will be at \d+ %/);
        expect(heard.said).toMatch(/~ disk-\d {2}iscsi-1 -> iscsi-2/);
        expect(heard.said).toMatch(/~ home-\d {2}nfs-1 -> nfs-2/);
        expect(await leftOver()).toEqual(before);
      },
      240_000,
    );

    itWith(FIO)(
      'leaves nothing behind at Ctrl-C, and says what was verified',
      async () => {
        const before = await leftOver();
        const { demo, heard, ended } = started();
        await until('it says where to look', () => {
          if (demo.exitCode !== null) throw new Error(`it ended: ${heard.said}`);
          return heard.said.includes('Ctrl-C ends it');
        });
        const pids = [...heard.said.matchAll(/pid (\d+)$/gm)].map(([, pid]) => Number(pid));
        expect(pids.filter(isAlive)).toHaveLength(4);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        process.kill(-(demo.pid ?? NaN), 'SIGINT');
        expect({ exit: await ended, said: heard.said }).toMatchObject({ exit: 0 });
        const { volumes } = JSON.parse(heard.answer) as StorageSummary;
        for (const { written, verified } of volumes) expect(verified).toBe(written);
        expect(pids.filter(isAlive)).toEqual([]);
        expect(await leftOver()).toEqual(before);
      },
      180_000,
    );
  });
});

describe('without what it needs, the storage demo', () => {
  it('names everything that is missing, and how it is had', async () => {
    const env = { PATH: '/nowhere', XDG_CACHE_HOME: '/nowhere' };
    const { exit, stdout, stderr } = await foreshift(COMMAND, { cwd: tmpdir(), env });
    expect(exit).toBe(1);
    const said = stdout + stderr;
    expect(said).toContain('ERR_DEMO_STORAGE_ABSENT');
    for (const what of ['tgtd', 'ganesha.nfsd', 'rpcbind', 'a fio with the engines']) {
      expect(said).toContain(what);
    }
    expect(said).toContain('apt-get install tgt nfs-ganesha nfs-ganesha-vfs rpcbind');
  });

  it('is not the distributed one at the same time', async () => {
    const { exit, stdout, stderr } = await foreshift([...COMMAND, '--distributed'], {
      cwd: tmpdir(),
    });
    expect(exit).toBe(64);
    expect(stdout + stderr).toContain('ERR_OPTION_INVALID');
  });
});

async function leftOver(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('foreshift-demo-')).sort();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
