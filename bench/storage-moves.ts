import { attachmentsOf } from '../cli/services/attachments.js';
import type { ServerId } from '../core/domain.js';
import type { SwitchState } from '../core/table-store/records/switch.js';
import { SWITCH } from '../core/table-store/records/switch.js';
import { percentile } from '../replay/rules/percentile.js';
import type { TestCluster } from '../test/support/cluster.js';
import { TgtPair } from '../test/support/iscsi/pair.js';
import { handleOf } from '../test/support/nfs/client.js';
import type { GaneshaPairOptions } from '../test/support/nfs/pair.js';
import { GaneshaPair } from '../test/support/nfs/pair.js';

const BLOCK_BYTES = 4096;
const IMAGE_BYTES = 1 << 20;
/** As initiators count it. */
const SECTOR_BYTES = 512;

export interface Pauses {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of the moves, what each phase took at its median. */
  readonly phasesMs: Readonly<Record<Phase, number>>;
}

/** What clients wait for during a move, by the state that its switch is in then. */
const PHASES = {
  drain: 'held',
  release: 'drained',
  take: 'released',
  attach: 'taken',
  commit: 'attached',
  resume: 'committed',
} as const satisfies Readonly<Record<string, SwitchState>>;
export type Phase = keyof typeof PHASES;
export const PHASE_NAMES = Object.keys(PHASES) as readonly Phase[];

/** `vol-1` of a cluster, and a client that reads it. */
export interface MovedVolume {
  readonly cluster: TestCluster;
  /** @throws if it fails */
  read(): Promise<void>;
  /** Connections of clients that the redirector has taken. */
  accepted(): number;
  stop(): Promise<void>;
}

const FENCED: GaneshaPairOptions = {
  attachmentsOf: ({ port, mountPort, exports, pidFile }, cluster) =>
    attachmentsOf(
      { kind: 'ganesha', exports, pidFile, mountPort },
      { server: 's' as ServerId, forward: { host: '127.0.0.1', port } },
      cluster,
    ),
};

/** Of two real nfs-ganesha. */
async function movedExport(isFenced: boolean): Promise<MovedVolume> {
  const pair = await GaneshaPair.start(isFenced ? FENCED : {});
  const client = pair.client();
  const file = handleOf(await client.create(await client.mounted('/vol'), 'file'));
  await client.write(file, 0, Buffer.alloc(BLOCK_BYTES, 7));
  return {
    cluster: pair.cluster,
    read: async () => {
      const read = await client.read(file, 0, BLOCK_BYTES);
      if (typeof read === 'number') throw new Error(`READ: ${read}`);
    },
    accepted: () => pair.cluster.nfsOf().counters.accepted,
    stop: async () => {
      client.close();
      await pair.stop();
    },
  };
}

/** Of two real tgtd. */
async function movedTarget(isFenced: boolean): Promise<MovedVolume> {
  const pair = await TgtPair.start(IMAGE_BYTES, { isFenced });
  const client = await pair.loggedIn('iqn.2026-01.test:client');
  return {
    cluster: pair.cluster,
    read: async () => {
      const read = await client.read(0, BLOCK_BYTES / SECTOR_BYTES);
      if (read === undefined) throw new Error('READ failed');
    },
    accepted: () => pair.cluster.iscsiOf().counters.accepted,
    stop: async () => {
      client.close();
      await pair.stop();
    },
  };
}

/** By protocol. With the agents' fence each server attaches only what it owns. */
export const MOVED: Readonly<Record<string, (isFenced: boolean) => Promise<MovedVolume>>> = {
  nfs: movedExport,
  iscsi: movedTarget,
};

/**
 * A client reads, one block after the other, while its volume goes to and fro between two real servers, by switches with all that
 * belongs to them. The pause of a move is the longest read that was under way while it was.
 * @throws if a read fails, or a move is not carried out
 */
export async function pausesOfMoves(volume: MovedVolume, count: number): Promise<Pauses> {
  const { clock } = volume.cluster;
  const states = timedStates(volume.cluster);
  const state = { isOver: false, longestMs: 0 };
  const reading = (async () => {
    while (!state.isOver) {
      const startedMs = clock.monotonicMs();
      await volume.read();
      state.longestMs = Math.max(state.longestMs, clock.monotonicMs() - startedMs);
      // A light load: client, redirector and coordinator are one process here.
      await clock.sleep(1);
    }
  })();
  const pausesMs: number[] = [];
  for (let move = 0; move < count; move++) {
    state.longestMs = 0;
    const target = move % 2 === 0 ? 's2' : 's1';
    const outcome = await volume.cluster.switchTo([['vol-1', target]]);
    if (outcome !== 'applied') throw new Error(`move ${move}: ${outcome}`);
    // What was held has been answered by then.
    await volume.read();
    pausesMs.push(state.longestMs);
  }
  state.isOver = true;
  states.end();
  await reading;
  const accepted = volume.accepted();
  if (accepted !== 1) throw new Error(`the client connected ${accepted} times`);
  return {
    p50Ms: percentile(pausesMs, 0.5),
    p99Ms: percentile(pausesMs, 0.99),
    maxMs: Math.max(...pausesMs),
    phasesMs: Object.fromEntries(
      PHASE_NAMES.map((phase) => [phase, percentile(states.timesMs.get(PHASES[phase]) ?? [], 0.5)]),
    ) as Record<Phase, number>,
  };
}

/** How long switches were in each state, until the end. */
function timedStates({ view, clock }: TestCluster) {
  const timesMs = new Map<SwitchState, number[]>();
  let last: { readonly state: SwitchState | undefined; readonly sinceMs: number } | undefined;
  const end = view.onChange(() => {
    const state = view.get(SWITCH, 'open')?.value.state;
    if (state === last?.state) return;
    const atMs = clock.monotonicMs();
    if (last?.state !== undefined) {
      timesMs.set(last.state, [...(timesMs.get(last.state) ?? []), atMs - last.sinceMs]);
    }
    last = { state, sinceMs: atMs };
  });
  return { timesMs, end };
}
