import { createHash } from 'node:crypto';

/** An answer as it is sent. */
export interface Encoded {
  readonly bytes: Buffer;
  /** Of its content; undefined: nobody asked for one. */
  readonly tag: string | undefined;
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
    const bytes = known?.bytes ?? Buffer.from(JSON.stringify(answer));
    const encoded = { bytes, tag: isTagged ? tagOf(bytes) : undefined };
    if (isObject) this.#known.set(answer, encoded);
    return encoded;
  }
}

function tagOf(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
}
