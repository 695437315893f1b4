import type { Credentials, HistoryCall } from '../../collector/history/call.js';
import type { InfluxMapping } from '../../collector/history/influx-history.js';
import { influxHistory } from '../../collector/history/influx-history.js';
import { prometheusHistory } from '../../collector/history/prometheus-history.js';
import type { Dimension } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { gridBefore } from '../../core/panel.js';
import { clip, durationWords } from '../../core/text.js';
import { readTrace } from '../../core/trace/read.js';
import { dimensionsOf, lastOf } from '../../core/trace/trace.js';
import type { Trace } from '../../core/trace/trace.js';
import { readText } from '../read-text.js';
import type { VerbOptions } from '../verb.js';
import { choiceOption, keyOf, numberOption, textOption, wholeOption } from '../verb.js';

/* Where `advise` reads a load from: a trace file, Prometheus, or InfluxDB; one of them. */

export const HISTORY_OPTIONS = [
  ['--prometheus <url>', 'read from its range API'],
  [
    '--query <promql>',
    'one series a resource: sum by (volume) (rate(volume_cpu_seconds_total[5m]))',
  ],
  ['--label <name>', 'whose value is the name of a resource'],
  ['--influx <url>', 'read from an InfluxDB 1.x'],
  ['--database <name>', 'of it', 'foreshift'],
  ['--measurement <name>', 'in it (default: what a Foreshift wrote)'],
  ['--field <name>', 'its load'],
  ['--tag <name>', 'whose value is the name of a resource'],
  ['--retention <name>', "the measurement's retention policy (default: the database's)"],
  ['--where <condition>', 'InfluxQL that narrows it: "cpu" = \'cpu-total\''],
  ['--counter', 'the field only grows: what counts is by how much a second'],
  ['--user <name>', 'who asks, with --password-file'],
  ['--password-file <file>', 'the password of --user'],
  ['--token-file <file>', 'a bearer token instead'],
  ['--days <n>', 'so many of the last days', '14'],
  ['--step <ms>', 'how long a step is (default: 300000; of a trace: found in it)'],
  ['--dimension <name>', 'cpu, memory, network or hits (default: cpu; of a trace: its first)'],
] as const;

export interface ReadHistory {
  /** As people call it. */
  readonly name: string;
  readonly dimension: Dimension;
  readonly trace: Trace;
}

const DAY_MS = 86_400_000;
const STEP_MS = 300_000;
const LIMITS = { step: { min: 10_000, max: DAY_MS }, days: { min: 1, max: 400 } } as const;
/** Below, not even a day can be learned, and nothing is left to judge by. */
const SPAN_MIN_MS = 2 * DAY_MS;

/** @throws ERR_HISTORY_…, ERR_TRACE_…, ERR_OPTION_MISSING, ERR_OPTION_INVALID, ERR_FILE_UNREADABLE */
export async function historyOf(
  file: string,
  options: VerbOptions,
  { call, nowMs }: { readonly call: HistoryCall; readonly nowMs: number },
): Promise<ReadHistory> {
  const prometheus = urlOption(options, 'prometheus');
  const influx = urlOption(options, 'influx');
  const named = [file === '' ? undefined : file, prometheus, influx].filter(
    (one) => one !== undefined,
  );
  if (named.length === 0) {
    return fail('ERR_OPTION_MISSING', { option: 'a trace file, --prometheus or --influx' });
  }
  if (named.length > 1) {
    const allowed = 'one source: a trace file, --prometheus or --influx';
    return fail('ERR_OPTION_INVALID', {
      option: 'the source',
      value: clip(named.join(' ')),
      allowed,
    });
  }
  const days = numberOption(options, 'days', LIMITS.days) ?? 14;
  const dimension = choiceOption(options, 'dimension', DIMENSIONS);
  const read =
    prometheus === undefined && influx === undefined
      ? await ofTrace(file, options, { days, dimension })
      : await ofStore(
          { prometheus, influx },
          { options, days, dimension: dimension ?? 'cpu', call, nowMs },
        );
  assertLong(read);
  return read;
}

async function ofTrace(
  file: string,
  options: VerbOptions,
  { days, dimension }: { readonly days: number; readonly dimension: Dimension | undefined },
): Promise<ReadHistory> {
  const stepMs = numberOption(options, 'step', { min: 1, max: DAY_MS });
  const trace = await readTrace(file, stepMs === undefined ? {} : { stepMs });
  return {
    name: file,
    dimension: dimension ?? dimensionsOf(trace)[0] ?? 'cpu',
    trace: lastOf(trace, days * DAY_MS),
  };
}

interface StoreQuestion {
  readonly options: VerbOptions;
  readonly days: number;
  readonly dimension: Dimension;
  readonly call: HistoryCall;
  readonly nowMs: number;
}

async function ofStore(
  { prometheus, influx = '' }: Partial<Record<'prometheus' | 'influx', string | undefined>>,
  { options, days, dimension, call, nowMs }: StoreQuestion,
): Promise<ReadHistory> {
  const stepMs = wholeOption(options, 'step', LIMITS.step) ?? STEP_MS;
  const grid = gridBefore(nowMs, stepMs, Math.max(1, Math.round((days * DAY_MS) / stepMs)));
  const credentials = await credentialsOf(options);
  if (prometheus !== undefined) {
    const query = needed(options, 'query');
    const asked = { url: prometheus, query, label: needed(options, 'label') };
    const trace = await prometheusHistory(grid, { ...asked, credentials, dimension }, call);
    return { name: `${query}, Prometheus at ${prometheus}`, dimension, trace };
  }
  const database = needed(options, 'database');
  const mapping = mappingOf(options);
  const trace = await influxHistory(
    grid,
    { url: influx, database, mapping, credentials, dimension },
    call,
  );
  const what = mapping === undefined ? dimension : `${mapping.measurement}.${mapping.field}`;
  return { name: `${what}, ${database} of InfluxDB at ${influx}`, dimension, trace };
}

/** Undefined: what a Foreshift wrote. */
function mappingOf(options: VerbOptions): InfluxMapping | undefined {
  const measurement = textOption(options, 'measurement');
  const where = textOption(options, 'where');
  if (measurement === undefined) {
    const lone = ['field', 'tag', 'retention', 'where', 'counter'].find(
      (name) => options[name] !== undefined,
    );
    if (lone === undefined) return undefined;
    return fail('ERR_OPTION_MISSING', { option: `--measurement, beside --${lone},` });
  }
  if (where?.includes(';') === true) {
    const allowed = 'one condition, without a ;';
    return fail('ERR_OPTION_INVALID', { option: '--where', value: clip(where), allowed });
  }
  return {
    ...{ measurement, field: needed(options, 'field'), tag: needed(options, 'tag'), where },
    retention: textOption(options, 'retention'),
    isCounter: options.counter === true,
  };
}

async function credentialsOf(options: VerbOptions): Promise<Credentials> {
  const read = async (name: string): Promise<string | undefined> => {
    const file = textOption(options, keyOf(name));
    return file === undefined ? undefined : (await readText(file)).trim();
  };
  const token = await read('token-file');
  return { token, user: textOption(options, 'user'), password: await read('password-file') };
}

/** @throws ERR_OPTION_MISSING */
function needed(options: VerbOptions, name: string): string {
  const text = textOption(options, name) ?? '';
  return text === '' ? fail('ERR_OPTION_MISSING', { option: `--${name}` }) : text;
}

/** No secrets stand in it: it is named in messages. */
function urlOption(options: VerbOptions, name: string): string | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === '';
  if (isPlain && (url.protocol === 'http:' || url.protocol === 'https:')) return text;
  const allowed = 'http://host:port or https://host:port, without a user, a question mark or a #';
  const value = url?.password === '' || url === undefined ? clip(text) : 'with a password';
  return fail('ERR_OPTION_INVALID', { option: `--${name}`, value, allowed });
}

function assertLong({ name, trace: { grid } }: ReadHistory): void {
  const ms = grid.steps * grid.stepMs;
  if (ms >= SPAN_MIN_MS) return;
  const facts = { source: name, has: durationWords(ms), least: durationWords(SPAN_MIN_MS) };
  fail('ERR_HISTORY_SHORT', facts);
}
