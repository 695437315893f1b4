import { OutboundGuard } from '../core/net/guard.js';

/** Lets pass whatever listens on this machine, and nothing else. */
export function thisMachine(): OutboundGuard {
  return new OutboundGuard({
    networks: ['127.0.0.0/8'],
    ports: [{ first: 1, last: 65_535 }],
    excluded: [],
  });
}
