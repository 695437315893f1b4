import {
  compareGenerations,
  formatGeneration,
  newestGeneration,
  nextIncarnation,
} from '../generation.js';
import { Draft } from './draft.js';
import type { KnownRecords } from './known-records.js';
import type { RecordKind } from './records/kind.js';
import { AUDIT, MODE, PAUSE, PLAN, ROUND } from './records/plan.js';
import { FLOATING_ADDRESS } from './records/floating-address.js';
import { ELIGIBLE, LOST, PIN, SERVER, SERVER_STATE } from './records/server.js';
import { COORDINATOR, SWITCH } from './records/switch.js';
import type { CopyRecord } from './records/table.js';
import { COPY, HEAD, PLACEMENT } from './records/table.js';

/*
 * A store that came back older gets back what live views still know. Whoever finds it so offers its copy, and
 * after a while the one with the newest puts everything back, under a new incarnation: nothing that was ever
 * handed out is handed out again. `live` is the store as it was known, `store` as it is.
 */

/**
 * What a live copy keeps of everybody's work. Not members, acks, roster and announcements: who lives says so
 * itself. Not placements: of each the newer one counts, whoever has it. Not the open switch: the agents know
 * better how far it came, and the coordinator asks them.
 */
const KEPT = [
  COORDINATOR,
  FLOATING_ADDRESS,
  SERVER,
  SERVER_STATE,
  LOST,
  ELIGIBLE,
  PIN,
  PLAN,
  ROUND,
  MODE,
  PAUSE,
  AUDIT,
  // Each is taken from a view and written as it was: their values need not be told apart.
] as unknown as readonly RecordKind<unknown>[];

/** The draft that says that this copy is there; and how many newer ones have been offered. */
export function offer(
  live: KnownRecords,
  store: KnownRecords,
): { readonly draft: Draft; readonly isMade: boolean; readonly rank: number } {
  const { reserved, revision } = live;
  const generation = live.get(HEAD, 'head')?.value.generation;
  const mine = { reserved, revision, ...(generation !== undefined && { generation }) };
  const id = `${formatGeneration(reserved)}@${revision}`;
  const rank = [...store.all(COPY).values()].filter(({ value }) => isNewer(value, mine)).length;
  const isMade = store.get(COPY, id) !== undefined;
  return { draft: new Draft().put(COPY, id, mine), isMade, rank };
}

/** Undefined: the store is not older than the copy. */
export function restoration(live: KnownRecords, store: KnownRecords): Draft | undefined {
  const isOlder = compareGenerations(store.reserved, live.reserved) < 0;
  const newer = [...live.all(PLACEMENT)].filter(([resource, { value }]) => {
    const stored = store.get(PLACEMENT, resource)?.value;
    return stored === undefined || compareGenerations(value.since, stored.since) > 0;
  });
  if (!isOlder && newer.length === 0) return undefined;
  const next = nextIncarnation(newestGeneration(store.reserved, live.reserved));
  const draft = new Draft()
    .expect(store, HEAD, 'head')
    .expect(store, SWITCH, 'open')
    .put(HEAD, 'head', { generation: next, reserved: next })
    .remove(SWITCH, 'open');
  for (const [resource, { value }] of newer) {
    draft.expect(store, PLACEMENT, resource).put(PLACEMENT, resource, value);
  }
  for (const id of store.all(COPY).keys()) draft.remove(COPY, id);
  // Where only placements are missing, somebody else has put the rest back, and may have gone on.
  if (isOlder) for (const kind of KEPT) keep(kind, live, store, draft);
  return draft;
}

function keep(
  kind: RecordKind<unknown>,
  live: KnownRecords,
  store: KnownRecords,
  draft: Draft,
): void {
  const kept = live.all(kind);
  for (const [id, { value }] of kept) draft.put(kind, id, value);
  for (const id of store.all(kind).keys()) if (!kept.has(id)) draft.remove(kind, id);
}

function isNewer(a: CopyRecord, b: CopyRecord): boolean {
  return (compareGenerations(a.reserved, b.reserved) || a.revision - b.revision) > 0;
}
