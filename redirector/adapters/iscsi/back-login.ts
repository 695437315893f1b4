import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  CONTINUES,
  FINAL,
  LOGIN,
  flagsOf,
  headOf,
  immediate,
  piecesOf,
  AT,
} from '../../../core/iscsi/pdu.js';
import { TextCollector, numberIn, textOf } from '../../../core/iscsi/text.js';
import type { InitiatorPort } from './initiator-port.js';
import type { Agreed } from './negotiation.js';

const OPERATIONAL = 1;
const FULL_FEATURE = 3;
/** Answers of one login. */
const ANSWERS_MAX = 16;
const TAG = 0;

/** What refusals say (RFC 7143 §11.13.5), for a person; by class and detail. */
const REFUSALS: Readonly<Record<number, string>> = {
  0x0101: 'has the target elsewhere at the moment',
  0x0102: 'has the target elsewhere',
  0x0201: 'wants a proof that we do not have (CHAP)',
  0x0202: 'does not let this initiator in',
  0x0203: 'does not have the target',
  0x0204: 'does not have the target any more',
  0x0301: 'does not serve the target now',
  0x0302: 'has no room for another session',
};

/**
 * Our login at a server, for a client and under its name: with the keys that were agreed on with that, so that neither side sends
 * what the other could not be sent.
 */
export class BackLogin {
  readonly #port: InitiatorPort;
  readonly #text = new TextCollector();
  /** With the client. */
  readonly #asked: Agreed;
  #agreed: Agreed;
  #answers = 0;
  #status = 0;

  constructor(port: InitiatorPort, agreed: Agreed) {
    this.#port = port;
    this.#asked = agreed;
    // Until it says another, what the protocol says.
    this.#agreed = { ...agreed, dataBytesMax: 8192 };
  }

  /** `dataBytesMax`: to the server. */
  get agreed(): Agreed {
    return this.#agreed;
  }

  request(): Uint8Array[] {
    const { initiator, target } = this.#port;
    const agreed = this.#asked;
    return this.#pieces([
      ['InitiatorName', initiator],
      ['SessionType', 'Normal'],
      ['TargetName', target.serverName],
      ['HeaderDigest', 'None'],
      ['DataDigest', 'None'],
      ['InitialR2T', 'Yes'],
      ['ImmediateData', agreed.hasImmediateData ? 'Yes' : 'No'],
      ['MaxRecvDataSegmentLength', String(agreed.dataBytesMax)],
      ['MaxBurstLength', String(agreed.burstBytesMax)],
      ['FirstBurstLength', String(agreed.firstBurstBytesMax)],
      ['MaxOutstandingR2T', '1'],
      ['MaxConnections', '1'],
      ['ErrorRecoveryLevel', '0'],
      ['DataPDUInOrder', 'Yes'],
      ['DataSequenceInOrder', 'Yes'],
      ['DefaultTime2Wait', '2'],
      ['DefaultTime2Retain', '0'],
    ]);
  }

  /** What to say next; undefined: it is done; or why it is refused. */
  answered(pdu: Pdu): Uint8Array[] | string | undefined {
    const { head } = pdu;
    this.#answers += 1;
    const status = head.readUInt16BE(36);
    if (status !== 0) {
      return REFUSALS[status] ?? `refused our login (status 0x${status.toString(16)})`;
    }
    if (this.#answers > ANSWERS_MAX || !this.#text.add(pdu.data)) return 'says too much at login';
    this.#status = (head.readUInt32BE(AT.statusNumber) + 1) >>> 0;
    const flags = flagsOf(pdu);
    if ((flags & CONTINUES) !== 0) return this.#pieces([]);
    const why = this.#take();
    if (why !== undefined) return why;
    const isDone = (flags & FINAL) !== 0 && (flags & 3) === FULL_FEATURE;
    return isDone ? undefined : this.#pieces([]);
  }

  #take(): string | undefined {
    const keys = this.#text.take();
    if (keys === undefined) return 'answers our login with no such text';
    for (const digest of ['HeaderDigest', 'DataDigest']) {
      if ((keys.get(digest) ?? 'None') !== 'None') return `wants a ${digest}`;
    }
    if ((keys.get('InitialR2T') ?? 'Yes') !== 'Yes') return 'sends no R2T for the first data';
    const number = (name: string, otherwise: number): number =>
      numberIn(keys.get(name), 512, 0xff_ffff) ?? otherwise;
    const { burstBytesMax, firstBurstBytesMax, dataBytesMax, hasImmediateData } = this.#agreed;
    this.#agreed = {
      dataBytesMax: number('MaxRecvDataSegmentLength', dataBytesMax),
      burstBytesMax: number('MaxBurstLength', burstBytesMax),
      firstBurstBytesMax: number('FirstBurstLength', firstBurstBytesMax),
      hasImmediateData: hasImmediateData && (keys.get('ImmediateData') ?? 'Yes') === 'Yes',
    };
    return undefined;
  }

  #pieces(keys: readonly (readonly [string, string])[]): Uint8Array[] {
    const head = immediate(headOf(LOGIN, FINAL | (OPERATIONAL << 2) | FULL_FEATURE, TAG));
    // ISID: the client's, so that it is the same initiator port to the servers.
    this.#port.isid.copy(head, 8);
    head.writeUInt32BE(1, AT.commandNumber);
    head.writeUInt32BE(this.#status, AT.expectedStatusNumber);
    return piecesOf(head, [textOf(keys)]);
  }
}
