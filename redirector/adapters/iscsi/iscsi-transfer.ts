import type { SwitchMove } from '../../data-plane.js';
import type { Obstacle } from '../../../core/table-store/records/switch.js';
import type { Transfer } from '../adapter.js';
import type { IscsiContext } from './context.js';
import type { AttachedClient, AttachedServer } from './nexuses.js';

export interface IscsiTransferParts {
  readonly context: IscsiContext;
  /** For what is under way. */
  readonly plain: Transfer;
}

/** Logins at a target at once. */
const LOGINS_MAX = 32;

/**
 * One move of a target: the commands under way end at the source; then every client gets a session at the target of the move, which
 * must show the same logical units and take what clients have reserved. The clients' own sessions stay as they are.
 */
export class IscsiTransfer implements Transfer {
  readonly #move: SwitchMove;
  readonly #context: IscsiContext;
  readonly #plain: Transfer;
  #isSourceLost = false;

  constructor(move: SwitchMove, { context, plain }: IscsiTransferParts) {
    this.#move = move;
    this.#context = context;
    this.#plain = plain;
  }

  obstacles(): Obstacle[] {
    return this.#plain.obstacles();
  }

  drain(signal: AbortSignal): Promise<readonly Obstacle[]> {
    return this.#plain.drain(signal);
  }

  abandon(): void {
    const { source, resource } = this.#move;
    this.#plain.abandon();
    this.#isSourceLost = true;
    if (source === null) return;
    const server = this.#context.gate.serverIndexOf(source);
    for (const nexus of this.#context.nexuses.of(resource)) nexus.openBack(server)?.drop();
  }

  async attach(
    since: Parameters<Transfer['attach']>[0],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { nexuses, gate } = this.#context;
    const { resource, target } = this.#move;
    const why = await this.#plain.attach(since, signal);
    if (why !== undefined) return why;
    const server = gate.serverIndexOf(target);
    const left = nexuses.of(resource).values();
    const refusals: string[] = [];
    const login = async (): Promise<void> => {
      for (const nexus of left) {
        if (signal.aborted || refusals.length > 0) return;
        const back = nexus.back(server);
        const refusal =
          back === undefined
            ? `the address of ${target} is not known`
            : ((await back.ready) ?? this.#refusalOf(nexus, back));
        // A client that has gone meanwhile needs nothing.
        if (refusal !== undefined && nexuses.of(resource).includes(nexus)) refusals.push(refusal);
      }
    };
    await Promise.all(Array.from({ length: LOGINS_MAX }, login));
    return signal.aborted ? 'the switch is over' : refusals[0];
  }

  finish(): void {
    this.#plain.finish();
    const { source, target } = this.#move;
    if (source !== null && source !== target) this.#leave(source);
  }

  undo(): void {
    this.#plain.undo();
    const { source, target } = this.#move;
    if (source !== target) this.#leave(target);
  }

  /** What clients hold is no reason to leave a target without a server. */
  #refusalOf({ port }: AttachedClient, back: AttachedServer): string | undefined {
    const [first] = back.lacking;
    if (first === undefined) return undefined;
    const { source, target } = this.#move;
    if (this.#isSourceLost || source === null) {
      back.accept();
      return undefined;
    }
    return `${target} does not take the ${first.what} of ${port.initiator} for LUN ${first.lun}`;
  }

  #leave(server: SwitchMove['target']): void {
    const { nexuses, gate } = this.#context;
    const at = gate.serverIndexOf(server);
    for (const nexus of nexuses.of(this.#move.resource)) nexus.openBack(at)?.quit();
  }
}
