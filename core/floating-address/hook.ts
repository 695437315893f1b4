import type { Clock } from '../clock/port.js';
import { runCommand } from '../command.js';
import type { AddressDriver, FloatingAddress } from './port.js';

export interface HookAddressDriverOptions {
  /** A program and its first arguments. */
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

/**
 * Addresses by a program of the operator's, as where the cloud moves them: `PROGRAM … up|down IP/PREFIX INTERFACE`.
 * `up` announces too, `down` succeeds as well if the address is not there, both are soon over; exit 0 is success.
 * It is told once to raise an address, and never how long that lives: whoever pauses this process keeps it up.
 */
export class HookAddressDriver implements AddressDriver {
  readonly limitsLife = false;
  readonly lifeMinMs = 0;
  readonly #clock: Clock;
  readonly #options: HookAddressDriverOptions;
  readonly #up = new Set<string>();

  constructor(clock: Clock, options: HookAddressDriverOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  async raise(address: FloatingAddress): Promise<void> {
    if (this.#up.has(address.ip)) return;
    await this.#run('up', address);
    this.#up.add(address.ip);
  }

  announce(): Promise<void> {
    return Promise.resolve();
  }

  shield(): Promise<void> {
    return Promise.resolve();
  }

  async lower(address: FloatingAddress): Promise<void> {
    this.#up.delete(address.ip);
    await this.#run('down', address);
  }

  #run(verb: 'up' | 'down', { ip, prefixLength, interface: device }: FloatingAddress) {
    const { command, timeoutMs } = this.#options;
    return runCommand([...command, verb, `${ip}/${prefixLength}`, device], this.#clock, {
      timeoutMs,
    });
  }
}
