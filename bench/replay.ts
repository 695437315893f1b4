/**
 * The replays of a file of anchors by our own rules: our figures beside the anchors', and the goals.
 * `node dist/bench/replay.js --anchors FILE.json --traces DIR [--out FILE.json] [--policies a,b] [--only TRACE] [--seed 1] [--planner '{"quantile":0.9}']`
 * Exit 2 if a file that it needs is not there or cannot be used.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { textTable } from '../cli/text-table.js';
import { SystemClock } from '../core/clock/system.js';
import { codeOf } from '../core/errors.js';
import { messageOf } from '../core/text.js';
import { readTrace } from '../core/trace/read.js';
import type { Trace } from '../core/trace/trace.js';
import type { PolicyName } from '../replay/options.js';
import { parseReplayOptions } from '../replay/options.js';
import { progressLine } from '../replay/progress.js';
import type { ReplayProgress } from '../replay/progress.js';
import { replay } from '../replay/replay.js';
import type { Anchor, AnchorResult } from './replay-anchors.js';
import { anchorsSchema, checksOf, optionsOf, resultOf } from './replay-anchors.js';

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
  },
});
const clock = new SystemClock();
const traces = new Map<string, Trace>();

async function main(): Promise<void> {
  const { policies, seed } = parseReplayOptions({
    policies: args.policies.split(','),
    seed: Number(args.seed),
  });
  const given: unknown = JSON.parse(await readFile(args.anchors, 'utf8'));
  const file = anchorsSchema.parse(given);
  const replays = [];
  for (const anchor of file.replays) {
    if (args.only !== undefined && anchor.trace !== args.only) continue;
    replays.push({ ...anchor, results: await replayed(anchor, policies, seed) });
  }
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`\nmost memory: ${megabytes} MiB`);
  if (args.out !== undefined) {
    await writeFile(args.out, `${JSON.stringify({ ...file, replays }, null, 1)}\n`);
  }
}

async function replayed(
  anchor: Anchor,
  policies: readonly PolicyName[],
  seed: number,
): Promise<AnchorResult[]> {
  const trace = await traceOf(anchor.trace);
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
  const names = [
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
    ...names.map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = ours.map((result, index) => {
    const time = seconds[policies[index] ?? 'static'] ?? 0;
    return [result.policy, 'ours', ...figures(result), time.toFixed(1)];
  });
  const others = theirs.map((result) => [result.policy, 'anchor', ...figures(result), '']);
  // Ours and the anchor of the same name one below the other, then the anchors that we have nothing beside.
  const names2 = new Set(ours.map(({ policy }) => policy));
  const paired = rows.flatMap((row) => [row, ...others.filter(([name]) => name === row[0])]);
  return textTable(columns, [...paired, ...others.filter(([name]) => !names2.has(name ?? ''))]);
}

async function traceOf(name: string): Promise<Trace> {
  const known = traces.get(name);
  if (known !== undefined) return known;
  const candidates = [
    `${name}/${name}.csv.gz`,
    `${name}/${name}.csv`,
    `${name}.csv.gz`,
    `${name}.csv`,
  ];
  const paths = candidates.map((path) => join(args.traces, path));
  const trace = await readTrace(paths.find((path) => existsSync(path)) ?? paths[0] ?? name);
  traces.set(name, trace);
  return trace;
}

try {
  await main();
} catch (error) {
  // What is missing or malformed is the caller's to mend; anything else is a bug and keeps its stack.
  const isExpected =
    codeOf(error) !== undefined ||
    error instanceof SyntaxError ||
    (error instanceof Error && ('code' in error || error.name === 'ZodError'));
  if (!isExpected) throw error;
  console.error(messageOf(error));
  process.exitCode = 2;
}
