import type { ChapSecret } from '../../../core/iscsi/chap.js';
import { CHAP_MD5, chapResponse, isChapRight } from '../../../core/iscsi/chap.js';
import type { Keys } from '../../../core/iscsi/text.js';
import { bytesIn, hexOf } from '../../../core/iscsi/text.js';

/** Of data in one PDU to or from a fake target. */
export const SEGMENT_BYTES = 8192;
const CHALLENGE = { id: 5, challenge: Uint8Array.from({ length: 16 }, (_, at) => 17 * at) };

type Said = readonly (readonly [name: string, value: string])[];

/** Whom a target lets in, and who it proves to be. */
interface Secrets {
  readonly asks: ChapSecret | undefined;
  readonly own: ChapSecret | undefined;
}

/** What a fake target says to somebody who logs in, stage by stage. */
export class FakeLogin {
  readonly #secrets: Secrets;
  #isProven = false;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /** Nothing more has to be proven. */
  get isLetIn(): boolean {
    return this.#secrets.asks === undefined || this.#isProven;
  }

  /** Undefined: nobody has proven anything. */
  operational(): Said | undefined {
    if (!this.isLetIn) return undefined;
    return [['MaxRecvDataSegmentLength', String(SEGMENT_BYTES)]];
  }

  /** Undefined: it does not believe that. */
  security(keys: Keys): Said | undefined {
    const { asks, own } = this.#secrets;
    const methods = keys.get('AuthMethod')?.split(',');
    if (asks === undefined) {
      if (methods === undefined) return [];
      return methods.includes('None') ? [['AuthMethod', 'None']] : undefined;
    }
    if (this.#isProven) return [];
    if (methods !== undefined)
      return methods.includes('CHAP') ? [['AuthMethod', 'CHAP']] : undefined;
    if (keys.has('CHAP_A')) {
      return [
        ['CHAP_A', CHAP_MD5],
        ['CHAP_I', String(CHALLENGE.id)],
        ['CHAP_C', hexOf(CHALLENGE.challenge)],
      ];
    }
    const response = bytesIn(keys.get('CHAP_R'), 64) ?? Buffer.alloc(0);
    this.#isProven = isChapRight(asks, CHALLENGE, { user: keys.get('CHAP_N') ?? '', response });
    if (!this.#isProven) return undefined;
    const challenge = bytesIn(keys.get('CHAP_C'), 1024);
    if (challenge === undefined || own === undefined) return [];
    return [
      ['CHAP_N', own.user],
      ['CHAP_R', hexOf(chapResponse(Number(keys.get('CHAP_I')), own.secret, challenge))],
    ];
  }
}
