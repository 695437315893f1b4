import type { Placement } from '../../core/table.js';
import { AssignmentTable } from '../../core/table.js';
import type { MemberId, PlanId, ResourceId, ServerId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import { readGeneration } from '../../core/generation.js';

/** Names and generations in tests, short to write. */
export const r = (name: string) => name as ResourceId;
export const s = (name: string) => name as ServerId;
export const m = (name: string) => name as MemberId;
export const p = (name: string) => name as PlanId;

export function g(text: string): Generation {
  const generation = readGeneration(text);
  if (generation === undefined) throw new Error(`${text} is not a generation`);
  return generation;
}

/** `{ 'vol-1': 's1@1.3' }` as a table whose generation is the newest `since` in it, or `at`. */
export function tableOf(rows: Readonly<Record<string, string>>, at = '1.1000'): AssignmentTable {
  const placements = Object.entries(rows).map(([resource, text]): [ResourceId, Placement] => {
    const [server = '', since = '', standby = ''] = text.split('@');
    return [
      r(resource),
      { server: s(server), since: g(since), standby: standby === '' ? null : s(standby) },
    ];
  });
  return AssignmentTable.empty.with(placements, g(at));
}
