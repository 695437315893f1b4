import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { percentile } from '../replay/rules/percentile.js';
import type { FileName } from './dataplane-backend.js';
import { LightBackend } from './dataplane-backend.js';
import type { Contestant, ContestantName, StartOptions } from './dataplane-contestants.js';
import { startContestant } from './dataplane-contestants.js';
import { goalTable, median, round } from './dataplane-goals.js';
import type { Load } from './dataplane-load.js';
import { FixedRate, idleConnections, wrkLoad } from './dataplane-load.js';
import type { Split } from './dataplane-messages.js';
import { movesUnderLoad } from './dataplane-moves.js';
import { planUnderLoad } from './dataplane-plan.js';
import { SLOW_EACH, besideSlowClients } from './dataplane-slow.js';
import { loadsSince, machineName } from './machine.js';
import { markdownTable, numberColumns } from './markdown-table.js';
import { cpuUs, residentKb } from './proxy-process.js';

/*
 * What the data plane costs, beside HAProxy, nginx and two proxies of Node's, before the same light server: CPU of each
 * proxy by the scheduler's own count, in rounds that alternate, with the ratio to HAProxy in the same round.
 *
 *   npm run bench -- dataplane [--rows a1,a4,c] [--rounds 7] [--seconds 3] [--out FILE.json] [--profile FOLDER]
 *     [--proxies haproxy,ours]
 *
 * The proxy has a core for itself where `taskset` is there, load and server the other. Needs haproxy, nginx and wrk.
 */

const { values: given } = parseArgs({
  options: {
    rows: { type: 'string', default: 'a1,a2,a3,a4,post,a5,a6,a7,a8,b,b4,slow,c' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    warm: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    idle: { type: 'string', default: '9500' },
    resources: { type: 'string', default: '100000' },
    out: { type: 'string' },
    profile: { type: 'string' },
    proxies: { type: 'string' },
  },
});
const ROUNDS = Number(given.rounds);
const SECONDS = Number(given.seconds);
const RESOURCES = Number(given.resources);
/** Requests go round over so many, so that a head seldom repeats the one before it on its connection. */
const REQUESTED = 1000;

interface CpuRow {
  readonly file: FileName | 'post';
  readonly contestants: readonly ContestantName[];
  readonly connections?: number;
  readonly closes?: boolean;
  readonly bodyBytes?: number;
  /** Proxies are not kept to one core, and the load has two threads: each has a process of its own to ask, if there are two. */
  readonly isSpread?: boolean;
  /** Of the goals: ours over whom. */
  readonly goals: Readonly<Record<string, readonly [ours: ContestantName, over: ContestantName]>>;
}

const ALL = ['haproxy', 'ours', 'nginx', 'undici', 'node'] as const;
const CPU_ROWS: Readonly<Record<string, CpuRow>> = {
  a1: {
    file: '1k',
    contestants: ALL,
    goals: {
      a1: ['ours', 'haproxy'],
      'a1-undici': ['ours', 'undici'],
      'a1-node': ['ours', 'node'],
    },
  },
  a2: { file: '1k', contestants: ['haproxy', 'ours-log'], goals: { a2: ['ours-log', 'haproxy'] } },
  a3: { file: '64k', contestants: ALL, goals: { a3: ['ours', 'haproxy'] } },
  a4: { file: '1k', closes: true, contestants: ALL, goals: { a4: ['ours', 'haproxy'] } },
  post: { file: 'post', bodyBytes: 4096, contestants: ALL, goals: {} },
  a5: {
    file: '16m',
    connections: 4,
    contestants: ['haproxy-tcp', 'ours-tcp', 'haproxy', 'ours', 'nginx'],
    goals: { a5: ['ours-tcp', 'haproxy-tcp'] },
  },
};

/**
 * The same data plane on all sides, as a config has it: only the threads differ. What is spread over both cores has one of them
 * in common with the load, and pays for it with or without threads: two processes show how much.
 */
const TWO: CpuRow = {
  file: '1k',
  isSpread: true,
  contestants: ['ours-one', 'ours-two', 'ours-pair'],
  goals: { a8: ['ours-two', 'ours-one'], 'a8-pair': ['ours-two', 'ours-pair'] },
};
const TWO_CLOSED: CpuRow = {
  ...TWO,
  closes: true,
  goals: { 'a8-closed': ['ours-two', 'ours-one'] },
};

const absent = ['haproxy', 'nginx', 'wrk'].filter(
  (program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).error !== undefined,
);
if (absent.length > 0) {
  console.error(
    `the bench needs what is not on this machine: ${absent.join(', ')} (.ci/engines installs it)`,
  );
  process.exit(2);
}

const core = { proxy: coreOf(0), load: coreOf(1) };
const folder = await mkdtemp(join(tmpdir(), 'foreshift-bench-'));
const backend = await LightBackend.start(core.load);
const figures: Record<string, number> = {};
const details: Record<string, unknown> = {};
const startOptions: StartOptions = {
  backends: [backend.port],
  resources: RESOURCES,
  core: core.proxy,
  log: join(folder, 'access.log'),
  connectionsMax: 9900,
  nodeFlags: given.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${given.profile}`],
};

function coreOf(at: number): number | undefined {
  if (availableParallelism() < 2) return undefined;
  try {
    execFileSync('taskset', ['-c', String(at), 'true']);
    return at;
  } catch {
    return undefined;
  }
}

function say(line: string): void {
  console.log(line);
}

/** All, unless `--proxies haproxy,ours` leaves some out. */
function isWanted(name: ContestantName): boolean {
  return given.proxies?.split(',').includes(name) ?? true;
}

const inside: Contestant[] = [];

async function entered(
  names: readonly ContestantName[],
  options: StartOptions = startOptions,
): Promise<readonly Contestant[]> {
  for (const name of names) inside.push(await startContestant(name, options));
  return [...inside];
}

async function leave(): Promise<void> {
  for (const one of inside.splice(0)) await one.dispose();
}

/** Of all its processes. */
async function cpuOf({ pid, beside }: Contestant): Promise<number> {
  return (await cpuUs(pid)) + (beside === undefined ? 0 : await cpuUs(beside.pid));
}

async function measure(row: CpuRow, contestant: Contestant, seconds: number) {
  const { port, beside } = contestant;
  const beforeUs = await cpuOf(contestant);
  const load: Load = await wrkLoad({
    ...{ port, seconds, core: core.load, folder, file: row.file },
    ...(row.isSpread === true && { secondPort: beside?.port ?? port }),
    connections: row.connections ?? Number(given.connections),
    closes: row.closes ?? false,
    resources: REQUESTED,
    ...(row.bodyBytes !== undefined && { bodyBytes: row.bodyBytes }),
  });
  return { ...load, us: (await cpuOf(contestant)) - beforeUs };
}

/** A request, or of big ones a MB. */
function units(row: CpuRow, { requests, bytes }: Load): number {
  return row.file === '16m' ? bytes / (1 << 20) : requests;
}

async function cpuRow(id: string, row: CpuRow): Promise<void> {
  const contestants = await entered(row.contestants.filter(isWanted), {
    ...startOptions,
    ...(row.isSpread === true && { core: undefined }),
  });
  for (const one of contestants) await measure(row, one, Number(given.warm));
  const rounds: Record<string, number>[] = [];
  const failed: Record<string, number> = {};
  const perSecond: Record<string, number[]> = {};
  for (let at = 0; at < ROUNDS; at++) {
    const us: Record<string, number> = {};
    for (const one of contestants) {
      const result = await measure(row, one, SECONDS);
      us[one.name] = result.us / units(row, result);
      failed[one.name] = (failed[one.name] ?? 0) + result.failed;
      (perSecond[one.name] ??= []).push(result.requests / result.seconds);
    }
    rounds.push(us);
  }
  await splitOf(contestants.find(({ name }) => name === 'ours-two'));
  await leave();
  const ratio = (name: string, over: string): number =>
    median(rounds.map((us) => (us[name] ?? NaN) / (us[over] ?? NaN)));
  for (const [goal, [ours, over]] of Object.entries(row.goals)) {
    if (isWanted(over)) figures[goal] = ratio(ours, over);
  }
  const base = row.contestants[0] ?? 'haproxy';
  details[id] = { rounds, failed };
  const unit = row.file === '16m' ? 'MB' : 'request';
  say(`\n${id}: ${row.file}${row.closes === true ? ', a connection each' : ''}, CPU µs a ${unit}`);
  say(
    markdownTable(
      numberColumns('proxy', 'µs', `over ${base}`, 'requests/s', 'failed'),
      contestants.map(({ name }) => [
        name,
        round(median(rounds.map((us) => us[name] ?? NaN))),
        round(ratio(name, base)),
        round(median(perSecond[name] ?? [])),
        String(failed[name]),
      ]),
    ),
  );
}

/** How much of all the requests the thread with more of them had. */
async function splitOf(threaded: Contestant | undefined): Promise<void> {
  const split = (await threaded?.ask?.({ do: 'split' })) as Split | undefined;
  if (split === undefined) return;
  const { main, others } = split;
  const share = Math.max(main, others) / (main + others);
  figures['a8-split'] = Math.max(share, figures['a8-split'] ?? 0);
  say(`\nrequests of the main thread and of the other: ${main} ${others}`);
}

async function fixedRate(): Promise<void> {
  const contestants = await entered(ALL);
  const paths = Array.from({ length: 32 }, (_, at) => `/vol-${at}/1k`);
  const rounds: Record<string, readonly [p50: number, p99: number]>[] = [];
  for (let at = -1; at < ROUNDS; at++) {
    const results: Record<string, readonly [number, number]> = {};
    for (const { name, port } of contestants) {
      const load = await FixedRate.open(port, 32, paths);
      await load.run(1600, SECONDS);
      load.close();
      if (load.failed > 0) throw new Error(`${name}: ${load.failed} failed`);
      const tookMs = load.timed.map((one) => one.tookMs);
      results[name] = [percentile(tookMs, 0.5), percentile(tookMs, 0.99)];
    }
    // The first one warms up.
    if (at >= 0) rounds.push(results);
  }
  await leave();
  const of = (name: string, at: 0 | 1): number =>
    median(rounds.map((results) => results[name]?.[at] ?? NaN));
  const ratio = (name: string, at: 0 | 1): number =>
    median(rounds.map((results) => (results[name]?.[at] ?? NaN) / (results.haproxy?.[at] ?? NaN)));
  figures['a6-p50'] = ratio('ours', 0);
  figures['a6-p99'] = ratio('ours', 1);
  details.a6 = rounds;
  say('\na6: 1,600 requests a second, ms from when each was due');
  say(
    markdownTable(
      numberColumns('proxy', 'p50', 'p99', 'p50 over haproxy', 'p99 over haproxy'),
      ALL.map((name) => [
        name,
        round(of(name, 0)),
        round(of(name, 1)),
        round(ratio(name, 0)),
        round(ratio(name, 1)),
      ]),
    ),
  );
}

/** By the bench of the codec alone. */
function codec(): void {
  const file = fileURLToPath(new URL('./http-codec.js', import.meta.url));
  const said = execFileSync(process.execPath, [file, '--rounds', String(ROUNDS)], {
    encoding: 'utf8',
  });
  say(`\na7: ${said}`);
  const of = (line: string): number =>
    Number(new RegExp(`^${line} +[0-9]+ bytes +([0-9.]+)`, 'm').exec(said)?.[1] ?? NaN);
  figures['a7-first'] = of('request head, browser, first time');
  figures['a7-again'] = of('request head, browser, repeated');
}

async function slowClients(): Promise<void> {
  const rows: string[][] = [];
  for (const name of (['ours', 'haproxy'] as const).filter(isWanted)) {
    const [one] = await entered([name], { ...startOptions, resources: REQUESTED });
    if (one === undefined) continue;
    const options = { core: core.load, rounds: ROUNDS, seconds: 2 * SECONDS };
    const { withoutMs, withMs, ratio } = await besideSlowClients(one, options);
    await leave();
    rows.push([name, round(withoutMs), round(withMs), round(ratio)]);
    if (name === 'ours') figures['slow-p99'] = ratio;
  }
  details.slow = rows;
  say(
    `\nslow: ${SLOW_EACH} clients that drip a head and ${SLOW_EACH} idle ones; p99 of good ones, ms`,
  );
  say(markdownTable(numberColumns('proxy', 'without', 'with', 'ratio'), rows));
}

async function memory(): Promise<void> {
  const count = Number(given.idle);
  const rows: string[][] = [];
  for (const name of ALL.filter(isWanted)) {
    // A table for a small fleet: what is measured is what a connection costs.
    const [one] = await entered([name], { ...startOptions, resources: REQUESTED });
    if (one === undefined) continue;
    const warm = await idleConnections(one.port, 64);
    for (const socket of warm) socket.destroy();
    const settled = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await one.ask?.({ do: 'collect' });
      return residentKb(one.pid);
    };
    const baseKb = await settled();
    const sockets = await idleConnections(one.port, count);
    const fullKb = await settled();
    for (const socket of sockets) socket.destroy();
    await leave();
    const eachKb = (fullKb - baseKb) / count;
    rows.push([name, round(baseKb / 1024), round(fullKb / 1024), round(eachKb)]);
    if (name === 'ours') {
      figures['c-each'] = eachKb;
      figures['c-base'] = baseKb / 1024;
    }
  }
  details.c = rows;
  say(`\nc: ${count} idle connections, each of which made one request`);
  say(markdownTable(numberColumns('proxy', 'MB without', 'MB with', 'KB each'), rows));
}

async function moves(): Promise<void> {
  const {
    figures: moved,
    makingMs,
    steady,
    failed,
  } = await movesUnderLoad(startOptions, { core: core.load, folder }, 3 * ROUNDS);
  Object.assign(figures, moved);
  details.b = { ...moved, makingMs, steady, failed };
  say(`\nb: switches under load, ${3 * ROUNDS} of each size; failed requests: ${failed}`);
  const making = Object.entries(makingMs).map(([count, ms]) => `${count}: ${round(ms)}`);
  say(`the next table made from the one before, ms by how many change: ${making.join(', ')}`);
  say('requests to what does not move, ms, just before a switch and in it');
  say(
    markdownTable(
      numberColumns(
        'moved',
        'requests',
        'p50 before',
        'in it',
        'p90 before',
        'in it',
        'p99 before',
        'in it',
      ),
      Object.entries(steady).map(([count, { before, during }]) => [
        count,
        `${before.count} ${during.count}`,
        ...(['p50', 'p90', 'p99'] as const).flatMap((key) => [
          round(before[key]),
          round(during[key]),
        ]),
      ]),
    ),
  );
}

async function wholePlan(): Promise<void> {
  const {
    figures: plan,
    ms,
    coldMs,
    failed,
  } = await planUnderLoad(startOptions, { core: core.load, folder }, ROUNDS);
  Object.assign(figures, plan);
  details.b4 = { ...plan, ms, coldMs, failed };
  say(
    `\nb4: a plan of 10,000 under load, ${ROUNDS} of each; failed requests: ${failed}; our first, cold: ${round(coldMs)} ms`,
  );
  say(
    markdownTable(numberColumns('way', 'ms'), [
      ['ours: hold, drain, switch, resume', round(ms.ours)],
      ['HAProxy: a hold in Lua, drain, commit map', round(ms.hold)],
      ['HAProxy: set map (two servers at work on one resource)', round(ms.setMap)],
    ]),
  );
}

const versions = {
  node: process.version,
  haproxy: /version ([^ ]+)/.exec(execFileSync('haproxy', ['-v'], { encoding: 'utf8' }))?.[1],
};
const loadBefore = loadavg();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void clean().finally(() => process.exit(1)));
}
try {
  for (const id of given.rows.split(',')) await measureRow(id);
} finally {
  await clean();
}

async function clean(): Promise<void> {
  await leave();
  await backend.dispose();
  await rm(folder, { recursive: true });
}

async function measureRow(id: string): Promise<void> {
  const row = CPU_ROWS[id];
  if (row !== undefined) await cpuRow(id, row);
  else if (id === 'a6') await fixedRate();
  else if (id === 'a7') codec();
  else if (id === 'a8') {
    await cpuRow('a8', TWO);
    await cpuRow('a8-closed', TWO_CLOSED);
  } else if (id === 'b') await moves();
  else if (id === 'b4') await wholePlan();
  else if (id === 'slow') await slowClients();
  else if (id === 'c') await memory();
  else throw new Error(`no row ${id}`);
}

const machine = machineName();
const loads = loadsSince(loadBefore);
say(`\n${new Date().toISOString()}, ${machine}, load average before and after: ${loads}`);
say(
  `node ${versions.node}, HAProxy ${versions.haproxy}, ${ROUNDS} rounds of ${SECONDS} s, table of ${RESOURCES}\n`,
);
say(goalTable(figures));
if (given.out !== undefined) {
  const written = {
    at: new Date().toISOString(),
    machine,
    loads,
    versions,
    given,
    figures,
    details,
  };
  await writeFile(given.out, `${JSON.stringify(written, undefined, 1)}\n`);
}
