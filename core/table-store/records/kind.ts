import type { z } from 'zod';
import { encode } from '../../encode.js';
import { fail } from '../../errors.js';
import type { Json } from '../../json.js';

/** One kind of record in the table store: its keys are `<prefix>/<id>`, its values follow a schema. */
export class RecordKind<Value, Id extends string = string> {
  readonly prefix: string;
  readonly #schema: z.ZodType<Value>;
  /** Nobody changes what a store holds or a view shows: so what views of one process share is parsed once. */
  readonly #parsed = new WeakMap<object, Value>();

  constructor(prefix: string, schema: z.ZodType<Value>) {
    this.prefix = prefix;
    this.#schema = schema;
  }

  key(id: Id): string {
    return `${this.prefix}/${id}`;
  }

  /** @throws ERR_RECORD_INVALID — fields that are not known are ignored: a newer version may have written them */
  parse(key: string, value: Json): Value {
    const isObject = typeof value === 'object' && value !== null;
    const known = isObject ? this.#parsed.get(value) : undefined;
    if (known !== undefined) return known;
    const result = this.#schema.safeParse(value);
    if (result.success) {
      if (isObject) this.#parsed.set(value, result.data);
      return result.data;
    }
    const issue = result.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    return fail('ERR_RECORD_INVALID', { key, where, why: issue?.message ?? 'unknown' });
  }

  encode(value: Value): Json {
    return encode(this.#schema, value) as Json;
  }
}
