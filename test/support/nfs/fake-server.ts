import type { Connection, Listener, Net } from '../../../core/net/port.js';
import { MOUNT_PROGRAM } from '../../../core/onc-rpc/mount.js';
import { PROCEDURES } from '../../../redirector/adapters/nfs/procedures.js';
import { acceptedReply, identityOf, readCallHead } from '../../../core/onc-rpc/message.js';
import type { UnixIdentity } from '../../../core/onc-rpc/message.js';
import { RecordReader, marked, wholeOf } from '../../../core/onc-rpc/record.js';
import { XdrCursor, XdrWriter, longAt, numberAt } from '../../../core/onc-rpc/xdr.js';

/** A file or directory of a disk that several servers share. */
interface Node {
  readonly id: bigint;
  readonly isDirectory: boolean;
  readonly entries: Map<string, Node>;
  data: Buffer;
  links: number;
}

/** What the servers share. */
export class SharedDisk {
  #ids: bigint;
  readonly nodes = new Map<bigint, Node>();
  readonly root: Node;

  constructor(firstId = 1n) {
    this.#ids = firstId;
    this.root = this.make(true);
  }

  make(isDirectory: boolean): Node {
    const id = this.#ids++;
    const node = { id, isDirectory, entries: new Map(), data: Buffer.alloc(0), links: 1 };
    this.nodes.set(id, node);
    return node;
  }

  at(...names: readonly string[]): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of names) node = node?.entries.get(name);
    return node;
  }
}

const NOENT = 2;
const EXIST = 17;
const NOTDIR = 20;
const STALE = 70;
const HANDLE_BYTES = 64;

/**
 * An NFS server in memory on a simulated network. Its handles are as long as NFS v3 allows and say nothing to other servers; it
 * may carry out calls without answering them, and dies as a machine does.
 */
export class FakeNfsServer {
  readonly name: string;
  disk: SharedDisk;
  /** Names of what it was called to do, in order. */
  readonly journal: string[] = [];
  readonly identities: (UnixIdentity | undefined)[] = [];
  /** In its handles: the next life's say nothing to the former's. */
  label: string;
  verifier: string;
  /** Carries out what it is called to do, and answers nothing. */
  isMute = false;
  /** Says that it writes to the disk at once. */
  transferMax = 1 << 20;
  readonly #net: Net;
  readonly #connections = new Set<Connection>();
  #listeners: Listener[] = [];
  /** Sizes that WRITE was asked to keep safe: 0 is not at all. */
  readonly stabilities: number[] = [];

  constructor(net: Net, name: string, disk: SharedDisk) {
    this.#net = net;
    this.name = name;
    this.label = name;
    this.verifier = `${name}-1`.padEnd(8, '.');
    this.disk = disk;
  }

  async start(): Promise<void> {
    for (const port of [2049, 635]) {
      const listener = await this.#net.listen({ host: this.name, port }, (connection) => {
        this.#accept(connection);
      });
      this.#listeners.push(listener);
    }
  }

  /** All connections at once, and nobody listens. */
  async kill(): Promise<void> {
    for (const listener of this.#listeners) await listener.close();
    this.#listeners = [];
    this.drop();
  }

  drop(): void {
    for (const connection of this.#connections) connection.reset();
    this.#connections.clear();
  }

  get connections(): number {
    return this.#connections.size;
  }

  #accept(connection: Connection): void {
    const reader = new RecordReader();
    this.#connections.add(connection);
    connection.handler = {
      opened: () => undefined,
      data: (bytes) => {
        reader.read(bytes, (record) => {
          const reply = this.#reply(wholeOf(record));
          if (!this.isMute) connection.write(marked(reply));
        });
      },
      drained: () => undefined,
      ended: () => {
        connection.end();
      },
      closed: () => {
        this.#connections.delete(connection);
      },
    };
  }

  #reply(message: Uint8Array): Uint8Array {
    const head = readCallHead(message);
    if (typeof head === 'string' || 'answer' in head) throw new Error('not a call');
    const args = new XdrCursor().on(message, head.argumentsAt);
    const reply = acceptedReply(head.xid);
    if (head.program === MOUNT_PROGRAM) {
      this.journal.push('MNT');
      reply.number(0).opaque(this.#handle(this.disk.root)).number(1).number(1);
      return reply.done();
    }
    const { name = '' } = PROCEDURES[head.procedure] ?? {};
    this.journal.push(name);
    this.identities.push(identityOf(message, head));
    return this.#do(name, args, reply);
  }

  #do(procedure: string, args: XdrCursor, reply: XdrWriter): Uint8Array {
    const first = this.#nodeIn(args);
    const failed = (status: number): Uint8Array =>
      reply
        .number(status)
        .raw(ABSENT_AFTER[procedure] ?? WCC)
        .done();
    if (first === undefined) return failed(STALE);
    switch (procedure) {
      case 'GETATTR':
        return reply.number(0).raw(attributes(first)).done();
      case 'LOOKUP': {
        const node = first.entries.get(textIn(args));
        if (node === undefined) return failed(NOENT);
        reply.number(0).opaque(this.#handle(node)).bool(true).raw(attributes(node));
        return reply.bool(false).done();
      }
      case 'READ': {
        const at = Number(longIn(args));
        const data = first.data.subarray(at, at + args.number());
        reply.number(0).bool(true).raw(attributes(first)).number(data.length);
        return reply
          .bool(at + data.length >= first.data.length)
          .opaque(data)
          .done();
      }
      case 'WRITE': {
        const at = Number(longIn(args));
        args.skip(4);
        this.stabilities.push(args.number());
        const stability = this.stabilities.at(-1) ?? 0;
        const data = opaqueIn(args);
        const size = Math.max(first.data.length, at + data.length);
        first.data = Buffer.concat([first.data, Buffer.alloc(size - first.data.length)]);
        first.data.set(data, at);
        reply.number(0).raw(WCC).number(data.length).number(stability);
        return reply.raw(Buffer.from(this.verifier)).done();
      }
      case 'COMMIT':
        return reply.number(0).raw(WCC).raw(Buffer.from(this.verifier)).done();
      case 'CREATE':
      case 'MKDIR': {
        const name = textIn(args);
        const isGuarded = procedure === 'MKDIR' || args.number() === 1;
        let node = first.entries.get(name);
        if (node !== undefined && isGuarded) return failed(EXIST);
        node ??= this.disk.make(procedure === 'MKDIR');
        first.entries.set(name, node);
        reply.number(0).bool(true).opaque(this.#handle(node)).bool(true).raw(attributes(node));
        return reply.raw(WCC).done();
      }
      case 'REMOVE':
      case 'RMDIR': {
        const name = textIn(args);
        const node = first.entries.get(name);
        if (node === undefined) return failed(NOENT);
        first.entries.delete(name);
        node.links -= 1;
        if (node.links === 0) this.disk.nodes.delete(node.id);
        return reply.number(0).raw(WCC).done();
      }
      case 'RENAME': {
        const name = textIn(args);
        const node = first.entries.get(name);
        const target = this.#nodeIn(args);
        if (target === undefined) return failed(STALE);
        if (node === undefined) return failed(NOENT);
        first.entries.delete(name);
        target.entries.set(textIn(args), node);
        return reply.number(0).raw(WCC).raw(WCC).done();
      }
      case 'LINK': {
        const dir = this.#nodeIn(args);
        const name = textIn(args);
        if (dir === undefined) return failed(NOTDIR);
        if (dir.entries.has(name)) return failed(EXIST);
        dir.entries.set(name, first);
        first.links += 1;
        return reply.number(0).bool(false).raw(WCC).done();
      }
      case 'READDIRPLUS': {
        reply.number(0).bool(true).raw(attributes(first)).long(7n);
        const parent = [['.', first] as const, ['..', first] as const];
        for (const [name, node] of [...parent, ...first.entries]) {
          reply.bool(true).long(node.id).text(name).long(node.id);
          reply.bool(true).raw(attributes(node)).bool(true).opaque(this.#handle(node));
        }
        return reply.bool(false).bool(true).done();
      }
      case 'FSINFO': {
        const { transferMax: most } = this;
        reply.number(0).bool(true).raw(attributes(first));
        for (const size of [most, most, 1, most, most, 1, most]) reply.number(size);
        return reply
          .long(1n << 40n)
          .long(1n)
          .number(0x1b)
          .done();
      }
      default:
        // Not made up: as a server says that it does not do it.
        return failed(10_004);
    }
  }

  #handle(node: Node): Buffer {
    const handle = Buffer.alloc(HANDLE_BYTES, this.label);
    handle.writeBigUInt64BE(node.id, HANDLE_BYTES - 8);
    return handle;
  }

  #nodeIn(args: XdrCursor): Node | undefined {
    const handle = Buffer.from(opaqueIn(args));
    if (handle.length !== HANDLE_BYTES) return undefined;
    const node = this.disk.nodes.get(handle.readBigUInt64BE(HANDLE_BYTES - 8));
    return node !== undefined && handle.equals(this.#handle(node)) ? node : undefined;
  }
}

const WCC = new XdrWriter().number(0).number(0).done();
/** What follows a status other than OK, where that is not `wcc`. */
const ABSENT_AFTER: Readonly<Record<string, Uint8Array>> = {
  GETATTR: new Uint8Array(0),
  LOOKUP: new XdrWriter().number(0).done(),
  READ: new XdrWriter().number(0).done(),
  ACCESS: new XdrWriter().number(0).done(),
  READLINK: new XdrWriter().number(0).done(),
  READDIR: new XdrWriter().number(0).done(),
  FSSTAT: new XdrWriter().number(0).done(),
  PATHCONF: new XdrWriter().number(0).done(),
  READDIRPLUS: new XdrWriter().number(0).done(),
  FSINFO: new XdrWriter().number(0).done(),
  RENAME: new Uint8Array(16),
  LINK: new Uint8Array(12),
};

function attributes(node: Node): Uint8Array {
  const all = new XdrWriter()
    .number(node.isDirectory ? 2 : 1)
    .number(0o644)
    .number(node.links);
  all.number(0).number(0).long(BigInt(node.data.length)).long(0n).long(0n);
  // The file system's id, the file's, and three times.
  return all.long(0x5e_5e_5en).long(node.id).long(0n).long(0n).long(0n).done();
}

function opaqueIn(args: XdrCursor): Uint8Array {
  const at = args.opaque(2 << 20);
  return args.isSound
    ? args.bytes.subarray(at, at + numberAt(args.bytes, at - 4))
    : new Uint8Array();
}

function textIn(args: XdrCursor): string {
  return Buffer.from(opaqueIn(args)).toString('latin1');
}

function longIn(args: XdrCursor): bigint {
  const { bytes, at } = args;
  args.skip(8);
  return longAt(bytes, at);
}
