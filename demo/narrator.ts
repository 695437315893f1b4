import type { Clock } from '../core/clock/port.js';
import type { PlanId } from '../core/domain.js';
import { counted } from '../core/text.js';
import type { PlanRecord } from '../core/table-store/records/plan.js';
import { PLAN } from '../core/table-store/records/plan.js';
import { LOST } from '../core/table-store/records/server.js';
import type { TableView } from '../core/table-store/view.js';
import { reasonWords } from '../forecaster/planner/words.js';

export interface NarratorParts {
  readonly view: TableView;
  readonly clock: Clock;
  readonly say: (text: string) => void;
}

/** Of each plan; `foreshift plan` and the page show all. */
const MOVES_SHOWN = 4;

/** Tells what happens, as it happens, from what the table store says. */
export class Narrator {
  readonly #parts: NarratorParts;
  readonly #startedAtMs: number;
  /** What was said of each plan: its status and how many batches. */
  readonly #told = new Map<PlanId, string>();
  readonly #lost = new Set<string>();
  readonly end: () => void;

  constructor(parts: NarratorParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.monotonicMs();
    this.end = parts.view.onChange(() => {
      this.#look();
    });
  }

  #look(): void {
    const { view } = this.#parts;
    for (const [id, { value }] of view.all(PLAN)) this.#plan(id, value);
    for (const server of view.all(LOST).keys()) {
      if (!this.#lost.has(server)) this.#say(`${server} is lost`);
      this.#lost.add(server);
    }
  }

  #plan(id: PlanId, record: PlanRecord): void {
    const { plan, status, outcomes } = record;
    const moves = plan.batches.flatMap((batch) => batch.moves);
    if (moves.length === 0) return;
    const isPlacement = moves.every(({ source }) => source === null);
    const stage = `${status} ${outcomes.length}`;
    const before = this.#told.get(id);
    if (before === stage) return;
    this.#told.set(id, stage);
    if (isPlacement) {
      if (status === 'applied') {
        this.#say(`${counted(moves.length, 'resource')} placed on their servers`);
      }
      return;
    }
    if (before === undefined) {
      this.#say(`plan ${id}: ${counted(moves.length, 'move')} (trigger: ${plan.trigger.detail})`);
      for (const move of moves.slice(0, MOVES_SHOWN)) {
        const why = reasonWords(move.reason, this.#parts.clock.realtimeMs());
        this.#say(`  ~ ${move.resource}  ${move.source ?? ''} -> ${move.target}  ${why}`);
      }
      if (moves.length > MOVES_SHOWN) this.#say(`  … and ${moves.length - MOVES_SHOWN} more`);
      if (status === 'proposed') this.#say(`  -> foreshift apply ${id}`);
    }
    if (status === 'applied' || status === 'partly-applied') this.#applied(id, record);
    else if (status === 'failed' || status === 'stale') this.#say(`plan ${id} ${status}`);
  }

  #applied(id: PlanId, { outcomes, plan }: PlanRecord): void {
    const holdMs = Math.max(0, ...outcomes.map((outcome) => outcome.holdMs));
    const held = outcomes.reduce((sum, outcome) => sum + outcome.heldRequests, 0);
    const failed = outcomes.reduce((sum, outcome) => sum + outcome.failedRequests, 0);
    const score = plan.analysis?.score;
    const peaks =
      score === undefined
        ? ''
        : `, peak ${percent(score.nothing.peak)} -> ${percent(score.plan.peak)}`;
    this.#say(
      `plan ${id} applied: hold ${Math.round(holdMs)} ms (${held} requests held, ${failed} failed)${peaks}`,
    );
  }

  #say(text: string): void {
    const { clock, say } = this.#parts;
    const seconds = ((clock.monotonicMs() - this.#startedAtMs) / 1000).toFixed(1);
    say(`${seconds.padStart(6)} s  ${text}`);
  }
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
