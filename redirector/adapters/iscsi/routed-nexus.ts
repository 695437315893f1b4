import { lunOf, writeLun } from '../../../core/iscsi/lun.js';
import type { Block } from '../../../core/net/block.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import { READY_TO_TRANSFER, opcodeOf } from '../../../core/iscsi/pdu.js';
import type { Nexus } from './nexus.js';
import type { RejectReason } from './reject.js';
import type { RoutedSession } from './session-leg.js';
import { SessionLeg } from './session-leg.js';

/** LUNs have other numbers at the servers of a nexus than for the client, which sees its own in all that it gets. */
export class RoutedLeg extends SessionLeg {
  /** The client's, by the servers'. */
  readonly #luns: ReadonlyMap<number, number>;

  constructor(session: RoutedSession, luns: ReadonlyMap<number, number>) {
    super(session);
    this.#luns = luns;
  }

  ask(head: Buffer): void {
    if (opcodeOf({ head }) === READY_TO_TRANSFER) this.#renumber(head);
    this.session.client.ask(head);
  }

  breach(): void {
    this.session.client.breach();
  }

  protected answer(head: Buffer, data: readonly Uint8Array[], block?: Block): void {
    this.session.client.send(head, data, block);
  }

  protected refuse(pdu: Pdu, reason: RejectReason): void {
    this.#renumber(pdu.head);
    this.session.client.reject(pdu, reason);
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
