import { statSync } from 'node:fs';
import { SeededRng, pick, shuffled } from '../../core/rng.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import type { SwitchState } from '../../core/table-store/records/switch.js';
import { COORDINATOR, FORWARD_STATES, SWITCH } from '../../core/table-store/records/switch.js';
import { judge } from './judge.js';
import { Rig } from './rig.js';
import type { Victim } from './services.js';
import { Traffic } from './traffic.js';

/*
 * In each state of a switch, each part of the distributed set is killed, stopped, cut off or reset, under traffic through
 * every redirector; then what clients and servers wrote down is compared. A cell of the matrix is one such case.
 */

export const ACTORS = [
  'coordinator',
  'redirector',
  'source',
  'target',
  'redis',
  'influx',
  'api',
] as const;
/** Stopped for twice the lease of a redirector, and for ten times. */
export const FAULTS = ['kill', 'stop-2', 'stop-10', 'drop', 'reset'] as const;

export interface Cell {
  readonly state: (typeof FORWARD_STATES)[number];
  readonly actor: (typeof ACTORS)[number];
  readonly fault: (typeof FAULTS)[number];
}

/** All of them, the quick faults first. */
export const CELLS: readonly Cell[] = FAULTS.flatMap((fault) =>
  FORWARD_STATES.flatMap((state) => ACTORS.map((actor) => ({ state, actor, fault }))),
);

export interface CellResult {
  /** undefined: nothing is wrong. */
  readonly failure: string | undefined;
  readonly cell: string;
  /** How the plan ended that was struck. */
  readonly plan: string;
  readonly requests: number;
  readonly answered: number;
  /** From the end of the fault until all was as it should be. */
  readonly settledMs: number;
}

const LEASE_MS = 600;
const REDIRECTORS = ['r1', 'r2'];
const SERVERS = ['s1', 's2', 's3'];
const RESOURCES = ['vol-1', 'vol-2', 'vol-3', 'vol-4', 'vol-5', 'vol-6'];
/** A switch may go through a state unseen. */
const TRIES_MAX = 5;

export class KillMatrix {
  readonly #rig: Rig;
  #traffics = 0;

  private constructor(rig: Rig) {
    this.#rig = rig;
  }

  static async start(): Promise<KillMatrix> {
    const rig = await Rig.start({
      redirectors: REDIRECTORS,
      hosts: SERVERS.map((server) => [server]),
      resources: RESOURCES,
      mayServe: () => true,
      roles: ['collector', 'forecaster'],
      config: [
        'resources: { onLostSource: consistency }',
        `redirector: { memberLeaseMs: ${LEASE_MS}, servingLeaseMs: 1000, healthCheckMs: 200, healthTimeoutMs: 400, drainTimeoutMs: 2000, holdTimeoutMs: 20000 }`,
        'collector: { everyMs: 500, timeoutMs: 400 }',
        'forecast: { everyMs: 2000, stepMs: 1000, horizonSteps: 6, historySteps: 24, minSteps: 3 }',
      ],
      announceLeaseMs: 900,
      redisLatencyMs: 8,
    });
    return new KillMatrix(rig);
  }

  async stop(): Promise<void> {
    await this.#rig.stop();
  }

  /** @param seed which resources move where */
  async run(cell: Cell, seed: number): Promise<CellResult> {
    const rng = new SeededRng(seed);
    const offsets = this.#rig.journals.map((journal) => statSync(journal).size);
    const traffic = new Traffic(
      `t${++this.#traffics}`,
      {
        ports: REDIRECTORS.map((name) => this.#rig.portOf(name)),
        clientsEach: 3,
        resources: RESOURCES,
        pauseMs: 3,
      },
      rng,
    );
    let plan: PlanRecord | undefined;
    let settledMs = NaN;
    let failure: string | undefined;
    try {
      plan = await this.#strike(cell, rng);
      const healedAtMs = this.#rig.clock.monotonicMs();
      plan = await this.#rig.ended(plan);
      await this.#rig.settled();
      settledMs = this.#rig.clock.monotonicMs() - healedAtMs;
      await this.#serve();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const ledger = await traffic.stop();
    const { requests, answered, violations } = await judge(ledger, this.#rig.journals, offsets);
    if (violations.length > 0) failure = violations.join(' | ');
    return {
      failure,
      cell: `${cell.fault} ${cell.actor} ${cell.state}`,
      plan: plan?.status ?? '',
      requests,
      answered,
      settledMs: Math.round(settledMs),
    };
  }

  /** Resolves when the fault is over. */
  async #strike(cell: Cell, rng: SeededRng): Promise<PlanRecord> {
    for (let tried = 0; tried < TRIES_MAX; tried++) {
      const [first = '', ...others] = shuffled(rng, RESOURCES);
      const source = this.#rig.serverOf(first);
      const second = others.find((resource) => this.#rig.serverOf(resource) === source);
      const target = pick(
        rng,
        SERVERS.filter((server) => server !== source),
      );
      const batch = [first, ...(second === undefined ? [] : [second])];
      const plan = await this.#rig.propose(batch.map((resource) => [resource, target] as const));
      const struck = this.#when(plan, cell.state, () => {
        const victim = this.#victim(cell, { source, target });
        return { victim, begun: begin(cell, victim) };
      });
      const strike = await struck;
      if (strike === undefined) {
        await this.#rig.ended(plan);
        await this.#rig.settled();
        continue;
      }
      await strike.begun;
      await this.#end(cell, strike.victim);
      return plan;
    }
    throw new Error(`no switch was seen ${cell.state}`);
  }

  /** Acts in the very turn in which the state is seen; undefined: the plan ended, and it was not. */
  #when<T>(plan: PlanRecord, state: SwitchState, act: () => T): Promise<T | undefined> {
    const { view } = this.#rig;
    return new Promise((resolve) => {
      const end = view.onChange(() => {
        const open = view.get(SWITCH, 'open')?.value;
        if (open?.plan !== plan.plan.id || open.state !== state) return;
        end();
        resolve(act());
      });
      void this.#rig.ended(plan).then(() => {
        end();
        resolve(undefined);
      });
    });
  }

  #victim({ actor }: Cell, at: { readonly source: string; readonly target: string }): Victim {
    const rig = this.#rig;
    const coordinator = rig.view.get(COORDINATOR, 'lease')?.value.member ?? '';
    switch (actor) {
      case 'coordinator':
        return rig.service(coordinator);
      case 'redirector':
        return rig.service(REDIRECTORS.find((name) => name !== coordinator) ?? '');
      case 'source':
      case 'target':
        return rig.hostOf(at[actor]);
      case 'redis':
      case 'influx':
        return rig.engine(actor);
      case 'api':
        return rig.service(actor);
    }
  }

  async #end({ fault }: Cell, victim: Victim): Promise<void> {
    const { clock } = this.#rig;
    switch (fault) {
      case 'kill':
        // Long enough for others to take over from it.
        await clock.sleep(2 * LEASE_MS);
        await victim.start();
        return;
      case 'stop-2':
      case 'stop-10':
        await clock.sleep((fault === 'stop-2' ? 2 : 10) * LEASE_MS);
        victim.goOn();
        return;
      case 'drop':
        await clock.sleep(3 * LEASE_MS);
        victim.heal();
        return;
      case 'reset':
        return;
    }
  }

  /** Every resource answers through every redirector. */
  async #serve(): Promise<void> {
    for (const name of REDIRECTORS) {
      for (const resource of RESOURCES) {
        const at = `http://127.0.0.1:${this.#rig.portOf(name)}/${resource}/x`;
        const { status } = await fetch(at, { headers: { 'x-id': 'probe' } });
        if (status !== 200) throw new Error(`${resource} through ${name}: ${status} at the end`);
      }
    }
  }
}

/** A kill has an end to wait for; all faults begin at once. */
async function begin({ fault }: Cell, victim: Victim): Promise<void> {
  switch (fault) {
    case 'kill':
      return victim.kill();
    case 'stop-2':
    case 'stop-10':
      victim.pause();
      return;
    case 'drop':
      victim.drop();
      return;
    case 'reset':
      victim.reset();
      return;
  }
}
