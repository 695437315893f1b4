import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock/port.js';
import { codeOf } from '../core/errors.js';
import { every } from '../core/every.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import { Draft } from '../core/table-store/draft.js';
import type { TableStore } from '../core/table-store/port.js';
import type { CollectorRecord } from '../core/table-store/records/collector.js';
import { COLLECTOR, FAULTS_MAX } from '../core/table-store/records/collector.js';
import type { TargetStatus } from './poller.js';

export interface FaultReportParts {
  readonly store: Pick<TableStore, 'transact'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly targets: () => readonly TargetStatus[];
}

export interface FaultReportOptions {
  /** Between two looks: no more is written. */
  readonly everyMs: number;
}

const MESSAGE_MAX = 400;

/** Tells an api in another process which targets cannot be polled. It reads nothing, and writes only what has changed. */
export class FaultReport implements Startable {
  readonly #parts: FaultReportParts;
  readonly #options: FaultReportOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #written: CollectorRecord | undefined;

  constructor(parts: FaultReportParts, options: FaultReportOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  start(): Promise<void> {
    const { everyMs } = this.#options;
    const { signal } = this.#stopping;
    this.#running = every(this.#parts.clock, { everyMs, signal }, () => this.#tell());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
  }

  async #tell(): Promise<void> {
    const { store, log, targets } = this.#parts;
    const record = recordOf(targets());
    if (isDeepStrictEqual(record, this.#written)) return;
    try {
      await store.transact(new Draft().put(COLLECTOR, 'faults', record).transaction);
      this.#written = record;
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      log.debug({ err }, 'faults of targets not told');
    }
  }
}

function recordOf(targets: readonly TargetStatus[]): CollectorRecord {
  const faults = targets.flatMap(({ name, lastSuccessMs, fault }) =>
    fault === null
      ? []
      : [{ target: name, lastSuccessMs, message: fault.message.slice(0, MESSAGE_MAX) }],
  );
  return { faults: faults.slice(0, FAULTS_MAX), count: faults.length };
}
