import { NOWHERE } from './problem.js';
import type { Relief, Step } from './relief.js';

/* The kinds of step, the cheap one first. Each looks for the best of its kind and leaves it with the relief. */

/** How far the dear kind looks, so that one step of a large fleet stays short. */
const LEAVERS_MAX = 32;
const PARTNER_SERVERS_MAX = 24;
const RECEIVERS_MAX = 12;
const EXCHANGE_WORK_MAX = 3000;

/** One resource goes to another server. */
export function findMove(relief: Relief): void {
  const { layout, rules, source } = relief;
  for (const resource of relief.leavers) {
    const home = layout.problem.start[resource]!;
    if (home !== NOWHERE && home !== source && rules.canTake(home, resource)) {
      tryMove(relief, resource, home);
    }
    if (relief.isHopeless(resource)) continue;
    // Away from home every server has the same price, and none can do better than add nothing.
    const extra = Math.max(0, layout.leastExtraMoves(resource));
    const gainMax = relief.gainOf(resource) - extra * layout.problem.moveCost[resource]!;
    if (!layout.canAfford(extra)) continue;
    for (const server of layout.byPeak) {
      if (!relief.isPromising(gainMax)) break;
      if (server === source || !rules.canTake(server, resource)) continue;
      tryMove(relief, resource, server);
    }
  }
}

function tryMove(relief: Relief, resource: number, target: number): void {
  const { layout } = relief;
  const { loads } = layout;
  const rise = layout.probe(target, resource, layout.nobody) - layout.costOf(target);
  if (loads.isBroken) return;
  relief.consider({
    resource,
    target,
    partner: NOWHERE,
    partnerTarget: NOWHERE,
    gain: relief.gainOf(resource) - rise,
    overload: relief.overloadOf(resource) + loads.overload - layout.overloads[target]!,
    pressure: relief.pressureOf(resource) + loads.pressure - layout.pressures[target]!,
  });
}

/** One goes, and one there gives way: it comes back here, or goes on to a third server. */
export function findExchange(relief: Relief): void {
  const { layout, rules, source } = relief;
  const { loads } = layout;
  const workMax = layout.work + EXCHANGE_WORK_MAX;
  for (const resource of relief.leavers.slice(0, LEAVERS_MAX)) {
    if (layout.work > workMax) return;
    if (relief.isHopeless(resource)) continue;
    let servers = 0;
    for (const target of layout.byPeak) {
      if (target === source) continue;
      // Where one of its own group is, that one makes room, or none.
      const isOpen = rules.canTake(target, resource);
      const mate = isOpen ? NOWHERE : rules.mateInTheWay(target, resource);
      if (!isOpen && mate === NOWHERE) continue;
      if (++servers > PARTNER_SERVERS_MAX) break;
      const extra = layout.extraMoves(resource, target);
      const price = extra * layout.problem.moveCost[resource]!;
      // The target can win no more than what it costs.
      const gainMax = relief.gainOf(resource) - price + layout.costOf(target);
      for (let at = layout.firstOn(target); at !== NOWHERE; at = layout.nextOf(at)) {
        if (!isOpen && at !== mate) continue;
        if (relief.isHopeless(at)) continue;
        if (!rules.canMove(at) || !layout.canAfford(extra + layout.leastExtraMoves(at))) continue;
        if (!relief.isPromising(gainMax - relief.leastPriceOf(at))) continue;
        const there = layout.costOf(target) - layout.probe(target, resource, at);
        const gain = relief.gainOf(resource) + there;
        // Wherever the partner goes it adds something.
        if (loads.isBroken || !relief.isPromising(gain - price)) continue;
        const step = {
          resource,
          target,
          partner: at,
          partnerTarget: NOWHERE,
          gain,
          overload: loads.overload - layout.overloads[target]!,
          pressure: loads.pressure - layout.pressures[target]!,
        };
        if (source !== NOWHERE && rules.canTake(source, at)) comeBack(relief, step, source);
        goOn(relief, step, price);
      }
    }
  }
}

function comeBack(relief: Relief, step: Step, source: number): void {
  const { layout } = relief;
  const { loads } = layout;
  const here = layout.costOf(source) - layout.probe(source, step.partner, step.resource);
  if (loads.isBroken) return;
  relief.consider({
    ...step,
    partnerTarget: source,
    gain: step.gain - relief.gainAtSourceOf(step.resource) + here,
    overload: step.overload + loads.overload - layout.overloads[source]!,
    pressure: step.pressure + loads.pressure - layout.pressures[source]!,
  });
}

function goOn(relief: Relief, step: Step, price: number): void {
  const { layout, rules, source } = relief;
  const { loads } = layout;
  let servers = 0;
  for (const target of layout.byPeak) {
    if (target === source || target === step.target) continue;
    if (!rules.canTake(target, step.partner)) continue;
    if (++servers > RECEIVERS_MAX) return;
    if (!relief.isPromising(step.gain - price - relief.priceOf(step.partner, target))) continue;
    const rise = layout.probe(target, step.partner, layout.nobody) - layout.costOf(target);
    if (loads.isBroken) continue;
    relief.consider({
      ...step,
      partnerTarget: target,
      gain: step.gain - rise,
      overload:
        relief.overloadOf(step.resource) +
        step.overload +
        (loads.overload - layout.overloads[target]!),
      pressure:
        relief.pressureOf(step.resource) +
        step.pressure +
        (loads.pressure - layout.pressures[target]!),
    });
  }
}
