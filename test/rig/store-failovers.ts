import { statSync } from 'node:fs';
import type { Generation } from '../../core/generation.js';
import { compareGenerations, formatGeneration } from '../../core/generation.js';
import { SeededRng, shuffled } from '../../core/rng.js';
import { FORWARD_STATES, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { judge } from './judge.js';
import { Rig } from './rig.js';
import { Traffic } from './traffic.js';

/*
 * The master of the table store dies in the midst of a switch, under traffic, and a Sentinel puts the replica in its place:
 * every other time without what the master acknowledged last. Whoever watches sees no generation fall.
 */

export interface FailoverResult {
  readonly failure: string | undefined;
  readonly loses: boolean;
  /** Of the switch, as it was last seen before the master died. */
  readonly state: string;
  readonly plan: string;
  /** From the new master's first moment until all was as it should be. */
  readonly settledMs: number;
  readonly requests: number;
  readonly answered: number;
}

const REDIRECTORS = ['r1', 'r2'];
const SERVERS = ['s1', 's2'];
const RESOURCES = ['vol-1', 'vol-2', 'vol-3', 'vol-4'];
const SETTLED_WITHIN_MS = 10_000;

export class StoreFailovers {
  readonly #rig: Rig;
  readonly #fallen: string[] = [];
  #traffics = 0;

  private constructor(rig: Rig) {
    this.#rig = rig;
    this.#watch();
  }

  static async start(): Promise<StoreFailovers> {
    const rig = await Rig.start({
      redirectors: REDIRECTORS,
      hosts: [SERVERS],
      resources: RESOURCES,
      mayServe: () => true,
      roles: [],
      config: ['redirector: { memberLeaseMs: 1000, holdTimeoutMs: 20000 }'],
      announceLeaseMs: 900,
      redisLatencyMs: 0,
      hasSentinel: true,
    });
    return new StoreFailovers(rig);
  }

  stop(): Promise<void> {
    return this.#rig.stop();
  }

  /** An odd seed loses what was acknowledged last. */
  async run(seed: number): Promise<FailoverResult> {
    const rig = this.#rig;
    const { pair, view, clock } = rig;
    const rng = new SeededRng(seed);
    const loses = seed % 2 === 1;
    const offsets = rig.journals.map((journal) => statSync(journal).size);
    const ports = REDIRECTORS.map((name) => rig.portOf(name));
    const options = { ports, clientsEach: 2, resources: RESOURCES, pauseMs: 5 };
    const traffic = new Traffic(`f${++this.#traffics}`, options, rng);
    let failure: string | undefined;
    let [state, status, settledMs] = ['none', '', NaN];
    try {
      await pair.sync();
      if (loses) await pair.cut();
      const wanted = FORWARD_STATES[seed % FORWARD_STATES.length];
      const batch = shuffled(rng, RESOURCES).slice(0, 2);
      const proposed = rig.propose(
        batch.map((resource) => [resource, rig.serverOf(resource) === 's1' ? 's2' : 's1'] as const),
      );
      const reached = new Promise<void>((resolve) => {
        const end = view.onChange(() => {
          const open = view.get(SWITCH, 'open')?.value;
          if (open === undefined || open.state !== wanted) return;
          state = open.state;
          end();
          resolve();
        });
      });
      const plan = await proposed;
      await Promise.race([reached, rig.ended(plan)]);
      await pair.killMaster();
      const heldAtMs = clock.monotonicMs();
      // Of a plan that the store forgot nobody knows how it ends: it is one of those acknowledged last.
      if (!loses) status = (await rig.ended(plan)).status;
      await rig.settled();
      settledMs = Math.round(clock.monotonicMs() - heldAtMs);
      if (settledMs > SETTLED_WITHIN_MS) failure = `settled after ${settledMs} ms`;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    await pair.mend();
    const { requests, answered, violations } = await judge(
      await traffic.stop(),
      rig.journals,
      offsets,
    );
    const faults = [...violations, ...this.#fallen.splice(0)];
    if (faults.length > 0) failure = faults.join(' | ');
    return { failure, loses, state, plan: status, settledMs, requests, answered };
  }

  /**
   * What each redirector says that it has, and what the test itself reads: none of them ever falls. A store that came back
   * older shows older words of a redirector at first: those are not its latest.
   */
  #watch(): void {
    const { view } = this.#rig;
    const highest = new Map<string, Generation>();
    const beats = new Map<string, number>();
    const note = (who: string, generation: Generation): void => {
      const former = highest.get(who);
      if (former !== undefined && compareGenerations(generation, former) < 0) {
        const [to, from] = [generation, former].map(formatGeneration);
        this.#fallen.push(`${who} fell from ${from} to ${to}`);
      }
      highest.set(who, generation);
    };
    view.onChange(() => {
      note('the test', view.reserved);
      for (const [member, { value }] of view.all(MEMBER)) {
        if (value.beat <= (beats.get(member) ?? 0)) continue;
        beats.set(member, value.beat);
        note(member, value.generation);
      }
    });
  }
}
