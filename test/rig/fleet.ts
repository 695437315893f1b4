import { SeededRng } from '../../core/rng.js';
import type { MemberId } from '../../core/domain.js';
import { ACK, SWITCH } from '../../core/table-store/records/switch.js';
import { isSameGeneration } from '../../core/generation.js';
import type { Judgement } from './judge.js';
import { judge } from './judge.js';
import type { Wish } from './rig.js';
import { Rig, inBatches } from './rig.js';
import { Traffic } from './traffic.js';

/* Three redirectors, and a whole table that is moved under load, again and again until there were enough requests. */

export interface FleetOptions {
  readonly resources: number;
  readonly servers: number;
  readonly hosts: number;
  readonly requestsMin: number;
  readonly batchMovesMax: number;
  readonly clientsEach: number;
  /** Between two batches; 0: one follows the other. */
  readonly pauseMs: number;
  readonly say: (line: string) => void;
}

export interface FleetResult extends Judgement {
  readonly moved: number;
  readonly batches: number;
  /** Plans that did not end as `applied`, in words. */
  readonly unapplied: readonly string[];
  readonly seconds: number;
  /** From a commit until the last redirector said that it goes on, as somebody who follows the store sees it. */
  readonly resumedMs: readonly number[];
}

const REDIRECTORS = ['r1', 'r2', 'r3'];

export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const servers = Array.from({ length: options.servers }, (_hole, number) => `s${number}`);
  const resources = Array.from({ length: options.resources }, (_hole, number) => `vol-${number}`);
  // Each resource has two servers that may serve it: whoever moves the whole table moves each to its other one.
  const ableOf = new Map(
    resources.map((resource, number) => [
      resource,
      [servers[number % servers.length] ?? '', servers[(number + 1) % servers.length] ?? ''],
    ]),
  );
  const hosts = Array.from({ length: options.hosts }, (_hole, host) =>
    servers.filter((_server, number) => number % options.hosts === host),
  );
  const rig = await Rig.start({
    redirectors: REDIRECTORS,
    hosts,
    resources,
    mayServe: (server, resource) => ableOf.get(resource)?.includes(server) === true,
    roles: [],
    config: [],
    announceLeaseMs: 30_000,
    redisLatencyMs: 0,
  });
  try {
    options.say(`${resources.length} resources are placed on ${servers.length} servers`);
    const watch = watchResumes(rig);
    const startMs = rig.clock.monotonicMs();
    const traffic = new Traffic(
      'fleet',
      {
        ports: REDIRECTORS.map((name) => rig.portOf(name)),
        clientsEach: options.clientsEach,
        resources,
        pauseMs: 0,
      },
      new SeededRng(1),
    );
    let [moved, batches] = [0, 0];
    const unapplied: string[] = [];
    do {
      const wishes = resources.map((resource): Wish => {
        const target = ableOf.get(resource)?.find((server) => server !== rig.serverOf(resource));
        return [resource, target ?? ''];
      });
      for (const batch of inBatches(wishes, options.batchMovesMax)) {
        const { plan, status, outcomes } = await rig.ended(await rig.propose(batch));
        if (status === 'applied') {
          moved += batch.filter(([resource, target]) => rig.serverOf(resource) === target).length;
          batches += 1;
        } else {
          const why = outcomes.map((outcome) => outcome.why).join('; ');
          unapplied.push(`plan ${plan.id} ${status}: ${why}`);
        }
        if (options.pauseMs > 0) await rig.clock.sleep(options.pauseMs);
      }
      options.say(`${moved} moves, ${traffic.ledger.length} requests`);
    } while (traffic.ledger.length < options.requestsMin);
    const ledger = await traffic.stop();
    const seconds = (rig.clock.monotonicMs() - startMs) / 1000;
    const judgement = await judge(ledger, rig.journals);
    return { ...judgement, moved, batches, unapplied, seconds, resumedMs: watch.end() };
  } finally {
    await rig.stop();
  }
}

/** What of a run is not as it must be, in words; none: all is well. Times are for who reads them. */
export function faultsOf(
  result: Omit<FleetResult, 'seconds' | 'resumedMs' | 'batches'>,
  { resources, requestsMin }: Pick<FleetOptions, 'resources' | 'requestsMin'>,
): string[] {
  const { requests, answered, moved, unapplied, violations } = result;
  return [
    ...violations,
    ...unapplied,
    ...(answered < requests ? [`${requests - answered} requests were not answered`] : []),
    ...(answered < requestsMin ? [`${answered} answers to ${requestsMin} requests or more`] : []),
    ...(moved < resources ? [`${moved} moves of ${resources} resources`] : []),
  ];
}

/** Times from each commit until every redirector has acknowledged that it goes on. */
function watchResumes({ view, clock }: Rig): { end(): number[] } {
  const times: number[] = [];
  let committedAtMs = NaN;
  let epoch = 0;
  const end = view.onChange(() => {
    const open = view.get(SWITCH, 'open')?.value;
    if (open?.state !== 'committed') return;
    if (open.generation.epoch !== epoch) {
      epoch = open.generation.epoch;
      committedAtMs = clock.monotonicMs();
    }
    const isResumed = REDIRECTORS.every((name) => {
      const ack = view.get(ACK, name as MemberId)?.value;
      return ack?.step === 'resumed' && isSameGeneration(ack.generation, open.generation);
    });
    if (!isResumed || Number.isNaN(committedAtMs)) return;
    times.push(clock.monotonicMs() - committedAtMs);
    committedAtMs = NaN;
  });
  return {
    end: () => {
      end();
      return times;
    },
  };
}
