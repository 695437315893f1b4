import type { IscsiContext } from './context.js';
import type { Lacking } from './hold.js';
import type { InitiatorPort } from './initiator-port.js';
import type { AsksServer } from './own-command.js';
import { othersReplayed, replayed } from './reservation-replay.js';
import { readUnits } from './unit-marks.js';

/** `again`: as if the server did not answer, so that it is tried anew. */
export type Looked = 'ready' | 'again' | { readonly refusal: string };

/**
 * Whether one of our sessions at a server may be used, from the login on. First the unit attentions of the new nexus are taken,
 * which the client must not see, and the logical units compared with those that it knows; then what it holds is established there;
 * then what the others hold stands there, too.
 */
export class Readiness {
  readonly #context: IscsiContext;
  readonly #port: InitiatorPort;
  readonly #server: number;
  #isOver = false;
  #lacking: readonly Lacking[] = [];
  #settled: (why: string | undefined) => void = () => undefined;
  #replayed: (isDone: boolean) => void = () => undefined;
  /** Undefined once it may be used; else why it will not be. */
  readonly ready = new Promise<string | undefined>((resolve) => {
    this.#settled = resolve;
  });
  /** True once all that the client holds stands there, or was found to be lacking. */
  readonly replayed = new Promise<boolean>((resolve) => {
    this.#replayed = resolve;
  });

  constructor(context: IscsiContext, port: InitiatorPort, server: number) {
    this.#context = context;
    this.#port = port;
    this.#server = server;
  }

  /** Of what the client holds, what the server does not have. */
  get lacking(): readonly Lacking[] {
    return this.#lacking;
  }

  /** What is lacking is no more, and the client is told. */
  accept(): void {
    const { reservations, nexuses } = this.#context;
    for (const { lun, what, sense } of this.#lacking) {
      reservations.lost(this.#port, lun, what);
      nexuses.at(this.#port.name)?.attend(lun, sense);
    }
    this.#lacking = [];
  }

  /** Undefined: the session is over. */
  async look(back: AsksServer): Promise<Looked | undefined> {
    const context = this.#context;
    const port = this.#port;
    const server = this.#server;
    const marks = await readUnits(back);
    if (this.#isOver) return undefined;
    if (typeof marks === 'string') return { refusal: marks };
    const refusal = context.units.compare(port.target.resource, marks);
    if (refusal !== undefined) return { refusal };
    const lacking = await replayed({ context, port, server, back });
    if (lacking === undefined) return undefined;
    this.#lacking = lacking;
    this.#replayed(true);
    return (await othersReplayed(context, port, server)) ? 'ready' : 'again';
  }

  /** Whoever waits for the session may use it. */
  opened(): void {
    this.#settled(undefined);
  }

  /** The session is over, and perhaps never was open: why. */
  end(why: string): void {
    this.#isOver = true;
    this.#settled(why);
    this.#replayed(false);
  }
}
