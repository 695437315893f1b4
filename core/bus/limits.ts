import { strict as assert } from 'node:assert';
import { fail } from '../errors.js';
import type { Json } from '../json.js';
import type { EnqueueOptions } from './port.js';

export interface BusOptions {
  /** Jobs that wait; more are refused. */
  readonly waitingMax?: number;
  readonly schedulesMax?: number;
  /** Of the data of one job, as JSON. */
  readonly dataBytesMax?: number;
  /** Before the second attempt; doubled before each further one, up to `pauseMaxMs`. */
  readonly pauseMs?: number;
  readonly pauseMaxMs?: number;
}

export const BUS_DEFAULTS: Required<BusOptions> = {
  waitingMax: 1000,
  schedulesMax: 100,
  dataBytesMax: 64 << 10,
  pauseMs: 1000,
  pauseMaxMs: 300_000,
};

export const ATTEMPTS_DEFAULT = 3;
const ATTEMPTS_MAX = 100;
/** So many finished jobs are remembered. */
export const FINISHED_MAX = 100;
const ID_LENGTH_MAX = 256;

/** When a job is tried, and how often: what was asked for, else the defaults. */
export function attemptsAsked({
  delayMs = 0,
  attemptsMax = ATTEMPTS_DEFAULT,
}: EnqueueOptions): Required<Pick<EnqueueOptions, 'delayMs' | 'attemptsMax'>> {
  assert.ok(delayMs >= 0 && Number.isFinite(delayMs), 'a delay is not negative');
  assert.ok(attemptsMax >= 1 && attemptsMax <= ATTEMPTS_MAX, 'a job has 1 to 100 attempts');
  return { delayMs, attemptsMax };
}

/** How many jobs of a kind run at once. */
export function assertConcurrency(concurrency: number): void {
  assert.ok(Number.isInteger(concurrency) && concurrency >= 1, 'concurrency is 1 or more');
}

/** @throws ERR_LIMIT_REACHED */
export function checkId(id: string): void {
  if (id.length > ID_LENGTH_MAX) {
    fail('ERR_LIMIT_REACHED', { limit: ID_LENGTH_MAX, what: 'characters a job id' });
  }
}

/** The data as it will be handed out, from now on out of the caller's reach. @throws ERR_LIMIT_REACHED */
export function keptData(data: Json, { dataBytesMax }: Required<BusOptions>): Json {
  const text = JSON.stringify(data);
  if (Buffer.byteLength(text) > dataBytesMax) {
    fail('ERR_LIMIT_REACHED', { limit: dataBytesMax, what: 'bytes of data a job' });
  }
  return JSON.parse(text) as Json;
}
