import { z } from 'zod';
import { DIMENSIONS } from '../domain.js';
import { fail } from '../errors.js';
import {
  countSchema,
  finiteSchema,
  planIdSchema,
  resourceIdSchema,
  serverIdSchema,
} from '../schema.js';
import { PLAN_STATUSES } from '../table-store/records/plan.js';
import type { MetricStoreLimits } from './limits.js';
import { isTime } from './limits.js';
import type { StoredEvent } from './port.js';

const textSchema = z.string();
const timeSchema = finiteSchema.refine(isTime, 'no such time');
const eventSchema: z.ZodType<StoredEvent> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('switch'),
    timeMs: timeSchema,
    plan: planIdSchema,
    batch: countSchema,
    result: z.enum(['applied', 'given-back', 'aborted', 'left-out']),
    why: textSchema,
    resources: z.array(resourceIdSchema),
    targets: z.array(serverIdSchema).optional(),
    generation: textSchema,
    drainMs: finiteSchema,
    holdMs: finiteSchema,
    heldRequests: countSchema,
    failedRequests: countSchema,
  }),
  z.object({
    kind: z.literal('plan'),
    timeMs: timeSchema,
    plan: planIdSchema,
    status: z.enum(PLAN_STATUSES),
    moves: countSchema,
    by: textSchema.nullable(),
    text: textSchema,
  }),
  z.object({
    kind: z.literal('server'),
    timeMs: timeSchema,
    server: serverIdSchema,
    text: textSchema,
  }),
  z.object({
    kind: z.literal('breach'),
    timeMs: timeSchema,
    server: serverIdSchema,
    dimension: z.enum(DIMENSIONS),
    utilization: finiteSchema,
  }),
  z.object({ kind: z.literal('note'), timeMs: timeSchema, text: textSchema }),
]);

/** What a record of an event says; undefined: nothing that this version knows. */
export function readEvent(value: unknown): StoredEvent | undefined {
  return eventSchema.safeParse(value).data;
}

/**
 * One text for one event, whatever the order of its fields: its key.
 * @throws ERR_EVENT_INVALID, ERR_LIMIT_REACHED
 */
export function eventText(event: StoredEvent, { eventBytesMax }: MetricStoreLimits): string {
  const result = eventSchema.safeParse(event);
  if (!result.success) {
    const [issue] = result.error.issues;
    return fail('ERR_EVENT_INVALID', {
      where: issue?.path.join('.') ?? '',
      why: issue?.message ?? 'unknown',
    });
  }
  const text = JSON.stringify(result.data);
  if (Buffer.byteLength(text) <= eventBytesMax) return text;
  return fail('ERR_LIMIT_REACHED', { limit: eventBytesMax, what: 'bytes an event' });
}

/** The events of a day, each once, in the order of their times, then of their coming. */
export class EventList {
  readonly #events = new Map<string, StoredEvent>();

  get size(): number {
    return this.#events.size;
  }

  has(text: string): boolean {
    return this.#events.has(text);
  }

  add(text: string, event: StoredEvent): void {
    this.#events.set(text, event);
  }

  between(fromMs: number, toMs: number): StoredEvent[] {
    return [...this.#events.values()]
      .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
      .sort((a, b) => a.timeMs - b.timeMs);
  }
}
