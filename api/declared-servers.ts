import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock/port.js';
import type { ServerConfig } from '../core/config/schema.js';
import { matchesGlob } from '../core/config/units.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import { codeOf } from '../core/errors.js';
import { every } from '../core/every.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import { Draft } from '../core/table-store/draft.js';
import type { TableStore } from '../core/table-store/port.js';
import type { PinRecord, ServerRecord } from '../core/table-store/records/server.js';
import { ANNOUNCED, ELIGIBLE, PIN, SERVER } from '../core/table-store/records/server.js';
import type { TableView } from '../core/table-store/view.js';

export interface DeclaredServersParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DeclaredServersOptions {
  readonly servers: readonly ServerConfig[];
  /** Resources that the config names; agents announce others. */
  readonly resources: readonly ResourceId[];
  readonly pins: Readonly<Record<ResourceId, ServerId>>;
  /** What failed is tried again after this. */
  readonly retryMs: number;
}

/** Whoever wrote these pins; an operator's pin goes before them. */
const CONFIG = 'config';

/**
 * Keeps the table store true to the servers and pins that stand in the config. A server with an agent is its
 * agent's to describe; the config's word on capacity, spare and zone goes before the agent's. One that left the
 * config may serve nothing more, and is forgotten once nothing is assigned to it.
 */
export class DeclaredServers implements Startable {
  readonly #parts: DeclaredServersParts;
  #options: DeclaredServersOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #writing: Promise<void> | undefined;
  #end: () => void = () => undefined;

  constructor(parts: DeclaredServersParts, options: DeclaredServersOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { view, clock } = this.#parts;
    const { signal } = this.#stopping;
    await this.#declare();
    this.#end = view.onChange(() => void this.#declare());
    const everyMs = this.#options.retryMs;
    this.#running = every(clock, { everyMs, signal }, () => this.#declare());
  }

  /** From now on; what is written late is written with the next change, or the next period. */
  reconfigure(options: Pick<DeclaredServersOptions, 'servers' | 'resources' | 'pins'>): void {
    this.#options = { ...this.#options, ...options };
    void this.#declare();
  }

  async stop(): Promise<void> {
    this.#end();
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
    await this.#writing;
  }

  /** One at a time; news that come meanwhile are seen by the next change or the next period. */
  #declare(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { store, view, log } = this.#parts;
    try {
      const draft = this.#difference();
      if (draft.transaction.writes.length === 0) return;
      await store.transact(draft.transaction);
      await view.sync();
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      log.warn({ err }, 'declared servers not written');
    }
  }

  #difference(): Draft {
    const draft = new Draft();
    const resources = this.#knownResources();
    for (const declared of this.#options.servers) {
      this.#putServer(draft, declared);
      this.#putEligible(draft, declared, resources);
    }
    this.#forgetOthers(draft);
    this.#putPins(draft);
    return draft;
  }

  #putServer(draft: Draft, declared: ServerConfig): void {
    const { view } = this.#parts;
    const { id } = declared;
    const former = view.get(SERVER, id)?.value;
    const isAnnounced = view.get(ANNOUNCED, id) !== undefined;
    const written = recordOf(declared);
    const { capacity, spare, zone, metrics } = written;
    const record =
      isAnnounced && former !== undefined
        ? {
            ...former,
            capacity,
            spare,
            zone: zone ?? former.zone,
            metrics: metrics ?? former.metrics,
            origin: 'config' as const,
          }
        : written;
    if (isDeepStrictEqual(record, former)) return;
    draft.expect(view, SERVER, id).put(SERVER, id, record);
  }

  #putEligible(draft: Draft, { id, serves }: ServerConfig, known: readonly ResourceId[]): void {
    const { view } = this.#parts;
    if (view.get(ANNOUNCED, id) !== undefined) return;
    const resources = known.filter((name) => serves.some((glob) => matchesGlob(glob, name)));
    if (isDeepStrictEqual(view.get(ELIGIBLE, id)?.value.resources, resources)) return;
    draft.expect(view, ELIGIBLE, id).put(ELIGIBLE, id, { resources });
  }

  #forgetOthers(draft: Draft): void {
    const { view } = this.#parts;
    const declared = new Set(this.#options.servers.map(({ id }) => id));
    for (const [id, { value }] of view.all(SERVER)) {
      if (value.origin !== 'config' || declared.has(id)) continue;
      if (view.get(ANNOUNCED, id) !== undefined) {
        const announced = { ...value, origin: 'announced' } as const;
        draft.expect(view, SERVER, id).put(SERVER, id, announced);
      } else if (view.table.resourcesOn(id).length === 0) {
        draft.expect(view, SERVER, id).remove(SERVER, id).remove(ELIGIBLE, id);
      } else if (view.get(ELIGIBLE, id)?.value.resources.length !== 0) {
        draft.expect(view, ELIGIBLE, id).put(ELIGIBLE, id, { resources: [] });
      }
    }
  }

  #putPins(draft: Draft): void {
    const { view, clock } = this.#parts;
    const { pins } = this.#options;
    for (const [resource, { value }] of view.all(PIN)) {
      if (value.by === CONFIG && pins[resource] === undefined) {
        draft.expect(view, PIN, resource).remove(PIN, resource);
      }
    }
    for (const [name, server] of Object.entries(pins)) {
      const resource = name as ResourceId;
      const former = view.get(PIN, resource)?.value;
      if (former !== undefined && (former.by !== CONFIG || former.server === server)) continue;
      const pin: PinRecord = { server, by: CONFIG, reason: '', sinceMs: clock.realtimeMs() };
      draft.expect(view, PIN, resource).put(PIN, resource, pin);
    }
  }

  /** Those of the config and those that any agent announced, sorted. */
  #knownResources(): readonly ResourceId[] {
    const { view } = this.#parts;
    const names = new Set(this.#options.resources);
    for (const [server, { value }] of view.all(ELIGIBLE)) {
      if (view.get(ANNOUNCED, server) === undefined) continue;
      for (const resource of value.resources) names.add(resource);
    }
    return [...names].sort();
  }
}

function recordOf(declared: ServerConfig): ServerRecord {
  const { address, control, fence, healthPath, capacity, spare, zone, metrics } = declared;
  return {
    address,
    control: control ?? null,
    fence,
    healthPath: healthPath ?? null,
    capacity: capacityOf(capacity),
    metrics: metrics ?? null,
    spare,
    zone: zone ?? null,
    origin: 'config',
  };
}

function capacityOf(capacity: ServerConfig['capacity']): ServerRecord['capacity'] {
  return Object.fromEntries(
    DIMENSIONS.flatMap((dimension) => {
      const value = capacity[dimension];
      return value === undefined ? [] : [[dimension, value] as const];
    }),
  );
}
