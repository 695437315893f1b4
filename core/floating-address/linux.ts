import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../clock/port.js';
import { runCommand } from '../command.js';
import { codeOf, fail } from '../errors.js';
import type { Log } from '../log.js';
import { parseIp } from '../net/ip.js';
import type { AddressDriver, FloatingAddress } from './port.js';

/** The kernel counts whole seconds, and was measured to be up to 0.7 s late. */
const KERNEL_LATE_MS = 1000;

/**
 * Addresses on Linux, by `ip` (iproute2) with a lifetime: the kernel itself removes one that is not raised again,
 * even while this process is stopped or dead. Announced by `arping`; for IPv6 by the kernel. Shielded by `nft`.
 * Needs CAP_NET_ADMIN, and CAP_NET_RAW for arping.
 */
export class LinuxAddressDriver implements AddressDriver {
  readonly limitsLife = true;
  /** A second that it counts, and another by which it may be late. */
  readonly lifeMinMs = 1000 + KERNEL_LATE_MS;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timeoutMs: number;
  /** IPs that new connections may be kept from: until it is seen to have ended. */
  readonly #shielded = new Set<string>();
  /** Programs that are known not to be there. */
  readonly #missing = new Set<string>();

  constructor(
    { clock, log }: { readonly clock: Clock; readonly log: Log },
    { timeoutMs }: { readonly timeoutMs: number },
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  async raise(address: FloatingAddress, lifeMs: number): Promise<void> {
    const seconds = String(Math.floor((lifeMs - KERNEL_LATE_MS) / 1000));
    const life = ['valid_lft', seconds, 'preferred_lft', seconds];
    if (address.ip.includes(':')) await this.#tellNeighbours(address);
    if (this.#shielded.has(address.ip)) await this.#unshield(address);
    await this.#run(['ip', 'address', 'replace', ...whereOf(address), ...life]);
  }

  async announce({ ip, interface: device }: FloatingAddress): Promise<void> {
    if (ip.includes(':')) return;
    await this.#runIfThere(
      ['arping', '-q', '-U', '-c', '1', '-I', device, ip],
      'neighbours learn late that an address moved',
    );
  }

  async shield(address: FloatingAddress): Promise<void> {
    const table = tableOf(address);
    const family = address.ip.includes(':') ? 'ip6' : 'ip';
    this.#shielded.add(address.ip);
    const rules = [
      `add table inet ${table}`,
      `add chain inet ${table} input { type filter hook input priority -150; }`,
      `add rule inet ${table} input ${family} daddr ${address.ip} tcp flags & (fin|syn|rst|ack) == syn drop`,
    ];
    await this.#runIfThere(
      ['nft', rules.join('; ')],
      'who connects while an address is given up is cut off',
    );
  }

  async lower(address: FloatingAddress): Promise<void> {
    try {
      await this.#run(['ip', 'address', 'del', ...whereOf(address)]);
    } catch (error) {
      // It may not have been there.
      if (isHere(address.ip)) throw error;
    }
    if (isHere(address.ip)) {
      const why = `${address.ip} is on another interface, or with another prefix, too`;
      fail('ERR_COMMAND_FAILED', { command: 'ip address del', why });
    }
    // It is gone, whatever becomes of this; it does not come back before the shield has ended.
    await this.#unshield(address).catch((err: unknown) => {
      this.#shielded.add(address.ip);
      this.#log.warn({ err, address: address.ip }, 'shield not taken off');
    });
  }

  async #unshield(address: FloatingAddress): Promise<void> {
    const table = tableOf(address);
    // Added first, since it is no error then that there was none.
    await this.#runIfThere(
      ['nft', `add table inet ${table}; delete table inet ${table}`],
      undefined,
    );
    this.#shielded.delete(address.ip);
  }

  /**
   * The kernel says by itself where an IPv6 address is, on an interface that is set so, once it has looked for a
   * second whether anybody else has it; without that search it says nothing.
   */
  async #tellNeighbours({ interface: device }: FloatingAddress): Promise<void> {
    await writeFile(`/proc/sys/net/ipv6/conf/${device}/ndisc_notify`, '1').catch((err: unknown) => {
      this.#log.warn({ err, interface: device }, 'IPv6 address not announced');
    });
  }

  #run(command: readonly [string, ...string[]]): Promise<void> {
    return runCommand(command, this.#clock, { timeoutMs: this.#timeoutMs });
  }

  /** @param otherwise what is worse without the program; undefined: nothing */
  async #runIfThere(
    command: readonly [string, ...string[]],
    otherwise: string | undefined,
  ): Promise<void> {
    const [program] = command;
    try {
      await this.#run(command);
    } catch (error) {
      if (codeOf(error) !== 'ERR_COMMAND_MISSING') throw error;
      if (otherwise === undefined || this.#missing.has(program)) return;
      this.#missing.add(program);
      this.#log.warn({ program, otherwise }, 'program not installed');
    }
  }
}

function whereOf({ ip, prefixLength, interface: device }: FloatingAddress): string[] {
  return [`${ip}/${prefixLength}`, 'dev', device];
}

/** A name of its own for each address: those of several do not meet. */
function tableOf({ ip }: FloatingAddress): string {
  return `foreshift_${ip.replaceAll(/[.:]/g, '_')}`;
}

function isHere(ip: string): boolean {
  const wanted = parseIp(ip);
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => parseIp(address) === wanted),
  );
}
