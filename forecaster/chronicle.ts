import { strict as assert } from 'node:assert';
import type { Clock } from '../core/clock/port.js';
import { codeOf } from '../core/errors.js';
import { every } from '../core/every.js';
import { formatGeneration } from '../core/generation.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { MetricStore, StoredEvent } from '../core/metric-store/port.js';
import type { BatchOutcome, PlanRecord } from '../core/table-store/records/plan.js';
import { AUDIT, PLAN } from '../core/table-store/records/plan.js';
import type { TableView } from '../core/table-store/view.js';

export interface ChronicleParts {
  readonly view: TableView;
  readonly metricStore: Pick<MetricStore, 'writeEvent'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ChronicleOptions {
  /** Between two looks at the plans. */
  readonly everyMs: number;
}

/** Not written now, but perhaps later. */
const LATER: readonly unknown[] = ['ERR_STORE_UNAVAILABLE', 'ERR_STORE_AMBIGUOUS'];

/** Acts of operators without which nobody could tell why nothing moved. */
const NOTED_ACTS: ReadonlySet<string> = new Set(['pause', 'resume', 'mode']);

/**
 * Writes down what became of plans and batches, and who paused balancing or changed its mode, as events of the metric store: for dashboards, and for longer than the
 * table store remembers plans. Events are keyed, so what a new process writes once more changes nothing, nor that
 * several do it; while the store is away they wait in the table store.
 */
export class Chronicle implements Startable {
  readonly #parts: ChronicleParts;
  readonly #options: ChronicleOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Of plans that the table store still has. */
  #written: ReadonlySet<string> = new Set();
  #isLate = false;

  constructor(parts: ChronicleParts, options: ChronicleOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  start(): Promise<void> {
    const { signal } = this.#stopping;
    const { everyMs } = this.#options;
    this.#running = every(this.#parts.clock, { everyMs, signal }, () => this.#writeNews());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
  }

  async #writeNews(): Promise<void> {
    const { view, log } = this.#parts;
    const written = new Set<string>();
    let isLate = false;
    for (const [key, event] of eventsIn(view)) {
      if (this.#stopping.signal.aborted) return;
      if (this.#written.has(key)) written.add(key);
      // One that was not taken stands for all: they are tried again together.
      else if (!isLate && (await this.#isTaken(event))) written.add(key);
      else isLate = true;
    }
    this.#written = written;
    if (isLate !== this.#isLate) {
      if (isLate) log.warn({}, 'events wait for metric store');
      else log.info({}, 'events written again');
    }
    this.#isLate = isLate;
  }

  /** False: it is to be tried again. */
  async #isTaken(event: StoredEvent): Promise<boolean> {
    try {
      await this.#parts.metricStore.writeEvent(event);
      return true;
    } catch (err) {
      const code = codeOf(err);
      assert.ok(code !== undefined, 'a store fails with a code');
      if (LATER.includes(code)) return false;
      this.#parts.log.warn({ err }, 'event not written');
      return true;
    }
  }
}

type KeyedEvent = readonly [key: string, event: StoredEvent];

/** Each with a key of its own. */
function* eventsIn(view: TableView): Generator<KeyedEvent> {
  for (const [, { value }] of view.all(PLAN)) yield* eventsOf(value);
  for (const [id, { value }] of view.all(AUDIT)) {
    const { what, who, detail, atMs } = value;
    if (!NOTED_ACTS.has(what)) continue;
    yield [`act ${id}`, { kind: 'note', timeMs: atMs, text: `${what}: ${detail} (${who})` }];
  }
}

function* eventsOf(record: PlanRecord): Generator<KeyedEvent> {
  const { plan, status } = record;
  yield [`${plan.id} ${status}`, planEvent(record)];
  for (const outcome of record.outcomes) {
    const event = switchEvent(record, outcome);
    if (event !== undefined) yield [`${plan.id} ${outcome.batch} ${outcome.attempts}`, event];
  }
}

function planEvent({ plan, status, by, decidedAtMs, finishedAtMs }: PlanRecord): StoredEvent {
  const { kind, detail } = plan.trigger;
  const moves = plan.batches.reduce((sum, batch) => sum + batch.moves.length, 0);
  const timeMs = finishedAtMs ?? decidedAtMs ?? plan.madeAtMs;
  return { kind: 'plan', timeMs, plan: plan.id, status, moves, by, text: `${kind}: ${detail}` };
}

/** Undefined: nothing was begun, the facts had changed; the plan's own event says so. */
function switchEvent({ plan }: PlanRecord, outcome: BatchOutcome): StoredEvent | undefined {
  const { result, batch, why, resources, generation } = outcome;
  if (result === 'stale') return undefined;
  const { drainMs, holdMs, heldRequests, failedRequests } = outcome;
  const moves = plan.batches[batch]?.moves ?? [];
  const targets = resources.flatMap(
    (resource) => moves.find((move) => move.resource === resource)?.target ?? [],
  );
  return {
    kind: 'switch',
    timeMs: outcome.atMs,
    plan: plan.id,
    batch,
    result,
    why,
    resources,
    ...(result === 'applied' && { targets }),
    generation: generation === null ? '' : formatGeneration(generation),
    drainMs,
    holdMs,
    heldRequests,
    failedRequests,
  };
}
