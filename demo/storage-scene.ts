import type { z } from 'zod';
import type { configSchema } from '../core/config/schema.js';
import type { Mode, ResourceId } from '../core/domain.js';
import type { Trace } from '../core/trace/trace.js';

/* What the storage demo stages: which volumes, how busy they are and when, and the service's settings at that pace. */

const STEP_MS = 500;
const HISTORY_STEPS = 600;
/** Writes of fio, each one operation of its protocol. */
export const BLOCK_BYTES = 4096;
/** Operations a second that each server declares. */
export const CAPACITY_HITS = 200;
/** So long it goes on at most: volumes are made for that. */
export const SHOW_SECONDS_MAX = 600;

export type StorageProtocol = 'iscsi' | 'nfs';

/** So many writes a second, for so long. */
interface Level {
  readonly seconds: number;
  readonly perSecond: number;
}

export interface Volume {
  readonly resource: ResourceId;
  readonly protocol: StorageProtocol;
  /** They follow each other, and begin anew: a day of it takes a minute. */
  readonly day: readonly Level[];
}

const STEADY: readonly Level[] = [{ seconds: 60, perSecond: 60 }];
/** Beside a steady one it is too much for one server in the afternoon: 220 of 200. */
const GROWING: readonly Level[] = [
  { seconds: 30, perSecond: 20 },
  { seconds: 4, perSecond: 60 },
  { seconds: 4, perSecond: 100 },
  { seconds: 4, perSecond: 130 },
  { seconds: 14, perSecond: 160 },
  { seconds: 4, perSecond: 60 },
];

export const VOLUMES: readonly Volume[] = [
  { resource: 'disk-1' as ResourceId, protocol: 'iscsi', day: STEADY },
  { resource: 'disk-2' as ResourceId, protocol: 'iscsi', day: GROWING },
  { resource: 'home-1' as ResourceId, protocol: 'nfs', day: STEADY },
  { resource: 'home-2' as ResourceId, protocol: 'nfs', day: GROWING },
];

/** Of one volume, in the longest show. */
export const VOLUME_BYTES = VOLUMES.reduce(
  (most, { day }) =>
    Math.max(most, ...day.map(({ perSecond }) => perSecond * SHOW_SECONDS_MAX * BLOCK_BYTES)),
  0,
);

/** How busy it is so long after its day began, or before, and for how much longer. */
export function levelAt({ day }: Volume, ms: number): Level {
  const dayMs = day.reduce((sum, { seconds }) => sum + 1000 * seconds, 0);
  let left = ((ms % dayMs) + dayMs) % dayMs;
  for (const { seconds, perSecond } of day) {
    if (left < 1000 * seconds) return { seconds: seconds - left / 1000, perSecond };
    left -= 1000 * seconds;
  }
  return { seconds: 0, perSecond: 0 };
}

/** The days before the one that is shown: its last step ends when that begins. */
export function pastDays(): Trace {
  const hits = new Float32Array(VOLUMES.length * HISTORY_STEPS);
  for (const [row, volume] of VOLUMES.entries()) {
    for (let step = 0; step < HISTORY_STEPS; step++) {
      const ms = (step - HISTORY_STEPS) * STEP_MS;
      hits[row * HISTORY_STEPS + step] = levelAt(volume, ms).perSecond;
    }
  }
  return {
    resources: VOLUMES.map(({ resource }) => resource),
    grid: { startMs: 0, stepMs: STEP_MS, steps: HISTORY_STEPS },
    loads: { hits },
  };
}

export interface StorageAddresses {
  readonly api: number;
  readonly agents: number;
  readonly iscsi: number;
  readonly nfs: number;
  /** Of the MOUNT programs, by server. */
  readonly mounts: Readonly<Record<string, number>>;
  /** What servers export, by resource. */
  readonly paths: Readonly<Record<string, string>>;
}

export function targetName(resource: ResourceId): string {
  return `iqn.2026-01.org.example.foreshift-demo:${resource}`;
}

export function exportPath(resource: ResourceId): string {
  return `/${resource}`;
}

export function storageSettings(mode: Mode, addresses: StorageAddresses) {
  const loopback = (port: number): string => `127.0.0.1:${port}`;
  const of = (protocol: StorageProtocol): readonly Volume[] =>
    VOLUMES.filter((volume) => volume.protocol === protocol);
  return {
    cluster: 'demo',
    log: { level: 'error' },
    mode,
    api: { listen: loopback(addresses.api) },
    health: { listen: loopback(0) },
    agents: { listen: loopback(addresses.agents), callTimeoutMs: 5000 },
    listeners: [
      { listen: loopback(addresses.iscsi), protocol: 'iscsi' },
      { listen: loopback(addresses.nfs), protocol: 'nfs' },
    ],
    iscsi: {
      targets: of('iscsi').map(({ resource }) => ({ name: targetName(resource), resource })),
    },
    nfs: {
      exports: of('nfs').map(({ resource }) => ({
        ...{ path: exportPath(resource), resource, squash: 'none' as const },
        ...{ serverPath: addresses.paths[resource] ?? '', clients: ['127.0.0.0/8'] },
      })),
    },
    serverLinks: Object.entries(addresses.mounts).map(([match, mountPort]) => ({
      match,
      mountPort,
    })),
    collector: { everyMs: STEP_MS / 2, timeoutMs: 2 * STEP_MS },
    metricStore: { rollupMs: 10_000 },
    forecast: {
      everyMs: 4 * STEP_MS,
      stepMs: STEP_MS,
      horizonSteps: 12,
      historySteps: HISTORY_STEPS,
      seasonMs: [60_000],
    },
    // A day in a minute, beside whatever else this machine does, is no judgement of forecasts.
    fallBack: { missedMax: 1, falseMax: 1, leadStepsMin: 1, coverageMin: 0 },
    planner: {
      ...{ cooldownMs: 12 * STEP_MS, planLifeMs: 60 * STEP_MS, target: 0.9, quantile: 0.85 },
      // What is shown is a move that a forecast asks for: one server having more than the other is no reason.
      ...{ imbalanceMax: 1000, imbalanceLoadMin: 1, moveAt: 'once' },
    },
    redirector: {
      ...{ memberLeaseMs: 10_000, servingLeaseMs: 15_000, healthCheckMs: 500, stopWaitMs: 0 },
    },
  } satisfies z.input<typeof configSchema>;
}
