import type { MemberId } from '../../core/domain.js';
import type { SimProcess } from './process.js';
import type { Records } from './records.js';

/** A member's lease as it really is: from the sending of its last renewal that the store took. */
interface TrueLease {
  readonly boot: string;
  readonly untilMs: number;
  /** When there was something that it must read before it knows what is open: its own first record, a changed table. */
  newsAtMs: number;
  /** It has read the store since. */
  isSettled: boolean;
}

/** Whose lease lives, by what was sent and when, and who of them knows what is open. */
export class TrueLeases {
  /** The process that made that name of a life. */
  readonly #processOf: (boot: string) => SimProcess | undefined;
  readonly #leases = new Map<string, TrueLease>();

  constructor(processOf: (boot: string) => SimProcess | undefined) {
    this.#processOf = processOf;
  }

  renewed(
    name: MemberId,
    records: Records,
    { sentAtMs, nowMs }: { readonly sentAtMs: number; readonly nowMs: number },
  ): void {
    const record = records.member(name);
    if (record === undefined) return;
    const { boot, leaseMs } = record;
    const former = this.#leases.get(name);
    const isSame = former?.boot === boot;
    this.#leases.set(name, {
      boot,
      untilMs: sentAtMs + leaseMs,
      newsAtMs: isSame ? former.newsAtMs : nowMs,
      isSettled: isSame && former.isSettled,
    });
  }

  /** A process was answered what it read when nothing was missing from it. */
  hasRead(process: SimProcess, sentAtMs: number): void {
    const lease = this.#leases.get(process.name);
    if (lease === undefined || this.#processOf(lease.boot) !== process) return;
    if (sentAtMs >= lease.newsAtMs) lease.isSettled = true;
  }

  /** The table changed without a switch: who is live learns it when it next reads. */
  unsettle(nowMs: number): void {
    for (const lease of this.#leases.values()) {
      lease.newsAtMs = nowMs;
      lease.isSettled = false;
    }
  }

  isLive(name: string, nowMs: number): boolean {
    const lease = this.#leases.get(name);
    return lease !== undefined && nowMs < lease.untilMs;
  }

  isSettled(name: string): boolean {
    return this.#leases.get(name)?.isSettled === true;
  }

  /** The life under this name whose lease lives; undefined: none. */
  liveBoot(name: MemberId, records: Records, nowMs: number): string | undefined {
    const boot = records.member(name)?.boot;
    return this.#leases.get(name)?.boot === boot && this.isLive(name, nowMs) ? boot : undefined;
  }

  /** Members whose leases live. */
  live(records: Records, nowMs: number): MemberId[] {
    return records.members.filter((name) => this.liveBoot(name, records, nowMs) !== undefined);
  }
}
