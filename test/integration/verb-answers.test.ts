import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { History } from '../../api/contract/history.js';
import type { Resources } from '../../api/contract/outlook.js';
import type { PlanView } from '../../api/contract/plans.js';
import { generatedTrace } from '../../core/trace/generated.js';
import { traceText } from '../../core/trace/write.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { runRecorded } from '../support/recorder.js';
import { ANSWERING, faultsOf } from '../support/shipped-schemas.js';
import { untilWithin } from '../support/until.js';

/* Every verb prints with --json what its shipped schema says, against a Foreshift that runs on a recorded load. */

const until = untilWithin(60_000, { pauseMs: 100 });
const TRACE = generatedTrace({ resources: 8, days: 2 });
const PROBLEM = {
  format: 'foreshift-problem/1',
  ...{ steps: 2, startMs: 1_793_610_000_000, stepMs: 3_600_000 },
  dimensions: [{ name: 'cpu' }],
  servers: ['s1', 's2'].map((name) => ({ name, capacity: { cpu: 8 } })),
  resources: ['vol-1', 'vol-2'].map((name) => ({ name, server: 's1', demand: { cpu: [3, 6] } })),
};
/** They run until they are stopped: where other tests run them, they are judged there (`demo`) or have the schema of `up`. */
const JUDGED_ELSEWHERE = ['demo', 'redirector', 'collector', 'forecaster', 'api'];

describe('what verbs print with --json', () => {
  let folder: string;
  let config: string;
  let up: RunningUp;
  const servers: Server[] = [];
  const judged = new Set<string>();

  /** Runs it, expects what its schema says, and answers it. */
  async function answer<Answer>(words: string, ...more: readonly string[]): Promise<Answer> {
    const args = [...words.split(' '), ...more];
    const where = ['--config', config, '--api', `http://${up.ready.api}`];
    const { exit, printed, said } = await runRecorded(...args, ...where, '--json');
    const verb = ANSWERING.filter((path) => `${words} `.startsWith(`${path} `)).at(-1) ?? words;
    const faults = exit === 0 ? faultsOf(verb, printed) : [printed];
    expect({ args, exit, said, faults }).toMatchObject({ args, exit: 0, faults: [] });
    judged.add(verb);
    return JSON.parse(printed) as Answer;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-answers-'));
    config = join(folder, 'foreshift.yaml');
    await writeFile(join(folder, 'trace.csv'), [...traceText(TRACE)].join(''));
    await writeFile(join(folder, 'problem.json'), JSON.stringify(PROBLEM));
    const { steps } = TRACE.grid;
    const last = TRACE.resources.reduce((sum, _, at) => {
      return sum + (TRACE.loads.cpu?.[(at + 1) * steps - 1] ?? 0);
    }, 0);
    for (let at = 0; at < 2; at++) {
      const server = createServer((asked, told) =>
        asked.resume().on('end', () => told.end('well')),
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.push(server);
    }
    await writeFile(
      config,
      JSON.stringify({
        log: { level: 'error' },
        api: { listen: '127.0.0.1:0' },
        health: { listen: '127.0.0.1:0' },
        agents: { listen: '127.0.0.1:0' },
        listeners: [{ listen: '127.0.0.1:0' }],
        redirector: { stopWaitMs: 0 },
        // One server can carry the load of all: they can all be pinned to it.
        servers: servers.map((server, at) => ({
          id: `s${at + 1}`,
          address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
          capacity: { cpu: Number((1.5 * last).toFixed(3)) },
        })),
        resources: { names: TRACE.resources },
        planner: { cooldownMs: 0 },
      }),
    );
    const imported = await runRecorded(
      ...['import', join(folder, 'trace.csv'), '--until-now', '--config', config, '--json'],
    );
    expect(faultsOf('import', imported.printed)).toEqual([]);
    judged.add('import');
    up = await RunningUp.start(folder);
    expect(faultsOf('up', JSON.stringify({ ready: up.ready }))).toEqual([]);
    judged.add('up');
  });

  afterAll(async () => {
    await up.stop();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    await rm(folder, { recursive: true, force: true });
  });

  const places = () => answer<Resources>('status', '--resources');

  it('is what operators ask and do, from the first look to a plan that is taken back', async () => {
    await until('all is placed', async () => {
      const { resources } = await places();
      return resources.length === 8 && resources.every(({ server }) => server !== null);
    });
    await answer('status');
    await answer('top', '--once');
    for (const { id } of (await places()).resources) await answer('pin', id, 's1');
    await until('s1 has all of them', async () => {
      const there = (await places()).resources.filter(({ server }) => server === 's1');
      return there.length === 8;
    });
    await answer('explain', 'vol-1');
    for (const { id } of (await places()).resources) await answer('unpin', id);
    let plan: PlanView | null = null;
    await until('a plan relieves it', async () => {
      ({ plan } = await answer<{ readonly plan: PlanView | null }>('plan', '--new'));
      return plan !== null && plan.analysis !== null;
    });
    await answer('plan');
    await answer('explain', 'vol-1', '--on', 's2');
    await answer('what-if', 'lose', 's1');
    const { id: applied } = await answer<PlanView>('apply', '--yes');
    await answer('plan', applied);
    await answer('rollback', applied);
    const { plans } = await answer<History>('history');
    expect(plans.map(({ status }) => status)).toContain('applied');
    // The same plan again, since what it mended is as it was.
    await until('another plan waits', async () => {
      return (await answer<{ readonly plan: unknown }>('plan', '--new')).plan !== null;
    });
    await answer('approve', '--yes', '--at', '2099-05-12T02:00');
    await answer('reject');
    await answer('drain', 's2', '--no-wait');
    await answer('drain', 's2', '--timeout', '60');
    await answer('undrain', 's2');
    await answer('pause');
    await answer('resume');
    await answer('mode', 'observe');
    await answer('doctor');
  }, 240_000);

  it('is what needs nothing that runs', async () => {
    const trace = join(folder, 'trace.csv');
    const problem = join(folder, 'problem.json');
    await answer('plan', '--problem', problem, '--seconds', '1');
    await answer('what-if', 'lose', 's2', '--problem', problem, '--seconds', '1');
    await answer('forecast', trace, '--neural', 'off');
    await answer('backtest', trace, '--neural', 'off', '--every', '24');
    await answer('replay', trace, '--no-report', '--servers', '2', '--policy', 'static,foreshift');
    await answer('advise', trace, '--servers', '2');
    for (const words of ['config check', 'config print', 'config schema']) await answer(words);
    for (const page of ['errors', 'api', 'config', 'verbs']) await answer(`reference ${page}`);
    await answer('completion bash');
    await answer('schema');
    await answer('schema', 'config', 'check');
    await answer('token', 'ann');
    await answer('agent-token', 's1');
    const init = await runRecorded('init', '--config', join(folder, 'new.yaml'), '--json');
    expect(faultsOf('init', init.printed)).toEqual([]);
    judged.add('init');
  });

  it('is what is told of credentials, and never a secret', async () => {
    const file = join(folder, 'ann.secret');
    await writeFile(file, 'what only ann knows\n');
    const told = [
      await answer('credential set', 'ann', '--secret-file', file),
      await answer('credential list'),
      await answer('credential reseal'),
      await answer('credential remove', 'ann'),
    ];
    expect(JSON.stringify(told)).toContain('"ann"');
    expect(JSON.stringify(told)).not.toContain('what only');
  });

  it('is what an agent says when it is ready', async () => {
    const { stdout } = await foreshift(['agent-token', 's9'], { cwd: folder });
    const agent = await RunningUp.start(folder, { FORESHIFT_AGENT_TOKEN: stdout.trim() }, [
      ...['agent', 's9', '--forward', '127.0.0.1:9', '--resources', 'vol-9'],
      ...['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--health', '127.0.0.1:0'],
      ...['--announce-to', `http://${up.ready.agents}`],
    ]);
    expect(faultsOf('agent', JSON.stringify({ ready: agent.ready }))).toEqual([]);
    judged.add('agent');
    await agent.stop();
  });

  it('is an error where a verb fails', async () => {
    const api = ['--api', `http://${up.ready.api}`, '--json'];
    const refused = await runRecorded('explain', 'nothing-of-that-name', ...api);
    expect(refused.exit).toBe(1);
    expect(faultsOf('error', refused.printed)).toEqual([]);
    const unknown = await runRecorded('schema', 'fly', '--json');
    expect(unknown).toMatchObject({ exit: 64 });
    expect(unknown.printed).toContain('config check');
    expect(faultsOf('error', unknown.printed)).toEqual([]);
  });

  it('was looked at of every verb', () => {
    const missing = ANSWERING.filter((path) => !judged.has(path));
    expect(missing.sort()).toEqual([...JUDGED_ELSEWHERE].sort());
  });
});
