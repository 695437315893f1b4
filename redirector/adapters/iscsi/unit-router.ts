import { strict as assert } from 'node:assert';
import { lunList, lunOf } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import { AT, commandIn, taskTagOf } from '../../../core/iscsi/pdu.js';
import { REPORT_LUNS } from '../../../core/iscsi/scsi.js';
import type { ResourceId } from '../../../core/domain.js';
import { answerForAbsent } from './absent-unit.js';
import type { ClientLeg, ClientUnits } from './client-leg.js';
import { ByteBudget, takeOfBoth } from './composite/byte-budget.js';
import { Composite, ending } from './composite/composite.js';
import type { CompositeTask } from './composite/composite-task.js';
import { identityOf } from './composite/pages.js';
import { PART_AGREED, Part, PartNexus } from './composite/part-nexus.js';
import type { IscsiContext } from './context.js';
import { initiatorPort } from './initiator-port.js';
import type { LoggedIn } from './logged-in.js';
import {
  ABORT_TASK,
  ENDS_ALL_TASKS,
  IS_OF_LUN,
  LUN_NOT_THERE,
  functionOf,
  managementAnswer,
} from './management.js';
import { Nexus } from './nexus.js';
import { COMPOSITE_REQUEST_BYTES_MAX } from './options.js';
import type { Answering } from './own-answer.js';
import { answerData } from './own-answer.js';
import { TASK_IN_PROGRESS } from './reject.js';
import { RoutedLeg, RoutedUnit } from './routed-nexus.js';
import type { RoutedSession } from './session-leg.js';
import { SharedManagements } from './shared-managements.js';
import type {
  ClientTarget,
  CompositeUnit,
  IscsiTarget,
  ManyUnitsTarget,
  UnitPlace,
} from './targets.js';
import { targetAt } from './targets.js';

interface UnitsOf<Target extends ClientTarget> {
  readonly context: IscsiContext;
  readonly client: ClientLeg;
  readonly who: LoggedIn;
  readonly target: Target;
  /** Where what it reserves is kept for another redirector; undefined: nowhere. */
  readonly scope: string | undefined;
}

/** Of REPORT LUNS: which are asked for. The well-known ones, of which we have none. */
const WELL_KNOWN_ONLY = 1;

/** For a client that has just logged in. Whatever its port had of this target before is over by that. */
export function clientUnits(of: UnitsOf<ClientTarget>): ClientUnits {
  const { target } = of;
  if ('units' in target) return new UnitRouter({ ...of, target });
  return openNexus({ ...of, target });
}

function openNexus({ context, client, who, target, scope }: UnitsOf<IscsiTarget>): Nexus {
  const port = initiatorPort({ ...who, target, scope });
  const nexus = new Nexus({ context, client, who, port });
  context.nexuses.add(nexus)?.reinstated();
  context.reservations.returns(port);
  return nexus;
}

/**
 * One client's session with a target whose LUNs are of several resources: each command goes to the nexus that has its LUN, of which
 * there is one for each resource, with a server of its own and moves of its own; or to the composite that it is. Which LUNs there
 * are is said here.
 */
class UnitRouter implements ClientUnits, RoutedSession {
  readonly client: ClientLeg;
  readonly managements: SharedManagements;
  readonly #of: UnitsOf<ManyUnitsTarget>;
  readonly #answering: Answering;
  /** Of LUNs that are one unit of one server, and of parts of composites. */
  readonly #nexuses = new Map<ResourceId, Nexus>();
  readonly #parts = new Map<ResourceId, PartNexus>();
  readonly #units = new Map<number, RoutedUnit>();
  readonly #composites = new Map<number, Composite>();
  /** For the data of composites. */
  readonly #bytes: ByteBudget;
  /** Whose servers take no more at the moment. */
  readonly #full = new Set<ClientLeg>();

  constructor(of: UnitsOf<ManyUnitsTarget>) {
    const { client, context, who, target } = of;
    this.#of = of;
    this.client = client;
    this.managements = new SharedManagements(client, () => {
      this.nexusIdle();
    });
    this.#answering = { client, agreed: who.agreed };
    this.#bytes = new ByteBudget(() => context.options.compositeBytesPerSessionMax);
    for (const unit of target.units) {
      if ('parts' in unit) {
        this.#composites.set(unit.lun, this.#compositeOf(unit));
      } else {
        const { place } = unit;
        this.#units.set(unit.lun, new RoutedUnit(this.#nexusAt(place), place.serverLun));
      }
    }
  }

  #nexusAt(place: UnitPlace): Nexus {
    const known = this.#nexuses.get(place.resource);
    if (known !== undefined) return known;
    const luns = this.#of.target.units.flatMap((unit) =>
      'parts' in unit || unit.place.resource !== place.resource
        ? []
        : [[unit.place.serverLun, unit.lun] as const],
    );
    const nexus = this.#open(place, new RoutedLeg(this, new Map(luns)), this.#of.who);
    this.#nexuses.set(place.resource, nexus);
    return nexus;
  }

  #compositeOf({ lun, stripeBytes, parts }: CompositeUnit): Composite {
    const { context, target } = this.#of;
    return new Composite({
      ...{ answering: this.#answering, managements: this.managements, stripeBytes },
      parts: parts.map((place) => new Part(this.#partAt(place), place.serverLun)),
      identity: identityOf(target.name, lun),
      requestBytesMax: COMPOSITE_REQUEST_BYTES_MAX,
      room: (bytes, run) => takeOfBoth(this.#bytes, context.compositeBytes, bytes, run),
      unusable: () => {
        context.counters.refusedFor('partsDiffer');
      },
      idle: () => {
        this.nexusIdle();
      },
    });
  }

  #partAt(place: UnitPlace): PartNexus {
    const known = this.#parts.get(place.resource);
    if (known !== undefined) return known;
    // It is our initiator there, and not the client's: what the client can do does not bind it.
    const who = { ...this.#of.who, agreed: PART_AGREED };
    const part = new PartNexus(this, (client) => this.#open(place, client, who));
    this.#parts.set(place.resource, part);
    return part;
  }

  #open({ resource }: UnitPlace, client: ClientLeg, who: LoggedIn): Nexus {
    const { target: whole } = this.#of;
    const target = targetAt(whole, resource);
    assert.ok(target !== undefined, 'it is asked for a place of its own');
    return openNexus({ ...this.#of, who, client, target });
  }

  get windowed(): number {
    let windowed = 0;
    for (const nexus of this.#nexuses.values()) windowed += nexus.windowed;
    for (const composite of this.#composites.values()) windowed += composite.windowed;
    return windowed;
  }

  get isIdle(): boolean {
    const all = [...this.#nexuses.values(), ...this.#composites.values()];
    return this.managements.isIdle && all.every(({ isIdle }) => isIdle);
  }

  /* ---- from the client ---- */

  command(pdu: Pdu): void {
    const tag = taskTagOf(pdu);
    if (this.#holderOf(tag) !== undefined || this.#taskOf(tag) !== undefined) {
      this.client.reject(pdu, TASK_IN_PROGRESS);
      return;
    }
    if (pdu.head[AT.command] === REPORT_LUNS) {
      this.#reportLuns(pdu);
      return;
    }
    const unit = this.#unitOf(pdu);
    if (unit === undefined) answerForAbsent(this.#answering, pdu);
    else unit.command(pdu);
  }

  dataOut(pdu: Pdu): void {
    const tag = taskTagOf(pdu);
    (this.#holderOf(tag) ?? this.#taskOf(tag)?.task)?.dataOut(pdu);
  }

  manage(pdu: Pdu): void {
    const asked = functionOf(pdu);
    if (ENDS_ALL_TASKS.has(asked)) {
      this.#reset(pdu);
    } else if (IS_OF_LUN.has(asked)) {
      const unit = this.#unitOf(pdu);
      if (unit === undefined) this.client.send(managementAnswer(taskTagOf(pdu), LUN_NOT_THERE));
      else unit.manage(pdu);
    } else if (asked === ABORT_TASK) {
      this.#abort(pdu);
    } else {
      // Whichever is asked knows what it does not support.
      this.#all[0]?.manage(pdu);
    }
  }

  #abort(pdu: Pdu): void {
    const tag = pdu.head.readUInt32BE(AT.transfer);
    const found = this.#taskOf(tag);
    // Whichever is asked knows that it has none.
    if (found === undefined) (this.#holderOf(tag) ?? this.#all[0])?.manage(pdu);
    else found.composite.abort(found.task, pdu);
  }

  #reset(pdu: Pdu): void {
    const before = [...this.#composites.values()].flatMap(({ tasks }) => tasks);
    const parts = this.#all.map((carrier) => ({
      carrier,
      pdu: { ...pdu, head: Buffer.from(pdu.head) },
    }));
    this.managements.begin(pdu, parts, ending(before));
  }

  clientTakes(isOpen: boolean): void {
    for (const nexus of this.#all) nexus.clientTakes(isOpen);
  }

  end(): void {
    for (const composite of this.#composites.values()) composite.stop();
    for (const nexus of this.#all) nexus.end();
  }

  /* ---- from its nexuses ---- */

  nexusTakes(nexus: ClientLeg, isOpen: boolean): void {
    if (isOpen) this.#full.delete(nexus);
    else this.#full.add(nexus);
    this.client.takes(this.#full.size === 0);
  }

  nexusIdle(): void {
    if (this.isIdle) this.client.idle();
  }

  /* ---- inside ---- */

  #reportLuns(pdu: Pdu): void {
    const command = commandIn(pdu);
    const { units } = this.#of.target;
    const luns = command[2] === WELL_KNOWN_ONLY ? [] : units.map(({ lun }) => lun);
    const data = lunList(luns.sort((a, b) => a - b));
    answerData(this.#answering, pdu, { data, allocation: command.readUInt32BE(6) });
  }

  #unitOf({ head }: Pdu): RoutedUnit | Composite | undefined {
    const lun = lunOf(head) ?? -1;
    return this.#units.get(lun) ?? this.#composites.get(lun);
  }

  get #all(): readonly Nexus[] {
    return [...this.#nexuses.values(), ...[...this.#parts.values()].map(({ nexus }) => nexus)];
  }

  /** Who has a task of this tag, given by the client. */
  #holderOf(tag: number): Nexus | undefined {
    for (const nexus of this.#nexuses.values()) if (nexus.taskOf(tag) !== undefined) return nexus;
    return undefined;
  }

  /** The same of composites. */
  #taskOf(tag: number): { composite: Composite; task: CompositeTask } | undefined {
    for (const composite of this.#composites.values()) {
      const task = composite.taskOf(tag);
      if (task !== undefined) return { composite, task };
    }
    return undefined;
  }
}
