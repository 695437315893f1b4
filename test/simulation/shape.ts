import type { DrainPolicy, LostSourcePolicy, ResourceId } from '../../core/domain.js';
import { DRAIN_POLICIES } from '../../core/domain.js';
import type { CallFaults } from '../../core/net/simulated-host.js';
import type { Rng } from '../../core/rng.js';
import { chance, integerBelow, pick } from '../../core/rng.js';
import type { RedirectorOptions } from '../../redirector/redirector.js';
import { SWITCH_LIMITS } from '../../redirector/switch/protocol.js';

/** What a seed's cluster is made of. */
export interface Shape {
  readonly redirectors: readonly string[];
  /** With one more at the end, perhaps, that has no agent: `foreign`. */
  readonly servers: readonly string[];
  readonly resources: readonly ResourceId[];
  readonly drain: ReadonlyMap<ResourceId, DrainPolicy>;
  readonly calls: CallFaults;
  /** So much may be on its way over a connection before its writer is told to wait. */
  readonly windowBytes: number;
}

export function shapeOf(rng: Rng): Shape {
  const resources = named('vol', 6) as ResourceId[];
  const hasForeign = chance(rng, 0.3);
  const servers = named('s', 2 + integerBelow(rng, 2));
  const isPolite = chance(rng, 0.6);
  return {
    redirectors: named('r', 2 + integerBelow(rng, 2)),
    servers: hasForeign ? [...servers, 'foreign'] : servers,
    resources,
    drain: new Map(
      resources.map((resource) => [resource, isPolite ? 'abort' : pick(rng, DRAIN_POLICIES)]),
    ),
    calls: {
      lostCallProbability: chance(rng, 0.4) ? 0.03 : 0,
      lostAnswerProbability: chance(rng, 0.4) ? 0.03 : 0,
      doubledCallProbability: chance(rng, 0.4) ? 0.1 : 0,
    },
    windowBytes: chance(rng, 0.3) ? 64 : 256 << 10,
  };
}

/** Every second resource prefers consistency. */
export function policyOf(resource: ResourceId): LostSourcePolicy {
  return Number(resource.split('-')[1]) % 2 === 0 ? 'consistency' : 'availability';
}

export function isFenced(server: string): boolean {
  return server !== 'foreign';
}

/** So few that four clients meet the limits. */
export const HELD_MAX = 3;
export const HELD_PER_RESOURCE_MAX = 2;
export const HOLD_TIMEOUT_MS = 1500;
/** Longer than a member's: so a server may serve a redirector whose lease is over. */
const SERVING_LEASE_MS = 1200;

/** As in production, but for shorter times: a seed is over in some ten seconds. */
export const REDIRECTOR_OPTIONS: RedirectorOptions = {
  membership: { leaseMs: 500, leaseMarginMs: 100 },
  gate: {
    holdTimeoutMs: HOLD_TIMEOUT_MS,
    stallTimeoutMs: 800,
    heldPerResourceMax: HELD_PER_RESOURCE_MAX,
    heldMax: HELD_MAX,
    resumeBurst: 4,
  },
  health: { checkMs: 150, recheckMs: 40, timeoutMs: 200, servingLeaseMs: SERVING_LEASE_MS },
  agents: { callTimeoutMs: 200 },
  coordinator: {
    tickMs: 50,
    standbyAfterMs: 100,
    placeAfterMs: 400,
    limits: {
      ...SWITCH_LIMITS,
      prepareTimeoutMs: 400,
      drainTimeoutMs: 400,
      stepTimeoutMs: 500,
      resumeTimeoutMs: 600,
    },
    queue: { batchAttemptsMax: 2, batchRetryMs: 300 },
    failover: { batchMovesMax: 4, planLifeMs: 60_000 },
    lostServers: {
      servingLeaseMs: SERVING_LEASE_MS,
      servingMarginMs: 100,
      fenceHook: undefined,
      fenceHookTimeoutMs: 200,
    },
  },
  view: { pollMs: 200, restoreAfterMs: 300 },
  settleTimeoutMs: 500,
  stopWaitMs: 0,
  stopTimeoutMs: 10_000,
  startRetryMs: 50,
};

export const ADAPTER_OPTIONS = {
  retryForMs: 1500,
  retryPauseMs: 10,
  answerTimeoutMs: 2500,
  connectTimeoutMs: 200,
  obstacleAgeMs: 300,
  serverConnectionsMax: 8,
  serverQueueTimeoutMs: 1500,
} as const;

function named(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
}
