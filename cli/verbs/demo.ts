import { z } from 'zod';
import { MODES } from '../../core/domain.js';
import { createLog } from '../../core/log.js';
import { SeededRng } from '../../core/rng.js';
import { generatedTrace } from '../../core/trace/generated.js';
import { readTrace } from '../../core/trace/read.js';
import type { Clock } from '../../core/clock/port.js';
import { fail } from '../../core/errors.js';
import type { DemoParts, DemoSummary } from '../../demo/demo.js';
import { Demo, demoSummarySchema } from '../../demo/demo.js';
import type { Joined } from '../../demo/joined-stage.js';
import type { Sight } from '../../demo/stage.js';
import type { StorageSummary } from '../../demo/storage-demo.js';
import { StorageDemo, storageSummarySchema } from '../../demo/storage-demo.js';
import type { Context } from '../context.js';
import { EXIT, Ended } from '../exit.js';
import { productVersion } from '../product.js';
import { redisOf } from '../services/redis.js';
import { untilStopped } from '../services/signals.js';
import type { Verb, VerbOptions } from '../verb.js';
import { addressOf, choiceOption, numberOption, textOption } from '../verb.js';

export const demoVerb: Verb = {
  usage: 'demo',
  summary:
    'Real local servers under real requests shaped by a trace: watch a move before a server is full.',
  options: [
    ['--trace <file>', 'a trace, CSV or CSV.gz (default: a generated one)'],
    [
      '--distributed',
      'each service as a process of its own, two redirectors, on a Redis and an InfluxDB started for it',
    ],
    [
      '--storage',
      'volumes of real iSCSI and NFS servers (tgtd, nfs-ganesha), written by fio: as root, with these programs',
    ],
    [
      '--join <addresses>',
      'only servers and requests, for a Foreshift that runs on this machine by the config: where its redirectors take clients',
    ],
    ['--mode <mode>', 'auto, propose or observe', 'auto'],
    [
      '--for <seconds>',
      'end by itself after this, with a verdict (default: until Ctrl-C; --storage: 600 at most)',
    ],
    ['--api-port <port>', 'of page and API', '7700'],
    ['--proxy-port <port>', 'where the clients connect', '7701'],
    ['--seed <n>', 'of the generated trace and of the arrivals', '1'],
  ],
  choices: { '--mode': MODES },
  answer: z.union([demoSummarySchema, storageSummarySchema]),
  run: async (context, _args, options) => {
    const { terminal, clock } = context;
    const port = (name: string): number =>
      numberOption(options, name, { min: 0, max: 65_535 }) ?? 0;
    const seed = numberOption(options, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? 1;
    const file = textOption(options, 'trace');
    const seconds = numberOption(options, 'for', { min: 1, max: 86_400 });
    const say = (text: string): void => {
      terminal.say(text);
    };
    const mode = choiceOption(options, 'mode', MODES) ?? 'auto';
    const parts: DemoParts = {
      clock,
      rng: new SeededRng(seed),
      log: createLog({ level: 'error' }),
      version: await productVersion(),
      say,
    };
    const joined = await joinedOf(context, options);
    if (options.storage === true) {
      if (options.distributed === true) fail('ERR_OPTION_INVALID', NOT_TOGETHER);
      say('starting storage servers, agents and service …');
      const storage = new StorageDemo(parts, { mode, apiPort: port('api-port') });
      const summary = await shown(storage, {
        ...{ clock, say, seconds },
        words: 'ending: fio reads back what it wrote …',
      });
      context.show(summary, () => storageText(summary));
      if (!isIntact(summary)) throw new Ended(EXIT.error);
      return;
    }
    say('starting servers, agents, service and clients …');
    const demo = new Demo(parts, {
      trace: file === undefined ? generatedTrace({ seed }) : await readTrace(file),
      mode,
      apiPort: port('api-port'),
      proxyPort: port('proxy-port'),
      seed,
      isDistributed: options.distributed === true,
      joined,
    });
    const summary = await shown(demo, {
      ...{ clock, say, seconds },
      words: "ending: the last requests are answered, then both sides' books are compared …",
    });
    context.show(summary, () => summaryText(summary));
    if (!isClean(summary)) throw new Ended(EXIT.error);
  },
};

/** @throws ERR_OPTION_INVALID, ERR_SECRET_MISSING */
async function joinedOf(context: Context, options: VerbOptions): Promise<Joined | undefined> {
  const value = textOption(options, 'join');
  if (value === undefined) return undefined;
  if (options.storage === true || options.distributed === true) {
    const allowed = 'neither --storage nor --distributed beside it';
    fail('ERR_OPTION_INVALID', { option: '--join', value: value.slice(0, 80), allowed });
  }
  const found = await context.config();
  const { config, secret = fail('ERR_SECRET_MISSING', { role: 'demo' }), influxPassword } = found;
  const proxies = value.split(',').map((address) => addressOf('join', address));
  return { config, secret, influxPassword, proxies, redis: await redisOf(found) };
}

const NOT_TOGETHER = {
  ...{ option: '--storage', value: 'with --distributed' },
  allowed: 'one of them: the storage demo runs all services in one process',
} as const;

interface Shown<Summary> {
  readonly sights: readonly Sight[];
  /** Resolves if it ends by itself. */
  readonly over?: Promise<unknown>;
  start(): Promise<void>;
  stop(): Promise<Summary>;
  abandon(): Promise<void>;
}

/** From its start to its end: after so long, at Ctrl-C, or when it is over. */
async function shown<Summary>(
  demo: Shown<Summary>,
  how: {
    readonly clock: Clock;
    readonly say: (text: string) => void;
    readonly seconds: number | undefined;
    /** What is said when it ends. */
    readonly words: string;
  },
): Promise<Summary> {
  const { clock, say, seconds, words } = how;
  // Also while it starts: it ends once it can.
  const stopped = untilStopped();
  try {
    await demo.start();
    for (const line of sightLines(demo.sights)) say(line);
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      if (seconds !== undefined) cancel = clock.after(1000 * seconds, resolve);
    });
    await Promise.race([stopped, late, ...(demo.over === undefined ? [] : [demo.over])]);
    // Else a demo that was stopped would not end before its time.
    cancel();
    say(words);
    return await demo.stop();
  } catch (error) {
    await demo.abandon();
    throw error;
  }
}

/** Every block that was written was found again as it was, and nothing failed. */
function isIntact({ volumes }: StorageSummary): boolean {
  return volumes.every(
    ({ written, verified, failures }) =>
      failures.length === 0 && written > 0 && verified === written,
  );
}

function storageText({ seconds, moves, switches, holdMsMax, volumes }: StorageSummary): string {
  return [
    `${seconds} s, ${moves} moves in ${switches} switches; longest hold ${Math.round(holdMsMax)} ms`,
    ...volumes.map(
      ({ volume, protocol, written, verified, failures }) =>
        `${volume} (${protocol}): fio wrote ${written} blocks and found ${verified} of them as they were (crc32c)${failures.length === 0 ? '' : `; failed: ${failures.join('; ')}`}`,
    ),
  ].join('\n');
}

/** One line, or one each where each is a process that may be looked for, or killed. */
function sightLines(sights: readonly Sight[]): string[] {
  const isApart = sights.some(({ pid }) => pid !== undefined);
  if (!isApart) {
    return [`${sights.map(({ name, url }) => `${name} ${url}`).join('   ')}   Ctrl-C ends it`];
  }
  const nameWidth = Math.max(...sights.map(({ name }) => name.length));
  const urlWidth = Math.max(...sights.map(({ url }) => url.length));
  return [
    ...sights.map(
      ({ name, url, pid }) =>
        `${name.padEnd(nameWidth)}  ${pid === undefined ? url : `${url.padEnd(urlWidth)}  pid ${pid}`}`,
    ),
    'kill -9 any of them and watch; Ctrl-C ends it',
  ];
}

function isClean({ verdict }: DemoSummary): boolean {
  const { failed, lost, doubled, foreign, untrue } = verdict;
  return failed + lost + doubled + foreign + untrue === 0;
}

function summaryText(summary: DemoSummary): string {
  const { seconds, switches, ofSeveral, moves, requestsPerSecond, verdict } = summary;
  const added = summary.p99AddedMs === null ? '-' : `${Math.round(summary.p99AddedMs)} ms`;
  const skipped = summary.skipped === 0 ? '' : ` (${summary.skipped} more could not be sent)`;
  return [
    `${seconds} s, ${requestsPerSecond} requests/s${skipped}, ${moves} moves in ${switches} switches (${ofSeveral} of several resources)`,
    `answered ${verdict.answered}, failed ${verdict.failed}, lost ${verdict.lost}, doubled ${verdict.doubled}, foreign ${verdict.foreign}`,
    `p99 ${Math.round(summary.p99Ms)} ms; a switch added ${added}; longest hold ${Math.round(summary.holdMsMax)} ms, ${summary.heldRequests} requests held`,
  ].join('\n');
}
