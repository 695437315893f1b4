import type { ResourceId } from '../core/domain.js';
import type { Metric, Sample } from '../core/sample.js';
import type { CountersPart, MemberCounters } from './member-counters.js';
import type { DropReason, Moment, RatesOptions } from './rates.js';
import { believed, elapsed, isDropReason } from './rates.js';
import type { Drop } from './source.js';

/** A resource's load as all redirectors together saw it; a column's number is the resource's slot. NaN: not known. */
const COLUMNS = ['hits', 'network', 'inflight', 'latency'] as const satisfies readonly Metric[];
type Column = (typeof COLUMNS)[number];

/**
 * Sums over redirectors. One number that is not to be believed makes the sum of its resource unknown, never smaller: NaN stays
 * in every sum that it comes into.
 */
export class ResourceSums {
  readonly #columns: Readonly<Record<Column, Float64Array>>;
  /** Of the interval: latency is the one by the other. */
  readonly #serviceMs: Float64Array;
  readonly #ended: Float64Array;
  readonly #isPresent: Uint8Array;
  readonly #drops = new Map<string, Drop>();
  #hasRates = true;

  /** @param size above all slots */
  constructor(size: number) {
    const column = (): Float64Array => new Float64Array(size);
    this.#columns = { hits: column(), network: column(), inflight: column(), latency: column() };
    this.#serviceMs = column();
    this.#ended = column();
    this.#isPresent = new Uint8Array(size);
  }

  /** What is under way at one redirector. */
  addInFlight({ parts }: MemberCounters): void {
    for (const { slots, inFlight } of parts) {
      slots.forEach((slot, row) => {
        this.#isPresent[slot] = 1;
        add(this.#columns.inflight, slot, inFlight[row]);
      });
    }
  }

  /** What went through one redirector between two polls of one life of it. */
  addInterval(
    before: MemberCounters & Pick<Moment, 'monotonicMs'>,
    after: MemberCounters & Pick<Moment, 'monotonicMs'>,
    intervalMaxMs: number,
  ): void {
    if (!keepsRows(before, after)) this.withoutRates('parts-changed');
    for (const [index, part] of after.parts.entries()) {
      const former = before.parts[index] ?? before.parts.at(-1);
      if (former === undefined) continue;
      const elapsedMs = elapsed(
        { monotonicMs: before.monotonicMs, ownMs: former.uptimeMs },
        { monotonicMs: after.monotonicMs, ownMs: part.uptimeMs },
      );
      if (isDropReason(elapsedMs)) this.withoutRates(elapsedMs);
      else if (elapsedMs > intervalMaxMs) this.withoutRates('gap');
      else this.#addPart(before.parts[index], part, elapsedMs);
    }
  }

  /** Nothing can be said of this interval but what is under way now. */
  withoutRates(reason?: DropReason): void {
    this.#hasRates = false;
    if (reason !== undefined) this.#drops.set('all', { what: 'all', reason, count: 1 });
  }

  /** Ends the adding: what is above the limits, or became unknown, is left out. */
  finish(limits: RatesOptions['limits']): readonly Drop[] {
    for (let slot = 0; slot < this.#isPresent.length; slot++) {
      const ended = this.#ended[slot] ?? NaN;
      // Without a hit there is no latency, which is no fault.
      this.#columns.latency[slot] =
        ended === 0 ? NaN : (this.#serviceMs[slot] ?? NaN) / 1000 / ended;
    }
    for (const column of this.#told()) this.#check(column, limits[column]);
    return [...this.#drops.values()];
  }

  *samples(resources: readonly ResourceId[], timeMs: number): Generator<Sample, undefined> {
    for (const [slot, id] of resources.entries()) {
      if (this.#isPresent[slot] !== 1) continue;
      for (const metric of this.#told()) {
        const value = this.#columns[metric][slot] ?? NaN;
        if (!Number.isNaN(value)) {
          yield { series: { subject: 'resource', id, metric }, timeMs, value };
        }
      }
    }
  }

  #told(): readonly Column[] {
    return this.#hasRates ? COLUMNS : ['inflight'];
  }

  /** Rows keep their places; those behind the former part's end began at 0 in this interval. */
  #addPart(former: CountersPart | undefined, part: CountersPart, elapsedMs: number): void {
    const { hits, network } = this.#columns;
    part.slots.forEach((slot, row) => {
      const ended = increase(former?.hits, part.hits, row);
      add(hits, slot, (ended * 1000) / elapsedMs);
      add(network, slot, (increase(former?.bytes, part.bytes, row) * 1000) / elapsedMs);
      add(this.#ended, slot, ended);
      add(this.#serviceMs, slot, increase(former?.serviceMs, part.serviceMs, row));
    });
  }

  #check(metric: Column, max: number): void {
    const column = this.#columns[metric];
    column.forEach((value, slot) => {
      if (this.#isPresent[slot] !== 1) return;
      if (Number.isNaN(value)) {
        const isIdle = metric === 'latency' && this.#ended[slot] === 0;
        if (!isIdle) this.#drop(metric, 'reset');
        return;
      }
      const outcome = believed(value, max);
      if (!isDropReason(outcome)) return;
      this.#drop(metric, outcome);
      column[slot] = NaN;
    });
  }

  #drop(what: Metric, reason: DropReason): void {
    const key = `${what} ${reason}`;
    const count = (this.#drops.get(key)?.count ?? 0) + 1;
    this.#drops.set(key, { what, reason, count });
  }
}

/** Rows are only ever added at the end. */
function keepsRows(before: MemberCounters, after: MemberCounters): boolean {
  return before.parts.every(({ slots }, index) =>
    slots.every((slot, row) => after.parts[index]?.slots[row] === slot),
  );
}

/** How much a row grew; NaN if it fell, which it cannot. */
function increase(before: Float64Array | undefined, after: Float64Array, row: number): number {
  const growth = (after[row] ?? NaN) - (before?.[row] ?? 0);
  return growth >= 0 ? growth : NaN;
}

function add(column: Float64Array, slot: number, value: number | undefined): void {
  column[slot] = (column[slot] ?? NaN) + (value ?? NaN);
}
