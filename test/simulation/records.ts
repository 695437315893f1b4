import type { MemberId, ResourceId, ServerId } from '../../core/domain.js';
import type { Json } from '../../core/json.js';
import type { Changes, Write } from '../../core/table-store/port.js';
import type { RecordKind } from '../../core/table-store/records/kind.js';
import type {
  Ack,
  CoordinatorRecord,
  MemberRecord,
  SwitchRecord,
} from '../../core/table-store/records/switch.js';
import { ACK, COORDINATOR, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { PAUSE, PLAN } from '../../core/table-store/records/plan.js';
import { LOST, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import type { Head, PlacementRecord } from '../../core/table-store/records/table.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';

/** Of one kind, by their ids, in the order of their first writing. */
type OfKind = ReadonlyMap<string, Json>;

/** What the table store holds, as the transactions say: the checker's own copy. Immutable. */
export class Records {
  static readonly none = new Records(new Map());
  /** By their prefix: a transaction writes few kinds, and the others are shared with the records before it. */
  readonly #kinds: ReadonlyMap<string, OfKind>;
  #placements: ReadonlyMap<ResourceId, PlacementRecord> | undefined;

  private constructor(kinds: ReadonlyMap<string, OfKind>) {
    this.#kinds = kinds;
  }

  static of(backup: Changes | undefined): Records {
    return Records.none.with(backup?.entries ?? []);
  }

  with(writes: readonly Write[]): Records {
    const kinds = new Map(this.#kinds);
    const own = new Map<string, Map<string, Json>>();
    for (const { key, value } of writes) {
      const [prefix, id] = splitKey(key);
      let ofKind = own.get(prefix);
      if (ofKind === undefined) {
        ofKind = new Map(kinds.get(prefix));
        own.set(prefix, ofKind);
        kinds.set(prefix, ofKind);
      }
      if (value === null) ofKind.delete(id);
      else ofKind.set(id, value);
    }
    const next = new Records(kinds);
    if (!own.has(PLACEMENT.prefix)) next.#placements = this.#placements;
    return next;
  }

  get head(): Head | undefined {
    return this.#get(HEAD, 'head');
  }

  get open(): SwitchRecord | undefined {
    return this.#get(SWITCH, 'open');
  }

  get coordinator(): CoordinatorRecord | undefined {
    return this.#get(COORDINATOR, 'lease');
  }

  member(name: MemberId): MemberRecord | undefined {
    return this.#get(MEMBER, name);
  }

  ack(name: MemberId): Ack | undefined {
    return this.#get(ACK, name);
  }

  get members(): MemberId[] {
    return this.#ids(MEMBER);
  }

  /** Plans that are still to be carried out, or are being. */
  get duePlans(): string[] {
    return this.#ids(PLAN).filter((id) => {
      const status = this.#get(PLAN, id)?.status;
      return status === 'approved' || status === 'applying';
    });
  }

  /** An operator's orders that something does not run as usual. */
  get orders(): string[] {
    return [...this.#ids(SERVER_STATE), ...this.#ids(PAUSE)];
  }

  /** All but those whose silence an operator expects. */
  get wantedServers(): ServerId[] {
    return this.#ids(SERVER).filter(
      (server) => this.#get(SERVER_STATE, server)?.state !== 'maintenance',
    );
  }

  get lost(): string[] {
    return this.#ids(LOST);
  }

  lossOf(server: string): string | undefined {
    return this.#get(LOST, server as never)?.loss;
  }

  isDead(server: ServerId): boolean {
    return this.#get(LOST, server)?.evidence === 'dead';
  }

  placement(resource: ResourceId): PlacementRecord | undefined {
    return this.#get(PLACEMENT, resource);
  }

  get placements(): ReadonlyMap<ResourceId, PlacementRecord> {
    if (this.#placements === undefined) {
      const placements = new Map<ResourceId, PlacementRecord>();
      for (const id of this.#ids(PLACEMENT)) {
        const placement = this.placement(id);
        if (placement !== undefined) placements.set(id, placement);
      }
      this.#placements = placements;
    }
    return this.#placements;
  }

  #get<Value, Id extends string>(kind: RecordKind<Value, Id>, id: Id): Value | undefined {
    const value = this.#kinds.get(kind.prefix)?.get(id);
    return value === undefined ? undefined : kind.parse(kind.key(id), value);
  }

  #ids<Value, Id extends string>({ prefix }: RecordKind<Value, Id>): Id[] {
    return [...(this.#kinds.get(prefix)?.keys() ?? [])] as Id[];
  }
}

function splitKey(key: string): [prefix: string, id: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}
