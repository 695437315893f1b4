import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  CONTINUES,
  FINAL,
  LOGIN,
  STAGE,
  flagsOf,
  headOf,
  immediate,
  next,
  piecesOf,
  stagesOf,
} from '../../../core/iscsi/pdu.js';
import type { Keys } from '../../../core/iscsi/text.js';
import { TextCollector, textOf } from '../../../core/iscsi/text.js';
import type { InitiatorPort } from './initiator-port.js';
import type { Agreed, Answers } from './negotiation.js';
import { AGREED_AT_FIRST, bytesMaxIn } from './negotiation.js';
import type { ProofFault, ServerProof } from './server-proof.js';
import { UNNAMED } from './server-proof.js';

/** Answers of one login. */
const ANSWERS_MAX = 16;
const TAG = 0;
const NOT_AUTHENTICATED = 0x0201;

/** What refusals say (RFC 7143 §11.13.5), for a person; by class and detail. */
const REFUSALS: Readonly<Record<number, string>> = {
  0x0101: 'has the target elsewhere at the moment',
  0x0102: 'has the target elsewhere',
  0x0202: 'does not let this initiator in',
  0x0203: 'does not have the target',
  0x0204: 'does not have the target any more',
  0x0301: 'does not serve the target now',
  0x0302: 'has no room for another session',
};

/**
 * Our login at a server, for a client and under its name: with the keys that were agreed on with that, so that neither side sends
 * what the other could not be sent.
 *
 *   security → operational → over        security: only where a user is named for that server
 */
export class BackLogin {
  readonly #port: InitiatorPort;
  readonly #proof: ServerProof | undefined;
  readonly #text = new TextCollector();
  /** With the client. */
  readonly #asked: Agreed;
  #agreed: Agreed;
  #answers = 0;
  #status = 0;
  #stage: typeof STAGE.security | typeof STAGE.operational;

  /** @param proof of who we are; undefined: the server must trust our address */
  constructor(port: InitiatorPort, agreed: Agreed, proof: ServerProof | undefined) {
    this.#port = port;
    this.#asked = agreed;
    this.#proof = proof;
    this.#stage = proof === undefined ? STAGE.operational : STAGE.security;
    // Until it says another, what the protocol says.
    this.#agreed = { ...agreed, dataBytesMax: AGREED_AT_FIRST.dataBytesMax };
  }

  /** `dataBytesMax`: to the server. */
  get agreed(): Agreed {
    return this.#agreed;
  }

  request(): Uint8Array[] {
    const { initiator, target } = this.#port;
    const names: Answers = [
      ['InitiatorName', initiator],
      ['SessionType', 'Normal'],
      ['TargetName', target.serverName],
    ];
    return this.#proof === undefined
      ? this.#operational([...names, ...this.#wishes])
      : this.#security([...names, ...this.#proof.offer]);
  }

  get #wishes(): Answers {
    const agreed = this.#asked;
    return [
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
    ];
  }

  /** What to say next; undefined: it is done; or why it is refused. */
  answered(pdu: Pdu): Uint8Array[] | string | ProofFault | undefined {
    const { head } = pdu;
    this.#answers += 1;
    const status = head.readUInt16BE(36);
    if (status === NOT_AUTHENTICATED) return this.#proof?.refused() ?? UNNAMED;
    if (status !== 0) {
      return REFUSALS[status] ?? `refused our login (status 0x${status.toString(16)})`;
    }
    if (this.#answers > ANSWERS_MAX || !this.#text.add(pdu.data)) return 'says too much at login';
    this.#status = next(head.readUInt32BE(AT.statusNumber));
    const flags = flagsOf(pdu);
    if ((flags & CONTINUES) !== 0) {
      return this.#stage === STAGE.security ? this.#security([]) : this.#operational([]);
    }
    const keys = this.#text.take();
    if (keys === undefined) return 'answers our login with no such text';
    if (this.#stage === STAGE.security) return this.#proves(keys, flags);
    const why = this.#take(keys);
    if (why !== undefined) return why;
    const isDone = (flags & FINAL) !== 0 && stagesOf(pdu).to === STAGE.fullFeature;
    return isDone ? undefined : this.#operational([]);
  }

  #proves(keys: Keys, flags: number): Uint8Array[] | ProofFault {
    const said = this.#proof?.answered(keys) ?? 'over';
    if (said !== 'over') return 'why' in said ? said : this.#security(said);
    // The server goes on when it likes; until then we ask it to.
    if ((flags & FINAL) === 0) return this.#security([]);
    this.#stage = STAGE.operational;
    return this.#operational(this.#wishes);
  }

  #take(keys: Keys): string | undefined {
    for (const digest of ['HeaderDigest', 'DataDigest']) {
      if ((keys.get(digest) ?? 'None') !== 'None') return `wants a ${digest}`;
    }
    if ((keys.get('InitialR2T') ?? 'Yes') !== 'Yes') return 'sends no R2T for the first data';
    const number = (name: string, otherwise: number): number =>
      bytesMaxIn(keys.get(name)) ?? otherwise;
    const { burstBytesMax, firstBurstBytesMax, dataBytesMax, hasImmediateData } = this.#agreed;
    this.#agreed = {
      dataBytesMax: number('MaxRecvDataSegmentLength', dataBytesMax),
      burstBytesMax: number('MaxBurstLength', burstBytesMax),
      firstBurstBytesMax: number('FirstBurstLength', firstBurstBytesMax),
      hasImmediateData: hasImmediateData && (keys.get('ImmediateData') ?? 'Yes') === 'Yes',
    };
    return undefined;
  }

  #security(keys: Answers): Uint8Array[] {
    const goesOn = this.#proof?.isSaid === true ? FINAL | STAGE.operational : 0;
    return this.#pieces((STAGE.security << 2) | goesOn, keys);
  }

  #operational(keys: Answers): Uint8Array[] {
    return this.#pieces(FINAL | (STAGE.operational << 2) | STAGE.fullFeature, keys);
  }

  #pieces(flags: number, keys: Answers): Uint8Array[] {
    const head = immediate(headOf(LOGIN, flags, TAG));
    // ISID: the client's, so that it is the same initiator port to the servers.
    this.#port.isid.copy(head, 8);
    head.writeUInt32BE(1, AT.commandNumber);
    head.writeUInt32BE(this.#status, AT.expectedStatusNumber);
    return piecesOf(head, [textOf(keys)]);
  }
}
