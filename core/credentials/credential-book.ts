import type { Clock } from '../clock/port.js';
import { codeOf } from '../errors.js';
import { every } from '../every.js';
import type { Startable } from '../lifecycle.js';
import type { Log } from '../log.js';
import { messageOf } from '../text.js';
import type { Credential, CredentialName, CredentialTable } from './credential-table.js';
import { placeOf } from './credential-table.js';

export interface CredentialBookParts {
  readonly table: Pick<CredentialTable, 'list' | 'secretOf'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Known {
  readonly stamp: string;
  /** Undefined: it cannot be opened. */
  readonly secret: string | undefined;
}

/** A change counts everywhere after this. */
const LOOK_MS = 5000;

/**
 * What the credential table has, at hand: clients log on without a look at a store, and also while it is away, by what was known
 * last. One that cannot be opened lets nobody in, and is said to be so; it keeps none of the others from being taken up.
 */
export class CredentialBook implements Startable {
  readonly #parts: CredentialBookParts;
  readonly #stopping = new AbortController();
  #known: ReadonlyMap<string, Known> = new Map();
  #isAway = false;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: CredentialBookParts) {
    this.#parts = parts;
  }

  /** Undefined: there is none that can be opened. */
  secretOf(name: CredentialName): string | undefined {
    return this.#known.get(placeOf(name))?.secret;
  }

  async start(): Promise<void> {
    await this.#look();
    const { signal } = this.#stopping;
    this.#running = every(this.#parts.clock, { everyMs: LOOK_MS, signal }, () => this.#look());
  }

  stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    return this.#running;
  }

  async #look(): Promise<void> {
    const { table, log } = this.#parts;
    try {
      const known = new Map<string, Known>();
      for (const credential of await table.list()) {
        known.set(placeOf(credential), await this.#opened(credential));
      }
      this.#known = known;
      this.#isAway = false;
    } catch (error) {
      // Once, not at every look: what was known counts on.
      if (!this.#isAway) log.warn({ fault: messageOf(error) }, 'credentials cannot be read');
      this.#isAway = true;
    }
  }

  async #opened(credential: Credential): Promise<Known> {
    const { table, log } = this.#parts;
    const { kind, user, changedAtMs, keyId } = credential;
    const stamp = `${changedAtMs ?? ''} ${keyId ?? ''}`;
    const before = this.#known.get(placeOf(credential));
    if (before?.stamp === stamp) return before;
    try {
      return { stamp, secret: await table.secretOf(credential) };
    } catch (error) {
      if (codeOf(error) !== 'ERR_CREDENTIAL_UNREADABLE') throw error;
      log.warn({ kind, user, fault: messageOf(error) }, 'a credential cannot be opened');
      return { stamp, secret: undefined };
    }
  }
}
