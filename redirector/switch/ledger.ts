import { strict as assert } from 'node:assert';
import type { Clock } from '../../core/clock/port.js';
import type { ResourceId, ServerId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import { NO_GENERATION, compareGenerations, nextEpoch } from '../../core/generation.js';
import type { Move } from '../../core/plan.js';
import type { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { BatchOutcome, PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import type { SwitchRecord, SwitchState } from '../../core/table-store/records/switch.js';
import { ROSTER, SWITCH } from '../../core/table-store/records/switch.js';
import type { Head, PlacementRecord } from '../../core/table-store/records/table.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import type { CoordinatorLease } from './coordinator-lease.js';
import { undoStateAfter } from './protocol.js';

/**
 * What the coordinator writes, each act one transaction that holds only if this is still its term and the
 * records are still those it decided on. `false`: somebody else acted; look again. An ambiguous or failed
 * write throws; the next look at the store shows what became of it, and deciding again is harmless.
 */
export class SwitchLedger {
  readonly #store: TableStore;
  readonly #view: TableView;
  readonly #clock: Clock;
  readonly #lease: CoordinatorLease;

  constructor(parts: {
    readonly store: TableStore;
    readonly view: TableView;
    readonly clock: Clock;
    readonly lease: CoordinatorLease;
  }) {
    this.#store = parts.store;
    this.#view = parts.view;
    this.#clock = parts.clock;
    this.#lease = parts.lease;
  }

  /** Opens the switch of one batch, and says in its plan that it is being applied. */
  async open(
    batch: Pick<SwitchRecord, 'plan' | 'batch' | 'moves' | 'lost' | 'standbys'>,
    planRecord: PlanRecord,
  ): Promise<boolean> {
    const generation = nextEpoch(this.#head.reserved);
    const record: SwitchRecord = {
      ...batch,
      state: 'opened',
      generation,
      returnGeneration: null,
      fault: null,
      enteredAtMs: { opened: this.#clock.realtimeMs() },
    };
    const draft = this.#draft()
      .expect(this.#view, PLAN, batch.plan)
      .put(HEAD, 'head', { ...this.#head, reserved: generation })
      .put(SWITCH, 'open', record)
      .put(PLAN, batch.plan, { ...planRecord, status: 'applying' });
    for (const { resource } of batch.moves) draft.expect(this.#view, PLACEMENT, resource);
    return this.#commit(draft);
  }

  advance(record: SwitchRecord, to: SwitchState): Promise<boolean> {
    return this.#commit(this.#draft().put(SWITCH, 'open', this.#entered(record, to)));
  }

  /** Begins the give-back: reserves the generation at which the sources will own again. */
  giveBack(record: SwitchRecord, why: string): Promise<boolean> {
    const generation = nextEpoch(this.#head.reserved);
    const returning: SwitchRecord = {
      ...this.#entered(record, undoStateAfter(record.state)),
      returnGeneration: generation,
      fault: why,
    };
    return this.#commit(
      this.#draft()
        .put(HEAD, 'head', { ...this.#head, reserved: generation })
        .put(SWITCH, 'open', returning),
    );
  }

  /** The whole batch or nothing: its moves, or (side `source`) the unchanged assignment, newly dated. */
  commit(record: SwitchRecord, side: 'source' | 'target'): Promise<boolean> {
    const since = side === 'target' ? record.generation : record.returnGeneration;
    assert.ok(since !== null, 'a give-back has reserved its generation');
    assert.ok(
      compareGenerations(since, this.#head.generation) > 0,
      'no switch outlives its incarnation',
    );
    const draft = this.#draft()
      .put(HEAD, 'head', { ...this.#head, generation: since })
      .put(SWITCH, 'open', this.#entered(record, 'committed'));
    for (const move of record.moves) {
      draft.expect(this.#view, PLACEMENT, move.resource);
      const server = move[side];
      if (server !== null) {
        draft.put(PLACEMENT, move.resource, this.#placed(move, server, since, record));
      }
    }
    if (side === 'target') this.#putStandbys(draft, record);
    return this.#commit(draft);
  }

  /** Ends the switch and writes into its plan how it went. */
  close(record: SwitchRecord, outcome: BatchOutcome): Promise<boolean> {
    const draft = this.#draft().remove(SWITCH, 'open');
    const stored = this.#view.get(PLAN, record.plan);
    if (stored !== undefined) {
      draft.expect(this.#view, PLAN, record.plan);
      draft.put(PLAN, record.plan, withOutcome(stored.value, outcome));
    }
    return this.#commit(draft);
  }

  /** A batch that can no longer be switched ends without one. */
  voidBatch(record: PlanRecord, batch: number, why: string): Promise<boolean> {
    const former = record.outcomes.find((outcome) => outcome.batch === batch);
    const outcome: BatchOutcome = {
      batch,
      result: 'stale',
      why,
      attempts: former?.attempts ?? 0,
      resources: record.plan.batches[batch]?.moves.map(({ resource }) => resource) ?? [],
      generation: null,
      atMs: this.#clock.realtimeMs(),
      drainMs: 0,
      holdMs: 0,
      heldRequests: 0,
      failedRequests: 0,
    };
    return this.updatePlan(record, withOutcome(record, outcome));
  }

  /** Changes a plan's record while no switch of it is open. */
  updatePlan(former: PlanRecord, next: PlanRecord): Promise<boolean> {
    return this.#commit(
      this.#draft().expect(this.#view, PLAN, former.plan.id).put(PLAN, former.plan.id, next),
    );
  }

  /** Standbys alone: nobody's assignment changes, so no switch is needed. */
  setStandbys(standbys: Readonly<Record<string, ServerId | null>>): Promise<boolean> {
    const draft = this.#draft();
    for (const [resource, standby] of Object.entries(standbys)) {
      this.#putStandby(draft, resource as ResourceId, standby);
    }
    return this.#commit(draft);
  }

  get #head(): Head {
    return (
      this.#view.get(HEAD, 'head')?.value ?? { generation: NO_GENERATION, reserved: NO_GENERATION }
    );
  }

  /** Every act: this term, these members, this state of the switch, this head. */
  #draft(): Draft {
    return this.#lease
      .draft()
      .expect(this.#view, ROSTER, 'members')
      .expect(this.#view, SWITCH, 'open')
      .expect(this.#view, HEAD, 'head');
  }

  #entered(record: SwitchRecord, state: SwitchState): SwitchRecord {
    const enteredAtMs = { ...record.enteredAtMs, [state]: this.#clock.realtimeMs() };
    return { ...record, state, enteredAtMs };
  }

  #placed(
    { resource }: Move,
    server: ServerId,
    since: Generation,
    { plan, standbys }: SwitchRecord,
  ): PlacementRecord {
    const former = this.#view.get(PLACEMENT, resource)?.value;
    const isMoved = former?.server !== server;
    const wanted = standbys[resource];
    // What was its standby may be its server now.
    const choices = wanted === null ? [] : [wanted, former?.standby];
    return {
      server,
      since,
      standby: choices.find((standby) => standby != null && standby !== server) ?? null,
      movedAtMs: isMoved ? this.#clock.realtimeMs() : former.movedAtMs,
      by: isMoved ? plan : former.by,
    };
  }

  #putStandbys(draft: Draft, { moves, standbys }: SwitchRecord): void {
    const moved = new Set<string>(moves.map(({ resource }) => resource));
    for (const [resource, standby] of Object.entries(standbys)) {
      if (!moved.has(resource)) this.#putStandby(draft, resource as ResourceId, standby);
    }
  }

  #putStandby(draft: Draft, resource: ResourceId, standby: ServerId | null): void {
    const former = this.#view.get(PLACEMENT, resource)?.value;
    if (former === undefined || former.standby === standby || former.server === standby) return;
    draft.expect(this.#view, PLACEMENT, resource).put(PLACEMENT, resource, { ...former, standby });
  }

  async #commit(draft: Draft): Promise<boolean> {
    const result = await this.#store.transact(draft.transaction);
    await this.#view.sync();
    return result.committed;
  }
}

/** The plan's record with one batch's latest outcome in place of its former one. */
function withOutcome(record: PlanRecord, outcome: BatchOutcome): PlanRecord {
  const others = record.outcomes.filter(({ batch }) => batch !== outcome.batch);
  return { ...record, outcomes: [...others, outcome].sort((a, b) => a.batch - b.batch) };
}
