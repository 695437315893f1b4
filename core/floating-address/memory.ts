import type { Clock } from '../clock/port.js';
import type { AddressDriver, FloatingAddress } from './port.js';

/** The interfaces of a machine that is not there: the twin for simulation and tests. */
export class MemoryAddressDriver implements AddressDriver {
  readonly limitsLife = true;
  readonly lifeMinMs = 0;
  readonly #clock: Clock;
  /** By IP: until when. */
  readonly #lives = new Map<string, number>();
  readonly #shielded = new Set<string>();
  /** Of all addresses. */
  announcements = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(ip: string): boolean {
    return (this.#lives.get(ip) ?? -Infinity) > this.#clock.monotonicMs();
  }

  isShielded(ip: string): boolean {
    return this.#shielded.has(ip);
  }

  async raise({ ip }: FloatingAddress, lifeMs: number): Promise<void> {
    await Promise.resolve();
    this.#lives.set(ip, this.#clock.monotonicMs() + lifeMs);
    this.#shielded.delete(ip);
  }

  async announce(): Promise<void> {
    await Promise.resolve();
    this.announcements += 1;
  }

  async shield({ ip }: FloatingAddress): Promise<void> {
    await Promise.resolve();
    this.#shielded.add(ip);
  }

  async lower({ ip }: FloatingAddress): Promise<void> {
    await Promise.resolve();
    this.#lives.delete(ip);
    this.#shielded.delete(ip);
  }
}
