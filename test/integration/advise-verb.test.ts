import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../core/trace/generated.js';
import { traceText } from '../../core/trace/write.js';
import type { Advice } from '../../replay/advice.js';
import { foreshift } from '../support/foreshift.js';
import { InfluxServer } from '../support/influx-server.js';
import { describeWith } from '../support/installed.js';
import { PrometheusTwin } from '../support/prometheus-range.js';

const STEP_MS = 1_800_000;
/** Days end now, since stores are asked for the last ones. */
const TRACE = generatedTrace({
  ...{ resources: 6, days: 6, stepMs: STEP_MS },
  startMs: Math.floor(Date.now() / STEP_MS) * STEP_MS - 6 * 86_400_000,
});
const OF_ALL = ['--days', '6', '--step', String(STEP_MS), '--servers', '2'];

let folder: string;
/** Of the trace itself. */
let expected: Advice;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-advise-'));
  await writeFile(join(folder, 'trace.csv'), [...traceText(TRACE)].join(''));
  expected = await advice('trace.csv', '--servers', '2');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => foreshift(['advise', ...args], { cwd: folder });

async function advice(...args: string[]): Promise<Advice> {
  const { exit, stdout, stderr } = await run(...args, '--json');
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.any(String) });
  return JSON.parse(stdout) as Advice;
}

/** Of a resource at a time; undefined before and after. */
function loadAt(row: number, timeMs: number): number | undefined {
  const { startMs, steps } = TRACE.grid;
  const step = Math.floor((timeMs - startMs) / STEP_MS);
  return step < 0 || step >= steps ? undefined : TRACE.loads.cpu?.[row * steps + step];
}

/** The same load, whichever way it came. */
function figuresOf({ resources, policies, capacity, days }: Advice): unknown {
  return { resources, policies, capacity, days };
}

describe('advise on a trace', () => {
  it('says what would have been avoided, when, and by which moves; and changes nothing', async () => {
    const { exit, stdout } = await run('trace.csv', '--servers', '2');
    expect(exit).toBe(0);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('trace.csv: cpu of 6 resources on 2 equal servers');
    expect(stdout).toMatch(
      /\d+ of \d+ overload minutes avoided|no server would have been overloaded/,
    );
    expect(stdout).toMatch(/\nif nothing is done +\d+ .*\nreacting to imbalance .*\nForeshift /);
    expect(stdout).toMatch(/OVERLOAD-MIN +IF NOTHING IS DONE/);
    expect(stdout.trimEnd()).toMatch(/nothing was changed anywhere$/);
    expect(await readdir(folder)).toEqual(['trace.csv']);
  });

  it('takes the last days only, keeps them as a trace, and writes the report of the replay where it is told to', async () => {
    const last = await advice(
      'trace.csv',
      '--servers',
      '2',
      '--days',
      '4',
      '--save',
      'last.csv',
      '--out',
      '.',
    );
    expect(last.toMs).toBe(expected.toMs);
    expect(last.toMs - last.historyFromMs).toBe(4 * 86_400_000);
    expect(figuresOf(await advice('last.csv', '--servers', '2'))).toEqual(figuresOf(last));
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('<html');
  });

  it.each([
    ['too short a history', ['trace.csv', '--days', '1'], 64, 'ERR_HISTORY_SHORT'],
    ['a store that is away', ['--influx', 'http://127.0.0.1:1'], 1, 'ERR_HISTORY_UNREACHABLE'],
  ] as const)('ends with a code where there is %s', async (_what, args, exit, code) => {
    const refused = await run(...args, '--json');
    const { error } = JSON.parse(refused.stdout) as { error: { code: string } };
    expect({ exit: refused.exit, code: error.code }).toEqual({ exit, code });
  });
});

describe('advise on Prometheus', () => {
  it('finds the same as on the trace of that load, by reading alone', async () => {
    const twin = await PrometheusTwin.start(
      TRACE.resources.map((id, row) => ({
        labels: { volume: id },
        // A rate is of the time before it.
        valueAt: (timeMs) => loadAt(row, timeMs - STEP_MS),
      })),
    );
    try {
      const asked = [
        '--prometheus',
        twin.url,
        '--query',
        'sum by (volume) (x)',
        '--label',
        'volume',
      ];
      const found = await advice(...asked, ...OF_ALL);
      expect(figuresOf(found)).toEqual(figuresOf(expected));
      expect(found.source).toBe(`sum by (volume) (x), Prometheus at ${twin.url}`);
      expect(new Set(twin.seen.map(({ path }) => path))).toEqual(new Set(['/api/v1/query_range']));
    } finally {
      await twin.dispose();
    }
  });
});

describeWith(InfluxServer.program)('advise on an InfluxDB', () => {
  let influx: InfluxServer;

  beforeAll(async () => {
    influx = await InfluxServer.start();
    await influx.ask('CREATE DATABASE telegraf');
    const lines = TRACE.resources.flatMap((id, row) =>
      Array.from({ length: TRACE.grid.steps }, (_, step) => {
        const timeMs = TRACE.grid.startMs + step * STEP_MS;
        return `disk,host=h1,volume=${id} load=${loadAt(row, timeMs) ?? 0} ${timeMs + 1000}`;
      }),
    );
    const path = '/write?db=telegraf&precision=ms';
    const { status } = await fetch(influx.url + path, { method: 'POST', body: lines.join('\n') });
    expect(status).toBe(204);
  });

  afterAll(() => influx.dispose());

  const mapped = (field = 'load', tag = 'volume', measurement = 'disk'): string[] => [
    ...['--influx', influx.url, '--database', 'telegraf'],
    ...['--measurement', measurement, '--field', field, '--tag', tag],
  ];

  it('finds the same as on the trace of that load, and leaves the database as it was', async () => {
    const found = await advice(...mapped(), ...OF_ALL);
    expect(figuresOf(found)).toEqual(figuresOf(expected));
    const narrowed = await advice(...mapped(), ...OF_ALL, '--where', `"volume" =~ /vol-[0-2]/`);
    expect(narrowed.resources).toBe(3);
    expect((await influx.ask('SHOW DATABASES')).flat()).not.toContain('foreshift');
    expect((await influx.ask('SHOW MEASUREMENTS', 'telegraf')).flat()).toEqual(['disk']);
  });

  it.each([
    ['field', () => mapped('lode'), 'load'],
    ['tag', () => mapped('load', 'vol'), 'host, volume'],
    ['measurement', () => mapped('load', 'volume', 'disc'), 'disk'],
    ['database', () => ['--influx', influx.url], 'SHOW DATABASES'],
  ])('says that there is no such %s, and which there are', async (what, args, known) => {
    const { exit, stderr } = await run(...args(), ...OF_ALL);
    expect(exit).toBe(64);
    expect(stderr).toContain(`has no ${what} `);
    expect(stderr).toContain(known);
  });

  it('reads what a Foreshift imported there', async () => {
    const config = `metricStore: { engine: influx, influx: { url: '${influx.url}' } }\nlimits: { outboundNetworks: [127.0.0.0/8] }\n`;
    await writeFile(join(folder, 'foreshift.yaml'), config);
    const imported = await foreshift(['import', 'trace.csv'], { cwd: folder });
    expect({ exit: imported.exit, said: imported.stderr }).toMatchObject({ exit: 0 });
    const found = await advice('--influx', influx.url, ...OF_ALL);
    expect(found.resources).toBe(6);
    expect(figuresOf(found)).toEqual(figuresOf(expected));
  });
});
