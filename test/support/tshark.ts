import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tap } from './tap.js';

/* Wireshark's decoder, which shares no code with ours, on what went through taps. */

export const TSHARK = 'tshark';
const run = promisify(execFile);

/** By which Wireshark knows a protocol. */
const PORTS = { iscsi: 3260, nfs: 2049 } as const;

/** In the payload of one packet; connections are put together again by the decoder. */
const SEGMENT_BYTES = 16_384;

/** One packet, as decoded: of each field all values that it has, in their order. */
export type DecodedPacket = ReadonlyMap<string, readonly string[]>;

export interface Decoded {
  readonly packets: readonly DecodedPacket[];
  /** What the decoder cannot parse, or says is wrong: each with its packet. */
  readonly faults: readonly string[];
}

/** @param fields of Wireshark, such as `iscsi.opcode` */
export async function decoded(
  tap: Tap,
  protocol: keyof typeof PORTS,
  fields: readonly string[],
): Promise<Decoded> {
  const folder = await mkdtemp(join(tmpdir(), 'foreshift-capture-'));
  try {
    const file = join(folder, 'capture.pcap');
    await writeFile(file, captureOf(tap, PORTS[protocol]));
    const all = [...fields, ...FAULTS, 'frame.number'];
    const { stdout } = await run(
      TSHARK,
      ['-n', '-r', file, '-T', 'json', ...all.flatMap((field) => ['-e', field])],
      { maxBuffer: 256 << 20 },
    );
    const read = JSON.parse(stdout) as readonly {
      readonly _source: { readonly layers: Readonly<Record<string, readonly string[]>> };
    }[];
    const packets = read.map(({ _source }) => new Map(Object.entries(_source.layers)));
    return { packets, faults: packets.flatMap(faultsIn) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** How often a field has each value. */
export function tallyOf(from: Decoded, field: string): ReadonlyMap<number, number> {
  const tally = new Map<number, number>();
  for (const value of valuesOf(from, field)) tally.set(value, (tally.get(value) ?? 0) + 1);
  return tally;
}

/** All values of a field, as numbers. */
export function valuesOf({ packets }: Decoded, field: string): number[] {
  return packets.flatMap((packet) => packet.get(field) ?? []).map(Number);
}

const FAULTS = ['_ws.malformed', '_ws.expert.message', '_ws.expert.severity'] as const;
/** Of its severities: warnings and errors; notes and chats are of TCP's ordinary life. */
const WARNING = 0x0060_0000;

function faultsIn(packet: DecodedPacket): string[] {
  const at = `packet ${packet.get('frame.number')?.[0] ?? ''}`;
  const severities = (packet.get('_ws.expert.severity') ?? []).map(Number);
  const messages = packet.get('_ws.expert.message') ?? [];
  return [
    ...(packet.get('_ws.malformed') ?? []).map((what) => `${at}: malformed ${what}`),
    ...messages
      .filter((_, nth) => (severities[nth] ?? 0) >= WARNING)
      .map((what) => `${at}: ${what}`),
  ];
}

/** As a file of libpcap: bare IPv4, no checksums, which the decoder does not ask for. */
function captureOf({ seen }: Tap, port: number): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2_c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  const RAW_IP = 101;
  head.writeUInt32LE(RAW_IP, 20);
  const pieces: Buffer[] = [head];
  /** Of each connection: the next numbers of both sides. */
  const numbers = new Map<number, { client: number; server: number }>();
  let nth = 0;
  const write = (of: Packet): void => {
    pieces.push(...packetOf(of, nth++));
  };
  for (const { connection, isFromClient, bytes } of seen) {
    let at = numbers.get(connection);
    if (at === undefined) {
      at = { client: 1, server: 1 };
      numbers.set(connection, at);
      const opening = { connection, port, bytes: Buffer.alloc(0) };
      write({ ...opening, isFromClient: true, number: 0, acknowledged: 0, flags: SYN });
      write({ ...opening, isFromClient: false, number: 0, acknowledged: 1, flags: SYN | ACK });
      write({ ...opening, isFromClient: true, number: 1, acknowledged: 1, flags: ACK });
    }
    for (let from = 0; from < bytes.length; from += SEGMENT_BYTES) {
      const piece = bytes.subarray(from, from + SEGMENT_BYTES);
      const [number, acknowledged] = isFromClient ? [at.client, at.server] : [at.server, at.client];
      const of = { connection, port, isFromClient, number, acknowledged };
      write({ ...of, bytes: piece, flags: ACK | PUSH });
      if (isFromClient) at.client += piece.length;
      else at.server += piece.length;
    }
  }
  return Buffer.concat(pieces);
}

const SYN = 0x02;
const PUSH = 0x08;
const ACK = 0x10;

interface Packet {
  readonly connection: number;
  readonly port: number;
  readonly isFromClient: boolean;
  readonly number: number;
  readonly acknowledged: number;
  readonly flags: number;
  readonly bytes: Buffer;
}

function packetOf(of: Packet, nth: number): Buffer[] {
  const { connection, port, isFromClient, number, acknowledged, flags, bytes } = of;
  const length = 40 + bytes.length;
  const record = Buffer.alloc(16);
  record.writeUInt32LE(1 + Math.floor(nth / 1000), 0);
  record.writeUInt32LE((nth % 1000) * 1000, 4);
  record.writeUInt32LE(length, 8);
  record.writeUInt32LE(length, 12);
  const head = Buffer.alloc(40);
  head[0] = 0x45;
  head.writeUInt16BE(length, 2);
  head[8] = 64;
  const TCP = 6;
  head[9] = TCP;
  const [client, server] = [Buffer.from([10, 0, 0, 1]), Buffer.from([10, 0, 0, 2])];
  head.set(isFromClient ? client : server, 12);
  head.set(isFromClient ? server : client, 16);
  const clientPort = 40_000 + connection;
  head.writeUInt16BE(isFromClient ? clientPort : port, 20);
  head.writeUInt16BE(isFromClient ? port : clientPort, 22);
  head.writeUInt32BE(number >>> 0, 24);
  head.writeUInt32BE(acknowledged >>> 0, 28);
  head[32] = 5 << 4;
  head[33] = flags;
  head.writeUInt16BE(0xffff, 34);
  return [record, head, bytes];
}
