import type { Agreed } from './negotiation.js';
import type { ClientTarget } from './targets.js';

/** Whoever has logged in, and for what. */
export interface LoggedIn {
  readonly initiator: string;
  /** The initiator's own part of the session's name. */
  readonly isid: Buffer;
  /** Undefined: to discover what there is. */
  readonly target: ClientTarget | undefined;
  readonly agreed: Agreed;
}
