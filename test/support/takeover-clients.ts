import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import { SystemClock } from '../../core/clock/system.js';
import type { Address } from '../../core/domain.js';
import { ACTION, RESERVATION_CONFLICT } from '../../core/iscsi/reservations.js';
import { OutboundGuard } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';
import { Initiator, tenBytes } from './iscsi/initiator.js';
import { NfsTester } from './nfs/client.js';

/*
 * Clients as a process of their own, on a machine of their own, for tests in which redirectors die under them: a holder of a
 * reservation and somebody whom it keeps out, by iSCSI, and a client of NFS. Each goes on after its connection broke, as initiators
 * and mounts do. The last line that they say has what they saw.
 *
 *   node takeover-clients.js HOST ISCSI-PORT NFS-PORT TARGET EXPORT
 *
 * They work until their input ends.
 */

export interface IscsiSeen {
  /** That went well: the first one, and one after each break. */
  readonly logins: number;
  readonly writes: number;
  /** What came of commands that did not go well: each once. */
  readonly failures: readonly string[];
  /** Blocks whose checksum was another in the end. */
  readonly wrong: number;
}

export interface NfsSeen {
  readonly connections: number;
  readonly calls: number;
  readonly failures: readonly string[];
  /** Reads that were not what had been written. */
  readonly wrong: number;
}

export interface ClientsSeen {
  readonly holder: IscsiSeen;
  /** Times that the other was kept out. */
  readonly keptOut: number;
  /** What it got instead. */
  readonly intrusions: readonly string[];
  readonly nfs: NfsSeen;
}

const KEY = 'a11ce000a11ce000';
const WRITE_EXCLUSIVE = 1;
const BLOCKS = 8;
const PLACES = 200;
const PAUSE_MS = 50;
/** Try again later. */
const JUKEBOX = 10_008;
const SERVERFAULT = 10_006;
/** Nothing that is asked for takes longer, even with a redirector that dies meanwhile. */
const GIVEN_UP_MS = 60_000;

const clock = new SystemClock();
const guard = new OutboundGuard({
  networks: ['10.0.0.0/8'],
  ports: [{ first: 1, last: 65_535 }],
  excluded: [],
});
const net = new NodeNet(clock, guard);
let isOver = false;
const stopped = (): boolean => isOver;

/** Until it comes to something, or for too long. */
async function tried<Result>(work: () => Promise<Result | undefined>): Promise<Result> {
  const untilMs = clock.monotonicMs() + GIVEN_UP_MS;
  for (;;) {
    const result = await work();
    if (result !== undefined) return result;
    if (clock.monotonicMs() > untilMs) throw new Error('given up');
    await clock.sleep(PAUSE_MS);
  }
}

/** An initiator that logs in again whenever it has to. */
class Session {
  logins = 0;
  readonly #to: Address;
  readonly #target: string;
  readonly #name: string;
  #initiator: Initiator | undefined;

  constructor(to: Address, target: string, name: string) {
    this.#to = to;
    this.#target = target;
    this.#name = name;
  }

  /** Repeated until it is answered: what that was, status and sense. */
  run(work: (initiator: Initiator) => ReturnType<Initiator['run']>) {
    return tried(async () => {
      if (this.#initiator?.isClosed !== false) {
        const initiator = new Initiator(net, this.#to, this.#name);
        if ((await initiator.login(this.#target)) !== 0) {
          initiator.close();
          return undefined;
        }
        this.logins += 1;
        this.#initiator = initiator;
      }
      const outcome = await work(this.#initiator);
      const BUSY = 8;
      return outcome?.status === BUSY ? undefined : outcome;
    });
  }

  reserve(action: number, of: Parameters<Initiator['reserve']>[1]): Promise<unknown> {
    return this.run(async (initiator) => {
      const status = await initiator.reserve(action, of);
      return status === undefined ? undefined : { status, sense: undefined, data: Buffer.alloc(0) };
    });
  }
}

async function holder(to: Address, target: string): Promise<IscsiSeen> {
  const session = new Session(to, target, 'iqn.2026-01.test:alice');
  await session.reserve(ACTION.registerAnyhow, { subject: KEY });
  await session.reserve(ACTION.reserve, { key: KEY, kind: WRITE_EXCLUSIVE });
  const sums = new Map<number, number>();
  const failures = new Set<string>();
  let writes = 0;
  process.stdout.write('reserved\n');
  for (let at = 0; !stopped(); at = (at + 1) % PLACES) {
    const data = randomBytes(BLOCKS * 512);
    const outcome = await session.run((initiator) =>
      initiator.run(tenBytes(0x2a, at * BLOCKS, BLOCKS), { written: data }),
    );
    if (outcome.status === 0) sums.set(at, crc32(data));
    else failures.add(`${outcome.status} ${String(outcome.sense)}`);
    writes += 1;
    await clock.sleep(2);
  }
  let wrong = 0;
  for (const [at, sum] of sums) {
    const outcome = await session.run((initiator) =>
      initiator.run(tenBytes(0x28, at * BLOCKS, BLOCKS), { readBytes: BLOCKS * 512 }),
    );
    if (crc32(outcome.data) !== sum) wrong += 1;
  }
  return { logins: session.logins, writes, failures: [...failures], wrong };
}

/** Not registered: each of its writes has to be kept out. */
async function intruder(to: Address, target: string) {
  const session = new Session(to, target, 'iqn.2026-01.test:bob');
  const intrusions = new Set<string>();
  let keptOut = 0;
  while (!stopped()) {
    const outcome = await session.run((initiator) =>
      initiator.run(tenBytes(0x2a, 0, 1), { written: Buffer.alloc(512, 0xee) }),
    );
    if (outcome.status === RESERVATION_CONFLICT) keptOut += 1;
    else intrusions.add(`${outcome.status} ${String(outcome.sense)}`);
    await clock.sleep(10);
  }
  return { keptOut, intrusions: [...intrusions] };
}

async function nfs(to: Address, path: string): Promise<NfsSeen> {
  let tester: NfsTester | undefined;
  let connections = 0;
  let calls = 0;
  const failures = new Set<string>();
  const connected = (): NfsTester => {
    if (tester?.isClosed !== false) {
      tester = new NfsTester(net, to);
      connections += 1;
    }
    return tester;
  };
  /** Repeated until there is an answer; −1: the connection broke. */
  const answered = <Result>(call: (at: NfsTester) => Promise<Result>): Promise<Result> => {
    calls += 1;
    return tried(async () => {
      const result = await call(connected());
      return result === -1 || result === JUKEBOX ? undefined : result;
    });
  };
  // MOUNT has no JUKEBOX: for what is not yet it says SERVERFAULT.
  const root = await tried(async () => {
    const mounted = await connected()
      .mount(path)
      .catch(() => SERVERFAULT);
    return mounted === SERVERFAULT ? undefined : mounted;
  });
  if (typeof root === 'number') throw new Error(`MNT: ${root}`);
  // All of it by handles that the first redirector has issued.
  const file = await answered((at) => at.create(root, `file-${process.pid}`));
  if (!(file instanceof Uint8Array)) throw new Error(`CREATE: ${String(file)}`);
  let wrong = 0;
  for (let nth = 0; !stopped(); nth++) {
    const data = randomBytes(4096);
    const offset = (nth % PLACES) * data.length;
    const wrote = await answered((at) => at.write(file, offset, data));
    if (typeof wrote === 'number') failures.add(`WRITE ${wrote}`);
    const read = await answered((at) => at.read(file, offset, data.length));
    if (typeof read === 'number') failures.add(`READ ${read}`);
    else if (crc32(read) !== crc32(data)) wrong += 1;
    const found = await answered((at) => at.lookup(root, `file-${process.pid}`));
    if (typeof found === 'number') failures.add(`LOOKUP ${found}`);
    else if (!Buffer.from(found).equals(file)) failures.add('another handle');
    await clock.sleep(2);
  }
  return { connections, calls, failures: [...failures], wrong };
}

const [host = '', iscsiPort = '', nfsPort = '', target = '', path = ''] = process.argv.slice(2);
const iscsiAt = { host, port: Number(iscsiPort) };
const holding = holder(iscsiAt, target);
void once(process.stdin.resume(), 'end').then(() => (isOver = true));
const [ofHolder, ofIntruder, ofNfs] = await Promise.all([
  holding,
  // Who comes before the reservation is none.
  clock.sleep(2000).then(() => intruder(iscsiAt, target)),
  nfs({ host, port: Number(nfsPort) }, path),
]);
const seen: ClientsSeen = { holder: ofHolder, ...ofIntruder, nfs: ofNfs };
process.stdout.write(`${JSON.stringify(seen)}\n`);
process.exit(0);
