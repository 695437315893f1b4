import type { Config } from '../../core/config/schema.js';
import { firstStarIn, matchesGlob } from '../../core/config/units.js';
import type { ResourceId } from '../../core/domain.js';
import type { PlanningServer } from './inputs.js';
import type { Group, Grouping } from './problem.js';
import { NOWHERE } from './problem.js';

type GroupOptions = Config['planner']['groups'][number];

/** Who belongs together by the config. Groups of one, and those without a rule, are left out. */
export function groupingOf(
  resources: readonly ResourceId[],
  servers: readonly PlanningServer[],
  { start, options }: { readonly start: Int32Array; readonly options: readonly GroupOptions[] },
): Grouping {
  const groupOf = new Int32Array(resources.length).fill(NOWHERE);
  const groups: Group[] = [];
  for (const { option, members } of membersByGroup(resources, options)) {
    const { apart } = option;
    const zonesMin = Math.min(option.zonesMin, members.length);
    if (members.length < 2 || !(apart || zonesMin > 1)) continue;
    for (const member of members) groupOf[member] = groups.length;
    groups.push({
      members: Int32Array.from(members),
      isApart: apart,
      spread: zonesMin > 1 ? { zoning: 0, zonesMin } : null,
      needs: [],
    });
  }
  return { groupOf, groups, zonings: [zonesOf(servers)], servers: servers.length, start };
}

interface Membership {
  readonly option: GroupOptions;
  readonly members: number[];
}

/** In the order of their first members. */
function membersByGroup(
  resources: readonly ResourceId[],
  options: readonly GroupOptions[],
): Iterable<Membership> {
  const byKey = new Map<string, Membership>();
  if (options.length === 0) return [];
  for (const [index, resource] of resources.entries()) {
    const at = options.findIndex(({ match }) => matchesGlob(match, resource));
    const option = options[at];
    if (option === undefined) continue;
    const key = `${at} ${option.each ? firstStarIn(option.match, resource) : ''}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { option, members: [index] });
    else known.members.push(index);
  }
  return byKey.values();
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
