import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatedTrace } from '../core/trace/generated.js';

/* How fast R's `forecast` package is on the series that ours are timed on, in the same run. */

/** auto.arima takes a second each. */
const SERIES = 16;
const STEPS = 2016;

/** Names of functions as R has them. auto.arima without a season of 288, as it would not end with one. */
const MODELS = ['ses', 'thetaf', 'stlf', 'auto.arima'] as const;
export type RSpeed = Readonly<Record<(typeof MODELS)[number], number>>;

/** CPU seconds a series of fit and forecast: 24 steps, P50 and P90; by `proc.time`, calls of R itself among them. */
const SCRIPT = `
suppressPackageStartupMessages(library(forecast))
args <- commandArgs(trailingOnly = TRUE)
rows <- as.matrix(read.csv(args[1], header = FALSE))
season <- as.numeric(args[2]); horizon <- as.numeric(args[3])
models <- list(
  ses = function(y) ses(y, h = horizon, level = 80),
  thetaf = function(y) thetaf(y, h = horizon, level = 80),
  stlf = function(y) stlf(y, h = horizon, level = 80),
  auto.arima = function(y)
    forecast(auto.arima(as.numeric(y), approximation = TRUE), h = horizon, level = 80))
for (name in names(models)) {
  started <- proc.time()
  for (at in seq_len(nrow(rows))) invisible(models[[name]](ts(rows[at, ], frequency = season)))
  spent <- proc.time() - started
  cat(name, (spent[["user.self"]] + spent[["sys.self"]]) / nrow(rows), "\\n")
}
`;

/**
 * Series-forecasts a CPU second of R's models. Undefined with the reason: R, or its package, is not installed.
 * @param rows series of equal length
 */
export async function measureR(
  rows: readonly Float32Array[],
  { season, horizon }: { readonly season: number; readonly horizon: number },
): Promise<{ readonly speed: RSpeed } | { readonly absent: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'foreshift-r-'));
  try {
    const script = join(folder, 'speed.R');
    const data = join(folder, 'series.csv');
    await writeFile(script, SCRIPT);
    await writeFile(data, rows.map((row) => row.join(',')).join('\n'));
    const ran = await run('Rscript', [script, data, String(season), String(horizon)]);
    if (ran.kind === 'absent') return { absent: ran.why };
    return { speed: speedIn(ran.stdout) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function speedIn(stdout: string): RSpeed {
  const seconds = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(' ') as [string, string]),
  );
  const entries = MODELS.map((name) => [name, 1 / Number(seconds.get(name))] as const);
  return Object.fromEntries(entries) as RSpeed;
}

/** As ours are timed on: a generated load of all kinds. */
export function seriesForR(): Float32Array[] {
  const { loads, grid } = generatedTrace({ resources: SERIES, days: STEPS / 288 });
  const values = loads.cpu ?? new Float32Array(0);
  return Array.from({ length: SERIES }, (_, row) =>
    values.subarray(row * grid.steps, (row + 1) * grid.steps),
  );
}

type Ran =
  | { readonly kind: 'ran'; readonly stdout: string }
  | { readonly kind: 'absent'; readonly why: string };

function run(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', () => {
      resolve({ kind: 'absent', why: `${program} is not installed (Debian: r-base-core)` });
    });
    child.once('close', (exit) => {
      if (exit === 0) resolve({ kind: 'ran', stdout });
      else resolve({ kind: 'absent', why: whyOf(stderr) });
    });
  });
}

function whyOf(stderr: string): string {
  if (stderr.includes('no package called')) {
    return 'R has no package forecast (Debian: r-cran-forecast)';
  }
  return `R failed: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}
