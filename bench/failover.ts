import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { Services } from '../cli/services/services.js';
import { agentToken } from '../core/agent-protocol.js';
import { SystemClock } from '../core/clock/system.js';
import { configSchema } from '../core/config/schema.js';
import type { ServerId } from '../core/domain.js';
import { SILENT_LOG } from '../core/log.js';
import { SeededRng } from '../core/rng.js';
import { LOST, SERVER } from '../core/table-store/records/server.js';
import { Child } from '../demo/child.js';
import { freePort } from '../demo/free-port.js';
import type { ServerArguments, ServerReady } from '../demo/messages.js';
import { untilWithin } from '../test/support/until.js';

/*
 * A server process is killed (-9) under requests, with the config's defaults: how long until its loss is known, until
 * its death is confirmed, and from then until each of its resources answers from another server.
 * `npm run bench -- failover [--runs 10] [--resources 30]`
 */

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    resources: { type: 'string', default: '30' },
  },
});
const SECRET = 'the secret of a bench, which ends with it';
const SERVERS = ['s1', 's2', 's3'];
const RESOURCES = Array.from(
  { length: Number(options.resources) },
  (_hole, number) => `vol-${number}`,
);

const clock = new SystemClock();
const until = untilWithin(120_000, { pauseMs: 5 });
const folder = await mkdtemp(join(tmpdir(), 'foreshift-failover-'));
const [agentsPort, proxyPort] = [await freePort(), await freePort()];
const config = configSchema.parse({
  mode: 'propose',
  api: { listen: '127.0.0.1:0' },
  health: { listen: '127.0.0.1:0' },
  agents: { listen: `127.0.0.1:${agentsPort}` },
  listeners: [{ listen: `127.0.0.1:${proxyPort}` }],
});
const services = await Services.open(config, {
  clock,
  rng: new SeededRng(1),
  log: SILENT_LOG,
  version: 'bench',
  secret: SECRET,
  dataDir: join(folder, 'data'),
});
await services.start();
const { view } = services;
const pool = new Pool(`http://127.0.0.1:${proxyPort}`, { connections: RESOURCES.length });
const children = new Map<string, Child<ServerReady>>();

async function startServer(id: string): Promise<void> {
  const args: ServerArguments = {
    id,
    resources: RESOURCES,
    registrationUrl: `http://127.0.0.1:${agentsPort}`,
    token: agentToken(SECRET, id as ServerId),
    capacityCpu: 1,
    burnMs: 0,
    answerBytes: 100,
    journal: join(folder, `journal-${id}`),
    dataDir: join(folder, `agent-${id}`),
  };
  const child = new Child<ServerReady>('server-process', [JSON.stringify(args)]);
  children.set(id, child);
  await child.hear((_said): _said is ServerReady => true);
}

/** Who has a resource, by the table. */
function placesOf(server: string): string[] {
  return [...view.table.entries()].flatMap(([id, placement]) =>
    placement.server === server ? [id] : [],
  );
}

/** One request after the other until one is answered by a server, from now on. Resolves to when. */
async function answered(resource: string): Promise<number> {
  for (;;) {
    const { statusCode, body } = await pool.request({ path: `/${resource}/x`, method: 'GET' });
    await body.dump();
    if (statusCode === 200) return clock.monotonicMs();
    await clock.sleep(5);
  }
}

const times = { lost: [] as number[], dead: [] as number[], served: [] as number[] };

async function run(): Promise<void> {
  await until('every resource has a server, and a standby', () => {
    const placements = [...view.table.entries()].map(([, placement]) => placement);
    const hasStandbys = placements.every(({ standby }) => standby !== null);
    return placements.length === RESOURCES.length && hasStandbys;
  });
  await until('nothing is lost', () => view.all(LOST).size === 0);
  const [victim = 's1'] = [...SERVERS].sort((a, b) => placesOf(b).length - placesOf(a).length);
  const resources = placesOf(victim);
  const id = victim as ServerId;
  const killedAtMs = clock.monotonicMs();
  let deadAtMs = NaN;
  const seen = (): void => {
    const lost = view.get(LOST, id)?.value;
    if (lost === undefined || deadAtMs >= 0) return;
    if (times.lost.length === times.dead.length) times.lost.push(clock.monotonicMs() - killedAtMs);
    if (lost.evidence !== 'dead') return;
    deadAtMs = clock.monotonicMs();
    times.dead.push(deadAtMs - killedAtMs);
  };
  const end = view.onChange(seen);
  children.get(victim)?.kill();
  const servedAtMs = await Promise.all(resources.map(answered));
  end();
  for (const atMs of servedAtMs) times.served.push(Math.max(0, atMs - deadAtMs));
  await startServer(victim);
}

function report(what: string, values: readonly number[]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? NaN);
  console.log(`${what}: p50 ${at(0.5)} ms, most ${at(1)} ms (${sorted.length})`);
}

for (const id of SERVERS) await startServer(id);
await until('every server is known', () => view.all(SERVER).size === SERVERS.length);
for (let left = Number(options.runs); left > 0; left--) await run();
report('killed until its loss is known', times.lost);
report('killed until its death is confirmed', times.dead);
report('confirmed until a resource answers elsewhere', times.served);
await pool.close();
await services.stop();
for (const child of children.values()) await child.end();
await rm(folder, { recursive: true, force: true });
