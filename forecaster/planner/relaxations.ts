import type { ServerId } from '../../core/domain.js';
import type { Blocker } from '../../core/plan.js';
import type { PlannerOptions, PlanningInputs } from './inputs.js';
import { GroupTally } from './group-tally.js';
import { NOWHERE, isAway, movedBetween } from './problem.js';
import type { Solution } from './search.js';
import type { Translation } from './translation.js';

/** A search over inputs of which one limit was taken away. */
export interface Trial {
  /** As it is; both list the same resources and servers. */
  readonly before: Translation;
  readonly after: Translation;
  readonly found: Solution;
}

/** One kind of limit. */
export interface Relaxation {
  /** The inputs without it; undefined: there is none of it. */
  readonly relax: (inputs: PlanningInputs) => PlanningInputs | undefined;
  /** Of what was made use of when it was gone. */
  readonly name: (trial: Trial) => Blocker[];
}

/** The smallest intervention first. */
export const RELAXATIONS: readonly Relaxation[] = [
  {
    relax: (inputs) => withOptions(inputs, { movesMax: MOVES_ENOUGH }),
    name: (trial) => missingMoves('moves-limit', trial),
  },
  {
    relax: (inputs) =>
      inputs.options.movesPerHourMax === undefined
        ? undefined
        : withOptions(inputs, { movesPerHourMax: MOVES_ENOUGH }),
    name: (trial) => missingMoves('hourly-moves-limit', trial),
  },
  {
    relax: (inputs) =>
      inputs.options.movesPerServerMax === undefined
        ? undefined
        : withOptions(inputs, { movesPerServerMax: MOVES_ENOUGH }),
    name: ({ before, found }) => {
      const { servers, serverMovesMax } = before.problem;
      return [...movedByServer({ before, found }, () => 1)]
        .filter(([, moves]) => moves > serverMovesMax)
        .map(([server, moves]) =>
          blocker('server-moves-limit', {
            server: servers[server]!,
            amount: moves - serverMovesMax,
          }),
        );
    },
  },
  {
    relax: withoutByteLimits,
    name: missingBytes,
  },
  {
    relax: (inputs) => withOptions(inputs, { cooldownMs: 0 }),
    name: ({ before, found }) =>
      movedIn({ before, found })
        .filter((resource) => before.problem.freedom[resource] === 'cooling')
        .map((resource) => ofResource('cooldown', before, resource)),
  },
  {
    relax: (inputs) =>
      inputs.options.groups.length === 0 ? undefined : withOptions(inputs, { groups: [] }),
    name: ({ before, found }) => {
      const { grouping } = before.problem;
      const groups = new GroupTally(grouping, found.assignment);
      const seen = new Set<number>();
      return [...grouping.groupOf.entries()].flatMap(([resource, group]) => {
        if (group === NOWHERE || seen.has(group) || !groups.isBroken(group)) return [];
        seen.add(group);
        return [ofResource('group', before, resource)];
      });
    },
  },
  {
    relax: (inputs) =>
      inputs.resources.some(({ pinned }) => pinned !== null)
        ? {
            ...inputs,
            resources: inputs.resources.map((resource) => ({ ...resource, pinned: null })),
          }
        : undefined,
    name: ({ before, found }) =>
      movedIn({ before, found })
        .filter((resource) => before.resources[resource]!.pinned !== null)
        .map((resource) => ofResource('pin', before, resource)),
  },
  {
    relax: (inputs) => {
      const everybody = inputs.servers.map(({ id }) => id);
      return {
        ...inputs,
        resources: inputs.resources.map((resource) => ({ ...resource, eligible: everybody })),
      };
    },
    name: ({ before, found }) =>
      movedIn({ before, found })
        .filter((resource) => !isEligible(before, resource, found.assignment[resource]!))
        .map((resource) => ofResource('eligibility', before, resource)),
  },
  {
    relax: (inputs) =>
      inputs.servers.some(({ state }) => state === 'draining' || state === 'maintenance')
        ? {
            ...inputs,
            servers: inputs.servers.map((server) =>
              server.state === 'lost' ? server : { ...server, state: 'ready' },
            ),
          }
        : undefined,
    name: ({ before, found }) => {
      const used = new Set(found.assignment);
      return [...before.problem.roles.entries()]
        .filter(([server, role]) => role === 'leaving' && used.has(server))
        .map(([server]) => blocker('server-state', { server: before.problem.servers[server]! }));
    },
  },
];

/** More than any plan has. */
const MOVES_ENOUGH = 2 ** 31 - 1;

export function blocker(kind: Blocker['kind'], rest: Partial<Omit<Blocker, 'kind'>> = {}): Blocker {
  return { kind, resource: null, server: null, zone: null, dimension: null, amount: null, ...rest };
}

function withOptions(inputs: PlanningInputs, options: Partial<PlannerOptions>): PlanningInputs {
  return { ...inputs, options: { ...inputs.options, ...options } };
}

function missingMoves(
  kind: 'moves-limit' | 'hourly-moves-limit',
  { before, found }: Trial,
): Blocker[] {
  const amount = movesIn({ before, found }).length - before.problem.movesMax;
  return amount > 0 ? [blocker(kind, { amount })] : [];
}

function withoutByteLimits(inputs: PlanningInputs): PlanningInputs | undefined {
  const { bytesMax, bytesPerServerMax, bytesPerHourMax, ...options } = inputs.options;
  const isAny = [bytesMax, bytesPerServerMax, bytesPerHourMax].some((most) => most !== undefined);
  return isAny ? { ...inputs, options } : undefined;
}

/** Of the whole plan, then of the servers that need more. */
function missingBytes({ before, found }: Trial): Blocker[] {
  const { bytes, bytesMax, serverBytesMax, servers } = before.problem;
  const all = movesIn({ before, found }).reduce((sum, resource) => sum + bytes[resource]!, 0);
  return [
    ...(all > bytesMax ? [blocker('bytes-limit', { amount: all - bytesMax })] : []),
    ...[...movedByServer({ before, found }, (resource) => bytes[resource]!)]
      .filter(([, moved]) => moved > serverBytesMax)
      .map(([server, moved]) =>
        blocker('bytes-limit', { server: servers[server]!, amount: moved - serverBytesMax }),
      ),
  ];
}

/** How much leaves or reaches a server, of those of which anything does. */
function movedByServer(
  { before, found }: Pick<Trial, 'before' | 'found'>,
  amountOf: (resource: number) => number,
): Map<number, number> {
  const sums = new Map<number, number>();
  for (const resource of movesIn({ before, found })) {
    for (const server of [before.problem.start[resource]!, found.assignment[resource]!]) {
      sums.set(server, (sums.get(server) ?? 0) + amountOf(resource));
    }
  }
  return sums;
}

/** Of what serves now: the rest is placed. */
function movesIn({ before, found }: Pick<Trial, 'before' | 'found'>): number[] {
  const { start } = before.problem;
  return [...start.keys()].filter(
    (resource) => isAway(start[resource]!, found.assignment[resource]!) === 1,
  );
}

function ofResource(kind: Blocker['kind'], { problem }: Translation, resource: number): Blocker {
  const server = problem.start[resource]!;
  return blocker(kind, {
    resource: problem.resources[resource]!,
    server: server === NOWHERE ? null : problem.servers[server]!,
  });
}

function movedIn({
  before: {
    problem: { start },
  },
  found,
}: Pick<Trial, 'before' | 'found'>): number[] {
  return movedBetween(start, found.assignment);
}

function isEligible(
  { resources, problem }: Translation,
  resource: number,
  server: number,
): boolean {
  const id: ServerId | undefined = problem.servers[server];
  return id !== undefined && resources[resource]!.eligible.includes(id);
}
