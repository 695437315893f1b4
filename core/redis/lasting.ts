import type { Redis } from 'ioredis';
import type { Clock } from '../clock/port.js';

/** Between the end of a client and its new beginning. */
const BEGIN_ANEW_MS = 200;

/**
 * Keeps a client connecting for as long as it is wanted. By itself it "ends", for good, if a Sentinel tells of a failover
 * in the very moment in which it looks for the master (ioredis 6.0.0: SentinelConnector rejects `connect`, and no retry
 * follows). Returns what ends it.
 */
export function lasting(client: Redis, clock: Clock): () => void {
  let cancel = (): void => undefined;
  const beginAnew = (): void => {
    cancel = clock.after(BEGIN_ANEW_MS, () => {
      client.connect().catch(ignore);
    });
  };
  client.on('end', beginAnew);
  return () => {
    client.off('end', beginAnew);
    cancel();
    client.disconnect();
  };
}

function ignore(): void {
  // its error event says it, and its next end begins it anew
}
