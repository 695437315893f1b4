import type { Challenge } from '../../../core/iscsi/chap.js';
import {
  CHAP_MD5,
  answerIn,
  answerKeys,
  challengeIn,
  challengeKeys,
  chapResponse,
  isChapRight,
  newChallenge,
} from '../../../core/iscsi/chap.js';
import type { Keys } from '../../../core/iscsi/text.js';
import type { Answers } from './negotiation.js';
import type { ChapParty } from './targets.js';

/** How we log on to servers that ask who we are. */
export interface ServerLogin {
  readonly chap: ChapParty;
  /** How the server must prove who it is; undefined: it need not. */
  readonly mutualChap: ChapParty | undefined;
}

export interface ServerProofParts {
  readonly login: ServerLogin;
  /** Undefined: there is none that can be opened. */
  readonly secretOf: (party: ChapParty) => string | undefined;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** Why server and redirector do not believe each other. */
export type ProofFaultReason = 'unnamed' | 'secretMissing' | 'refused' | 'unproven' | 'otherProof';

export interface ProofFault {
  readonly reason: ProofFaultReason;
  /** Of the server: `wants …`. */
  readonly why: string;
  /** What to do. */
  readonly fix: string;
}

/** It wants to know who we are, and nobody has told us. */
export const UNNAMED: ProofFault = {
  reason: 'unnamed',
  why: 'wants a proof of who we are (CHAP), and no user is named for it',
  fix: 'Name one in `iscsi.serverLogins`, and keep the secret: `foreshift credential set USER --kind server-chap`.',
};

/**
 * CHAP at a server (RFC 7143 §12.1.3, RFC 1994), as far as we say it: who we are, and if that is wanted, who the server is. Neither
 * secret leaves the process, nor stands in what is said of a fault.
 *
 *   offered → asked → proven → over        a server that wants no proof: offered → over
 */
export class ServerProof {
  readonly #parts: ServerProofParts;
  #state: 'offered' | 'asked' | 'proven' | 'over' = 'offered';
  #own: Challenge | undefined;

  constructor(parts: ServerProofParts) {
    this.#parts = parts;
  }

  /** With the first request. Whoever must prove who it is cannot do so without CHAP. */
  get offer(): Answers {
    const { mutualChap } = this.#parts.login;
    return [['AuthMethod', mutualChap === undefined ? 'CHAP,None' : 'CHAP']];
  }

  /** Our part is said: what the server answers is the last of it. */
  get isSaid(): boolean {
    return this.#state === 'proven' || this.#state === 'over';
  }

  /** What to say next, or that there is nothing more to say. */
  answered(keys: Keys): Answers | ProofFault | 'over' {
    switch (this.#state) {
      case 'offered':
        return this.#chosen(keys.get('AuthMethod'));
      case 'asked':
        return this.#challenged(keys);
      case 'proven':
        return this.#provenBy(keys);
      case 'over':
        return 'over';
    }
  }

  /** It said no to what we are: a status of authentication. */
  refused(): ProofFault {
    const { user } = this.#parts.login.chap;
    if (this.#state !== 'proven') return otherProof();
    return {
      reason: 'refused',
      why: `does not believe that we are ${user} (CHAP)`,
      fix: `Keep the secret that it has for ${user}: ${keeping(this.#parts.login.chap)}.`,
    };
  }

  #chosen(method: string | undefined): Answers | ProofFault | 'over' {
    const { login, secretOf } = this.#parts;
    if (method === undefined || method === 'None') {
      if (login.mutualChap !== undefined) return unproven(login.mutualChap);
      this.#state = 'over';
      return 'over';
    }
    if (method !== 'CHAP') return otherProof();
    for (const party of [login.chap, login.mutualChap]) {
      if (party !== undefined && secretOf(party) === undefined) return secretMissing(party);
    }
    this.#state = 'asked';
    return [['CHAP_A', CHAP_MD5]];
  }

  #challenged(keys: Keys): Answers | ProofFault {
    const { login, secretOf, randomBytes } = this.#parts;
    const asked = challengeIn(keys);
    if (keys.get('CHAP_A') !== CHAP_MD5 || asked === undefined) return otherProof();
    const secret = secretOf(login.chap);
    if (secret === undefined) return secretMissing(login.chap);
    this.#state = 'proven';
    const proof = answerKeys({ user: login.chap.user, secret }, asked);
    if (login.mutualChap === undefined) return proof;
    this.#own = newChallenge(randomBytes);
    return [...proof, ...challengeKeys(this.#own)];
  }

  #provenBy(keys: Keys): ProofFault | 'over' {
    const { login, secretOf } = this.#parts;
    const { mutualChap } = login;
    this.#state = 'over';
    if (mutualChap === undefined || this.#own === undefined) return 'over';
    const secret = secretOf(mutualChap);
    const own = secretOf(login.chap);
    if (secret === undefined || own === undefined) return secretMissing(mutualChap);
    const said = answerIn(keys);
    const isRight = isChapRight({ user: mutualChap.user, secret }, this.#own, said);
    // With one secret for both directions, whoever is asked could let us answer ourselves (RFC 7143 §9.2.1).
    const isOurs = said.response.equals(chapResponse(this.#own.id, own, this.#own.challenge));
    return isRight && !isOurs ? 'over' : unproven(mutualChap);
  }
}

function secretMissing(party: ChapParty): ProofFault {
  return {
    reason: 'secretMissing',
    why: `wants a proof (CHAP), and there is no secret of ${party.user} that can be opened`,
    fix: `Keep it: ${keeping(party)}; or name a \`secretFile\` in \`iscsi.serverLogins\`.`,
  };
}

function unproven(party: ChapParty): ProofFault {
  return {
    reason: 'unproven',
    why: `did not prove that it is ${party.user} (mutual CHAP); it was told of no command`,
    fix: `If it is the right server, give it that user, with a secret of its own, and keep the same here: ${keeping(party)}.`,
  };
}

function otherProof(): ProofFault {
  return {
    reason: 'otherProof',
    why: 'does not take CHAP with MD5 as the proof of who is who',
    fix: 'Let it ask for CHAP with MD5; or, if it asks for nothing, leave out `mutualChap` for it in `iscsi.serverLogins`.',
  };
}

function keeping({ user, secret }: ChapParty): string {
  return secret === undefined
    ? `\`foreshift credential set ${user} --kind server-chap\``
    : 'in the file that `iscsi.serverLogins` names';
}
