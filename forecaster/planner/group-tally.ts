import type { FlatLists } from './flat-lists.js';
import { flatLists } from './flat-lists.js';
import type { Grouping } from './problem.js';
import { NOWHERE } from './problem.js';

/** Groups up to this size are looked through; larger ones have a count by server. */
const SMALL_MAX = 6;

interface Link {
  readonly zoning: number;
  readonly group: number;
}

/** Members by zone of one zoning, of those groups that are counted there: a row each. */
class ZoneCounts {
  readonly zones: number;
  /** Where the row of a group begins; `NOWHERE`: it has none. */
  readonly rowOf: Int32Array;
  readonly counts: Int32Array;

  constructor(zoneOf: Int32Array, isCounted: readonly boolean[]) {
    this.zones = zoneOf.reduce((most, zone) => Math.max(most, zone + 1), 0);
    let rows = 0;
    this.rowOf = Int32Array.from(isCounted, (is) => (is ? rows++ * this.zones : NOWHERE));
    this.counts = new Int32Array(rows * this.zones);
  }

  /** Of a group that is counted. */
  of(group: number): Int32Array {
    const row = this.rowOf[group]!;
    return this.counts.subarray(row, row + this.zones);
  }
}

/** Links of all groups, one list after the other (`from` as in `FlatLists`): most steps of a search ask for them. */
interface Links {
  readonly from: Int32Array;
  readonly zoning: Int32Array;
  readonly group: Int32Array;
}

/**
 * Where the members of each group are, kept up to date move by move, and what a move would do to the rules of
 * groups. What is broken is counted as *faults*: each member beyond the first on a server of a group that is apart,
 * each zone too few, each zone without the company that is needed. No resource goes where one of its group is that
 * is apart; through the other faults a search may pass. A plan has none that the start had not.
 */
export class GroupTally {
  faults = 0;
  /** Some group needs another. */
  readonly hasNeeds: boolean;
  readonly #grouping: Grouping;
  readonly #assignment: Int32Array;
  /** Members by server, of large groups that are apart. */
  readonly #byServer: readonly (Int32Array | null)[];
  readonly #members: FlatLists;
  readonly #isApart: Uint8Array;
  /** Members by zone, of groups that are spread. */
  readonly #spread: readonly (Int32Array | null)[];
  readonly #zonesUsed: Int32Array;
  /** Of groups that need others or are needed; by zoning. */
  readonly #present: readonly ZoneCounts[];
  readonly #neededBy: readonly (readonly Link[])[];
  readonly #needLinks: Links;
  readonly #neededByLinks: Links;
  /** It needs another, is needed, or is spread. */
  readonly #hasZones: Uint8Array;
  /** It is apart, and at the start some of it share a server. */
  readonly #isCrowded: Uint8Array;
  readonly #faultsAtStart: ReadonlySet<string>;

  /** @param assignment the one that is changed, kept by whoever moves */
  constructor(grouping: Grouping, assignment: Int32Array) {
    const { groups, zonings, servers } = grouping;
    this.#grouping = grouping;
    this.#assignment = assignment;
    this.#members = flatLists(groups.map(({ members }) => members));
    this.#isApart = Uint8Array.from(groups, ({ isApart }) => Number(isApart));
    this.#neededBy = neededBy(grouping);
    this.#needLinks = linksOf(groups.map(({ needs }) => needs));
    this.#neededByLinks = linksOf(this.#neededBy);
    this.hasNeeds = groups.some(({ needs }) => needs.length > 0);
    this.#byServer = groups.map(({ isApart, members }) =>
      isApart && members.length > SMALL_MAX ? new Int32Array(servers) : null,
    );
    this.#present = zonings.map((zoneOf, zoning) => {
      const isLinked = groups.map(({ needs }, group) =>
        [...needs, ...this.#neededBy[group]!].some((link) => link.zoning === zoning),
      );
      return new ZoneCounts(zoneOf, isLinked);
    });
    this.#spread = groups.map(({ spread }) =>
      spread === null ? null : new Int32Array(this.#present[spread.zoning]!.zones),
    );
    this.#zonesUsed = new Int32Array(groups.length);
    this.#hasZones = Uint8Array.from(groups, ({ needs, spread }, group) =>
      spread !== null || needs.length > 0 || this.#neededBy[group]!.length > 0 ? 1 : 0,
    );
    this.#isCrowded = new Uint8Array(groups.length);
    for (const { spread } of groups) this.faults += spread?.zonesMin ?? 0;
    for (const [resource, server] of groups.length === 0 ? [] : assignment.entries()) {
      this.faults += this.faultsDelta(resource, NOWHERE, server);
      this.#count(resource, server, 1);
    }
    for (const [group, { isApart }] of groups.entries()) {
      const crowd = isApart ? this.#crowdOf(group).length : 0;
      this.#isCrowded[group] = Math.min(1, crowd);
      this.faults += crowd;
    }
    this.#faultsAtStart = new Set(this.faults === 0 ? [] : this.#faultNames());
  }

  /** Another of its group, which is apart, is on that server; it may be there itself. */
  meets(resource: number, server: number): boolean {
    const group = this.#grouping.groupOf[resource]!;
    if (group === NOWHERE || server === NOWHERE) return false;
    if (this.#isApart[group] === 0) return false;
    const byServer = this.#byServer[group];
    const own = this.#assignment[resource] === server ? 1 : 0;
    return byServer ? byServer[server]! > own : this.#isMateOn(group, resource, server);
  }

  /** The one of its group that is on that server, if there is but one; `NOWHERE`: none, or more. */
  onlyMateOn(resource: number, server: number): number {
    const group = this.#grouping.groupOf[resource]!;
    if (group === NOWHERE) return NOWHERE;
    let mate = NOWHERE;
    for (const member of this.#grouping.groups[group]!.members) {
      if (member === resource || this.#assignment[member] !== server) continue;
      if (mate !== NOWHERE) return NOWHERE;
      mate = member;
    }
    return mate;
  }

  #isMateOn(group: number, resource: number, server: number): boolean {
    const { from, values } = this.#members;
    const end = from[group + 1]!;
    for (let at = from[group]!; at < end; at++) {
      const member = values[at]!;
      if (member !== resource && this.#assignment[member] === server) return true;
    }
    return false;
  }

  /** Whether it may stay where it was at the start: no member is there that was not there, too. */
  allowsHome(resource: number): boolean {
    const { groupOf, groups, start } = this.#grouping;
    const home = start[resource]!;
    if (!this.meets(resource, home)) return true;
    return groups[groupOf[resource]!]!.members.every(
      (member) => this.#assignment[member] !== home || start[member] === home,
    );
  }

  /** Whether two resources may change places. */
  allowsSwap(a: number, b: number): boolean {
    const { groupOf } = this.#grouping;
    const group = groupOf[a]!;
    if (group === groupOf[b]) return group === NOWHERE || this.#areAlone(group, a, b);
    return !this.meets(a, this.#assignment[b]!) && !this.meets(b, this.#assignment[a]!);
  }

  /** Where two of a group are, no third is: only one that was there at the start can be. */
  #areAlone(group: number, a: number, b: number): boolean {
    const { isApart, members } = this.#grouping.groups[group]!;
    if (!isApart) return true;
    const from = this.#assignment[a]!;
    const to = this.#assignment[b]!;
    const byServer = this.#byServer[group];
    if (byServer) return byServer[from] === 1 && byServer[to] === 1;
    for (const member of members) {
      const server = this.#assignment[member]!;
      if (member !== a && member !== b && (server === from || server === to)) return false;
    }
    return true;
  }

  /** How many more faults there are if the resource goes from one server to another. */
  faultsDelta(resource: number, from: number, to: number): number {
    const group = this.#grouping.groupOf[resource]!;
    if (group === NOWHERE) return 0;
    const crowd = this.#isCrowded[group] === 1 ? this.#crowdDelta(group, resource, from, to) : 0;
    if (this.#hasZones[group] === 0) return crowd;
    return crowd + this.#shortfallDelta(group, from, to) + this.#lonelyDelta(group, from, to);
  }

  faultsSwapDelta(a: number, b: number): number {
    const { groupOf } = this.#grouping;
    const group = groupOf[a]!;
    if (group === groupOf[b]) return 0;
    const from = this.#assignment[a]!;
    const to = this.#assignment[b]!;
    const first = this.faultsDelta(a, from, to);
    if (group === NOWHERE || this.#hasZones[group] === 0) {
      return first + this.faultsDelta(b, to, from);
    }
    // The second is judged with the first gone: it may be what the first needs, or what needs it.
    this.#count(a, from, -1);
    this.#count(a, to, 1);
    const second = this.faultsDelta(b, to, from);
    this.#count(a, to, -1);
    this.#count(a, from, 1);
    return first + second;
  }

  moved(resource: number, from: number, to: number): void {
    this.faults += this.faultsDelta(resource, from, to);
    this.#count(resource, from, -1);
    this.#count(resource, to, 1);
  }

  /** A rule of this group is. */
  isBroken(group: number): boolean {
    return this.#faultNamesOf(group).length > 0;
  }

  /** A rule of this group is broken, or of one that needs it: where its members are may mend that. */
  isInvolved(group: number): boolean {
    return (
      this.isBroken(group) ||
      this.#neededBy[group]!.some(({ group: other }) => this.isBroken(other))
    );
  }

  /** Of `faultsDelta`, how many more zones lack company. */
  companyDelta(resource: number, from: number, to: number): number {
    const group = this.#grouping.groupOf[resource]!;
    return group === NOWHERE ? 0 : this.#lonelyDelta(group, from, to);
  }

  /** Those that it needs, and those that need it. */
  linkedTo(group: number): Link[] {
    return [...this.#grouping.groups[group]!.needs, ...this.#neededBy[group]!];
  }

  /** Where it lacks company. */
  lonelyZonesOf(group: number): { readonly zoning: number; readonly zone: number }[] {
    return this.#grouping.groups[group]!.needs.flatMap(({ zoning, group: other }) => {
      const present = this.#present[zoning]!;
      const others = present.of(other);
      return [...present.of(group).entries()].flatMap(([zone, count]) =>
        count > 0 && others[zone] === 0 ? [{ zoning, zone }] : [],
      );
    });
  }

  /** No rule is broken that was not at the start. */
  isNoWorse(): boolean {
    if (this.faults === 0) return true;
    if (this.#faultsAtStart.size === 0) return false;
    return this.#faultNames().every((name) => this.#faultsAtStart.has(name));
  }

  /** Members beyond the first on a server, of a group that is apart. */
  #crowdOf(group: number): string[] {
    const seen = new Map<number, number>();
    return [...this.#grouping.groups[group]!.members].flatMap((member) => {
      const server = this.#assignment[member]!;
      const before = seen.get(server) ?? 0;
      seen.set(server, before + 1);
      return server === NOWHERE || before === 0 ? [] : [`apart ${group} ${server} ${before}`];
    });
  }

  #crowdDelta(group: number, resource: number, from: number, to: number): number {
    if (from === to) return 0;
    const byServer = this.#byServer[group];
    // Where it is, it is counted itself.
    const isMet = (server: number): number =>
      server === NOWHERE
        ? 0
        : Number(
            byServer
              ? byServer[server]! > (server === from ? 1 : 0)
              : this.#isMateOn(group, resource, server),
          );
    return isMet(to) - isMet(from);
  }

  #faultNames(): string[] {
    return [...this.#grouping.groups.keys()].flatMap((group) => this.#faultNamesOf(group));
  }

  /** Who is crowded; members that must be spread into one zone more; zones where it lacks company. */
  #faultNamesOf(group: number): string[] {
    const { spread, needs } = this.#grouping.groups[group]!;
    const names = this.#isCrowded[group] === 1 ? this.#crowdOf(group) : [];
    const missing = spread === null ? 0 : spread.zonesMin - this.#zonesUsed[group]!;
    for (let at = 0; at < missing; at++) names.push(`spread ${group} ${at}`);
    for (const { zoning, group: other } of needs) {
      const mine = this.#present[zoning]!.of(group);
      const others = this.#present[zoning]!.of(other);
      for (const [zone, count] of mine.entries()) {
        if (count > 0 && others[zone] === 0) {
          names.push(`${group} needs ${other} in ${zoning} ${zone}`);
        }
      }
    }
    return names;
  }

  #count(resource: number, server: number, sign: 1 | -1): void {
    const { groupOf, groups, zonings } = this.#grouping;
    const group = groupOf[resource]!;
    if (group === NOWHERE || server === NOWHERE) return;
    const byServer = this.#byServer[group];
    if (byServer) byServer[server]! += sign;
    if (this.#hasZones[group] === 0) return;
    const spread = this.#spread[group];
    if (spread) {
      const zone = zonings[groups[group]!.spread!.zoning]![server]!;
      spread[zone]! += sign;
      if (spread[zone] === 0) this.#zonesUsed[group]!--;
      if (sign === 1 && spread[zone] === 1) this.#zonesUsed[group]!++;
    }
    for (let zoning = 0; zoning < zonings.length; zoning++) {
      const { rowOf, counts } = this.#present[zoning]!;
      const row = rowOf[group]!;
      if (row !== NOWHERE) counts[row + zonings[zoning]![server]!]! += sign;
    }
  }

  #shortfallDelta(group: number, from: number, to: number): number {
    const counts = this.#spread[group];
    if (!counts) return 0;
    const { zoning, zonesMin } = this.#grouping.groups[group]!.spread!;
    const zoneOf = this.#grouping.zonings[zoning]!;
    const source = from === NOWHERE ? NOWHERE : zoneOf[from]!;
    const target = to === NOWHERE ? NOWHERE : zoneOf[to]!;
    if (source === target) return 0;
    const used = this.#zonesUsed[group]!;
    const after =
      used -
      (source !== NOWHERE && counts[source] === 1 ? 1 : 0) +
      (target !== NOWHERE && counts[target] === 0 ? 1 : 0);
    return Math.max(0, zonesMin - after) - Math.max(0, zonesMin - used);
  }

  #lonelyDelta(group: number, from: number, to: number): number {
    const { zonings } = this.#grouping;
    let delta = 0;
    for (let zoning = 0; zoning < zonings.length; zoning++) {
      const { rowOf, counts } = this.#present[zoning]!;
      const row = rowOf[group]!;
      if (row === NOWHERE) continue;
      const source = from === NOWHERE ? NOWHERE : zonings[zoning]![from]!;
      const target = to === NOWHERE ? NOWHERE : zonings[zoning]![to]!;
      if (source === target) continue;
      const isLast = source !== NOWHERE && counts[row + source] === 1;
      const isFirst = target !== NOWHERE && counts[row + target] === 0;
      if (!isLast && !isFirst) continue;
      const needs = this.#needLinks;
      for (let at = needs.from[group]!; at < needs.from[group + 1]!; at++) {
        if (needs.zoning[at] !== zoning || needs.group[at] === group) continue;
        const others = rowOf[needs.group[at]!]!;
        if (isLast && counts[others + source] === 0) delta--;
        if (isFirst && counts[others + target] === 0) delta++;
      }
      const neededBy = this.#neededByLinks;
      for (let at = neededBy.from[group]!; at < neededBy.from[group + 1]!; at++) {
        if (neededBy.zoning[at] !== zoning || neededBy.group[at] === group) continue;
        const others = rowOf[neededBy.group[at]!]!;
        if (isLast && counts[others + source]! > 0) delta++;
        if (isFirst && counts[others + target]! > 0) delta--;
      }
    }
    return delta;
  }
}

function linksOf(links: readonly (readonly Link[])[]): Links {
  const zonings = flatLists(links.map((list) => list.map(({ zoning }) => zoning)));
  const groups = flatLists(links.map((list) => list.map(({ group }) => group)));
  return { from: zonings.from, zoning: zonings.values, group: groups.values };
}

function neededBy({ groups }: Grouping): Link[][] {
  const links = groups.map((): Link[] => []);
  for (const [group, { needs }] of groups.entries()) {
    for (const need of needs) links[need.group]!.push({ zoning: need.zoning, group });
  }
  return links;
}
