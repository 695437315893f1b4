import type { ResourceId, ServerId } from '../../../core/domain.js';
import type { PlanningInputs } from '../../../forecaster/planner/inputs.js';
import { Reference } from './reference.js';

/** Loads are single-precision numbers. */
const TOLERANCE = 1e-5;

/**
 * The least that any assignment costs, all of them tried: what is wrong with the servers, by definition, and a price for each
 * resource that is moved. None passes a capacity that the start does not pass, nor passes one more than it does.
 * @param priceOf what moving a resource costs
 */
export function leastCost(inputs: PlanningInputs, priceOf: (id: ResourceId) => number): number {
  const reference = new Reference(inputs);
  const start = reference.start();
  const limits = new Map(
    inputs.servers.map(({ id }) => [
      id,
      reference.utilizations(id, start).map((value) => Math.max(1, value) + TOLERANCE),
    ]),
  );
  const choices = inputs.resources.map(({ id }): (ServerId | undefined)[] => [
    ...new Set([...reference.allowed(id), start.get(id)]),
  ]);
  const where = new Map<ResourceId, ServerId>();
  let least = Infinity;
  const judge = (price: number): void => {
    const tried = new Map(where);
    const isBroken = inputs.servers.some(({ id }) =>
      reference.utilizations(id, tried).some((value, at) => value > limits.get(id)![at]!),
    );
    if (!isBroken) least = Math.min(least, price + costOf(reference, tried));
  };
  const place = (index: number, price: number): void => {
    const resource = inputs.resources[index];
    if (resource === undefined) {
      judge(price);
      return;
    }
    const { id } = resource;
    for (const server of choices[index]!) {
      if (server === undefined) where.delete(id);
      else where.set(id, server);
      const isMove = start.get(id) !== undefined && start.get(id) !== server;
      place(index + 1, price + (isMove ? priceOf(id) : 0));
    }
  };
  place(0, 0);
  return least;
}

/** By the definition of the planner's objective in problem.ts, evenness left out. */
function costOf(reference: Reference, where: ReadonlyMap<ResourceId, ServerId>): number {
  const { gainMin } = reference.inputs.options;
  const { misplaced, overload, pressure } = reference.score(where);
  return misplaced * 1e6 + overload * Math.max(10, 1000 * gainMin * gainMin) + pressure;
}
