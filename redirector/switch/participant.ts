import type { Clock } from '../../core/clock/port.js';
import { every } from '../../core/every.js';
import { isSameGeneration } from '../../core/generation.js';
import type { Log } from '../../core/log.js';
import { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { Ack, SwitchRecord, SwitchState } from '../../core/table-store/records/switch.js';
import { ACK, SWITCH } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import type { DataPlane, SwitchBatch } from '../data-plane.js';
import type { Members } from './peers.js';

export interface ParticipantParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  readonly membership: Members;
  readonly dataPlane: DataPlane;
}

export interface ParticipantOptions {
  /** What failed is tried again after this. */
  readonly retryMs: number;
}

type MemberStep = Ack['step'];
const STEPS: readonly MemberStep[] = ['prepared', 'held', 'drained', 'attached', 'resumed'];

/** What a redirector is to have completed in each state of the switch. */
const ASKED: Readonly<Record<SwitchState, MemberStep>> = {
  opened: 'prepared',
  prepared: 'held',
  held: 'drained',
  drained: 'drained',
  released: 'drained',
  taken: 'attached',
  attached: 'attached',
  returning: 'held',
  withdrawn: 'held',
  committed: 'resumed',
};

/** The open switch as this redirector takes part in it. */
interface Current {
  readonly record: SwitchRecord;
  readonly batch: SwitchBatch;
  /** Aborts when the switch is over. */
  readonly over: AbortController;
  /** The last step completed here; undefined: none. */
  ack: Omit<Ack, 'boot'> | undefined;
  /** What the store has of it, as text. */
  written: string;
  /** The data plane holds the batch. */
  isHeld: boolean;
  /** The data plane is bringing a step about. */
  isActing: boolean;
}

/**
 * This redirector's part in switches. It follows the record of the open switch: whatever the record says
 * is brought about here and acknowledged, step by step; when the record is gone, what was held goes on by
 * the table of the same revision. So it may start, stop or miss states at any time without harm.
 */
export class Participant {
  readonly #parts: ParticipantParts;
  readonly #options: ParticipantOptions;
  #current: Current | undefined;
  #following: Promise<void> | undefined;
  #isNews = false;

  constructor(parts: ParticipantParts, options: ParticipantOptions = { retryMs: 200 }) {
    this.#parts = parts;
    this.#options = options;
  }

  /**
   * To be called after the membership began (anew) and before any work is sent: takes the table over and
   * holds what an open switch holds.
   */
  async join(): Promise<void> {
    const { view, dataPlane } = this.#parts;
    const record = view.get(SWITCH, 'open')?.value;
    const current = this.#enter(record);
    // The table changes only at a commit; what an open switch moves is still as it was before.
    dataPlane.apply(view.table);
    const isResumed = current?.ack?.step === 'resumed';
    if (record !== undefined && current !== undefined && !isResumed) {
      if (ASKED[record.state] !== 'prepared') {
        await this.#acting(current, () => this.#hold(current));
      }
    }
    this.#follow();
  }

  /** Follows the open switch until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { view, clock, dataPlane } = this.#parts;
    const end = view.onChange(() => {
      const record = view.get(SWITCH, 'open')?.value;
      const current = this.#current;
      // At once, since a pass under way may wait long for the store; also where a switch is seen first: whole ones may have
      // been missed before, or a restoration.
      if (current === undefined) dataPlane.apply(view.table);
      else if (!isSameSwitch(record, current.record)) this.#endSoon(current);
      this.#follow();
    });
    try {
      await every(clock, { everyMs: this.#options.retryMs, signal }, () => {
        this.#follow();
      });
    } finally {
      end();
    }
  }

  /** One pass at a time; news that comes meanwhile makes another. */
  #follow(): void {
    this.#isNews = true;
    this.#following ??= this.#passes().finally(() => {
      this.#following = undefined;
    });
  }

  async #passes(): Promise<void> {
    while (this.#isNews) {
      this.#isNews = false;
      try {
        await this.#pass();
      } catch (err) {
        this.#parts.log.warn({ err }, 'switch step failed here');
      }
    }
  }

  async #pass(): Promise<void> {
    const { view, membership } = this.#parts;
    const record = view.get(SWITCH, 'open')?.value;
    const current = this.#enter(record);
    if (record === undefined || current === undefined) {
      membership.report({ generation: view.table.generation });
      return;
    }
    const asked = ASKED[record.state];
    if (!isAtLeast(current.ack?.step, asked)) await this.#complete(current, asked, record);
    if (!current.over.signal.aborted) await this.#acknowledge(current);
  }

  /** Brings about each step up to the one that is asked for. */
  async #complete(current: Current, asked: MemberStep, record: SwitchRecord): Promise<void> {
    for (const step of STEPS) {
      if (isAtLeast(current.ack?.step, step)) continue;
      // What stands in the way is for the coordinator to decide on, and stays said till then; a commit stands, whatever it is.
      if (isBlocked(current.ack) && record.state !== 'committed') return;
      const result = await this.#acting(current, () => this.#bringAbout(step, current, record));
      if (current.over.signal.aborted) return;
      current.ack = {
        generation: record.generation,
        step,
        obstacles: [],
        refusals: [],
        holdMs: 0,
        heldRequests: 0,
        failedRequests: 0,
        ...result,
      };
      if (step === asked) return;
    }
  }

  async #acting<Result>(current: Current, act: () => Promise<Result>): Promise<Result> {
    current.isActing = true;
    try {
      return await act();
    } finally {
      current.isActing = false;
    }
  }

  async #bringAbout(
    step: MemberStep,
    current: Current,
    record: SwitchRecord,
  ): Promise<Partial<Ack>> {
    const { dataPlane, view, membership } = this.#parts;
    const { batch, over } = current;
    switch (step) {
      case 'prepared':
        // Asked only at first: who joins later finds the others already holding.
        return record.state === 'opened'
          ? { obstacles: [...(await dataPlane.prepare(batch))] }
          : {};
      case 'held':
        await this.#hold(current);
        return {};
      case 'drained':
        // A switch that already failed elsewhere, or was drained by all before, needs none.
        return { obstacles: [...(await dataPlane.drain(batch, over.signal))] };
      case 'attached':
        if (record.state === 'committed') return {};
        return { refusals: [...(await dataPlane.attach(batch, over.signal))] };
      case 'resumed': {
        dataPlane.apply(view.table);
        membership.report({ generation: view.table.generation });
        current.isHeld = false;
        return dataPlane.resume(batch, record.returnGeneration === null);
      }
    }
  }

  /** At once, unless a step is being brought about: that comes to its end before what it held goes on. */
  #endSoon(current: Current): void {
    if (current.isActing) current.over.abort(new Error('the switch is over'));
    else this.#end(current);
  }

  /** The record is gone: committed and closed while we looked away, or never committed. The table tells. */
  #end(current: Current): void {
    const { view, dataPlane } = this.#parts;
    this.#current = undefined;
    current.over.abort(new Error('the switch is over'));
    dataPlane.apply(view.table);
    if (!current.isHeld) return;
    current.isHeld = false;
    const isCommitted = current.batch.moves.every(({ resource }) => {
      const since = view.table.placementOf(resource)?.since;
      return since !== undefined && isSameGeneration(since, current.record.generation);
    });
    void dataPlane.resume(current.batch, isCommitted);
  }

  async #hold(current: Current): Promise<void> {
    current.isHeld = true;
    await this.#parts.dataPlane.hold(current.batch);
  }

  /** The part in this switch; a former one that is over ends before. */
  #enter(record: SwitchRecord | undefined): Current | undefined {
    const known = this.#current;
    if (known !== undefined && isSameSwitch(record, known.record)) return known;
    if (known !== undefined) this.#end(known);
    if (record === undefined) return undefined;
    const { generation, moves, lost } = record;
    this.#current = {
      record,
      batch: { generation, moves, lost },
      over: new AbortController(),
      ack: undefined,
      written: '',
      isHeld: false,
      isActing: false,
    };
    return this.#current;
  }

  async #acknowledge(current: Current): Promise<void> {
    const { store, view, membership } = this.#parts;
    // The record under this name is then another process'.
    if (current.ack === undefined || membership.isUsurped) return;
    const ack: Ack = { ...current.ack, boot: membership.boot };
    const text = JSON.stringify(ack);
    if (text === current.written) return;
    // Over what was there at this look: an earlier word that the store carries out late must not take its place.
    const draft = new Draft().expect(view, ACK, membership.self).put(ACK, membership.self, ack);
    const { committed } = await store.transact(draft.transaction);
    if (committed) current.written = text;
    await view.sync();
    // It is said again at the next look, which the sync brings about if something was other than it seemed.
    this.#isNews ||= !committed;
  }
}

function isSameSwitch(a: SwitchRecord | undefined, b: SwitchRecord): boolean {
  return a !== undefined && isSameGeneration(a.generation, b.generation);
}

function isBlocked(ack: Pick<Ack, 'obstacles' | 'refusals'> | undefined): boolean {
  return ack !== undefined && (ack.obstacles.length > 0 || ack.refusals.length > 0);
}

function isAtLeast(step: MemberStep | undefined, least: MemberStep): boolean {
  return step !== undefined && STEPS.indexOf(step) >= STEPS.indexOf(least);
}
