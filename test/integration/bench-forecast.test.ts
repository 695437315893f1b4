import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../core/trace/generated.js';
import { traceText } from '../../core/trace/write.js';
import { bench } from '../support/foreshift.js';

/* The benches of forecasts and replays on files of their formats that they have never seen: other names, another step. */

const STEP_MS = 1_800_000;
const CONTEXT = 240;
const HORIZON = 24;
const TRACE = generatedTrace({ resources: 6, days: 6, stepMs: STEP_MS, seed: 3 });
const METRICS = ['MASE', 'sQL90', 'wQL50', 'wQL90', 'peakMASE', 'peakQL90', 'cov90'] as const;

/** A result of 0.5 for every metric. */
const HALVES = Object.fromEntries(METRICS.map((metric) => [metric, 0.5]));
const PEER = { windows: 4, seconds: 0.1, h12: HALVES, h24: { ...HALVES, sQL90: null } };

function task(name: string, dimension: string, trace = 'houses') {
  const origins = [CONTEXT, CONTEXT + HORIZON];
  const windows = ['vol-1', 'vol-3'].flatMap((resource) =>
    origins.map((at) => {
      const timeMs = TRACE.grid.startMs + at * STEP_MS;
      return [resource, at, new Date(timeMs).toISOString(), 2];
    }),
  );
  return {
    ...{ task: name, trace, dimension, step_seconds: STEP_MS / 1000, season: 48, season2: null },
    ...{ context: CONTEXT, horizon: HORIZON, resources: ['vol-1', 'vol-3'], base: 'yesterday' },
    results: { yesterday: PEER, other: PEER },
    windows,
  };
}

function baselines(...tasks: object[]) {
  return {
    tasks,
    models: { yesterday: 'what was a day ago', other: 'another' },
    aggregate_relative_to_base: { yesterday: { h12_rel_MASE: 1, tasks: tasks.length } },
    best_peer: { 'first-task': { h12: { MASE: [0.5, 'other'] } } },
    protocol: 'as in the text',
  };
}

interface Written {
  readonly tasks: readonly {
    readonly task: string;
    readonly results: Readonly<
      Record<string, { h12: Record<string, number>; h24: Record<string, number> }>
    >;
  }[];
  readonly aggregate_relative_to_base: Readonly<Record<string, Record<string, number>>>;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-bench-'));
  await mkdir(join(folder, 'houses'));
  await writeFile(join(folder, 'houses', 'houses.csv'), [...traceText(TRACE)].join(''));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const file = async (name: string, content: object): Promise<void> => {
  await writeFile(join(folder, name), JSON.stringify(content));
};

describe('bench forecast', () => {
  const run = (...args: string[]) =>
    bench(['forecast', '--traces', '.', '--speed', 'no', '--baselines', ...args], { cwd: folder });

  it('scores the windows of any file of the format, and writes the same shape', async () => {
    await file('tasks.json', baselines(task('first-task', 'cpu'), task('second-task', 'hits')));
    const { exit, stdout } = await run('tasks.json', '--out', 'ours.json');
    expect(exit).toBe(0);
    expect(stdout).toContain('first-task: 4 windows');
    const text = await readFile(join(folder, 'ours.json'), 'utf8');
    const written = JSON.parse(text) as Written;
    const ours = written.aggregate_relative_to_base.foreshift ?? {};
    expect(Object.keys(ours).sort()).toEqual(
      [
        'tasks',
        ...['h12', 'h24'].flatMap((horizon) =>
          METRICS.filter((metric) => metric !== 'cov90').map(
            (metric) => `${horizon}_rel_${metric}`,
          ),
        ),
      ].sort(),
    );
    expect(ours.tasks).toBe(2);
    const mases = written.tasks.map(({ results }) => results.foreshift?.h12.MASE ?? NaN);
    const mean = Math.sqrt((mases[0] ?? NaN) * (mases[1] ?? NaN)) / 0.5;
    expect(ours.h12_rel_MASE).toBeCloseTo(mean, 3);
    // A base that was not measured is no measure.
    expect(ours.h24_rel_sQL90).toBeNull();
  });

  it('names the trace that is missing before anything is computed', async () => {
    await file('missing.json', baselines(task('first-task', 'cpu'), task('x', 'cpu', 'elsewhere')));
    const { exit, stdout, stderr } = await run('missing.json');
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain('x needs trace elsewhere in .');
  });

  it('names the place where a file or a window does not fit', async () => {
    const wrong = task('first-task', 'cpu');
    await file('wrong.json', baselines({ ...wrong, windows: [['vol-1', 'soon', '', 1]] }));
    expect((await run('wrong.json')).stderr).toContain('wrong.json: tasks.0.windows.0.1');
    await file('nobody.json', baselines({ ...wrong, windows: [['vol-9', CONTEXT, '', 1]] }));
    const nobody = await run('nobody.json');
    expect(nobody.exit).toBe(2);
    expect(nobody.stderr).toContain('first-task: trace houses has no resource vol-9');
    expect((await run('absent.json')).stderr).toContain('absent.json cannot be used');
    const cpuOnly = { ...TRACE, loads: { cpu: TRACE.loads.cpu ?? new Float32Array(0) } };
    await writeFile(join(folder, 'cpu-only.csv'), [...traceText(cpuOnly)].join(''));
    await file('hits.json', baselines(task('first-task', 'hits', 'cpu-only')));
    expect((await run('hits.json')).stderr).toContain('first-task: trace cpu-only has no hits');
  });
});

describe('bench replay', () => {
  const anchor = (trace: string) => ({
    ...{ trace, dimension: 'cpu', resources: 6, servers: 2, capacity: 1, steps: 144 },
    ...{ decision_every_steps: 1, horizon_steps: 6, moves_cap: 2, warm_days: 3, results: [] },
  });
  const run = (...args: string[]) =>
    bench(['replay', '--traces', '.', '--anchors', ...args], { cwd: folder });

  it('replays the anchors of any file of the format, and writes the same shape', async () => {
    await file('anchors.json', { note: 'the rules', replays: [anchor('houses')] });
    const { exit } = await run('anchors.json', '--out', 'replays.json');
    expect(exit).toBe(0);
    const text = await readFile(join(folder, 'replays.json'), 'utf8');
    const { note, replays } = JSON.parse(text) as {
      note: string;
      replays: { results: { policy: string; overload_minutes_per_server_day: number }[] }[];
    };
    expect(note).toBe('the rules');
    expect(replays[0]?.results.map(({ policy }) => policy)).toEqual([
      ...['static-mean', 'static-p95', 'reactive-50', 'reactive-search', 'foreshift', 'oracle-1h'],
    ]);
    for (const result of replays[0]?.results ?? []) {
      expect(result.overload_minutes_per_server_day).toBeGreaterThanOrEqual(0);
    }
  });

  it('names the trace that is missing before anything is computed', async () => {
    await file('gone.json', { replays: [anchor('houses'), anchor('elsewhere')] });
    const { exit, stdout, stderr } = await run('gone.json');
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain('a replay needs trace elsewhere in .');
  });
});
