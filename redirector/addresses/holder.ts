import type { Clock } from '../../core/clock/port.js';
import { codeOf } from '../../core/errors.js';
import type { AddressDriver } from '../../core/floating-address/port.js';
import type { Log } from '../../core/log.js';
import { messageOf } from '../../core/text.js';
import { settledOr, within } from '../../core/within.js';
import type { VacateHow } from '../adapters/adapter.js';
import { Backoff } from './backoff.js';
import type { Claims, SharedAddress } from './claims.js';
import type { AddressAct } from './rules.js';
import { nextAct } from './rules.js';

export interface AddressHolderParts {
  readonly address: SharedAddress;
  readonly claims: Claims;
  readonly driver: AddressDriver;
  readonly clock: Clock;
  readonly log: Log;
  /** This redirector serves, and means to go on. */
  readonly isServing: () => boolean;
  /** Goes on with the sessions that clients have at this IP, before they come. */
  readonly inherit: (ip: string, term: number) => Promise<void>;
  /** Leaves them to the next, at the latest until the signal aborts. */
  readonly bequeath: (ip: string, signal: AbortSignal) => Promise<void>;
  /** Ends the connections to this IP. */
  readonly vacate: (ip: string, how: VacateHow, signal: AbortSignal) => Promise<void>;
}

export interface AddressHolderOptions {
  /** Work on its connections gets so long to end when it is given up; new ones wait meanwhile, or are cut. */
  readonly drainTimeoutMs: number;
  /** Before that: answers say so long that they are the last of their connection, while new ones are still taken. */
  readonly finishMs: number;
  /** It is not raised, nor yielded, before sessions are taken over or written; but so long at most. */
  readonly inheritTimeoutMs: number;
  /** It is announced again so often. */
  readonly announceEveryMs: number;
  /** What failed is tried again after this, then after twice as long, and so on. */
  readonly retryMs: number;
  readonly retryMaxMs: number;
  /** No address lives longer without being raised again. */
  readonly lifeMaxMs: number;
}

/** Repeated soon at first: a neighbour may have missed one. */
const ANNOUNCE_AGAIN_MS = [1000, 3000];
/** Of its life: it is prolonged when so much can be gained. */
const RENEW_SHARE = 0.25;
const LEAVE_TRIES = 3;
/** What could not be taken off is tried again so soon at least. */
const LOWER_AGAIN_MS = 2000;

/**
 * One address on this redirector: what the claims say of it is brought about by the driver, one act after the other.
 *
 *   down → raising → up → vacating → down       it counts as up from before it is raised until it is surely lowered
 */
export class AddressHolder {
  readonly #parts: AddressHolderParts;
  readonly #options: AddressHolderOptions;
  #isUp = false;
  /** Surely on the interface, as long as it lives there. */
  #isRaised = false;
  /** The driver lets it live until then, and let it live so long when it was last raised. */
  #livesUntilMs = -Infinity;
  #lifeMs = 0;
  /** Longer than that it cannot live, whatever became of the calls to the driver. */
  #goneAtMs = -Infinity;
  #announceAtMs = Infinity;
  #announcements = 0;
  #announcing: Promise<void> | undefined;
  #fault: string | null = null;
  readonly #ofStore: Backoff;
  readonly #ofLowering: Backoff;
  /** Until that is over it does not stand ready. */
  readonly #ofRaising: Backoff;
  /** It could not be raised: another may try before this redirector does again. */
  #isFailed = false;
  /** While it lives on for long enough to be tried again. */
  readonly #ofRenewal: Backoff;
  #isNews = false;
  #passing: Promise<void> | undefined;
  /** Acts of the driver that failed, since the start. */
  driverFailures = 0;
  /** How often it came here, since the start. */
  takeovers = 0;

  constructor(parts: AddressHolderParts, options: AddressHolderOptions) {
    this.#parts = parts;
    this.#options = options;
    const { retryMs, retryMaxMs } = options;
    this.#ofStore = new Backoff(retryMs, retryMs);
    this.#ofLowering = new Backoff(retryMs, LOWER_AGAIN_MS);
    this.#ofRaising = new Backoff(retryMs, retryMaxMs);
    this.#ofRenewal = new Backoff(retryMs, retryMs);
  }

  get address(): SharedAddress {
    return this.#parts.address;
  }

  /** On the interface here, or perhaps so. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** On the interface here, surely. */
  get isHeld(): boolean {
    return this.#isRaised && this.#leftMs() > 0;
  }

  /** Why the driver failed last; null: since then it did not. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Why it does not stand ready; null: it does. */
  get obstacle(): string | null {
    if (!this.#parts.isServing()) return 'it does not serve';
    // Whoever cannot take it off takes none.
    if (this.#isUp && !this.#isRaised && this.#fault !== null) return this.#fault;
    return this.#ofRaising.isOver(this.#parts.clock.monotonicMs()) ? null : this.#fault;
  }

  /** What an earlier life of this process may have left is taken away; or is over, since that life is over for long. */
  async clear(): Promise<void> {
    const { clock } = this.#parts;
    this.#isUp = true;
    this.#goneAtMs = clock.monotonicMs() + this.#options.lifeMaxMs;
    while (clock.monotonicMs() < this.#goneAtMs && !(await this.#try('drop'))) {
      await clock.sleep(this.#options.retryMs);
    }
  }

  /** Gives it up, if this redirector does not serve any more. Whether it is surely gone from here. */
  async leave(): Promise<boolean> {
    const { clock, claims, address } = this.#parts;
    for (let tries = 1; ; tries++) {
      await this.poke();
      const isGone = !this.#isUp && !claims.standOf(address).isMine;
      if (isGone || tries === LEAVE_TRIES) break;
      await clock.sleep(this.#options.retryMs);
    }
    await this.#announcing;
    return !this.#isUp;
  }

  /** Does what is to be done. Resolves when that is nothing. */
  poke(): Promise<void> {
    this.#isNews = true;
    this.#passing ??= this.#passes().finally(() => {
      this.#passing = undefined;
    });
    return this.#passing;
  }

  async #passes(): Promise<void> {
    while (this.#isNews) {
      this.#isNews = false;
      let act = this.#nextAct();
      while (act !== 'rest' && (await this.#try(act))) act = this.#nextAct();
    }
  }

  #nextAct(): AddressAct {
    const { claims, clock, address, driver } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (this.#isUp && driver.limitsLife && nowMs >= this.#goneAtMs) void this.#isGone();
    const stand = claims.standOf(address);
    if (!stand.isMine) this.#isFailed = false;
    const act = nextAct({
      ...stand,
      mayHold: nowMs < claims.holdUntilMs,
      isUp: this.#isUp,
      isReady: this.obstacle === null && !this.#isFailed,
    });
    if (act === 'keep' && !this.#isDue(nowMs)) {
      this.#announce(nowMs);
      return 'rest';
    }
    return this.#backoffOf(act).isOver(nowMs) ? act : 'rest';
  }

  /** Its life here is to be prolonged: the others wait longer for it by now. */
  #isDue(nowMs: number): boolean {
    const untilMs = this.#untilMs;
    if (untilMs - nowMs < this.#parts.driver.lifeMinMs) return false;
    if (!this.#isRaised) return true;
    return untilMs - this.#livesUntilMs > RENEW_SHARE * (untilMs - nowMs);
  }

  /** Half the margin is for clocks that run at different rates. */
  get #untilMs(): number {
    const { holdUntilMs, marginMs } = this.#parts.claims;
    return holdUntilMs + marginMs / 2;
  }

  #leftMs(): number {
    const { clock, claims } = this.#parts;
    return Math.min(this.#livesUntilMs, claims.holdUntilMs) - clock.monotonicMs();
  }

  #backoffOf(act: AddressAct): Backoff {
    if (act === 'drop' || act === 'vacate') return this.#ofLowering;
    if (act !== 'keep') return this.#ofStore;
    const isPatient = this.#isRaised && this.#leftMs() > this.#lifeMs / 2;
    return isPatient ? this.#ofRenewal : this.#ofRaising;
  }

  /** False: it failed, and waits. */
  async #try(act: AddressAct): Promise<boolean> {
    const { address, clock, log } = this.#parts;
    try {
      await this.#act(act);
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      const backoff = this.#backoffOf(act);
      backoff.failed(clock.monotonicMs());
      if (backoff === this.#ofRaising) this.#isFailed = true;
      if (act !== 'claim' && act !== 'yield') {
        this.driverFailures += 1;
        this.#fault = messageOf(err);
      }
      log.warn({ err, address: address.ip, act }, 'address act failed');
      return false;
    }
    this.#backoffOf(act).succeeded();
    if (act === 'keep') {
      this.#ofRaising.succeeded();
      this.#fault = null;
    }
    return true;
  }

  async #act(act: AddressAct): Promise<void> {
    const { claims, address } = this.#parts;
    switch (act) {
      case 'claim':
        return claims.claim(address);
      case 'keep':
        return this.#raise();
      case 'vacate':
        if (this.#isRaised) await this.#drain();
        return this.#lower();
      case 'drop':
        return this.#lower();
      case 'yield':
        return claims.yield(address);
      case 'rest':
        return undefined;
    }
  }

  async #raise(): Promise<void> {
    const { driver, address, clock, log } = this.#parts;
    if (!this.#isUp) await this.#inherit();
    const [untilMs, nowMs] = [this.#untilMs, clock.monotonicMs()];
    // That took so long that it is not worth while any more.
    if (!this.#isDue(nowMs)) return;
    const lifeMs = untilMs - nowMs;
    this.#isUp = true;
    this.#goneAtMs = Math.max(this.#goneAtMs, untilMs);
    await driver.raise(address, lifeMs);
    this.#livesUntilMs = untilMs;
    this.#lifeMs = lifeMs;
    if (this.#isRaised) return;
    this.#isRaised = true;
    this.takeovers += 1;
    this.#announceAtMs = clock.monotonicMs();
    this.#announcements = 0;
    log.info({ address: address.ip, interface: address.interface }, 'address taken');
  }

  async #lower(): Promise<void> {
    const { driver, address } = this.#parts;
    await driver.lower(address);
    await this.#isGone();
  }

  /** Without a store for them the address is served all the same: sessions then begin anew. */
  async #inherit(): Promise<void> {
    const { claims, address, inherit, log } = this.#parts;
    const inherited = inherit(address.ip, claims.standOf(address).term).catch((err: unknown) => {
      log.warn({ err, address: address.ip }, 'sessions not taken over');
    });
    const { inheritTimeoutMs } = this.#options;
    await this.#within(inheritTimeoutMs, (signal) => settledOr(signal, inherited));
  }

  /** Resolves when its sessions are left to the next, too. */
  async #isGone(): Promise<void> {
    const { address, log, bequeath } = this.#parts;
    const wasRaised = this.#isRaised;
    this.#isUp = false;
    this.#isRaised = false;
    this.#livesUntilMs = -Infinity;
    this.#goneAtMs = -Infinity;
    this.#announceAtMs = Infinity;
    if (!wasRaised) return;
    log.info({ address: address.ip }, 'address given up');
    const { inheritTimeoutMs } = this.#options;
    await this.#within(inheritTimeoutMs, (signal) => bequeath(address.ip, signal));
  }

  /**
   * Its connections end without harm: at first each answer is the last of its connection, while new ones are still
   * taken; then new ones are kept waiting, and when those that came just before have had their answer, the rest is
   * between two requests and is closed.
   */
  async #drain(): Promise<void> {
    const { driver, address, vacate, log } = this.#parts;
    const { finishMs, drainTimeoutMs } = this.#options;
    await this.#within(finishMs, (signal) => vacate(address.ip, 'finish', signal));
    await driver.shield(address).catch((err: unknown) => {
      this.driverFailures += 1;
      log.warn({ err, address: address.ip }, 'address not shielded');
    });
    await this.#within(finishMs / 2, (signal) => vacate(address.ip, 'finish', signal));
    await this.#within(drainTimeoutMs, (signal) => vacate(address.ip, 'close', signal));
  }

  /** Not longer than the address may be here anyhow. */
  #within(ms: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, claims } = this.#parts;
    const leftMs = this.#isRaised ? this.#leftMs() : claims.holdUntilMs - clock.monotonicMs();
    return within(clock, Math.min(ms, leftMs), work);
  }

  #announce(nowMs: number): void {
    if (nowMs < this.#announceAtMs || this.#announcing !== undefined) return;
    const { driver, address, log } = this.#parts;
    const againMs = ANNOUNCE_AGAIN_MS[this.#announcements] ?? this.#options.announceEveryMs;
    this.#announcements += 1;
    this.#announceAtMs = nowMs + againMs;
    this.#announcing = driver
      .announce(address)
      .catch((err: unknown) => {
        this.driverFailures += 1;
        log.warn({ err, address: address.ip }, 'address not announced');
      })
      .finally(() => {
        this.#announcing = undefined;
      });
  }
}
