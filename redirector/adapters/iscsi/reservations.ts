import type { Clock } from '../../../core/clock/port.js';
import type { ResourceId } from '../../../core/domain.js';
import type { PersistentOut } from '../../../core/iscsi/reservations.js';
import { isOfAllRegistrants } from '../../../core/iscsi/reservations.js';
import { within } from '../../../core/within.js';
import type { KeptSession } from '../../sessions/session-book.js';
import type { SessionKeeping } from '../../traffic.js';
import type { Hold } from './hold.js';
import type { InitiatorPort } from './initiator-port.js';
import { initiatorPort } from './initiator-port.js';
import { keptIdOf, keptReservationsOf, parseKeptReservations } from './kept-reservations.js';
import type { Targets } from './targets.js';
import { UnitReservations } from './unit-reservations.js';

/** Of the units of one target together: a server that is told of more says that it has no room. */
const REGISTRATIONS_MAX = 1024;
/** A client waits so long at most until the store has what its server has said yes to. */
const STORE_WAIT_MS = 2000;
export const ISCSI = 'iscsi';

export interface ReservationsParts {
  readonly clock: Clock;
  /** Undefined: they last as long as this process. */
  readonly sessions: SessionKeeping | undefined;
  /** The port holds nothing any more. */
  readonly emptied: (port: InitiatorPort) => void;
}

interface TargetReservations {
  readonly units: Map<string, UnitReservations>;
  /** Of those who hold something. */
  readonly ports: Map<string, InitiatorPort>;
  /** Of these, those of whom the store knows. */
  readonly kept: Set<string>;
}

/**
 * What clients have registered and reserved at the units of all targets, as servers have said yes to it: so that it can be
 * established at another server, and at another redirector. What is to outlive a client's session – registrations and persistent
 * reservations – is in the session store before the client hears of it, as far as the store answers in time.
 */
export class Reservations {
  readonly #parts: ReservationsParts;
  readonly #targets = new Map<ResourceId, TargetReservations>();
  /** The last that is done at the servers of a resource. */
  readonly #turns = new Map<ResourceId, Promise<unknown>>();

  constructor(parts: ReservationsParts) {
    this.#parts = parts;
  }

  /** Of all units together. */
  countOf(resource: ResourceId): number {
    const units = [...(this.#targets.get(resource)?.units.values() ?? [])];
    return units.reduce((sum, { registrations }) => sum + registrations.size, 0);
  }

  portsOf(resource: ResourceId): readonly InitiatorPort[] {
    return [...(this.#targets.get(resource)?.ports.values() ?? [])];
  }

  holdsOf({ name, target: { resource } }: InitiatorPort): readonly Hold[] {
    const holds: Hold[] = [];
    for (const [lun, unit] of this.#targets.get(resource)?.units ?? []) {
      const registration = unit.registrations.get(name);
      const isReserved = unit.reservedBy === name;
      if (registration === undefined && !isReserved) continue;
      const kind = unit.holder?.port === name ? unit.holder.kind : undefined;
      holds.push({ lun, registration, kind, isReserved });
    }
    return holds;
  }

  /** Other ports that are registered at the unit with the same key. */
  sharing({ name, target: { resource } }: InitiatorPort, lun: string, key: string): string[] {
    const unit = this.#targets.get(resource)?.units.get(lun);
    return unit?.withKey(key).filter((each) => each !== name) ?? [];
  }

  isOfAllRegistrants(resource: ResourceId, lun: string): boolean {
    const kind = this.#targets.get(resource)?.units.get(lun)?.holder?.kind;
    return kind !== undefined && isOfAllRegistrants(kind);
  }

  mayRegister({ name, target: { resource } }: InitiatorPort, lun: string): boolean {
    const isKnown = this.#targets.get(resource)?.units.get(lun)?.isRegistered(name) ?? false;
    return isKnown || this.countOf(resource) < REGISTRATIONS_MAX;
  }

  /** The same initiator port, perhaps at another address of ours. */
  returns(port: InitiatorPort): void {
    const ports = this.#targets.get(port.target.resource)?.ports;
    const former = ports?.get(port.name);
    if (former === undefined) return;
    ports?.set(port.name, port);
    if (former.scope === port.scope) return;
    this.#end(former);
    this.#keep(port);
  }

  /**
   * Its server will be told. Whom it is to keep out is written down as being out before: if this redirector ends meanwhile, the next
   * must not let them in again. Undefined: nobody is.
   */
  intends(port: InitiatorPort, lun: string, out: PersistentOut): Promise<void> | undefined {
    const victims = this.#victims(port, lun, out);
    if (victims.length === 0) return undefined;
    for (const victim of victims) {
      const others = this.holdsOf(victim).filter((hold) => hold.lun !== lun);
      this.#keep(victim, others);
    }
    return this.#written();
  }

  /** Its server has not done it. */
  async refused(port: InitiatorPort, lun: string, out: PersistentOut): Promise<void> {
    const victims = this.#victims(port, lun, out);
    for (const victim of victims) this.#keep(victim);
    if (victims.length > 0) await this.#written();
  }

  /** Its server has done it. Resolves once it is kept, or the store does not answer in time. */
  did(port: InitiatorPort, lun: string, out: PersistentOut): Promise<void> {
    return this.#change(port, lun, (unit) => unit.did(port.name, out));
  }

  /** Its server may have done it. Who is out by that: names of ports. */
  mayHaveDone(port: InitiatorPort, lun: string, out: PersistentOut): readonly string[] {
    let changed: readonly string[] = [];
    void this.#change(port, lun, (unit) => (changed = unit.mayHaveDone(port.name, out)));
    return changed.filter((name) => name !== port.name);
  }

  /** By RESERVE or RELEASE of SPC-2. */
  reserved(port: InitiatorPort, lun: string, isReserved: boolean): void {
    const target = this.#of(port.target.resource);
    const unit = unitIn(target.units, lun);
    target.ports.set(port.name, port);
    if (isReserved) unit.reservedBy = port.name;
    else if (unit.reservedBy === port.name) unit.reservedBy = undefined;
    this.#tidy(target, port, lun);
  }

  /** A reset ends what RESERVE has made; undefined: of all units. */
  reset(resource: ResourceId, lun: string | undefined): void {
    for (const [each, unit] of this.#targets.get(resource)?.units ?? []) {
      if (lun !== undefined && each !== lun) continue;
      const holder = this.#targets.get(resource)?.ports.get(unit.reservedBy ?? '');
      if (holder !== undefined) this.reserved(holder, each, false);
    }
  }

  /** Its client has gone: what RESERVE has made goes with it. True: it holds something all the same. */
  outlives(port: InitiatorPort): boolean {
    for (const { lun, isReserved } of this.holdsOf(port)) {
      if (isReserved) this.reserved(port, lun, false);
    }
    return this.holdsOf(port).length > 0;
  }

  /** It could not be established, and is no more. */
  lost(port: InitiatorPort, lun: string, what: 'registration' | 'reservation'): void {
    void this.#change(port, lun, (unit) => {
      if (unit.reservedBy === port.name) unit.reservedBy = undefined;
      if (what === 'registration') return [port.name, ...unit.remove([port.name])];
      if (unit.holder?.port === port.name) unit.holder = undefined;
      return [port.name];
    });
  }

  /** What another redirector, or a former life of this one, has left; the ports that are new here. */
  adopt(
    scope: string,
    sessions: readonly KeptSession[],
    targets: Targets,
  ): readonly InitiatorPort[] {
    return sessions.flatMap(({ id, state }) => {
      const kept = parseKeptReservations(state);
      if (kept?.units.length === 0) this.#parts.sessions?.book.end(scope, id);
      const target = kept && targets.at(kept.target, kept.resource);
      if (kept === undefined || target === undefined) return [];
      const isid = Buffer.from(kept.isid, 'hex');
      const port = initiatorPort({ initiator: kept.initiator, isid, target, scope });
      const { units, ports, kept: known } = this.#of(target.resource);
      if (ports.has(port.name) || kept.units.length === 0) return [];
      ports.set(port.name, port);
      known.add(port.name);
      for (const { lun, key, isThroughPowerLoss, kind } of kept.units) {
        const unit = unitIn(units, lun);
        unit.registrations.set(port.name, { key, isThroughPowerLoss });
        if (kind !== undefined) unit.holder = { port: port.name, kind };
      }
      return [port];
    });
  }

  /** Another redirector has that scope from now on; the ports whose holds were kept in it. */
  leave(scope: string): readonly InitiatorPort[] {
    const all = [...this.#targets.keys()].flatMap((resource) => this.portsOf(resource));
    const gone = all.filter((port) => port.scope === scope);
    for (const port of gone) this.#forget(port);
    return gone;
  }

  /** One after another for each resource: what one does there, others see. */
  async inTurn<Result>(resource: ResourceId, work: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(resource);
    const mine = (async () => {
      await before;
      return work();
    })();
    const over = mine.catch(() => undefined);
    this.#turns.set(resource, over);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(resource) === over) this.#turns.delete(resource);
    }
  }

  #change(
    by: InitiatorPort,
    lun: string,
    change: (unit: UnitReservations) => readonly string[],
  ): Promise<void> {
    const target = this.#of(by.target.resource);
    const unit = unitIn(target.units, lun);
    target.ports.set(by.name, by);
    for (const name of new Set([...change(unit), by.name])) {
      const port = target.ports.get(name);
      if (port === undefined) continue;
      const holds = this.holdsOf(port);
      if (holds.some(({ registration }) => registration !== undefined)) this.#keep(port);
      else this.#end(port);
      this.#tidy(target, port, lun);
    }
    return this.#written();
  }

  /** Nothing stays of units and ports of which there is nothing to say. */
  #tidy(target: TargetReservations, port: InitiatorPort, lun: string): void {
    if (target.units.get(lun)?.isEmpty === true) target.units.delete(lun);
    if (this.holdsOf(port).length > 0) return;
    if (target.ports.delete(port.name)) this.#parts.emptied(port);
    if (target.ports.size === 0) this.#targets.delete(port.target.resource);
  }

  #forget(port: InitiatorPort): void {
    const { resource } = port.target;
    const target = this.#of(resource);
    for (const [lun, unit] of target.units) {
      unit.remove([port.name]);
      if (unit.reservedBy === port.name) unit.reservedBy = undefined;
      this.#tidy(target, port, lun);
    }
  }

  #victims({ name, target }: InitiatorPort, lun: string, out: PersistentOut): InitiatorPort[] {
    const { units, ports } = this.#targets.get(target.resource) ?? {};
    const victims = units?.get(lun)?.victimsOf(name, out) ?? [];
    return victims.flatMap((victim) => ports?.get(victim) ?? []);
  }

  #keep(port: InitiatorPort, holds = this.holdsOf(port)): void {
    const { scope } = port;
    if (scope === undefined) return;
    const state = keptReservationsOf(port, holds);
    this.#of(port.target.resource).kept.add(port.name);
    this.#parts.sessions?.book.keep(scope, { id: keptIdOf(port), protocol: ISCSI, state });
  }

  #end(port: InitiatorPort): void {
    const { scope } = port;
    const wasKept = this.#targets.get(port.target.resource)?.kept.delete(port.name) === true;
    if (wasKept && scope !== undefined) this.#parts.sessions?.book.end(scope, keptIdOf(port));
  }

  async #written(): Promise<void> {
    const { sessions, clock } = this.#parts;
    if (sessions === undefined) return;
    await within(clock, STORE_WAIT_MS, (signal) => sessions.book.flush(signal));
  }

  #of(resource: ResourceId): TargetReservations {
    let target = this.#targets.get(resource);
    if (target === undefined) {
      this.#targets.set(
        resource,
        (target = { units: new Map(), ports: new Map(), kept: new Set() }),
      );
    }
    return target;
  }
}

function unitIn(units: Map<string, UnitReservations>, lun: string): UnitReservations {
  let unit = units.get(lun);
  if (unit === undefined) units.set(lun, (unit = new UnitReservations()));
  return unit;
}
