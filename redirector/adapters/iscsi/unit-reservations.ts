import type { PersistentOut } from '../../../core/iscsi/reservations.js';
import { ACTION, NO_KEY, isOfAllRegistrants } from '../../../core/iscsi/reservations.js';

export interface Registration {
  readonly key: string;
  readonly isThroughPowerLoss: boolean;
}

export interface UnitHolder {
  /** Of the initiator port that made the reservation, or that is registered longest. */
  readonly port: string;
  /** Scope and type. */
  readonly kind: number;
}

/**
 * Who is registered at one logical unit, and who has it reserved, as far as its server has said yes: pure. Initiator ports stand by
 * name. Each change returns the ports for which something is different now.
 */
export class UnitReservations {
  readonly registrations = new Map<string, Registration>();
  /** Of the persistent reservation. */
  holder: UnitHolder | undefined;
  /** By RESERVE of SPC-2. */
  reservedBy: string | undefined;

  get isEmpty(): boolean {
    return this.registrations.size === 0 && this.reservedBy === undefined;
  }

  isRegistered(port: string): boolean {
    return this.registrations.has(port);
  }

  /** Ports with the key. */
  withKey(key: string): string[] {
    return [...this.registrations].flatMap(([port, each]) => (each.key === key ? [port] : []));
  }

  /** The server has done it. */
  did(port: string, out: PersistentOut): string[] {
    const { action, kind, key, subject } = out;
    if (action === ACTION.register || action === ACTION.registerAnyhow) {
      if (subject === NO_KEY) return this.remove([port]);
      this.#register(port, subject, out);
      return [port];
    }
    if (action === ACTION.clear) return this.clear();
    // Nobody else is obeyed: so it is registered, whether that was seen or not.
    if (this.registrations.get(port)?.key !== key) this.#register(port, key, out);
    switch (action) {
      case ACTION.reserve:
        this.holder ??= { port, kind };
        return [port];
      case ACTION.release:
        return this.#release(port);
      case ACTION.preempt:
      case ACTION.preemptAndAbort:
        return this.#preempt(port, kind, subject);
      default:
        return [port];
    }
  }

  /**
   * The server may have done it: whom it was to keep out is out, since whoever said it may rely on that; it has got nothing itself.
   */
  mayHaveDone(port: string, out: PersistentOut): string[] {
    return this.remove(this.victimsOf(port, out));
  }

  /** Whom it keeps out from then on. */
  victimsOf(port: string, { action, subject }: PersistentOut): string[] {
    if (action === ACTION.clear) return [...this.registrations.keys()];
    const isPreemption = action === ACTION.preempt || action === ACTION.preemptAndAbort;
    return isPreemption ? this.#victims(port, subject) : [];
  }

  /** They are not registered any more. */
  remove(ports: readonly string[]): string[] {
    const changed = ports.filter((port) => this.registrations.delete(port));
    const { holder } = this;
    if (holder === undefined || this.registrations.has(holder.port)) return changed;
    const [heir] = isOfAllRegistrants(holder.kind) ? this.registrations.keys() : [];
    this.holder = heir === undefined ? undefined : { port: heir, kind: holder.kind };
    return heir === undefined ? changed : [...changed, heir];
  }

  clear(): string[] {
    const all = [...this.registrations.keys()];
    this.registrations.clear();
    this.holder = undefined;
    return all;
  }

  #register(port: string, key: string, { isThroughPowerLoss }: PersistentOut): void {
    this.registrations.set(port, { key, isThroughPowerLoss });
  }

  #release(port: string): string[] {
    const { holder } = this;
    if (holder === undefined) return [port];
    if (holder.port !== port && !isOfAllRegistrants(holder.kind)) return [port];
    this.holder = undefined;
    return [port, holder.port];
  }

  #preempt(port: string, kind: number, subject: string): string[] {
    const { holder } = this;
    const victims = this.#victims(port, subject);
    const isTaken =
      holder !== undefined &&
      (isOfAllRegistrants(holder.kind)
        ? subject === NO_KEY
        : this.registrations.get(holder.port)?.key === subject);
    if (!isTaken) return [port, ...this.remove(victims)];
    this.holder = { port, kind };
    return [port, holder.port, ...this.remove(victims)];
  }

  #victims(port: string, subject: string): string[] {
    const isOfAll =
      subject === NO_KEY && this.holder !== undefined && isOfAllRegistrants(this.holder.kind);
    const all = isOfAll ? [...this.registrations.keys()] : this.withKey(subject);
    return all.filter((each) => each !== port);
  }
}
