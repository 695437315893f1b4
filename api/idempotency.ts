import { createHash } from 'node:crypto';
import { fail } from '../core/errors.js';

interface Remembered {
  readonly asked: string;
  readonly answer: Promise<unknown>;
}

const KEY = /^[\x21-\x7e]{1,255}$/;
const KEPT_MAX = 1000;

/**
 * Answers by the key that a client gave its request (`Idempotency-Key`): whoever did not hear the answer asks again with the
 * same key, and hears it instead of acting twice. Remembered by this process, the latest thousand; what failed is
 * forgotten, so that it may be tried again. Beyond that each act is judged by the state that it finds.
 */
export class IdempotentAnswers {
  readonly #known = new Map<string, Remembered>();

  /** @throws ERR_REQUEST_INVALID: no such key is allowed; ERR_KEY_REUSED: it belongs to another request; and what `act` throws */
  async once(
    key: string,
    asked: { readonly by: string; readonly path: string; readonly body: unknown },
    act: () => Promise<unknown>,
  ): Promise<unknown> {
    if (!KEY.test(key)) {
      const why = 'not 1 to 255 visible ASCII characters';
      fail('ERR_REQUEST_INVALID', { where: 'Idempotency-Key', why });
    }
    const id = `${asked.by} ${key}`;
    const digest = createHash('sha256')
      .update(JSON.stringify([asked.path, asked.body]))
      .digest('base64');
    const known = this.#known.get(id);
    if (known !== undefined) {
      if (known.asked !== digest) fail('ERR_KEY_REUSED', {});
      return known.answer;
    }
    const answer = act();
    this.#known.set(id, { asked: digest, answer });
    const [oldest] = this.#known.keys();
    if (this.#known.size > KEPT_MAX && oldest !== undefined) this.#known.delete(oldest);
    try {
      return await answer;
    } catch (error) {
      this.#known.delete(id);
      throw error;
    }
  }
}
