import type { Layout } from './layout.js';
import { MISPLACED_WEIGHT } from './layout.js';
import { EPSILON, NOWHERE } from './problem.js';
import type { Exchange, Rules } from './rules.js';

/** One or two resources change their server at once. */
export interface Step extends Exchange {
  /** Cost taken away, that of the moves not counted. */
  readonly gain: number;
  /** Changes of the sums, for the order of aims. */
  readonly overload: number;
  readonly pressure: number;
}

/**
 * The search for the best step that takes something off one server: what it would win without each of its
 * resources, and the best step seen so far.
 */
export class Relief {
  readonly layout: Layout;
  readonly rules: Rules;
  /** The server to relieve; `NOWHERE` while a resource without one is settled. */
  source = NOWHERE;
  /** What may leave the source to its advantage, the most wanted first. */
  leavers: readonly number[] = [];
  best: Step | undefined;

  readonly #gains: Float64Array;
  readonly #overloads: Float64Array;
  readonly #pressures: Float64Array;
  /** Won by any step at all: the leaver is misplaced where it is. */
  #bonus = 0;
  /** No server is overloaded, and nothing must leave. */
  #isEased = false;
  #bestNet = 0;

  constructor(layout: Layout, rules: Rules) {
    const count = layout.problem.resources.length;
    this.layout = layout;
    this.rules = rules;
    this.#gains = new Float64Array(count);
    this.#overloads = new Float64Array(count);
    this.#pressures = new Float64Array(count);
  }

  /** Looks at everything on this server. */
  from(server: number): void {
    const { layout, rules } = this;
    const leavers: number[] = [];
    this.#reset(server, 0);
    for (let at = layout.firstOn(server); at !== NOWHERE; at = layout.nextOf(at)) {
      if (!rules.canMove(at)) continue;
      this.#leave(at, server);
      if (this.#gains[at]! > EPSILON) leavers.push(at);
    }
    this.leavers = leavers.sort((a, b) => this.#gains[b]! - this.#gains[a]! || a - b);
  }

  /** Looks at one resource, which is misplaced. */
  of(resource: number): void {
    const server = this.layout.assignment[resource]!;
    this.#reset(server, MISPLACED_WEIGHT);
    if (server === NOWHERE) {
      this.#gains[resource] = 0;
      this.#overloads[resource] = 0;
      this.#pressures[resource] = 0;
    } else {
      this.#leave(resource, server);
    }
    this.leavers = [resource];
  }

  /** What the source wins without this leaver, its own place included. */
  gainOf(leaver: number): number {
    return this.#gains[leaver]! + this.#bonus;
  }

  /** The part of it that is the source's. */
  gainAtSourceOf(leaver: number): number {
    return this.#gains[leaver]!;
  }

  overloadOf(leaver: number): number {
    return this.#overloads[leaver]!;
  }

  pressureOf(leaver: number): number {
    return this.#pressures[leaver]!;
  }

  /**
   * Whatever step it takes part in is a last resort (it moved lately, and is at home), and would have to take away overload, of which
   * there is none: nothing need be looked at.
   */
  isHopeless(resource: number): boolean {
    const { start, freedom } = this.layout.problem;
    return (
      this.#isEased &&
      freedom[resource] === 'cooling' &&
      this.layout.assignment[resource] === start[resource]
    );
  }

  /** What it costs that the resource changes to this server; negative: it comes home. */
  priceOf(resource: number, server: number): number {
    const { layout } = this;
    return layout.extraMoves(resource, server) * layout.problem.moveCost[resource]!;
  }

  /** What it costs at the cheapest: its way home, if it is away, gives back what it cost. */
  leastPriceOf(resource: number): number {
    const { layout } = this;
    return layout.leastExtraMoves(resource) * layout.problem.moveCost[resource]!;
  }

  /** Whether a step could still be the best: after its price it wins this much at most. */
  isPromising(net: number): boolean {
    return net > this.#bestNet + EPSILON;
  }

  /** Keeps the step if it is better than the best, within the limit of moves and in the order of aims. */
  consider(step: Step): void {
    const { layout, rules } = this;
    const { resource, target, partner, partnerTarget } = step;
    let extra = layout.extraMoves(resource, target);
    let net = step.gain - this.priceOf(resource, target);
    let isLastResort = rules.isLastResort(resource, target);
    if (partner !== NOWHERE) {
      extra += layout.extraMoves(partner, partnerTarget);
      net -= this.priceOf(partner, partnerTarget);
      isLastResort ||= rules.isLastResort(partner, partnerTarget);
    }
    if (!this.isPromising(net)) return;
    if (!layout.canAfford(extra) || !rules.canGoTogether(step)) return;
    const isInOrder =
      this.#bonus > 0 || rules.isInOrder(step.overload, step.pressure, isLastResort);
    if (!isInOrder) return;
    this.best = step;
    this.#bestNet = net;
  }

  #reset(source: number, bonus: number): void {
    this.source = source;
    this.best = undefined;
    this.#bonus = bonus;
    this.#isEased = bonus === 0 && this.layout.overload === 0;
    this.#bestNet = 0;
  }

  #leave(resource: number, server: number): void {
    const { layout } = this;
    const cost = layout.probe(server, layout.nobody, resource);
    this.#gains[resource] = layout.costOf(server) - cost;
    this.#overloads[resource] = layout.loads.overload - layout.overloads[server]!;
    this.#pressures[resource] = layout.loads.pressure - layout.pressures[server]!;
  }
}
