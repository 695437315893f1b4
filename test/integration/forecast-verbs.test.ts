import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../core/trace/generated.js';
import { traceText } from '../../core/trace/write.js';
import { foreshift } from '../support/foreshift.js';

describe('forecast and backtest', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-forecast-'));
    const trace = generatedTrace({ resources: 6, days: 3, stepMs: 1_800_000 });
    await writeFile(join(folder, 'trace.csv'), [...traceText(trace)].join(''));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]) => foreshift(args, { cwd: folder });

  it('draws one resource in plain characters, and says its peak in words', async () => {
    const { exit, stdout } = await run('forecast', 'trace.csv', '--resource', 'vol-2');
    expect(exit).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('vol-2 cpu, trace.csv: 6 h ahead');
    expect(stdout).toContain('* was   o P50   : P10 to P90');
    expect(stdout).toMatch(/peak: P50 [\d.]+, P90 [\d.]+, highest at/);
  });

  it('lists many resources', async () => {
    const { exit, stdout } = await run('forecast', 'trace.csv', '--dimension', 'hits');
    expect(exit).toBe(0);
    for (let at = 0; at < 6; at++) expect(stdout).toContain(`vol-${at} `);
  });

  it('writes the same figures as CSV and as JSON', async () => {
    const csv = await run('forecast', 'trace.csv', '--horizon', '3', '--out', 'csv');
    const json = await run('forecast', 'trace.csv', '--horizon', '3', '--json');
    const rows = csv.stdout.trim().split('\n').slice(1);
    const report = JSON.parse(json.stdout) as {
      startMs: number;
      resources: { resource: string; steps: { p50: number[] } }[];
    };
    const expected = report.resources.flatMap(({ resource, steps }) =>
      steps.p50.map((value, h) => `${report.startMs + h * 1_800_000},${resource},cpu,${value}`),
    );
    const got = rows.map((row) => {
      const [time, resource, dimension, , p50] = row.split(',');
      return `${time ?? ''},${resource ?? ''},${dimension ?? ''},${p50 ?? ''}`;
    });
    expect(got).toEqual(expected);
    expect(await run('forecast', 'trace.csv', '--out', 'said.json')).toMatchObject({ exit: 0 });
    const written = await readFile(join(folder, 'said.json'), 'utf8');
    expect(JSON.parse(written)).toMatchObject({ kind: 'foreshift-forecast', horizonSteps: 12 });
  });

  it('asks the neural network, too, unless it is told not to', async () => {
    const modelsOf = async (...args: string[]): Promise<string> => {
      const { stdout } = await run('forecast', 'trace.csv', '--json', ...args);
      const { resources } = JSON.parse(stdout) as { resources: { models: string }[] };
      return resources.map(({ models }) => models).join();
    };
    expect(await modelsOf()).toContain('neural');
    expect(await modelsOf('--neural', 'off')).not.toContain('neural');
    const judged = async (...args: string[]): Promise<string> =>
      (await run('backtest', 'trace.csv', '--json', ...args)).stdout;
    expect(await judged('--neural', 'off')).not.toBe(await judged());
    const wrong = await run('forecast', 'trace.csv', '--neural', 'maybe');
    expect(wrong.exit).not.toBe(0);
    expect(wrong.stderr).toContain('--neural');
  });

  it('judges every resource and all together, the same twice', async () => {
    const first = await run('backtest', 'trace.csv', '--json');
    const second = await run('backtest', 'trace.csv', '--json');
    expect(first.exit).toBe(0);
    expect(second.stdout).toBe(first.stdout);
    const report = JSON.parse(first.stdout) as {
      overall: { windows: number; errorRatio: number; coverage90: number };
      resources: { windows: number }[];
    };
    const windows = report.resources.reduce((sum, of) => sum + of.windows, 0);
    expect(report.overall.windows).toBe(windows);
    expect(report.overall.errorRatio).toBeGreaterThan(0);
    expect(report.overall.coverage90).toBeGreaterThan(0.5);
    const { stdout } = await run('backtest', 'trace.csv');
    expect(stdout).toContain('breaches of the limits:');
    expect(stdout).not.toContain('\u001b');
  });

  it('names what is wrong with a trace or an option, and what to do', async () => {
    await writeFile(
      join(folder, 'bad.csv'),
      'timestamp,resource,cpu,memory,network,hits\n0,a,x,,,\n',
    );
    for (const verb of ['forecast', 'backtest']) {
      const bad = await run(verb, 'bad.csv');
      expect(bad).toMatchObject({ exit: 64, stdout: '' });
      expect(bad.stderr).toContain('ERR_TRACE_INVALID: bad.csv:2: cpu is "x"');
      expect(bad.stderr).toContain('fix:');
    }
    const unknown = await run('forecast', 'trace.csv', '--resource', 'nobody');
    expect(unknown.exit).toBe(64);
    expect(unknown.stderr).toContain('it has no resource nobody');
    expect(unknown.stderr).toContain('vol-0');
    expect((await run('backtest', 'trace.csv', '--dimension', 'colour')).exit).toBe(64);
    expect((await run('backtest', 'trace.csv', '--horizon', '1.5')).exit).toBe(64);
    const long = await run('backtest', 'trace.csv', '--horizon', '140');
    expect(long.exit).toBe(64);
    expect(long.stderr).toContain('ERR_FORECAST_TRACE');
    expect((await run('forecast', 'trace.csv', '--out', 'said.png')).exit).toBe(64);
  });
});
