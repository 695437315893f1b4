import type { z } from 'zod';
import { fail } from '../../errors.js';
import type { Json } from '../../json.js';

/** One kind of record in the table store: its keys are `<prefix>/<id>`, its values follow a schema. */
export class RecordKind<Value, Id extends string = string> {
  readonly prefix: string;
  readonly #schema: z.ZodType<Value>;

  constructor(prefix: string, schema: z.ZodType<Value>) {
    this.prefix = prefix;
    this.#schema = schema;
  }

  key(id: Id): string {
    return `${this.prefix}/${id}`;
  }

  /** @throws ERR_RECORD_INVALID — fields that are not known are ignored: a newer version may have written them */
  parse(key: string, value: Json): Value {
    const result = this.#schema.safeParse(value);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    return fail('ERR_RECORD_INVALID', { key, where, why: issue?.message ?? 'unknown' });
  }

  encode(value: Value): Json {
    return this.#schema.encode(value) as Json;
  }
}
