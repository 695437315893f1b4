import { spawn, type ChildProcess } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../api/contract/status.js';
import { ApiClient } from '../../cli/api-client.js';
import { productFolder } from '../../cli/product.js';
import { SystemClock } from '../../core/clock/system.js';
import type { DemoSummary } from '../../demo/demo.js';
import { foreshift } from '../support/foreshift.js';
import { faultsOf } from '../support/shipped-schemas.js';

/* The demo as a newcomer runs it; a server of it is drained meanwhile, so that something surely moves. */

const MAIN = `${productFolder}dist/cli/main.js`;
const clock = new SystemClock();

async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (const endMs = clock.monotonicMs() + 90_000; clock.monotonicMs() < endMs;) {
    const found = await ask();
    if (found !== undefined) return found;
    await clock.sleep(100);
  }
  throw new Error(`not within 90 s: ${what}`);
}

describe('the demo', () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill());

  it('moves resources of real servers under real requests, and no request fails', async () => {
    const demo = spawn(
      process.execPath,
      [MAIN, 'demo', '--for', '30', '--json', '--api-port', '0', '--proxy-port', '0'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child = demo;
    let said = '';
    let answer = '';
    demo.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    demo.stdout.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => demo.once('close', resolve));

    const page = await until('the page', () => /page (http:\S+)/.exec(said)?.[1]);
    const api = new ApiClient(page);
    const drained = async () =>
      (await api.get<Status>('/v1/status')).servers.find(({ id }) => id === 's2');
    await until('s2 is known', drained);
    await api.post('/v1/servers/s2/state', { state: 'draining', by: 'ann', reason: 'disk swap' });
    await until('s2 is empty', async () => ((await drained())?.resources === 0 ? true : undefined));

    const asked = ['what-if', 'lose', 's1', 'and', 'add', 's9', 'like', 's3', '--api', page];
    const whatIf = await foreshift(asked, { cwd: tmpdir() });
    expect(whatIf).toMatchObject({ exit: 0 });
    expect(whatIf.stdout).toMatch(/^If s1 were lost and s9 were added like s3: \d+ moves? would/);
    expect(whatIf.stdout).toContain('  avoided: ');

    expect({ exit: await ended, said }).toMatchObject({ exit: 0 });
    expect(faultsOf('demo', answer)).toEqual([]);
    const summary = JSON.parse(answer) as DemoSummary;
    const { answered, ...wrong } = summary.verdict;
    expect(wrong).toEqual({ failed: 0, lost: 0, doubled: 0, foreign: 0, untrue: 0 });
    expect(answered).toBeGreaterThan(500);
    expect(summary.switches).toBeGreaterThanOrEqual(1);
    expect(summary.moves).toBeGreaterThanOrEqual(5);
  }, 240_000);

  it('says which port is taken, and ends', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const ports = ['--api-port', '0', '--proxy-port', String(port)];
      const { exit, stderr } = await foreshift(['demo', ...ports], { cwd: tmpdir() });
      expect(stderr).toContain(`could not listen on 127.0.0.1:${port}`);
      expect(exit).toBe(1);
    } finally {
      other.close();
    }
  });
});
