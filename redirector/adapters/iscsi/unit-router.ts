import { lunList, lunOf } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import { AT, taskTagOf } from '../../../core/iscsi/pdu.js';
import { REPORT_LUNS } from '../../../core/iscsi/scsi.js';
import type { ResourceId } from '../../../core/domain.js';
import { answerForAbsent } from './absent-unit.js';
import type { ClientLeg, ClientUnits } from './client-leg.js';
import type { IscsiContext } from './context.js';
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
import type { Answering } from './own-answer.js';
import { answerData } from './own-answer.js';
import { TASK_IN_PROGRESS } from './reject.js';
import type { RoutedSession } from './routed-nexus.js';
import { RoutedLeg, RoutedUnit } from './routed-nexus.js';
import { SharedManagements } from './shared-managements.js';
import type { ClientTarget, IscsiTarget, ManyUnitsTarget, TargetUnit } from './targets.js';

interface UnitsOf<Target extends ClientTarget> {
  readonly context: IscsiContext;
  readonly client: ClientLeg;
  readonly who: LoggedIn;
  readonly target: Target;
}

/** Of REPORT LUNS: which are asked for. The well-known ones, of which we have none. */
const WELL_KNOWN_ONLY = 1;

/** For a client that has just logged in. Whatever its port had of this target before is over by that. */
export function clientUnits(of: UnitsOf<ClientTarget>): ClientUnits {
  const { target } = of;
  if ('units' in target) return new UnitRouter({ ...of, target });
  return openNexus({ ...of, target });
}

function openNexus(of: UnitsOf<IscsiTarget>): Nexus {
  const nexus = new Nexus(of);
  of.context.nexuses.add(nexus)?.reinstated();
  return nexus;
}

/**
 * One client's session with a target whose LUNs are of several resources: each command goes to the nexus that has its LUN, of which
 * there is one for each resource, with a server of its own and moves of its own. Which LUNs there are is said here.
 */
export class UnitRouter implements ClientUnits, RoutedSession {
  readonly client: ClientLeg;
  readonly managements: SharedManagements;
  readonly #answering: Answering;
  readonly #nexuses: readonly Nexus[];
  readonly #units: ReadonlyMap<number, RoutedUnit>;
  /** Whose servers take no more at the moment. */
  readonly #full = new Set<ClientLeg>();

  constructor(of: UnitsOf<ManyUnitsTarget>) {
    const { client, who, target } = of;
    this.client = client;
    this.managements = new SharedManagements(client, () => {
      this.nexusIdle();
    });
    this.#answering = { client, agreed: who.agreed };
    const nexuses = new Map<ResourceId, Nexus>();
    this.#units = new Map(
      target.units.map(({ lun, place }) => {
        const nexus = nexuses.get(place.resource) ?? this.#nexusOf(of, place);
        nexuses.set(place.resource, nexus);
        return [lun, new RoutedUnit(nexus, place.serverLun)];
      }),
    );
    this.#nexuses = [...nexuses.values()];
  }

  #nexusOf(
    { context, who, target }: UnitsOf<ManyUnitsTarget>,
    { resource, serverName }: TargetUnit['place'],
  ): Nexus {
    const { units, ...access } = target;
    const luns = units
      .filter(({ place }) => place.resource === resource)
      .map(({ lun, place }) => [place.serverLun, lun] as const);
    const client = new RoutedLeg(this, new Map(luns));
    return openNexus({ context, who, client, target: { ...access, resource, serverName } });
  }

  get windowed(): number {
    let windowed = 0;
    for (const nexus of this.#nexuses) windowed += nexus.windowed;
    return windowed;
  }

  get isIdle(): boolean {
    return this.managements.isIdle && this.#nexuses.every(({ isIdle }) => isIdle);
  }

  /* ---- from the client ---- */

  command(pdu: Pdu): void {
    if (this.#holderOf(taskTagOf(pdu)) !== undefined) {
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
    this.#holderOf(taskTagOf(pdu))?.dataOut(pdu);
  }

  manage(pdu: Pdu): void {
    const asked = functionOf(pdu);
    if (ENDS_ALL_TASKS.has(asked)) {
      this.managements.begin(
        pdu,
        this.#nexuses.map((carrier) => ({ carrier, pdu: { ...pdu, head: Buffer.from(pdu.head) } })),
      );
    } else if (IS_OF_LUN.has(asked)) {
      const unit = this.#unitOf(pdu);
      if (unit === undefined) this.client.send(managementAnswer(taskTagOf(pdu), LUN_NOT_THERE));
      else unit.manage(pdu);
    } else {
      // Whichever is asked knows that it has no such task, and what it does not support.
      const task = asked === ABORT_TASK ? pdu.head.readUInt32BE(AT.transfer) : undefined;
      const holder = task === undefined ? undefined : this.#holderOf(task);
      (holder ?? this.#nexuses[0])?.manage(pdu);
    }
  }

  clientTakes(isOpen: boolean): void {
    for (const nexus of this.#nexuses) nexus.clientTakes(isOpen);
  }

  end(): void {
    for (const nexus of this.#nexuses) nexus.end();
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
    const command = pdu.head.subarray(AT.command);
    const luns = command[2] === WELL_KNOWN_ONLY ? [] : [...this.#units.keys()];
    const data = lunList(luns.sort((a, b) => a - b));
    answerData(this.#answering, pdu, { data, allocation: command.readUInt32BE(6) });
  }

  #unitOf({ head }: Pdu): RoutedUnit | undefined {
    return this.#units.get(lunOf(head) ?? -1);
  }

  /** Who has a task of this tag. */
  #holderOf(tag: number): Nexus | undefined {
    return this.#nexuses.find((nexus) => nexus.taskOf(tag) !== undefined);
  }
}
