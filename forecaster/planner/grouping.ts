import type { Config } from '../../core/config/schema.js';
import { firstStarIn, matchesGlob } from '../../core/config/units.js';
import type { ResourceId } from '../../core/domain.js';
import type { PlanningServer } from './inputs.js';
import type { Group, Grouping } from './problem.js';
import { NOWHERE } from './problem.js';

type GroupOptions = Config['planner']['groups'][number];

/**
 * Who belongs together by the config. Left out: groups that nobody needs and that have no rule, or one resource and a rule
 * that only several can break.
 */
export function groupingOf(
  resources: readonly ResourceId[],
  servers: readonly PlanningServer[],
  { start, options }: { readonly start: Int32Array; readonly options: readonly GroupOptions[] },
): Grouping {
  const groupOf = new Int32Array(resources.length).fill(NOWHERE);
  const memberships = membershipsOf(resources, options);
  const needed = new Set(memberships.flatMap((membership) => neededBy(membership, options)));
  const ruled = memberships.filter(({ key, option, members }) => {
    const { apart, zonesMin, needs = [] } = option;
    const isRuled = members.length > 1 && (apart || zonesMin > 1);
    return isRuled || needs.length > 0 || needed.has(key);
  });
  const indexOf = new Map(ruled.map(({ key }, index) => [key, index]));
  const groups = ruled.map((membership, index): Group => {
    const { option, members } = membership;
    const zonesMin = Math.min(option.zonesMin, members.length);
    for (const member of members) groupOf[member] = index;
    return {
      members: Int32Array.from(members),
      isApart: option.apart,
      spread: zonesMin > 1 ? { zoning: 0, zonesMin } : null,
      needs: neededBy(membership, options).flatMap((key) => {
        // What there is none of is not waited for.
        const group = indexOf.get(key);
        return group === undefined ? [] : [{ zoning: 0, group }];
      }),
    };
  });
  return { groupOf, groups, zonings: [zonesOf(servers)], servers: servers.length, start };
}

interface Membership {
  /** Which entry of the list, and what the first star stands for where each text has a group. */
  readonly key: string;
  readonly star: string;
  readonly option: GroupOptions;
  readonly members: number[];
}

/** In the order of their first members. */
function membershipsOf(
  resources: readonly ResourceId[],
  options: readonly GroupOptions[],
): Membership[] {
  const byKey = new Map<string, Membership>();
  if (options.length === 0) return [];
  for (const [index, resource] of resources.entries()) {
    const at = options.findIndex(({ match }) => matchesGlob(match, resource));
    const option = options[at];
    if (option === undefined) continue;
    const star = option.each ? firstStarIn(option.match, resource) : '';
    const key = keyOf(at, star);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { key, star, option, members: [index] });
    else known.members.push(index);
  }
  return [...byKey.values()];
}

function keyOf(at: number, star: string): string {
  return `${at} ${star}`;
}

/** Keys of the groups that it needs; that there are such names the config has seen to. */
function neededBy(
  { option: { needs = [] }, star }: Membership,
  options: readonly GroupOptions[],
): string[] {
  return needs.map((need) => {
    const at = options.findIndex(({ name }) => name === need);
    return keyOf(at, options[at]?.each === true ? star : '');
  });
}

/** Of each server; those without a name have one together. */
function zonesOf(servers: readonly PlanningServer[]): Int32Array {
  const numbers = new Map<string | null, number>();
  return Int32Array.from(servers, ({ zone }) => {
    const number = numbers.get(zone) ?? numbers.size;
    numbers.set(zone, number);
    return number;
  });
}
