import type { ResourceId } from '../../core/domain.js';
import { KeptRecent } from '../../core/kept.js';
import type { Move } from '../../core/plan.js';
import type { Change } from './changed.js';
import { changed } from './changed.js';
import type { Chosen } from './chosen.js';
import { Choices } from './chosen.js';
import type { Explanation } from './explain.js';
import { Explainer } from './explain.js';
import type { PlanningInputs } from './inputs.js';
import type { Planned } from './planner.js';
import { planned, translatedBy } from './planner.js';
import { rehearsalOf } from './rehearsal.js';
import type { PlanningRun } from './solved.js';
import type { Translated } from './translation.js';
import type { WhatIf, World } from './what-if.js';
import { worldOf } from './what-if.js';

export interface ExplainAsked {
  readonly resource: ResourceId;
  readonly nowMs: number;
}

export interface WhatIfAsked {
  /** Made one after the other. */
  readonly changes: readonly Change[];
  readonly nowMs: number;
}

/**
 * So long an answer may be of an earlier moment. Time plays a part in a plan: what rests, what may be moved within the hour, which steps of
 * the forecast are over. Every answer says of which moment it is.
 */
export const PLANNED_MS_MAX = 600_000;
/** So many worlds that were asked about are kept: an open page asks the same again and again. */
const WORLDS_MAX = 16;

/** Answers about one fleet, one after the other: what they have in common is made with the first that needs it. */
export class Advice {
  readonly #inputs: PlanningInputs;
  readonly #runOf: () => PlanningRun;
  #choices: Choices | undefined;
  /** As the fleet is, as far as it is restrained; and as if it were not. */
  #asIs: AsIs | undefined;
  #asIfFree: AsIs | undefined;

  /** @param runOf makes the run of each planning */
  constructor(inputs: PlanningInputs, runOf: () => PlanningRun = () => ({})) {
    this.#inputs = inputs;
    this.#runOf = runOf;
  }

  /** What scores have in common. @throws ERR_PLANNING_INVALID */
  prepare(): void {
    // Also what the first score finds out for nearly all others (`peakBound`).
    this.score([]);
  }

  /** What all other answers begin with: the fleet as it is, planned. @throws ERR_PLANNING_INVALID */
  plan(nowMs: number): void {
    this.#restrained(nowMs).explainer();
    this.#free(nowMs).world();
  }

  /** @throws ERR_PLANNING_INVALID */
  score(moves: readonly Move[]): Chosen {
    this.#choices ??= new Choices(this.#inputs);
    return this.#choices.score(moves);
  }

  /** Undefined: there is no such resource. @throws ERR_PLANNING_INVALID */
  explain({ resource, nowMs }: ExplainAsked): Explanation | undefined {
    return this.#restrained(nowMs).explainer().of(resource);
  }

  /** @throws ERR_PLANNING_INVALID, ERR_SERVER_UNKNOWN, ERR_RESOURCE_UNKNOWN, ERR_CHANGE_INVALID */
  whatIf({ changes, nowMs }: WhatIfAsked): WhatIf {
    // First: what cannot be changed is refused before anything is planned.
    const after = changes.reduce(changed, this.#inputs);
    const asIs = this.#free(nowMs);
    const { plannedAtMs } = asIs;
    const before = asIs.world();
    if (changes.length === 0) return { plannedAtMs, before, after: before };
    const key = JSON.stringify(changes);
    return { plannedAtMs, before, after: asIs.worlds.of(key, () => this.#worldAs(after, asIs)) };
  }

  /** Searches for a change that nobody asked about, and keeps nothing of it: what it runs is faster when somebody asks. */
  rehearse(number: number, nowMs: number): void {
    const change = rehearsalOf(this.#inputs, number);
    if (change !== undefined) this.#worldAs(changed(this.#inputs, change), this.#free(nowMs));
  }

  /** At the same moment as the fleet as it is: the change alone makes the difference. */
  #worldAs(after: PlanningInputs, { plannedAtMs, translated }: AsIs): World {
    const inputs = { ...after, restraint: null, nowMs: plannedAtMs };
    return worldOf(planned(inputs, { ...this.#runOf(), before: translated }));
  }

  #restrained(nowMs: number): AsIs {
    if (this.#inputs.restraint === null) return this.#free(nowMs);
    return (this.#asIs = this.#asOf(nowMs, this.#asIs, this.#inputs));
  }

  /** A pause stops what would be done, not what would be good. */
  #free(nowMs: number): AsIs {
    return (this.#asIfFree = this.#asOf(nowMs, this.#asIfFree, {
      ...this.#inputs,
      restraint: null,
    }));
  }

  #asOf(nowMs: number, known: AsIs | undefined, inputs: PlanningInputs): AsIs {
    const isHeld = known !== undefined && nowMs - known.plannedAtMs < PLANNED_MS_MAX;
    return isHeld ? known : new AsIs(planned({ ...inputs, nowMs }, this.#runOf()));
  }
}

/** The fleet as it is, planned for; and what answers make of that, each when the first needs it. */
class AsIs {
  /** As it would be, by the changes. */
  readonly worlds = new KeptRecent<string, World>(WORLDS_MAX);
  readonly #planned: Planned;
  #explainer: Explainer | undefined;
  #world: World | undefined;

  constructor(made: Planned) {
    this.#planned = made;
  }

  get plannedAtMs(): number {
    return this.#planned.inputs.nowMs;
  }

  get translated(): Translated {
    return translatedBy(this.#planned);
  }

  explainer(): Explainer {
    return (this.#explainer ??= new Explainer(this.#planned));
  }

  world(): World {
    return (this.#world ??= worldOf(this.#planned));
  }
}
