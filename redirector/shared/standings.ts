import type { Clock } from '../../core/clock/port.js';
import type { ServerId } from '../../core/domain.js';
import { HEADROOM, headroomsOf } from '../../core/table-store/records/headroom.js';
import type { ServerRecord } from '../../core/table-store/records/server.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { FollowedRecords } from '../../core/table-store/known-records.js';
import type { Gate } from '../gate.js';
import type { Outliers } from '../health/outliers.js';

/** What there is to say of a server that might be chosen. */
export interface Standing {
  /** The gate's index of it. */
  readonly server: number;
  /** Ready, and within reach of this redirector. */
  readonly isWell: boolean;
  readonly isEjected: boolean;
  readonly isSpare: boolean;
  readonly headroom: number | undefined;
  readonly capacity: ServerRecord['capacity'];
  /** Since when it is well and not ejected (monotonic); −Infinity: since it was looked at first; Infinity: it is not. */
  readonly availableSinceMs: number;
}

export interface StandingsParts {
  readonly view: FollowedRecords;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly outliers: Pick<Outliers, 'isEjected'>;
  readonly isReachable: (server: ServerId) => boolean;
}

/** How servers stand, as it was when they were looked at last. */
export class Standings {
  readonly #parts: StandingsParts;
  #standings: ReadonlyMap<ServerId, Standing> = new Map();

  constructor(parts: StandingsParts) {
    this.#parts = parts;
  }

  of(server: ServerId): Standing | undefined {
    return this.#standings.get(server);
  }

  /** Looks at these. False: all is as it was. */
  look(servers: Iterable<ServerId>): boolean {
    const { view, clock } = this.#parts;
    const former = this.#standings;
    const headrooms = headroomsOf(view.get(HEADROOM, 'forecast')?.value, clock.realtimeMs());
    // Those that are there from the beginning are not new.
    const isFirst = former.size === 0;
    this.#standings = new Map(
      [...servers].map((id) => [id, { ...this.#lookAt(id, isFirst), headroom: headrooms[id] }]),
    );
    if (former.size !== this.#standings.size) return true;
    return [...this.#standings].some(([server, now]) => !isSame(now, former.get(server)));
  }

  /** One of them was not available that long. */
  isAnyNewerThan(ms: number): boolean {
    const fromMs = this.#parts.clock.monotonicMs() - ms;
    return [...this.#standings.values()].some(
      ({ availableSinceMs }) => availableSinceMs > fromMs && availableSinceMs < Infinity,
    );
  }

  #lookAt(id: ServerId, isFirst: boolean): Omit<Standing, 'headroom'> {
    const { view, gate, clock, outliers, isReachable } = this.#parts;
    const record = view.get(SERVER, id)?.value;
    const server = gate.serverIndexOf(id);
    const isWell = stateOf(view, id) === 'ready' && isReachable(id);
    const isEjected = outliers.isEjected(server);
    const formerMs = this.#standings.get(id)?.availableSinceMs ?? Infinity;
    const nowMs = isFirst ? -Infinity : clock.monotonicMs();
    return {
      ...{ server, isWell, isEjected },
      isSpare: record?.spare === true,
      capacity: record?.capacity ?? NO_CAPACITY,
      availableSinceMs: isWell && !isEjected ? Math.min(formerMs, nowMs) : Infinity,
    };
  }
}

const NO_CAPACITY: ServerRecord['capacity'] = {};

function isSame(a: Standing, b: Standing | undefined): boolean {
  return (
    a.isWell === b?.isWell &&
    a.isEjected === b.isEjected &&
    a.isSpare === b.isSpare &&
    a.headroom === b.headroom &&
    a.capacity === b.capacity &&
    a.availableSinceMs === b.availableSinceMs
  );
}
