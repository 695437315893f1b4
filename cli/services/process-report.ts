import type { Outbox } from '../../collector/outbox.js';
import type { Clock } from '../../core/clock/port.js';
import type { WatchedEngines } from '../../core/engine-health.js';
import { codeOf } from '../../core/errors.js';
import { every } from '../../core/every.js';
import type { Startable } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { ProcessRecord } from '../../core/table-store/records/process.js';
import {
  PROCESS,
  PROCESS_ENGINES_MAX,
  PROCESS_TEXT_MAX,
} from '../../core/table-store/records/process.js';

export interface ProcessFacts {
  readonly clock: Clock;
  readonly roles: readonly string[];
  readonly engines: WatchedEngines;
  /** Where its samples are; undefined: it collects none. */
  readonly outbox: (() => ReturnType<Outbox['status']>) | undefined;
}

export interface ProcessReportParts extends ProcessFacts {
  readonly store: Pick<TableStore, 'transact'>;
  readonly log: Log;
  /** Known once it listens. */
  readonly id: () => string;
}

export interface ProcessReportOptions {
  /** Between two looks at what has changed: no more is written. */
  readonly lookMs: number;
  /** It says how it is so often even if nothing has changed. */
  readonly beatMs: number;
}

const DEFAULTS: ProcessReportOptions = { lookMs: 2000, beatMs: 10_000 };
/** A process that was not heard of for so many beats is silent. */
const BEATS_A_LEASE = 3;

/** How a process is now, in its own words. */
export function processSays(
  { clock, roles, engines, outbox }: ProcessFacts,
  { beatMs } = DEFAULTS,
): ProcessRecord {
  return {
    roles: [...roles],
    saidAtMs: clock.realtimeMs(),
    leaseMs: BEATS_A_LEASE * beatMs,
    engines: engines.health.slice(0, PROCESS_ENGINES_MAX).map(({ name, fault }) => ({
      name: short(name),
      fault:
        fault === undefined
          ? null
          : { ...fault, code: short(fault.code), message: short(fault.message) },
    })),
    spool: outbox === undefined ? null : spoolOf(outbox()),
  };
}

/**
 * Tells the api, in whatever process that is, how this one and what it rests on are: within moments when something turned good
 * or bad, else now and then. If that cannot be told, the silence is told there.
 */
export class ProcessReport implements Startable {
  readonly #parts: ProcessReportParts;
  readonly #options: ProcessReportOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #written: { readonly gist: string; readonly atMs: number } | undefined;

  constructor(parts: ProcessReportParts, options: Partial<ProcessReportOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...DEFAULTS, ...options };
  }

  start(): Promise<void> {
    const { lookMs: everyMs } = this.#options;
    const { signal } = this.#stopping;
    this.#running = every(this.#parts.clock, { everyMs, firstMs: 0, signal }, () => this.#tell());
    return Promise.resolve();
  }

  /** One that stops in order is not missed. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
    if (this.#written !== undefined) await this.#put(new Draft().remove(PROCESS, this.#parts.id()));
  }

  async #tell(): Promise<void> {
    const { clock, id } = this.#parts;
    const record = processSays(this.#parts, this.#options);
    const [gist, atMs] = [gistOf(record), clock.monotonicMs()];
    const isDue = atMs - (this.#written?.atMs ?? -Infinity) >= this.#options.beatMs;
    if (!isDue && gist === this.#written?.gist) return;
    if (await this.#put(new Draft().put(PROCESS, id(), record))) this.#written = { gist, atMs };
  }

  async #put(draft: Draft): Promise<boolean> {
    const { store, log } = this.#parts;
    try {
      await store.transact(draft.transaction);
      return true;
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      log.debug({ err }, 'state of process not told');
      return false;
    }
  }
}

/** What is worth telling at once: what turned good or bad, not by how much. */
function gistOf({ engines, spool }: ProcessRecord): string {
  return JSON.stringify([
    engines.map(({ name, fault }) => [name, fault?.code]),
    spool === null ? null : [spool.waitingSinceMs !== null, spool.lostAtMs !== null],
  ]);
}

function spoolOf({
  waitingBytes,
  waitingSinceMs,
  lost,
  lostAtMs,
}: ReturnType<Outbox['status']>): ProcessRecord['spool'] {
  return { waitingBytes, waitingSinceMs, lost: { ...lost }, lostAtMs };
}

function short(text: string): string {
  return text.slice(0, PROCESS_TEXT_MAX);
}
