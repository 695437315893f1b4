import { fail } from '../errors.js';
import type { Json } from '../json.js';

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
export const ATTEMPTS_MAX = 100;
/** So many finished jobs are remembered. */
export const FINISHED_MAX = 100;
const ID_LENGTH_MAX = 256;

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
