import { Journal } from '../disk/journal.js';
import type { Disk } from '../disk/port.js';
import { fail } from '../errors.js';
import type { Log } from '../log.js';
import { DAY_MS, dayName, dayOf, dayOfName } from './day.js';
import { EventList, eventText, readEvent } from './event-list.js';
import type { MetricStoreLimits } from './limits.js';
import type { StoredEvent } from './port.js';
import { Turns } from '../turns.js';

export interface EventDaysOptions {
  readonly folder: string;
  readonly retentionMs: number;
  readonly limits: MetricStoreLimits;
}

/** So many days stay open, the latest used. */
const OPEN_MAX = 4;

interface OpenDay {
  readonly journal: Journal;
  readonly events: EventList;
}

/** Events by day: files `events-<day>`, journals of JSON. An event is durable when its write resolves. */
export class EventDays {
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #options: EventDaysOptions;
  readonly #turns = new Turns<number>();
  readonly #days = new Set<number>();
  readonly #open = new Map<number, OpenDay>();

  private constructor(
    { disk, log }: { readonly disk: Disk; readonly log: Log },
    options: EventDaysOptions,
  ) {
    this.#disk = disk;
    this.#log = log;
    this.#options = options;
  }

  static async open(
    parts: { readonly disk: Disk; readonly log: Log },
    options: EventDaysOptions,
  ): Promise<EventDays> {
    const days = new EventDays(parts, options);
    for (const name of await parts.disk.list(options.folder)) {
      const day = name.startsWith('events-') ? dayOfName(name.slice('events-'.length)) : undefined;
      if (day !== undefined) days.#days.add(day);
    }
    return days;
  }

  /** @throws ERR_DISK_FAILED, ERR_DISK_UNSYNCED, ERR_LIMIT_REACHED, ERR_EVENT_INVALID */
  async write(event: StoredEvent): Promise<void> {
    const { limits } = this.#options;
    const text = eventText(event, limits);
    const day = dayOf(event.timeMs);
    if (!this.#days.has(day) && this.#days.size >= limits.daysMax) {
      fail('ERR_LIMIT_REACHED', { limit: limits.daysMax, what: 'days of events' });
    }
    const isTaken = await this.#use(day, async ({ journal, events }) => {
      if (events.has(text)) return true;
      if (events.size >= limits.eventsPerDayMax) return false;
      await journal.append(Buffer.from(text));
      events.add(text, event);
      return true;
    });
    const { eventsPerDayMax } = limits;
    if (!isTaken) fail('ERR_LIMIT_REACHED', { limit: eventsPerDayMax, what: 'events a day' });
  }

  async read(fromMs: number, toMs: number): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (const day of [...this.#days].sort((a, b) => a - b)) {
      if (day < dayOf(fromMs) || day * DAY_MS >= toMs) continue;
      const events = await this.#use(day, ({ events: list }) =>
        Promise.resolve(list.between(fromMs, toMs)),
      );
      found.push(...events);
    }
    return found;
  }

  async compact(nowMs: number): Promise<void> {
    const firstKept = dayOf(nowMs - this.#options.retentionMs);
    for (const day of [...this.#days].filter((one) => one < firstKept)) {
      await this.#turns.take(day, async () => {
        await this.#closeDay(day);
        await this.#disk.remove(this.#path(day));
        await this.#disk.remove(`${this.#path(day)}.torn`);
        this.#days.delete(day);
      });
    }
  }

  async close(): Promise<void> {
    for (const day of [...this.#open.keys()]) {
      await this.#turns.take(day, () => this.#closeDay(day));
    }
  }

  async #use<Result>(day: number, work: (open: OpenDay) => Promise<Result>): Promise<Result> {
    const result = await this.#turns.take(day, async () => {
      const open = this.#open.get(day) ?? (await this.#openDay(day));
      this.#open.delete(day);
      this.#open.set(day, open);
      try {
        return await work(open);
      } catch (error) {
        // What the journal holds after a failure, only a new opening can tell.
        await this.#closeDay(day);
        throw error;
      }
    });
    const [oldest] = this.#open.keys();
    if (this.#open.size > OPEN_MAX && oldest !== undefined) {
      await this.#turns.take(oldest, () => this.#closeDay(oldest));
    }
    return result;
  }

  async #openDay(day: number): Promise<OpenDay> {
    const path = this.#path(day);
    const { journal, records, tornBytes } = await Journal.open(this.#disk, path);
    if (tornBytes > 0) this.#log.warn({ path, tornBytes }, 'torn tail cut from journal');
    const events = new EventList();
    let unknown = 0;
    for (const record of records) {
      const text = Buffer.from(record).toString();
      const event = readEvent(jsonOf(text));
      if (event === undefined) unknown += 1;
      else events.add(text, event);
    }
    if (unknown > 0) this.#log.warn({ path, unknown }, 'unknown events left out');
    this.#days.add(day);
    return { journal, events };
  }

  async #closeDay(day: number): Promise<void> {
    const open = this.#open.get(day);
    this.#open.delete(day);
    await open?.journal.close();
  }

  #path(day: number): string {
    return `${this.#options.folder}/events-${dayName(day)}`;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
