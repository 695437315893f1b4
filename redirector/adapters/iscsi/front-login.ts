import { strict as assert } from 'node:assert';
import type { Challenge } from '../../../core/iscsi/chap.js';
import {
  CHAP_MD5,
  answerIn,
  answerKeys,
  challengeIn,
  challengeKeys,
  isChapRight,
  newChallenge,
} from '../../../core/iscsi/chap.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  CONTINUES,
  FINAL,
  LOGIN_RESPONSE,
  STAGE,
  flagsOf,
  headOf,
  stagesOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';
import type { Keys } from '../../../core/iscsi/text.js';
import { TextCollector, hexOf, textOf } from '../../../core/iscsi/text.js';
import type { IscsiContext } from './context.js';
import type { LoginRefusal } from './counters.js';
import type { LoggedIn } from './logged-in.js';
import type { Answers } from './negotiation.js';
import { AGREED_AT_FIRST, negotiate } from './negotiation.js';
import type { ClientTarget } from './targets.js';
import { mayUse } from './targets.js';

/** What to say to a login request, and whether that is the last word. */
export interface LoginReply {
  readonly head: Buffer;
  readonly data: Buffer;
  readonly outcome: 'goes on' | 'refused' | LoggedIn;
}

const TARGET_PORTAL_GROUP = '1';
/** Requests of one login. */
const REQUESTS_MAX = 32;

/** Class and detail (RFC 7143 §11.13.5). */
const STATUSES: Readonly<Record<LoginRefusal, readonly [number, number]>> = {
  protocol: [2, 0x00],
  authentication: [2, 0x01],
  tooManyTries: [2, 0x01],
  notAllowed: [2, 0x02],
  noTarget: [2, 0x03],
  version: [2, 0x05],
  missingKey: [2, 0x07],
  noSession: [2, 0x0a],
  stopping: [3, 0x01],
};

/** Of somebody whose name is known. */
interface Who {
  readonly initiator: string;
  readonly target: ClientTarget | undefined;
}

/**
 * The login of one client, answered without a word to any server: who it is and what it wants, whether it may, and the keys that
 * hold. One wrong answer to a challenge ends it.
 *
 *   first → security → operational → over        the first two may be passed over; security only where nobody has to prove anything
 */
export class FrontLogin {
  readonly #context: IscsiContext;
  readonly #host: string;
  readonly #text = new TextCollector();
  #requests = 0;
  #who: Who | undefined;
  #isid = Buffer.alloc(6);
  #agreed = AGREED_AT_FIRST;
  #isOwnSaid = false;
  #isSegmentSaid = false;
  #challenge: Challenge | undefined;
  #isProven = false;

  constructor(context: IscsiContext, host: string) {
    this.#context = context;
    this.#host = host;
  }

  reply(pdu: Pdu): LoginReply {
    this.#requests += 1;
    if (this.#requests > REQUESTS_MAX || !this.#text.add(pdu.data)) {
      return this.#refuse(pdu, 'protocol');
    }
    if ((flagsOf(pdu) & CONTINUES) !== 0) return this.#say(pdu, [], 'staying');
    const keys = this.#text.take();
    if (keys === undefined) return this.#refuse(pdu, 'protocol');
    if (this.#who === undefined) {
      const who = this.#whoIs(pdu, keys);
      if (typeof who === 'string') return this.#refuse(pdu, who);
      this.#who = who;
    }
    const stage = stagesOf(pdu).at;
    if (stage === STAGE.security) return this.#security(pdu, keys, this.#who);
    if (stage === STAGE.operational) return this.#operational(pdu, keys, this.#who);
    return this.#refuse(pdu, 'protocol');
  }

  #whoIs({ head }: Pdu, keys: Keys): Who | LoginRefusal {
    const { targets, tries } = this.#context;
    // VersionMin: there is only one version so far.
    if (head[3] !== 0) return 'version';
    // TSIH: a second connection to a session, of which we allow one.
    if (head.readUInt16BE(14) !== 0) return 'noSession';
    this.#isid = Buffer.from(head.subarray(8, 14));
    const initiator = keys.get('InitiatorName');
    if (initiator === undefined || initiator === '' || initiator.length > 223) return 'missingKey';
    if (keys.get('SessionType') === 'Discovery') return { initiator, target: undefined };
    const name = keys.get('TargetName');
    if (name === undefined) return 'missingKey';
    const target = targets.named(name);
    if (target === undefined) return 'noTarget';
    if (!mayUse(target, initiator, this.#host)) return 'notAllowed';
    if (target.chap !== undefined && !tries.mayTry(this.#host)) return 'tooManyTries';
    return { initiator, target };
  }

  /* ---- who it is ---- */

  #security(pdu: Pdu, keys: Keys, who: Who): LoginReply {
    const chap = who.target?.chap;
    if (chap === undefined || this.#isProven) {
      const offered = keys.get('AuthMethod')?.split(',');
      if (offered !== undefined && !offered.includes('None')) {
        return this.#refuse(pdu, 'authentication');
      }
      const answers: Answers = offered === undefined ? [] : [['AuthMethod', 'None']];
      return this.#say(pdu, this.#withOwn(answers, who));
    }
    if (this.#challenge !== undefined) return this.#prove(pdu, keys, who);
    if (keys.has('CHAP_A')) {
      if (keys.get('CHAP_A')?.split(',').includes(CHAP_MD5) !== true) {
        return this.#refuse(pdu, 'authentication');
      }
      this.#challenge = newChallenge(this.#context.randomBytes);
      const answers: Answers = [['CHAP_A', CHAP_MD5], ...challengeKeys(this.#challenge)];
      return this.#say(pdu, answers, 'staying');
    }
    if (keys.get('AuthMethod')?.split(',').includes('CHAP') !== true) {
      return this.#refuse(pdu, 'authentication');
    }
    return this.#say(pdu, this.#withOwn([['AuthMethod', 'CHAP']], who), 'staying');
  }

  #prove(pdu: Pdu, keys: Keys, { target }: Who): LoginReply {
    const { tries } = this.#context;
    const chap = target?.chap;
    const asked = this.#challenge;
    assert.ok(chap !== undefined && asked !== undefined, 'it was challenged');
    const secret = this.#context.secretOf(chap);
    // Where there is none, it takes as long to be wrong.
    const believed = { user: chap.user, secret: secret ?? hexOf(this.#context.randomBytes(16)) };
    const isRight = isChapRight(believed, asked, answerIn(keys));
    if (!isRight || secret === undefined) {
      tries.failed(this.#host);
      return this.#refuse(pdu, 'authentication');
    }
    const answers = this.#ownProof(keys, target, asked);
    if (answers === undefined) return this.#refuse(pdu, 'authentication');
    tries.succeeded(this.#host);
    this.#isProven = true;
    return this.#say(pdu, answers);
  }

  /** What it wants to know of us in return. Undefined: we cannot prove that. */
  #ownProof(keys: Keys, target: ClientTarget | undefined, own: Challenge): Answers | undefined {
    if (!keys.has('CHAP_I') && !keys.has('CHAP_C')) return [];
    const mutual = target?.mutualChap;
    const asked = challengeIn(keys);
    const secret = mutual && this.#context.secretOf(mutual);
    if (mutual === undefined || secret === undefined || asked === undefined) return undefined;
    // Whoever sends our own challenge back wants the answer from us.
    if (Buffer.from(asked.challenge).equals(own.challenge)) return undefined;
    return answerKeys({ user: mutual.user, secret }, asked);
  }

  /* ---- what holds ---- */

  #operational(pdu: Pdu, keys: Keys, who: Who): LoginReply {
    if (who.target?.chap !== undefined && !this.#isProven) {
      return this.#refuse(pdu, 'authentication');
    }
    const negotiated = negotiate(keys, this.#agreed);
    if ('disagreed' in negotiated) return this.#refuse(pdu, 'protocol');
    this.#agreed = negotiated.agreed;
    const answers = [...negotiated.answers];
    if (!this.#isSegmentSaid) {
      const { dataSegmentBytesMax } = this.#context.options;
      answers.push(['MaxRecvDataSegmentLength', String(dataSegmentBytesMax)]);
      this.#isSegmentSaid = true;
    }
    return this.#say(pdu, this.#withOwn(answers, who));
  }

  /** Before all else that is said to whoever wants a target. */
  #withOwn(answers: Answers, { target }: Who): Answers {
    if (this.#isOwnSaid || target === undefined) return answers;
    this.#isOwnSaid = true;
    return [['TargetPortalGroupTag', TARGET_PORTAL_GROUP], ...answers];
  }

  /* ---- answers ---- */

  /** `staying`: there is more to be said in this stage, whatever the client wants. */
  #say(pdu: Pdu, answers: Answers, isStaying?: 'staying'): LoginReply {
    const asked = flagsOf(pdu);
    const { at, to } = stagesOf(pdu);
    const isToGo = (asked & FINAL) !== 0 && isStaying === undefined;
    // There is no stage 2.
    if (isToGo && (to <= at || to === 2)) return this.#refuse(pdu, 'protocol');
    const head = this.#head(pdu, isToGo ? asked & (FINAL | 0x0f) : asked & 0x0c);
    const data = textOf(answers);
    if (!isToGo || to !== STAGE.fullFeature) return { head, data, outcome: 'goes on' };
    const who = this.#who;
    assert.ok(who !== undefined, 'nobody gets so far without a name');
    head.writeUInt16BE(this.#context.sessionHandle(), 14);
    return { head, data, outcome: { ...who, isid: this.#isid, agreed: this.#agreed } };
  }

  #refuse(pdu: Pdu, why: LoginRefusal): LoginReply {
    this.#context.counters.loginRefusedFor(why);
    const head = this.#head(pdu, flagsOf(pdu) & 0x0c);
    const [statusClass, detail] = STATUSES[why];
    head[36] = statusClass;
    head[37] = detail;
    return { head, data: Buffer.alloc(0), outcome: 'refused' };
  }

  #head(pdu: Pdu, flags: number): Buffer {
    const head = headOf(LOGIN_RESPONSE, flags, taskTagOf(pdu));
    pdu.head.copy(head, AT.lun, 8, 16);
    return head;
  }
}
