import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../api/contract/status.js';
import { ApiClient } from '../../cli/api-client.js';
import { productFolder } from '../../cli/product.js';
import type { Progress } from '../../core/bus/port.js';
import type { DemoSummary } from '../../demo/demo.js';
import { foreshift } from '../support/foreshift.js';
import { itWith } from '../support/installed.js';
import { untilWithin } from '../support/until.js';

/* The whole distributed set for a test drive, as README has it: one command, and Ctrl-C. */

interface Queues {
  readonly queues: readonly {
    readonly name: string;
    readonly jobs: readonly { readonly progress?: Partial<Progress> }[];
  }[];
}

const MAIN = `${productFolder}dist/cli/main.js`;
const COMMAND = ['demo', '--distributed', '--json', '--api-port', '0', '--proxy-port', '0'];
const until = untilWithin(120_000);

describe('the distributed demo', () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill());

  itWith('influxd')(
    'runs every service apart on real engines, loses nothing, and leaves nothing behind',
    async () => {
      const demo = spawn(process.execPath, [MAIN, ...COMMAND], {
        stdio: ['ignore', 'pipe', 'pipe'],
        // As a terminal does it: a group of its own, all of which Ctrl-C goes to.
        detached: true,
      });
      child = demo;
      let said = '';
      let answer = '';
      demo.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      demo.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));
      const seen = (name: string): string =>
        new RegExp(`^${name} +(\\S+) +pid (\\d+)$`, 'm').exec(said)?.slice(1).join(' ') ?? '';
      await until('it says where to look', () => {
        if (demo.exitCode !== null) throw new Error(`it ended: ${said}`);
        return said.includes('Ctrl-C ends it');
      });

      const names = ['Redis', 'InfluxDB', 'page', 'jobs', 'clients of r1', 'clients of r2'];
      expect(names.filter((name) => seen(name) === '')).toEqual([]);
      const pids = new Set([...said.matchAll(/pid (\d+)$/gm)].map(([, pid]) => Number(pid)));
      expect(pids.size).toBe(7);
      expect([...pids].filter(isAlive)).toEqual([...pids]);

      const api = new ApiClient(seen('page').split(' ')[0] ?? '');
      const status = (): Promise<Status> => api.get<Status>('/v1/status');
      await until('both redirectors are members', async () => {
        const { redirectors } = await status();
        return redirectors.length === 2;
      });
      await api.post('/v1/servers/s2/state', { state: 'draining', by: 'ann', reason: 'disk swap' });
      await until('s2 is empty', async () => {
        const server = (await status()).servers.find(({ id }) => id === 's2');
        return server?.resources === 0;
      });

      const jobs = seen('jobs').split(' ')[0] ?? '';
      expect(await (await fetch(jobs)).text()).toContain('Foreshift jobs');
      await until('the board shows how far a round came', async () => {
        const answer = await fetch(`${jobs}/api/queues?activeQueue=round&page=1&jobsPerPage=5`);
        const { queues } = (await answer.json()) as Queues;
        const rounds = queues.flatMap((queue) => (queue.name === 'round' ? queue.jobs : []));
        return rounds.some(({ progress }) => progress?.phase === 'done' && progress.total === 4);
      });

      process.kill(-(demo.pid ?? NaN), 'SIGINT');
      expect({ exit: await ended, said }).toMatchObject({ exit: 0 });
      const { verdict } = JSON.parse(answer) as DemoSummary;
      const { answered, ...wrong } = verdict;
      expect(wrong).toEqual({ failed: 0, lost: 0, doubled: 0, foreign: 0, untrue: 0 });
      expect(answered).toBeGreaterThan(500);
      expect([...pids].filter(isAlive)).toEqual([]);
    },
    240_000,
  );

  it('names the program that is not there, and leaves nothing behind', async () => {
    const ran = await foreshift(COMMAND, { env: { PATH: '/nowhere' } });
    expect(ran.exit).toBe(1);
    expect(ran.stdout + ran.stderr).toContain('ERR_PROGRAM_ABSENT');
    expect(ran.stdout + ran.stderr).toContain('redis-server is not installed');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
