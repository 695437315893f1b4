import type { ServerId } from '../core/domain.js';
import type { Costs } from './cost-fit.js';
import type { ServedStep } from './served-sums.js';
import { CostFit, fleetFit } from './cost-fit.js';
import { ServedSums } from './served-sums.js';

export interface AttributionOptions {
  /** A step counts half as much as one so many steps later; default 288: a day of five minutes. */
  readonly halfLifeSteps?: number;
}

const HALF_LIFE_STEPS = 288;

/**
 * Which share of a server's cpu is whose. A server measures its cpu as one number, its resources' hits and bytes one
 * by one; over steps with other loads and other company the costs come apart:
 *
 *   cpu(s, t) = idle(s) + Σ over r served by s at t of perHit(r)·hits(r, t) + perByte(r)·bytes(r, t) + noise
 *
 * Non-negative least squares over all servers at once (Lawson and Hanson 1974, here by coordinate descent), shrunk
 * towards the fleet's mean costs as strongly as the noise and the expected spread say (ridge, as the mean
 * of the posterior): a few samples of a resource, or company that never parts, do no harm. Sums only, so a step
 * costs the square of a server's resources and may be thrown away after.
 */
export class Attribution {
  readonly #halfLifeSteps: number;
  readonly #servers = new Map<ServerId, ServedSums>();
  /** The last solution, where the next search begins. */
  #costs: Costs = { resources: new Map(), fleet: { perHit: 0, perByte: 0 }, idle: new Map() };

  constructor({ halfLifeSteps = HALF_LIFE_STEPS }: AttributionOptions = {}) {
    this.#halfLifeSteps = halfLifeSteps;
  }

  /** A step with a number that is not finite or negative says nothing: what is missing is not zero. */
  observe(server: ServerId, step: ServedStep): void {
    const isWhole = (value: number): boolean => Number.isFinite(value) && value >= 0;
    if (!isWhole(step.cpu)) return;
    if (!step.loads.every((l) => isWhole(l.hitsPerSecond) && isWhole(l.bytesPerSecond))) return;
    let sums = this.#servers.get(server);
    if (sums === undefined) {
      sums = new ServedSums({ halfLifeSteps: this.#halfLifeSteps });
      this.#servers.set(server, sums);
    }
    sums.add(step);
  }

  /** Forgets a server that is gone; what its resources cost elsewhere stays known. */
  forget(server: ServerId): void {
    this.#servers.delete(server);
  }

  /** The costs as they are known now; all zero before the first step. */
  solve(): Costs {
    const servers = [...this.#servers];
    if (servers.length === 0) return this.#costs;
    const fleet = fleetFit(servers.map(([, sums]) => sums));
    this.#costs = new CostFit(servers, fleet, this.#costs).solve();
    return this.#costs;
  }
}
