/**
 * The replays of a file of anchors by our own rules: our figures beside the anchors', and the goals.
 * `npm run bench -- replay --anchors FILE.json --traces DIR [--out FILE.json] [--policies a,b] [--only TRACE] [--seed 1] [--planner '{"quantile":0.9}'] [--tune]`
 * `--tune`: also every quantile that the tune job tries, held all the time, and what a tuning every night would have made of it.
 * Exit 2 if a file that it needs is not there or cannot be used.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { textTable } from '../cli/text-table.js';
import { SystemClock } from '../core/clock/system.js';
import type { PolicyName } from '../replay/options.js';
import { parseReplayOptions } from '../replay/options.js';
import { progressLine } from '../replay/progress.js';
import type { ReplayProgress } from '../replay/progress.js';
import { replay } from '../replay/replay.js';
import { readJson, TraceFolder, withInputs } from './inputs.js';
import type { Anchor, AnchorResult } from './replay-anchors.js';
import type { TuningResult } from './replay-tuning.js';
import { tunedReplay, tuningText } from './replay-tuning.js';
import { anchorsOf, anchorsSchema, checksOf, optionsOf, resultOf } from './replay-anchors.js';

const { values: args } = parseArgs({
  options: {
    anchors: { type: 'string', default: '../shared/traces/replay-anchors.json' },
    traces: { type: 'string', default: '../shared/traces' },
    policies: {
      type: 'string',
      default: 'static,static-p95,reactive-50,reactive-search,foreshift,oracle',
    },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    planner: { type: 'string', default: '{}' },
    tune: { type: 'boolean', default: false },
  },
});
const clock = new SystemClock();
const traces = new TraceFolder(args.traces);

async function main(): Promise<void> {
  const { policies, seed } = parseReplayOptions({
    policies: args.policies.split(','),
    seed: Number(args.seed),
  });
  const file = await readJson(args.anchors, anchorsSchema);
  const anchors = anchorsOf(file, args);
  // What is missing is told before anything is computed.
  for (const { trace } of anchors) await traces.readFor('a replay', trace);
  const replays = [];
  for (const anchor of anchors) {
    const results = await replayed(anchor, policies, seed);
    const tuning = args.tune ? await tuned(anchor, seed) : undefined;
    replays.push({ ...anchor, results, ...(tuning !== undefined && { tuning }) });
  }
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`\nmost memory: ${megabytes} MiB`);
  if (args.out !== undefined) {
    await writeFile(args.out, `${JSON.stringify({ ...file, replays }, null, 1)}\n`);
  }
}

async function tuned(anchor: Anchor, seed: number): Promise<TuningResult> {
  const trace = await traces.read(anchor.trace);
  const planner = JSON.parse(args.planner) as unknown;
  const result = await tunedReplay(anchor, trace, { seed, planner });
  console.log(`\n${tuningText(result)}`);
  return result;
}

async function replayed(
  anchor: Anchor,
  policies: readonly PolicyName[],
  seed: number,
): Promise<AnchorResult[]> {
  const trace = await traces.read(anchor.trace);
  const options = parseReplayOptions({
    ...optionsOf(anchor, policies, seed),
    planner: JSON.parse(args.planner) as unknown,
  });
  const beganAtMs = clock.monotonicMs();
  const progress = (at: ReplayProgress): void => {
    if (!process.stderr.isTTY) return;
    const line = progressLine(at, clock.monotonicMs() - beganAtMs);
    process.stderr.write(at.doneSteps === at.totalSteps ? '\r\u001b[K' : `\r${line}\u001b[K`);
  };
  const { report, seconds } = await replay(trace, anchor.trace, options, { clock, progress });
  const { fromMs, toMs, stepMs, capacity } = report.scene;
  const decisions = Math.ceil((toMs - fromMs) / stepMs / anchor.decision_every_steps);
  const ours = report.policies.map((policy) =>
    resultOf(policy, (1000 * (seconds[policy.policy] ?? 0)) / decisions),
  );
  console.log(
    `\n${anchor.trace}: ${report.scene.resources} resources, ${anchor.servers} servers, ` +
      `capacity ${capacity} (anchor ${anchor.capacity})`,
  );
  if (report.scene.resources !== anchor.resources) {
    console.log(`  MISS the anchor is of ${anchor.resources} resources: figures do not compare`);
  }
  console.log(table(ours, anchor.results, seconds, policies));
  for (const { what, isMet } of checksOf(anchor, ours)) {
    console.log(`  ${isMet ? 'ok  ' : 'MISS'} ${what}`);
  }
  return ours;
}

function table(
  ours: readonly AnchorResult[],
  theirs: readonly AnchorResult[],
  seconds: Readonly<Partial<Record<PolicyName, number>>>,
  policies: readonly PolicyName[],
): string {
  const figures = (result: AnchorResult): string[] => [
    result.overload_minutes_per_server_day.toFixed(3),
    result.overload_volume_ppm.toFixed(1),
    result.max_over_mean.toFixed(3),
    result.cov.toFixed(4),
    result.moves_per_resource_day.toFixed(3),
    result.cpu_ms_per_decision.toFixed(2),
  ];
  const titles = [
    'OVERLOAD-MIN',
    'VOLUME-PPM',
    'MAX/MEAN',
    'COV',
    'MOVES',
    'MS/DECISION',
    'SECONDS',
  ];
  const columns = [
    { title: 'POLICY' },
    { title: 'WHOSE' },
    ...titles.map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = ours.map((result, index) => {
    const time = seconds[policies[index] ?? 'static'] ?? 0;
    return [result.policy, 'ours', ...figures(result), time.toFixed(1)];
  });
  const others = theirs.map((result) => [result.policy, 'anchor', ...figures(result), '']);
  // Ours and the anchor of the same name one below the other, then the anchors that we have nothing beside.
  const paired = rows.flatMap((row) => [row, ...others.filter(([name]) => name === row[0])]);
  const alone = others.filter(([name]) => !ours.some(({ policy }) => policy === name));
  return textTable(columns, [...paired, ...alone]);
}

await withInputs(main);
