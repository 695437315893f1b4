import { createHash } from 'node:crypto';

/** An answer as it is sent. */
export interface Encoded {
  readonly bytes: Buffer;
  /** Of its content; undefined: nobody asked for one. */
  readonly tag: string | undefined;
}

/** An answer that is often the same again but for its moment: the text of the rest, which has some keys, is made once for the same object. */
export class Dated<Rest extends object> {
  readonly nowMs: number;
  readonly rest: Rest;

  constructor(nowMs: number, rest: Rest) {
    this.nowMs = nowMs;
    this.rest = rest;
  }

  toJSON(): { readonly nowMs: number } & Rest {
    return { nowMs: this.nowMs, ...this.rest };
  }
}

/**
 * Answers as JSON. A route that answers with the same object again says that nothing of it is another: the text of a large one is
 * made once, and goes when the object does.
 */
export class EncodedAnswers {
  readonly #known = new WeakMap<object, Encoded>();

  of(answer: unknown, isTagged: boolean): Encoded {
    const isObject = typeof answer === 'object' && answer !== null;
    const known = isObject ? this.#known.get(answer) : undefined;
    if (known !== undefined && (!isTagged || known.tag !== undefined)) return known;
    const bytes = known?.bytes ?? this.#bytesOf(answer);
    const encoded = { bytes, tag: isTagged ? tagOf(bytes) : undefined };
    if (isObject) this.#known.set(answer, encoded);
    return encoded;
  }

  #bytesOf(answer: unknown): Buffer {
    if (!(answer instanceof Dated)) return Buffer.from(JSON.stringify(answer));
    const rest = this.of(answer.rest, false).bytes;
    // After its brace.
    return Buffer.concat([Buffer.from(`{"nowMs":${answer.nowMs},`), rest.subarray(1)]);
  }
}

function tagOf(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
}
