import { lunOf, writeLun } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import { READY_TO_TRANSFER, opcodeOf } from '../../../core/iscsi/pdu.js';
import type { ClientLeg } from './client-leg.js';
import type { Nexus } from './nexus.js';
import type { RejectReason } from './reject.js';
import type { SharedManagements } from './shared-managements.js';

/** What a session has several nexuses in common with. */
export interface RoutedSession {
  readonly client: ClientLeg;
  readonly managements: SharedManagements;
  /** The servers of this one take what the client sends, or no more. */
  nexusTakes(nexus: ClientLeg, isOpen: boolean): void;
  /** Nothing is under way any more in one of them. */
  nexusIdle(): void;
}

/**
 * The client as one nexus of several sees it: LUNs have other numbers at the servers than for the client, which sees its own in all
 * that it gets.
 */
export class RoutedLeg implements ClientLeg {
  readonly #session: RoutedSession;
  /** The client's, by the servers'. */
  readonly #luns: ReadonlyMap<number, number>;

  constructor(session: RoutedSession, luns: ReadonlyMap<number, number>) {
    this.#session = session;
    this.#luns = luns;
  }

  send(head: Buffer, data?: readonly Uint8Array[]): void {
    if (!this.#session.managements.isAnswer(head)) this.#session.client.send(head, data);
  }

  ask(head: Buffer): void {
    if (opcodeOf({ head }) === READY_TO_TRANSFER) this.#renumber(head);
    this.#session.client.ask(head);
  }

  reject(pdu: Pdu, reason: RejectReason): void {
    if (this.#session.managements.isRejected(pdu)) return;
    this.#renumber(pdu.head);
    this.#session.client.reject(pdu, reason);
  }

  breach(): void {
    this.#session.client.breach();
  }

  reinstated(): void {
    this.#session.client.reinstated();
  }

  takes(isOpen: boolean): void {
    this.#session.nexusTakes(this, isOpen);
  }

  idle(): void {
    this.#session.nexusIdle();
  }

  #renumber(head: Buffer): void {
    const lun = this.#luns.get(lunOf(head) ?? -1);
    if (lun !== undefined) writeLun(head, lun);
  }
}

/** A LUN of the client's target, which a server has by another number. */
export class RoutedUnit {
  readonly #nexus: Nexus;
  readonly #serverLun: number;

  constructor(nexus: Nexus, serverLun: number) {
    this.#nexus = nexus;
    this.#serverLun = serverLun;
  }

  command(pdu: Pdu): void {
    writeLun(pdu.head, this.#serverLun);
    this.#nexus.command(pdu);
  }

  manage(pdu: Pdu): void {
    writeLun(pdu.head, this.#serverLun);
    this.#nexus.manage(pdu);
  }
}
