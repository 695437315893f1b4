import { networkInterfaces } from 'node:os';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Address } from '../../core/domain.js';
import { OutboundGuard } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';

const ALL_PORTS = [{ first: 1, last: 65_535 }];

/** Servers, agents, exporters, hooks: within the allowed networks, and never one of our own listeners. */
export function outboundGuard(config: Config): OutboundGuard {
  return new OutboundGuard({
    networks: config.limits.outboundNetworks,
    ports: ALL_PORTS,
    excluded: ownListeners(config),
    machineHosts,
  });
}

/** Asked anew each time: floating addresses come and go. */
function machineHosts(): string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) =>
    all.map(({ address }) => address),
  );
}

export function ownListeners({ api, health, agents, agentCheck, listeners }: Config): Address[] {
  const all = [api, health, agents, agentCheck, ...listeners];
  return all.flatMap(({ listen }) => (listen === undefined || listen.port === 0 ? [] : [listen]));
}

/** For what is asked of the redirectors: of this process itself, and of others like it. */
export function membersNet({ limits }: Config, clock: Clock): NodeNet {
  const guard = new OutboundGuard({
    networks: ['127.0.0.0/8', '::1/128', ...limits.outboundNetworks],
    ports: ALL_PORTS,
    excluded: [],
  });
  return new NodeNet(clock, guard);
}
