import { serverTarget } from '../../collector/target.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config, ServerConfig } from '../../core/config/schema.js';
import { hasCode } from '../../core/disk/codes.js';
import type { Address } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { codeOf } from '../../core/errors.js';
import type { CloseReason, Net } from '../../core/net/port.js';
import type { Finding } from './finding.js';
import { failed, failedWith, ok, warn } from './finding.js';

const TIMEOUT_MS = 2000;

/** Whether our listeners can be opened. @param isRunning a Foreshift of this config answers: it has them */
export async function listenerFindings(
  net: Net,
  listeners: readonly Address[],
  isRunning: boolean,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const at of listeners) {
    const what = `listener ${formatAddress(at)}`;
    try {
      const listener = await net.listen(at, (connection) => {
        connection.destroy();
      });
      await listener.close();
      findings.push(ok(what, 'free'));
    } catch (error) {
      if (codeOf(error) !== 'ERR_LISTEN_FAILED') throw error;
      const isItsOwn = isRunning && error instanceof Error && hasCode(error.cause, 'EADDRINUSE');
      findings.push(isItsOwn ? ok(what, 'taken, and Foreshift runs') : failedWith(what, error));
    }
  }
  return findings;
}

/** Each declared server, as the redirector and the collector will reach it. */
export async function serverFindings(
  parts: { readonly net: Net; readonly clock: Clock },
  config: Config,
): Promise<Finding[]> {
  const lists = await Promise.all(
    config.servers.map(async (server) => [
      await reachFinding(parts.net, server),
      ...(await loadFindings(parts, server, config)),
    ]),
  );
  return lists.flat();
}

async function reachFinding(net: Net, { id, address }: ServerConfig): Promise<Finding> {
  const what = `server ${id}`;
  const at = formatAddress(address);
  const reason = await opened(net, address);
  if (reason === undefined) return ok(what, `answers at ${at}`);
  const fix =
    reason === 'forbidden'
      ? 'Add its network to limits.outboundNetworks, or correct the address: it is none of our own listeners'
      : 'Start it, or correct its address; look at firewalls between here and there';
  return failed(what, `${at}: ${reason}`, fix);
}

/** Why not; undefined: it opened. */
function opened(net: Net, address: Address): Promise<CloseReason | undefined> {
  return new Promise((resolve) => {
    const connection = net.connect(address, { timeoutMs: TIMEOUT_MS });
    connection.handler = {
      opened: () => {
        resolve(undefined);
        connection.destroy();
      },
      data: () => undefined,
      drained: () => undefined,
      ended: () => undefined,
      closed: resolve,
    };
  });
}

/** By the collector's own reading of the page. What is a rate needs two polls: the first one says whether it is there. */
async function loadFindings(
  { net, clock }: { readonly net: Net; readonly clock: Clock },
  { id, metrics, capacity }: ServerConfig,
  config: Config,
): Promise<Finding[]> {
  const what = `load of ${id}`;
  if (metrics === undefined) {
    const fix =
      'Set its metrics, or let an agent announce them: without load it is never planned for';
    return [warn(what, 'nothing says where it is read', fix)];
  }
  const options = { ...config.collector, resourcesMax: config.limits.resourcesMax };
  try {
    const { drops } = await serverTarget(net, { id, metrics, capacity }, options).open().poll({
      timeMs: clock.realtimeMs(),
      monotonicMs: clock.monotonicMs(),
      timeoutMs: TIMEOUT_MS,
      signal: new AbortController().signal,
    });
    const missing = drops.filter(({ reason }) => reason === 'missing').map((drop) => drop.what);
    if (missing.length > 0) {
      const fix = `Correct the mapping, or leave ${missing.length === 1 ? 'it' : 'them'} out of it`;
      return [warn(what, `${metrics.url} does not say ${missing.join(', ')}`, fix)];
    }
    return [...capacityFindings(id, capacity), ok(what, `read at ${metrics.url}`)];
  } catch (error) {
    return [failedWith(what, error)];
  }
}

function capacityFindings(id: string, capacity: ServerConfig['capacity']): Finding[] {
  if (Object.keys(capacity).length > 0) return [];
  const fix = `Set servers[].capacity of ${id}: a load without a limit makes no plan`;
  return [warn(`capacity of ${id}`, 'none is declared', fix)];
}
