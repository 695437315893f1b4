import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../../core/clock/system.js';
import { createLog } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import { SharedListeners } from '../../core/net/shared-listeners.js';
import { SeededRng } from '../../core/rng.js';
import { atWorkSeen } from '../../redirector/shared/metrics.js';
import { Traffic } from '../../redirector/traffic.js';
import { SharedLimits, countsIn } from '../../redirector/workers/memory.js';
import type { Told } from '../../redirector/workers/messages.js';
import type { WorkerEars } from '../../redirector/workers/worker-plane.js';
import { WorkerPlane } from '../../redirector/workers/worker-plane.js';
import { accessLogOf } from './access-log.js';
import { countsOf } from './adapter-counts.js';
import { namedFilesOf } from './named-files.js';
import { outboundGuard, ownListeners } from './outbound.js';
import {
  adaptersOf,
  policiesOf,
  reconfigureAdapters,
  sharingOf,
  trafficOptionsOf,
} from './redirector.js';
import type { WorkerData, WorkerSettings } from './worker-threads.js';

/* A thread that carries a redirector's traffic beside its main one, and is told all by it. */

const { birth, clockOriginMs, seed } = workerData as WorkerData;
const { config, files, folder, boot } = birth.settings;

const clock = new SystemClock(clockOriginMs);
const root = createLog({ level: config.log.level });
const guard = outboundGuard(config);
let named = namedFilesOf(config, files);
let shared = new SharedListeners(clock, []);
const net = new NodeNet(clock, guard, undefined, () => shared);
const accesses = accessLogOf(config, clock, folder);
const limits = new SharedLimits(birth.limits, birth.threads);

const plane = new WorkerPlane<WorkerSettings>({
  clock,
  say: (message) => parentPort?.postMessage(message),
  traffic: trafficFor,
  share: (listeners) => {
    shared.close();
    shared = new SharedListeners(clock, listeners);
  },
  reconfigure,
  stats: ({ traffic: { adapters, gate, atWork }, view }) => ({
    ...countsOf(adapters),
    accessLog: accesses.counts(),
    atWork: atWorkSeen({ view, gate, atWork }),
  }),
  finish: () => accesses.service.stop(),
});
parentPort?.on('message', (told: Told<WorkerSettings>) => {
  plane.hear(told);
});
await plane.run(new AbortController().signal);

function trafficFor(ears: WorkerEars): Traffic {
  return new Traffic(
    {
      ...ears,
      ...{ clock, net },
      rng: new SeededRng(seed),
      log: root.child({ room: 'redirector', thread: birth.thread }),
      // Its first characters are all that requests' names have of it.
      boot: `${birth.life.toString(36)}w${boot}`,
      policyOf: policiesOf(config),
      sharingOf: sharingOf(config),
      accessLog: accesses.log,
      linkOf: (server) => named.security.linkOf(server),
      adapters: (parts) => adaptersOf(config, named, parts),
      sessions: undefined,
      beside: { ...limits.of(birth.thread), counts: countsIn(birth.counts) },
    },
    trafficOptionsOf(config),
  );
}

async function reconfigure(settings: WorkerSettings, traffic: Traffic): Promise<void> {
  const now = namedFilesOf(settings.config, settings.files);
  await reconfigureAdapters(traffic.adapters, settings.config, now);
  named = now;
  traffic.reconfigure(trafficOptionsOf(settings.config));
  accesses.reconfigure(settings.config);
  guard.exclude(ownListeners(settings.config));
  root.setLevel(settings.config.log.level);
}
