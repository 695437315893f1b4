import { createHash } from 'node:crypto';
import type { Clock } from '../../clock/port.js';
import { fail } from '../../errors.js';
import { DAY_MS, dayOf } from '../day.js';
import { eventText, readEvent } from '../event-list.js';
import type { MetricStoreLimits } from '../limits.js';
import type { StoredEvent } from '../port.js';
import { counted } from '../../text.js';
import { numberOf } from './answer.js';
import type { InfluxDatabase } from './database.js';
import type { FieldValue } from './line.js';
import { lineHead, lineOf } from './line.js';
import { tagOf } from './names.js';
import type { Retention } from './schema.js';
import { GRACE_MS } from './schema.js';
import type { Span } from './statements.js';
import { during } from './statements.js';

const MEASUREMENTS = {
  switch: 'switch',
  plan: 'plan',
  server: 'server_event',
  breach: 'breach',
  note: 'note',
} as const satisfies Record<StoredEvent['kind'], string>;

/** Events of one answer: an event may be long. */
const PAGE_ROWS = 500;
const NS_PER_MS = 1_000_000n;

/**
 * What happened. An event's point has its own time to the millisecond; below that stand six digits of the digest of its text, so
 * that writing it twice is writing it once, and two events of one millisecond have two points (but for one in a million pairs).
 */
export class InfluxEvents {
  readonly #database: InfluxDatabase;
  readonly #clock: Clock;
  readonly #retention: Retention;

  constructor(
    { database, clock }: { readonly database: InfluxDatabase; readonly clock: Clock },
    retention: Retention,
  ) {
    this.#database = database;
    this.#clock = clock;
    this.#retention = retention;
  }

  /** @throws ERR_EVENT_INVALID, ERR_LIMIT_REACHED */
  async write(event: StoredEvent, limits: MetricStoreLimits): Promise<void> {
    const text = eventText(event, limits);
    const oldestMs = this.#clock.realtimeMs() - this.#retention.rollupRetentionMs - GRACE_MS;
    if (event.timeMs < oldestMs) return;
    await this.#checkRoom(event, limits);
    const digest = createHash('sha256').update(text).digest().readUInt32BE(0);
    const time = BigInt(Math.floor(event.timeMs)) * NS_PER_MS + (BigInt(digest) % NS_PER_MS);
    const line = lineOf(
      lineHead(MEASUREMENTS[event.kind]),
      { ...fieldsOf(event), event: text },
      time,
    );
    await this.#database.write('events', [line, ...drawnLines(event, time)], 'ns');
  }

  async read(fromMs: number, toMs: number): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (const measurement of Object.values(MEASUREMENTS)) {
      events.push(...(await this.#readAll(measurement, { fromMs, toMs })));
    }
    return events
      .filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
      .sort((a, b) => a.timeMs - b.timeMs);
  }

  async #checkRoom({ kind, timeMs }: StoredEvent, { eventsPerDayMax }: MetricStoreLimits) {
    const day = dayOf(timeMs);
    let count = 0;
    await this.#database.query(
      `SELECT count("event") FROM "events"."${MEASUREMENTS[kind]}" WHERE ${during({ fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS })}`,
      ({ values }) => {
        for (const [, events] of values) count += numberOf(events);
      },
    );
    if (count < eventsPerDayMax) return;
    fail('ERR_LIMIT_REACHED', { limit: eventsPerDayMax, what: 'events a day' });
  }

  async #readAll(measurement: string, { fromMs, toMs }: Span): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (let page = 0; ; page++) {
      let rows = 0;
      await this.#database.query(
        `SELECT "event" FROM "events"."${measurement}" WHERE ${during({ fromMs: Math.floor(fromMs), toMs })} LIMIT ${PAGE_ROWS} OFFSET ${page * PAGE_ROWS}`,
        ({ values }) => {
          rows += values.length;
          for (const [, text] of values) {
            const event = typeof text === 'string' ? readEvent(jsonOf(text)) : undefined;
            if (event !== undefined) events.push(event);
          }
        },
      );
      if (rows < PAGE_ROWS) return events;
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** For dashboards: the region of a switch, which begins before its end is known, and where each resource lives from then on. */
function drawnLines(event: StoredEvent, time: bigint): string[] {
  if (event.kind !== 'switch') return [];
  const { plan, resources, targets = [], result, timeMs, holdMs, drainMs } = event;
  const lastedMs = Math.max(holdMs, drainMs);
  const region = { end_ms: timeMs, text: switchWords(event), plan, result };
  return [
    lineOf(lineHead('switch_region'), region, time - BigInt(Math.round(lastedMs)) * NS_PER_MS),
    ...resources.flatMap((resource, at) => {
      const server = targets[at];
      const head = lineHead('placement', [['resource', tagOf(resource)]]);
      return server === undefined ? [] : [lineOf(head, { server, plan }, time)];
    }),
  ];
}

function switchWords({
  plan,
  resources,
  result,
}: Extract<StoredEvent, { kind: 'switch' }>): string {
  return `plan ${plan}: ${counted(resources.length, 'resource')} ${result}`;
}

/** What dashboards show of it. */
function fieldsOf(event: StoredEvent): Record<string, FieldValue> {
  switch (event.kind) {
    case 'switch':
      return {
        plan: event.plan,
        text: switchWords(event),
        result: event.result,
        moves: event.resources.length,
        drain_ms: event.drainMs,
        hold_ms: event.holdMs,
        held_requests: event.heldRequests,
        failed_requests: event.failedRequests,
      };
    case 'plan':
      return {
        plan: event.plan,
        status: event.status,
        moves: event.moves,
        by: event.by ?? '',
        text: `plan ${event.plan} ${event.status}`,
      };
    case 'server':
      return { server: event.server, text: event.text };
    case 'breach':
      return {
        server: event.server,
        dimension: event.dimension,
        utilization: event.utilization,
        text: `${event.server} over its ${event.dimension}`,
      };
    case 'note':
      return { text: event.text };
  }
}
