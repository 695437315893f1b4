import type { ServerId } from '../../../core/domain.js';
import { ForeshiftError } from '../../../core/errors.js';
import type { ProofFault } from './server-proof.js';

/** Of a server and a target; beyond, the oldest is forgotten, and may be told again. */
const REMEMBERED_MAX = 1000;

/** Servers and we that do not believe each other: each is told of once, until it is mended or another thing is wrong. */
export class LoginFaults {
  readonly #tell: (fault: ForeshiftError) => void;
  readonly #told = new Map<string, string>();

  constructor(tell: (fault: ForeshiftError) => void) {
    this.#tell = tell;
  }

  /** What is said of it. */
  add(server: ServerId, target: string, { why, fix }: ProofFault): ForeshiftError {
    const fault = new ForeshiftError('ERR_SERVER_LOGIN', { server, target, why, fix });
    const place = placeOf(server, target);
    if (this.#told.get(place) === why) return fault;
    this.#told.delete(place);
    this.#told.set(place, why);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= REMEMBERED_MAX) break;
      this.#told.delete(oldest);
    }
    this.#tell(fault);
    return fault;
  }

  mended(server: ServerId, target: string): void {
    this.#told.delete(placeOf(server, target));
  }
}

function placeOf(server: ServerId, target: string): string {
  return `${server} ${target}`;
}
