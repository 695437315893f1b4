import type { ConnectionHandler } from './port.js';

/** The handler of a connection that nobody has taken up yet. */
export const UNHANDLED: ConnectionHandler = {
  opened: ignore,
  data: ignore,
  drained: ignore,
  ended: ignore,
  closed: ignore,
};

function ignore(): void {
  // nobody listens
}
