import type { ConnectionHandler } from '../../core/net/port.js';

/** Hears nothing of a connection: for tests that look at one or two of its events. */
export const DEAF: ConnectionHandler = {
  opened: () => undefined,
  data: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};
