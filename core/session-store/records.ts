import { fail } from '../errors.js';
import type { Json } from '../json.js';
import type { SessionKind } from './port.js';

export interface SessionStoreLimits {
  /** Records of one kind. */
  readonly recordsMax: number;
  /** Of one value, as JSON. */
  readonly valueBytesMax: number;
  /** Characters. */
  readonly idLengthMax: number;
}

export const SESSION_STORE_LIMITS: SessionStoreLimits = {
  recordsMax: 200_000,
  valueBytesMax: 64 << 10,
  idLengthMax: 512,
};

/** The records of a session store in memory: what the engines of this process share. */
export class SessionRecords {
  readonly #kinds = new Map<SessionKind, Map<string, Json>>();

  get(kind: SessionKind, id: string): Json | undefined {
    return this.#kinds.get(kind)?.get(id);
  }

  has(kind: SessionKind, id: string): boolean {
    return this.#kinds.get(kind)?.has(id) ?? false;
  }

  count(kind: SessionKind): number {
    return this.#kinds.get(kind)?.size ?? 0;
  }

  list(kind: SessionKind): [id: string, value: Json][] {
    return [...(this.#kinds.get(kind) ?? [])];
  }

  put(kind: SessionKind, id: string, value: Json): void {
    let records = this.#kinds.get(kind);
    if (records === undefined) this.#kinds.set(kind, (records = new Map<string, Json>()));
    records.set(id, value);
  }

  remove(kind: SessionKind, id: string): void {
    this.#kinds.get(kind)?.delete(id);
  }
}

/** The value as it will be read back, from now on out of the caller's reach. @throws ERR_LIMIT_REACHED */
export function keptValue(
  id: string,
  value: Json,
  { valueBytesMax, idLengthMax }: SessionStoreLimits,
): Json {
  if (id.length > idLengthMax) {
    fail('ERR_LIMIT_REACHED', { limit: idLengthMax, what: 'characters an id' });
  }
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > valueBytesMax) {
    fail('ERR_LIMIT_REACHED', { limit: valueBytesMax, what: 'bytes a session record' });
  }
  return JSON.parse(text) as Json;
}

/** @throws ERR_LIMIT_REACHED */
export function checkRoom(
  kind: SessionKind,
  count: number,
  { recordsMax }: SessionStoreLimits,
): void {
  if (count >= recordsMax) {
    fail('ERR_LIMIT_REACHED', { limit: recordsMax, what: `records of kind ${kind}` });
  }
}
