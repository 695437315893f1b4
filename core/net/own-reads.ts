import type { OnReadOpts, SocketConstructorOpts } from 'node:net';
import { Socket } from 'node:net';

/*
 * Node reads into memory of ours where a socket was made with the option `onread`; but it makes those that a server accepts by
 * itself, and hands over no option. What it does with the option is to put it into the socket, under symbols of its own: a
 * probe finds them, and what is accepted gets the same. Where a version of Node does it otherwise, the probe finds nothing,
 * and bytes come by the event 'data' as they always did, with memory of Node's own for each read.
 */

interface Slots {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly next: symbol;
}

interface Handle {
  useUserBuffer?: (bytes: Uint8Array) => void;
}

export interface OwnReads {
  readonly into: Uint8Array;
  /** So many bytes have come into it. */
  readonly read: (length: number) => void;
  /** Asked after each read: where the next one goes; undefined: where the last one went. */
  readonly next: () => Uint8Array | undefined;
}

const slots = findSlots();

/** From now on the socket, which is open, reads so. False: not with this Node. */
export function readIntoOwn(socket: Socket, { into, read, next }: OwnReads): boolean {
  const handle = (socket as unknown as { readonly _handle?: Handle | null })._handle;
  if (slots === undefined || typeof handle?.useUserBuffer !== 'function') return false;
  const inside = socket as unknown as Record<symbol, unknown>;
  inside[slots.buffer] = into;
  inside[slots.callback] = read;
  inside[slots.next] = next;
  handle.useUserBuffer(into);
  return true;
}

function findSlots(): Slots | undefined {
  const bytes = new Uint8Array(1);
  const next = (): Uint8Array => bytes;
  const callback = (): boolean => true;
  const fixed = socketWith({ buffer: bytes, callback });
  const changing = socketWith({ buffer: next, callback });
  const buffer = slotOf(fixed, bytes);
  const called = slotOf(fixed, callback);
  const asked = slotOf(changing, next);
  return buffer === undefined || called === undefined || asked === undefined
    ? undefined
    : { buffer, callback: called, next: asked };
}

/** As `connect` makes one of its options, which are more than the types of its constructor say. */
function socketWith(onread: OnReadOpts): Socket {
  return new Socket({ onread } as SocketConstructorOpts);
}

function slotOf(socket: Socket, value: unknown): symbol | undefined {
  const inside = socket as unknown as Record<symbol, unknown>;
  return Object.getOwnPropertySymbols(socket).find((slot) => inside[slot] === value);
}
