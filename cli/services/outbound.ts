import type { Config } from '../../core/config/schema.js';
import type { Address } from '../../core/domain.js';
import { OutboundGuard } from '../../core/net/guard.js';

/** Servers, agents, exporters, hooks: within the allowed networks, and never one of our own listeners. */
export function outboundGuard(config: Config): OutboundGuard {
  return new OutboundGuard({
    networks: config.limits.outboundNetworks,
    ports: [{ first: 1, last: 65_535 }],
    excluded: ownListeners(config),
  });
}

export function ownListeners({ api, health, agents, agentCheck, listeners }: Config): Address[] {
  const all = [api, health, agents, agentCheck, ...listeners];
  return all.flatMap(({ listen }) => (listen === undefined || listen.port === 0 ? [] : [listen]));
}
