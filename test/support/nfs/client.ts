import type { Address } from '../../../core/domain.js';
import type { Connection, Net } from '../../../core/net/port.js';
import { DUMP, EXPORT, MNT, MOUNT_PROGRAM, MOUNT_VERSION } from '../../../core/onc-rpc/mount.js';
import { NFS_PROGRAM, NFS_VERSION } from '../../../redirector/adapters/nfs/procedures.js';
import { callHead, resultsOf, sysCredentials } from '../../../core/onc-rpc/message.js';
import type { UnixIdentity } from '../../../core/onc-rpc/message.js';
import { RecordReader, marked, wholeOf } from '../../../core/onc-rpc/record.js';
import { XdrCursor, XdrWriter, longAt, numberAt, padded } from '../../../core/onc-rpc/xdr.js';

/** An answer: its status, and a cursor behind it. Undefined: the RPC layer refused, or the connection broke. */
export interface Answer {
  readonly status: number;
  readonly results: XdrCursor;
}

export interface Attributes {
  readonly type: number;
  readonly size: bigint;
  readonly fsId: string;
  readonly fileId: bigint;
}

const ROOT: UnixIdentity = { uid: 0, gid: 0, gids: [] };

/** A client of NFS v3 in a few lines: each call is written by hand, and may be sent twice or not waited for. */
export class NfsTester {
  readonly connection: Connection;
  readonly #reader = new RecordReader();
  readonly #waiting = new Map<number, (message: Uint8Array | undefined) => void>();
  readonly #identity: UnixIdentity;
  /** Asked for before it was open. */
  readonly #early: Uint8Array[] = [];
  #isOpen = false;
  #xid = 1000;
  isClosed = false;

  constructor(net: Net, to: Address, identity = ROOT) {
    this.#identity = identity;
    this.connection = net.connect(to, { timeoutMs: 5000 });
    this.connection.handler = {
      opened: () => {
        this.#isOpen = true;
        for (const message of this.#early.splice(0)) this.connection.write(message);
      },
      data: (bytes) => {
        this.#reader.read(bytes, (record) => {
          const message = wholeOf(record);
          const xid = numberAt(message, 0);
          this.#waiting.get(xid)?.(message);
          this.#waiting.delete(xid);
        });
      },
      drained: () => undefined,
      ended: () => {
        this.connection.end();
      },
      closed: () => {
        this.isClosed = true;
        for (const answer of this.#waiting.values()) answer(undefined);
        this.#waiting.clear();
      },
    };
  }

  close(): void {
    this.connection.destroy();
  }

  /** The whole reply; undefined: the connection is over. */
  raw(
    of: { readonly program: number; readonly version: number; readonly procedure: number },
    args: Uint8Array,
    xid = ++this.#xid,
  ): Promise<Uint8Array | undefined> {
    const credentials = sysCredentials(this.#identity, 'tester');
    return this.send(
      xid,
      callHead({ ...of, xid, credentials })
        .raw(args)
        .done(),
    );
  }

  send(xid: number, message: Uint8Array): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#waiting.set(xid, resolve);
      if (this.#isOpen) this.connection.write(marked(message));
      else this.#early.push(marked(message));
    });
  }

  async call(procedure: number, args: Uint8Array): Promise<Answer | undefined> {
    const of = { program: NFS_PROGRAM, version: NFS_VERSION, procedure };
    return answerIn(await this.raw(of, args));
  }

  async #ofMount(procedure: number, args: Uint8Array = new Uint8Array(0)): Promise<XdrCursor> {
    const of = { program: MOUNT_PROGRAM, version: MOUNT_VERSION, procedure };
    const message = await this.raw(of, args);
    const at = message === undefined ? undefined : resultsOf(message);
    if (message === undefined || typeof at !== 'number') throw new Error('MOUNT was refused');
    return new XdrCursor().on(message, at);
  }

  /** The first directory, or a status. */
  async mount(path: string): Promise<Uint8Array | number> {
    const results = await this.#ofMount(MNT, new XdrWriter().text(path).done());
    const status = results.number();
    return status === 0 ? opaqueIn(results) : status;
  }

  async mounted(path: string): Promise<Uint8Array> {
    const root = await this.mount(path);
    if (typeof root === 'number') throw new Error(`MNT ${path}: ${root}`);
    return root;
  }

  async exports(): Promise<string[]> {
    const results = await this.#ofMount(EXPORT);
    const paths: string[] = [];
    while (results.bool()) {
      paths.push(textIn(results));
      while (results.bool()) textIn(results);
    }
    return paths;
  }

  async dump(): Promise<string[]> {
    const results = await this.#ofMount(DUMP);
    const mounts: string[] = [];
    while (results.bool()) mounts.push(`${textIn(results)} ${textIn(results)}`);
    return mounts;
  }

  /* ---- calls that answer with what was asked for, or with a status ---- */

  async lookup(dir: Uint8Array, name: string): Promise<Uint8Array | number> {
    return handleIn(await this.call(3, named(dir, name)));
  }

  async attributes(file: Uint8Array): Promise<Attributes | number> {
    const answer = await this.call(1, new XdrWriter().opaque(file).done());
    if (answer?.status !== 0) return answer?.status ?? -1;
    return attributesIn(answer.results);
  }

  async create(dir: Uint8Array, name: string, how: 'unchecked' | 'guarded' = 'unchecked') {
    const args = new XdrWriter().raw(named(dir, name)).number(how === 'unchecked' ? 0 : 1);
    return optionalHandleIn(await this.call(8, args.raw(NEW_ATTRIBUTES).done()));
  }

  async makeDirectory(dir: Uint8Array, name: string): Promise<Uint8Array | number | undefined> {
    const args = new XdrWriter().raw(named(dir, name)).raw(NEW_ATTRIBUTES);
    return optionalHandleIn(await this.call(9, args.done()));
  }

  async write(
    file: Uint8Array,
    at: number,
    data: Uint8Array,
    isStable = false,
  ): Promise<{ readonly verifier: string; readonly committed: number } | number> {
    const args = new XdrWriter(data.length + 256).opaque(file).long(BigInt(at)).number(data.length);
    const answer = await this.call(
      7,
      args
        .number(isStable ? 2 : 0)
        .opaque(data)
        .done(),
    );
    if (answer?.status !== 0) return answer?.status ?? -1;
    const { results } = answer;
    skipWcc(results);
    results.skip(4);
    const committed = results.number();
    return { committed, verifier: hexIn(results, 8) };
  }

  async commit(file: Uint8Array): Promise<string | number> {
    const answer = await this.call(21, new XdrWriter().opaque(file).long(0n).number(0).done());
    if (answer?.status !== 0) return answer?.status ?? -1;
    skipWcc(answer.results);
    return hexIn(answer.results, 8);
  }

  async read(file: Uint8Array, at: number, length: number): Promise<Uint8Array | number> {
    const args = new XdrWriter().opaque(file).long(BigInt(at)).number(length);
    const answer = await this.call(6, args.done());
    if (answer?.status !== 0) return answer?.status ?? -1;
    if (answer.results.bool()) answer.results.skip(84);
    answer.results.skip(8);
    return opaqueIn(answer.results);
  }

  async remove(dir: Uint8Array, name: string): Promise<number> {
    return (await this.call(12, named(dir, name)))?.status ?? -1;
  }

  async removeDirectory(dir: Uint8Array, name: string): Promise<number> {
    return (await this.call(13, named(dir, name)))?.status ?? -1;
  }

  async rename(from: Uint8Array, name: string, to: Uint8Array, other: string): Promise<number> {
    const args = new XdrWriter().raw(named(from, name)).raw(named(to, other));
    return (await this.call(14, args.done()))?.status ?? -1;
  }

  async link(file: Uint8Array, dir: Uint8Array, name: string): Promise<number> {
    const args = new XdrWriter().opaque(file).raw(named(dir, name));
    return (await this.call(15, args.done()))?.status ?? -1;
  }

  /** All names, each with its handle if there is one. */
  async entries(dir: Uint8Array): Promise<Map<string, Uint8Array | undefined>> {
    const found = new Map<string, Uint8Array | undefined>();
    let cookie = 0n;
    let verifier: Uint8Array = new Uint8Array(8);
    for (;;) {
      const args = new XdrWriter().opaque(dir).long(cookie).raw(verifier).number(4096);
      const answer = await this.call(17, args.number(32_768).done());
      if (answer?.status !== 0) throw new Error(`READDIRPLUS: ${answer?.status ?? 'broken'}`);
      const { results } = answer;
      if (results.bool()) results.skip(84);
      verifier = Uint8Array.from(results.bytes.subarray(results.at, results.at + 8));
      results.skip(8);
      while (results.bool()) {
        results.skip(8);
        const name = textIn(results);
        cookie = longAt(results.bytes, results.at);
        results.skip(8);
        if (results.bool()) results.skip(84);
        found.set(name, results.bool() ? opaqueIn(results) : undefined);
      }
      if (results.bool()) return found;
    }
  }
}

/** `sattr3` with a mode only. */
const NEW_ATTRIBUTES = new XdrWriter()
  .number(1)
  .number(0o644)
  .number(0)
  .number(0)
  .number(0)
  .number(0)
  .number(0)
  .done();

export function named(dir: Uint8Array, name: string): Uint8Array {
  return new XdrWriter().opaque(dir).text(name).done();
}

export function hex(bytes: Uint8Array | number | undefined): string {
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('hex') : String(bytes);
}

function answerIn(message: Uint8Array | undefined): Answer | undefined {
  const at = message === undefined ? undefined : resultsOf(message);
  if (message === undefined || typeof at !== 'number') return undefined;
  const results = new XdrCursor().on(message, at);
  return { status: results.number(), results };
}

function handleIn(answer: Answer | undefined): Uint8Array | number {
  return answer?.status === 0 ? opaqueIn(answer.results) : (answer?.status ?? -1);
}

function optionalHandleIn(answer: Answer | undefined): Uint8Array | number | undefined {
  if (answer?.status !== 0) return answer?.status ?? -1;
  return answer.results.bool() ? opaqueIn(answer.results) : undefined;
}

function opaqueIn(results: XdrCursor): Uint8Array {
  const length = results.number();
  const bytes = results.bytes.subarray(results.at, results.at + length);
  results.skip(padded(length));
  return Uint8Array.from(bytes);
}

function textIn(results: XdrCursor): string {
  return Buffer.from(opaqueIn(results)).toString('latin1');
}

function hexIn(results: XdrCursor, length: number): string {
  const bytes = results.bytes.subarray(results.at, results.at + length);
  results.skip(length);
  return hex(bytes);
}

function skipWcc(results: XdrCursor): void {
  if (results.bool()) results.skip(24);
  if (results.bool()) results.skip(84);
}

function attributesIn({ bytes, at }: XdrCursor): Attributes {
  return {
    type: numberAt(bytes, at),
    size: longAt(bytes, at + 20),
    fsId: hex(bytes.subarray(at + 44, at + 52)),
    fileId: longAt(bytes, at + 52),
  };
}

/** What was answered has to be a handle. */
export function handleOf(found: Uint8Array | number | undefined): Uint8Array {
  if (found instanceof Uint8Array) return found;
  throw new Error(`no handle but ${String(found)}`);
}
