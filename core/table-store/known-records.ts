import type { Generation } from '../generation.js';
import type { AssignmentTable } from '../table.js';
import type { Revision } from './port.js';
import type { RecordKind } from './records/kind.js';

export interface Stored<Value> {
  readonly value: Value;
  /** To check against in a transaction. */
  readonly revision: Revision;
}

/** What somebody knows of the store: the records of one revision. */
export interface KnownRecords {
  readonly revision: Revision;
  /** The newest generation ever handed out. */
  readonly reserved: Generation;
  get<Value, Id extends string>(kind: RecordKind<Value, Id>, id: Id): Stored<Value> | undefined;
  all<Value, Id extends string>(kind: RecordKind<Value, Id>): ReadonlyMap<Id, Stored<Value>>;
}

/** What somebody knows and is kept up to date with. */
export interface FollowedRecords extends Pick<KnownRecords, 'get' | 'all'> {
  readonly table: AssignmentTable;
  /** Calls back after each change. Returns the end of it. */
  onChange(listener: () => void): () => void;
}
