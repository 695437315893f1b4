import { LUN_BYTES } from '../../../core/iscsi/lun.js';
import type { PersistentOut } from '../../../core/iscsi/reservations.js';
import {
  ACTION,
  NO_KEY,
  RESERVATION_CONFLICT,
  RESERVE_6,
  WRITE_EXCLUSIVE,
  isOfAllRegistrants,
  keysIn,
  persistentOut,
  readKeysCommand,
} from '../../../core/iscsi/reservations.js';
import {
  GOOD,
  INQUIRY,
  REGISTRATION_PREEMPTED,
  RESERVATION_PREEMPTED,
  RESERVATION_RELEASED,
  commandOf,
} from '../../../core/iscsi/scsi.js';
import type { IscsiContext } from './context.js';
import type { Hold, Lacking } from './hold.js';
import type { InitiatorPort } from './initiator-port.js';
import type { AttachedClient } from './nexuses.js';
import type { AsksServer, CommandAnswer } from './own-command.js';
import { askPatiently, askServer } from './own-command.js';
import type { Registration } from './unit-reservations.js';

const KEYS_MAX = 1024;
/** A session of another client may be one that is about to end. */
const TRIES = 3;
const INQUIRY_BYTES = 36;

/** A server, asked by one client's session there. */
interface Asked {
  readonly context: IscsiContext;
  readonly port: InitiatorPort;
  readonly server: number;
  readonly back: AsksServer;
}

/**
 * Establishes at a server what the client is registered for and has reserved; what cannot be. Undefined: the session is over.
 *
 * A server may remember what an earlier session of the same client had, as somebody else's: with the client's own key such rests
 * are preempted. Whoever is registered with the same key registers anew then.
 */
export function replayed(asked: Asked): Promise<readonly Lacking[] | undefined> {
  const { context, port } = asked;
  const { reservations } = context;
  if (reservations.holdsOf(port).length === 0) return Promise.resolve([]);
  return reservations.inTurn(port.target.resource, async () => {
    const lacking: Lacking[] = [];
    for (const hold of reservations.holdsOf(port)) {
      const lacks = await holdReplayed(asked, hold);
      if (lacks === 'over') return undefined;
      lacking.push(...lacks);
    }
    return lacking;
  });
}

/**
 * What the others hold stands at the server, too: before that nobody's command may go there, since it might be one that a reservation
 * is to keep out.
 */
export async function othersReplayed(
  { reservations, nexuses }: IscsiContext,
  port: InitiatorPort,
  server: number,
): Promise<boolean> {
  const stand = reservations.portsOf(port.target.resource).map(async ({ name }) => {
    if (name === port.name) return true;
    for (let tried = 0; tried < TRIES; tried++) {
      const client = nexuses.at(name);
      if (client === undefined || (await isReplayed(client, server))) return true;
    }
    return false;
  });
  return (await Promise.all(stand)).every(Boolean);
}

async function isReplayed(client: AttachedClient, server: number): Promise<boolean> {
  const back = client.back(server);
  if (back === undefined || !(await back.replayed)) return false;
  if (!back.isOpen) return true;
  // Since then the server may have been started anew, which is not heard until it is spoken to.
  const command = commandOf(INQUIRY, 0, 0, 0, INQUIRY_BYTES);
  const asked = { lun: Buffer.alloc(LUN_BYTES), command, readBytesMax: INQUIRY_BYTES };
  return (await askServer(back, asked)) !== undefined;
}

/** What to say so that nothing of what the client holds stays at a server that it leaves. */
export function unregistering(
  { reservations }: IscsiContext,
  port: InitiatorPort,
): readonly { readonly lun: Buffer; readonly command: Buffer; readonly written: Buffer }[] {
  return reservations.holdsOf(port).flatMap(({ lun, registration }) => {
    if (registration === undefined) return [];
    return [{ lun: Buffer.from(lun, 'hex'), ...persistentOut(saying(ACTION.registerAnyhow)) }];
  });
}

async function holdReplayed(asked: Asked, hold: Hold): Promise<readonly Lacking[] | 'over'> {
  const { lun, registration } = hold;
  const lacking: Lacking[] = [];
  if (hold.isReserved) {
    const status = await reservedAnew(asked, lun);
    if (status === undefined) return 'over';
    if (status !== GOOD) lacking.push({ lun, what: 'reservation', sense: RESERVATION_RELEASED });
  }
  if (registration === undefined) return lacking;
  const registered = await say(asked, lun, register(registration));
  if (registered === undefined) return 'over';
  if (registered.status !== GOOD) {
    return [{ lun, what: 'registration', sense: REGISTRATION_PREEMPTED }];
  }
  if (hold.kind === undefined) {
    const isTidy = await tidied(asked, lun, registration);
    return isTidy ? lacking : 'over';
  }
  const status = await reservationMade(asked, lun, { registration, kind: hold.kind });
  if (status === undefined) return 'over';
  if (status === GOOD) return lacking;
  const isTaken = status === RESERVATION_CONFLICT;
  const sense = isTaken ? RESERVATION_PREEMPTED : RESERVATION_RELEASED;
  return [{ lun, what: 'reservation', sense }];
}

/** RESERVE of SPC-2. Where others have been served meanwhile, who has reserved has to hear that it was without. */
async function reservedAnew(asked: Asked, lun: string): Promise<number | undefined> {
  const { context, port, server } = asked;
  const wasOpen = context.nexuses
    .of(port.target.resource)
    .some((each) => each.port.name !== port.name && each.openBack(server)?.isOpen === true);
  if (wasOpen) return RESERVATION_CONFLICT;
  const answer = await askPatiently(asked.back, {
    ...{ lun: Buffer.from(lun, 'hex'), command: commandOf(RESERVE_6), readBytesMax: 0 },
  });
  return answer?.status;
}

async function reservationMade(
  asked: Asked,
  lun: string,
  { registration, kind }: { readonly registration: Registration; readonly kind: number },
): Promise<number | undefined> {
  const { key } = registration;
  const reserve = saying(ACTION.reserve, { kind, key });
  const made = await say(asked, lun, reserve);
  if (made?.status !== RESERVATION_CONFLICT || isOfAllRegistrants(kind)) return made?.status;
  await say(asked, lun, saying(ACTION.preempt, { kind, key, subject: key }));
  await othersRegister(asked, lun, registration);
  return (await say(asked, lun, reserve))?.status;
}

/** Rests of earlier sessions go, unless that would end what somebody holds. False: the session is over. */
async function tidied(asked: Asked, lun: string, { key }: Registration): Promise<boolean> {
  const { context, port } = asked;
  const { reservations } = context;
  if (reservations.isOfAllRegistrants(port.target.resource, lun)) return true;
  if (reservations.sharing(port, lun, key).length > 0) return true;
  const listed = await askPatiently(asked.back, {
    lun: Buffer.from(lun, 'hex'),
    ...readKeysCommand(KEYS_MAX),
  });
  if (listed === undefined) return false;
  const known = listed.status === GOOD ? keysIn(listed.data) : [];
  if (known.filter((each) => each === key).length < 2) return true;
  const kind = WRITE_EXCLUSIVE;
  await say(asked, lun, saying(ACTION.preempt, { kind, key, subject: key }));
  // If one of the rests had it reserved, it is ours by that.
  return (await say(asked, lun, saying(ACTION.release, { kind, key }))) !== undefined;
}

/** Who has the same key was preempted, too. */
async function othersRegister(
  asked: Asked,
  lun: string,
  registration: Registration,
): Promise<void> {
  const { context, port, server } = asked;
  for (const name of context.reservations.sharing(port, lun, registration.key)) {
    const other = context.nexuses.at(name)?.openBack(server);
    if (other !== undefined) await say({ back: other }, lun, register(registration));
  }
}

function register({ key, isThroughPowerLoss }: Registration): PersistentOut {
  return saying(ACTION.registerAnyhow, { subject: key, isThroughPowerLoss });
}

function saying(action: number, more: Partial<PersistentOut> = {}): PersistentOut {
  return { action, kind: 0, key: NO_KEY, subject: NO_KEY, isThroughPowerLoss: false, ...more };
}

function say(
  { back }: Pick<Asked, 'back'>,
  lun: string,
  out: PersistentOut,
): Promise<CommandAnswer | undefined> {
  return askPatiently(back, {
    ...{ lun: Buffer.from(lun, 'hex'), readBytesMax: 0 },
    ...persistentOut(out),
  });
}
