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

/** What the table store holds, as the transactions say: the checker's own copy. Immutable. */
export class Records {
  static readonly none = new Records(new Map());
  readonly #values: ReadonlyMap<string, Json>;

  private constructor(values: ReadonlyMap<string, Json>) {
    this.#values = values;
  }

  static of(backup: Changes | undefined): Records {
    return new Records(new Map(backup?.entries.map(({ key, value }) => [key, value])));
  }

  with(writes: readonly Write[]): Records {
    const values = new Map(this.#values);
    for (const { key, value } of writes) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    }
    return new Records(values);
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

  get placements(): Map<ResourceId, PlacementRecord> {
    const ids: ResourceId[] = this.#ids(PLACEMENT);
    return new Map(
      ids.flatMap((id) => {
        const placement = this.placement(id);
        return placement === undefined ? [] : [[id, placement] as const];
      }),
    );
  }

  #get<Value, Id extends string>(kind: RecordKind<Value, Id>, id: Id): Value | undefined {
    const key = kind.key(id);
    const value = this.#values.get(key);
    return value === undefined ? undefined : kind.parse(key, value);
  }

  #ids<Value, Id extends string>({ prefix }: RecordKind<Value, Id>): Id[] {
    return [...this.#values.keys()].flatMap((key) =>
      key.startsWith(`${prefix}/`) ? [key.slice(prefix.length + 1) as Id] : [],
    );
  }
}
