import { areSameFacts } from '../../core/kept.js';
import type { Servers } from './allowed.js';
import type { PlanningInputs, PlanningResource } from './inputs.js';
import type { Allowed, Freedom, Need, Problem, Role } from './problem.js';
import { NOWHERE } from './problem.js';
import { restedMs } from './rested.js';

/** Where each resource is, where it counts, why it must leave there, and whether it may. */
export type Places = Pick<Problem, 'origin' | 'start' | 'needs' | 'freedom'>;

/** On what that rests beside the inputs; resources in the problem's order. */
interface Facts extends Servers {
  readonly resources: readonly PlanningResource[];
  readonly allowed: readonly Allowed[];
  readonly isUnmeasured: Uint8Array;
}

/** What was said before, and on what it rested. */
interface Before {
  readonly inputs: PlanningInputs;
  readonly problem: Problem;
  readonly resources: readonly PlanningResource[];
}

/** The same arrays as before if nothing is different: what was made of them is known, then. */
export function placesOf(inputs: PlanningInputs, facts: Facts, before: Before | undefined): Places {
  const known = before !== undefined && isAskedAlike(inputs, facts, before);
  return known ? changedPlaces(inputs, facts, before) : allPlaces(inputs, facts);
}

function allPlaces(inputs: PlanningInputs, facts: Facts): Places {
  const count = facts.resources.length;
  const places = {
    origin: new Int32Array(count),
    start: new Int32Array(count),
    needs: Array.from({ length: count }, (): Need | null => null),
    freedom: Array.from({ length: count }, (): Freedom => 'fixed'),
  };
  for (let row = 0; row < count; row++) place(row, places, inputs, facts);
  return places;
}

/** What is said of a resource is the same as long as the resource is, and all servers that it names do what they did. */
function changedPlaces(
  inputs: PlanningInputs,
  facts: Facts,
  { problem, resources }: Before,
): Places {
  const isOther = facts.roles.map((role, server) => role !== problem.roles[server]);
  const isAnyOther = isOther.includes(true);
  const rows: number[] = [];
  for (let row = 0; row < resources.length; row++) {
    const resource = facts.resources[row]!;
    const isSame =
      resource === resources[row] &&
      !(isAnyOther && (isOther[problem.origin[row]!] === true || namesOthers(resource)));
    if (!isSame) rows.push(row);
  }
  if (rows.length === 0) return problem;
  const places = {
    origin: problem.origin.slice(),
    start: problem.start.slice(),
    needs: problem.needs.slice(),
    freedom: problem.freedom.slice(),
  };
  for (const row of rows) place(row, places, inputs, facts);
  return places;
}

/** Beside the server that it has. */
function namesOthers({ movingTo, pinned }: PlanningResource): boolean {
  return movingTo !== null || pinned !== null;
}

/** All that is said is the same for the same resources on the same servers. */
function isAskedAlike(
  { nowMs, restraint, options: { cooldownMs } }: PlanningInputs,
  { isUnmeasured, serverIndex }: Facts,
  { inputs, problem }: Before,
): boolean {
  const asked = [nowMs, restraint, cooldownMs, isUnmeasured];
  const { options } = inputs;
  return (
    areSameFacts(
      [inputs.nowMs, inputs.restraint, options.cooldownMs, problem.isUnmeasured],
      asked,
    ) && areSameFacts([...serverIndex.keys()], problem.servers)
  );
}

function place(
  row: number,
  {
    origin,
    start,
    needs,
    freedom,
  }: {
    readonly origin: Int32Array;
    readonly start: Int32Array;
    readonly needs: (Need | null)[];
    readonly freedom: Freedom[];
  },
  inputs: PlanningInputs,
  { resources, allowed, isUnmeasured, serverIndex, roles }: Facts,
): void {
  const resource = resources[row]!;
  const { server, movingTo } = resource;
  const home = server === null ? NOWHERE : (serverIndex.get(server) ?? NOWHERE);
  const target = movingTo === null ? NOWHERE : (serverIndex.get(movingTo) ?? NOWHERE);
  const isMoving = target !== NOWHERE && roles[target] !== 'lost';
  const need = isMoving ? null : server === null ? 'place' : needAt(home, allowed[row]!, roles);
  origin[row] = home;
  start[row] = isMoving ? target : need === 'lost' ? NOWHERE : home;
  needs[row] = need;
  freedom[row] = freedomOf(resource, inputs, { need, isMeasured: isUnmeasured[row] === 0 });
}

function needAt(home: number, allowed: Allowed, roles: readonly Role[]): Need | null {
  // A server that nobody knows any more cannot be asked to release anything: left alone.
  if (home === NOWHERE) return null;
  if (roles[home] === 'lost') return 'lost';
  if (allowed.mask[home] === 1) return null;
  return allowed.isPin && allowed.servers.length > 0 ? 'pin' : 'drain';
}

function freedomOf(
  resource: PlanningResource,
  inputs: PlanningInputs,
  { need, isMeasured }: { readonly need: Need | null; readonly isMeasured: boolean },
): Freedom {
  const { server, movingTo, pinned } = resource;
  if (movingTo !== null) return 'fixed';
  if (need === 'drain' && pinned === server) return 'fixed';
  if (need !== null) return 'free';
  if (inputs.restraint !== null || pinned !== null || !isMeasured) return 'fixed';
  return coolingUntilMs(resource, inputs) === null ? 'free' : 'cooling';
}

/** Until when a resource rests after its last move; null: it does not. */
export function coolingUntilMs(
  resource: PlanningResource,
  { nowMs, options: { cooldownMs } }: PlanningInputs,
): number | null {
  const { movedAtMs } = resource;
  const isCooling = movedAtMs !== null && restedMs(resource, nowMs) < cooldownMs;
  return isCooling ? movedAtMs + cooldownMs : null;
}
