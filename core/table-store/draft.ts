import type { KnownRecords } from './known-records.js';
import type { Check, Transaction, Write } from './port.js';
import type { RecordKind } from './records/kind.js';

/** Builds a transaction of typed records against what a view has seen. */
export class Draft {
  readonly #checks = new Map<string, Check>();
  readonly #writes = new Map<string, Write>();

  get transaction(): Transaction {
    return { checks: [...this.#checks.values()], writes: [...this.#writes.values()] };
  }

  /** The record must still be as the view has it (or still be absent). */
  expect<Value, Id extends string>(view: KnownRecords, kind: RecordKind<Value, Id>, id: Id): this {
    const key = kind.key(id);
    this.#checks.set(key, { key, revision: view.get(kind, id)?.revision ?? 0 });
    return this;
  }

  put<Value, Id extends string>(kind: RecordKind<Value, Id>, id: Id, value: Value): this {
    const key = kind.key(id);
    this.#writes.set(key, { key, value: kind.encode(value) });
    return this;
  }

  remove<Value, Id extends string>(kind: RecordKind<Value, Id>, id: Id): this {
    const key = kind.key(id);
    this.#writes.set(key, { key, value: null });
    return this;
  }
}
