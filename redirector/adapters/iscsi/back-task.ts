import type { Block } from '../../../core/net/block.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';

/** What a command says when it is its turn. The numbers and the tag are put into its header. */
export interface Said {
  readonly head: Buffer;
  readonly extra?: Uint8Array;
  readonly data?: readonly Uint8Array[];
  /** In which the data lie. */
  readonly block?: Block | undefined;
}

/** A command, or something else that a server answers, as the session there sees it. */
export interface BackTask {
  /** `tag`, `command`: its numbers there. Undefined: it may not be sent any more; it hears nothing more then. */
  say(tag: number, command: number): Said | undefined;
  /** Data, a request for data, or the answer: then it is over. */
  answered(pdu: Pdu): void;
  /** None comes. `wasSent`: the server may have done it all the same. */
  lost(wasSent: boolean): void;
  /** Nothing was sent and nothing is wrong: another session has to be used. */
  again(): void;
  /** The server is there, but not for this: why not. Nothing was sent. */
  refusedThere(why: string): void;
}
