import type { Address } from './address.js';
import type { Problem, Session } from './answers.js';
import type { Child, Tree } from './tree.js';

/** A question to the API that a page wants answered, and again whenever there is news. */
export interface Ask {
  readonly path: string;
  /** Not asked again sooner than this after its last answer, whatever is new; and at least four times as rarely. */
  readonly restMs: number;
}

/** Undefined: not answered yet. */
export type Told<Answer> = Answer | undefined;

/** What a page is made from: where one is, who looks, what the API has answered so far. */
export interface Sight {
  readonly address: Address;
  readonly session: Session;
  /** How wide the window is. */
  readonly roomPx: number;
  readonly read: <Answer>(path: string) => Told<Answer>;
  /** The newest answer to any question that begins so: shown while a new one is on its way. */
  readonly readLike: <Answer>(prefix: string) => Told<Answer>;
  /** Why its last answer was none. */
  readonly problemOf: (path: string) => Problem | undefined;
  readonly acts: Acts;
}

/** What a page may do. */
export interface Acts {
  /** Another address: a page of its own in the history of the browser. */
  readonly go: (address: Address) => void;
  /** The same page a little changed: it takes the place of the former one. */
  readonly change: (address: Address) => void;
  /** Asks the person before something is changed. */
  readonly ask: (question: Question) => void;
}

/** A change, as it is put to a person. */
export interface Question {
  readonly title: string;
  readonly text: Child;
  readonly fields: readonly Field[];
  readonly confirm: string;
  readonly path: string;
  /** What is sent beside who acts and why. */
  readonly body: (fields: Readonly<Record<string, string>>) => Readonly<Record<string, unknown>>;
  /** Said when it is done. */
  readonly done: string;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'time';
  readonly isNeeded: boolean;
}

/** Why, for those who come after: in most questions. */
export const REASON: Field = { name: 'reason', label: 'Reason', kind: 'text', isNeeded: false };

export interface Page {
  readonly title: (sight: Sight) => string;
  readonly asks: (sight: Sight) => readonly Ask[];
  readonly view: (sight: Sight) => readonly Tree[];
}
