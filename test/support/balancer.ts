import { Pool, request } from 'undici';
import { SystemClock } from '../../core/clock/system.js';
import type { Address } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { every } from '../../core/every.js';

interface Member {
  readonly proxy: string;
  readonly health: string;
  readonly pool: Pool;
  isReady: boolean;
}

/** Spreads requests over redirectors, as any balancer does: over those that say that they are ready. It sends nothing twice. */
export class Balancer {
  readonly #members: readonly Member[];
  readonly #clock = new SystemClock();
  readonly #stopping = new AbortController();
  readonly #looking: Promise<void>;
  #next = 0;

  constructor(members: readonly { readonly proxy: Address; readonly health: Address }[]) {
    this.#members = members.map(({ proxy, health }) => ({
      proxy: formatAddress(proxy),
      health: formatAddress(health),
      pool: new Pool(`http://${formatAddress(proxy)}`, { connections: 8 }),
      isReady: false,
    }));
    const { signal } = this.#stopping;
    this.#looking = every(this.#clock, { everyMs: 50, firstMs: 0, signal }, () => this.#look());
  }

  isReady(at: number): boolean {
    return this.#members[at]?.isReady === true;
  }

  /** Through one that is ready; waits for one. Status 0: nobody told what became of it. */
  async post(
    path: string,
    id: string,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { pool } = await this.#choose();
    try {
      const { statusCode, body } = await pool.request({
        path,
        method: 'POST',
        headers: { 'x-id': id },
        body: 'hello',
      });
      return { status: statusCode, text: await body.text() };
    } catch (error) {
      return { status: 0, text: error instanceof Error ? error.message : String(error) };
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort(new Error('closing'));
    await this.#looking;
    for (const { pool } of this.#members) await pool.close();
  }

  async #choose(): Promise<Member> {
    for (;;) {
      const ready = this.#members.filter(({ isReady }) => isReady);
      this.#next += 1;
      const member = ready[this.#next % Math.max(1, ready.length)];
      if (member !== undefined) return member;
      await this.#clock.sleep(20);
    }
  }

  async #look(): Promise<void> {
    const looks = this.#members.map(async (member) => {
      try {
        const { statusCode, body } = await request(`http://${member.health}/readyz`);
        await body.dump();
        member.isReady = statusCode === 200;
      } catch {
        member.isReady = false;
      }
    });
    await Promise.all(looks);
  }
}
