import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  CONTINUES,
  FINAL,
  NO_TAG,
  TEXT_RESPONSE,
  flagsOf,
  headOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';
import { TextCollector, textOf } from '../../../core/iscsi/text.js';
import type { Connection } from '../../../core/net/port.js';
import type { IscsiContext } from './context.js';
import type { LoggedIn } from './logged-in.js';
import { negotiate } from './negotiation.js';
import type { ClientTarget } from './targets.js';
import { mayUse } from './targets.js';

/** Of an answer that goes on. */
const MORE_TAG = 1;

/** What a client asks for by text once it has logged in: which targets there are, above all. */
export class TextDialogue {
  readonly #context: IscsiContext;
  readonly #who: LoggedIn;
  readonly #connection: Pick<Connection, 'local' | 'remote'>;
  readonly #asked = new TextCollector();
  /** Of the answer, for the next PDU. */
  #left: Buffer = Buffer.alloc(0);

  constructor(
    context: IscsiContext,
    who: LoggedIn,
    connection: Pick<Connection, 'local' | 'remote'>,
  ) {
    this.#context = context;
    this.#who = who;
    this.#connection = connection;
  }

  /** Undefined: that is no such text. */
  reply(pdu: Pdu): { readonly head: Buffer; readonly data: Buffer } | undefined {
    const asksForMore = pdu.head.readUInt32BE(AT.transfer) === MORE_TAG && this.#left.length > 0;
    if (!asksForMore) {
      if (!this.#asked.add(pdu.data)) return undefined;
      if ((flagsOf(pdu) & CONTINUES) !== 0) return this.#next(pdu, false);
      const keys = this.#asked.take();
      const negotiated = keys && negotiate(keys, this.#who.agreed);
      if (keys === undefined || negotiated === undefined || 'disagreed' in negotiated) {
        return undefined;
      }
      const wanted = keys.get('SendTargets');
      const targets = wanted === undefined ? [] : this.#targets(wanted);
      this.#left = textOf([...negotiated.answers, ...targets]);
    }
    return this.#next(pdu, true);
  }

  #next(pdu: Pdu, mayEnd: boolean): { readonly head: Buffer; readonly data: Buffer } {
    const { dataBytesMax } = this.#who.agreed;
    const data = this.#left.subarray(0, dataBytesMax);
    this.#left = this.#left.subarray(data.length);
    const hasMore = this.#left.length > 0;
    const isLast = mayEnd && !hasMore;
    const head = headOf(TEXT_RESPONSE, isLast ? FINAL : hasMore ? CONTINUES : 0, taskTagOf(pdu));
    head.writeUInt32BE(isLast ? NO_TAG : MORE_TAG, AT.transfer);
    return { head, data };
  }

  /** `All`, one by its name, or nothing: the one that it has. Others than it may use are not told of. */
  #targets(wanted: string): (readonly [string, string])[] {
    const { host, port } = this.#connection.local;
    const plain = host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
    const address = `${plain.includes(':') ? `[${plain}]` : plain}:${port},1`;
    return this.#named(wanted)
      .filter((each) => mayUse(each, this.#who.initiator, this.#connection.remote.host))
      .flatMap(({ name }) => [
        ['TargetName', name],
        ['TargetAddress', address],
      ]);
  }

  #named(wanted: string): readonly ClientTarget[] {
    const { targets } = this.#context;
    const { target } = this.#who;
    if (wanted === 'All') return target === undefined ? targets.all : [target];
    const named = wanted === '' ? target : targets.named(wanted);
    return named === undefined ? [] : [named];
  }
}
