import type { Change } from './changed.js';
import type { PlanningInputs } from './inputs.js';

/** Of a large fleet that is well a thread is through with them within a second. */
export const REHEARSALS_MAX = 32;
/** A drain takes as long as many others. */
const DRAINED_EVERY = 8;
/** Of each fleet after that: what the first searches make for all that follow is made then. No drain is among them. */
export const REHEARSALS_AGAIN = DRAINED_EVERY - 1;

/**
 * What a thread asks itself before it is asked, since only code that has run often is fast: the changes that operators
 * try, each of another server. Undefined: there is nothing to change.
 */
export function rehearsalOf(
  { servers, resources }: PlanningInputs,
  number: number,
): Change | undefined {
  const server = servers[number % servers.length];
  const resource = resources[number % resources.length];
  if (server === undefined || resource === undefined) return undefined;
  const { id, capacity } = server;
  if (number % DRAINED_EVERY === DRAINED_EVERY - 1) return { kind: 'drain-server', server: id };
  switch (number % 3) {
    case 0:
      return { kind: 'lose-server', server: id };
    case 1: {
      const smaller = Object.entries(capacity).map(
        ([dimension, most]) => [dimension, most / 4] as const,
      );
      return { kind: 'resize-server', server: id, capacity: Object.fromEntries(smaller) };
    }
    default:
      return { kind: 'move-resource', resource: resource.id, server: id };
  }
}
