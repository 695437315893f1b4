import type { HeatMap, PlanScore } from '../frame/answers.js';
import { clockTime, percent } from '../frame/words.js';

/* What a heat map shows, as numbers: servers × time, what is to come behind what was. */

export interface HeatPicture {
  readonly nowMs: number;
  readonly fromMs: number;
  readonly columnMs: number;
  /** Columns of what was; those of what is to come stand behind them. */
  readonly pastColumns: number;
  readonly columns: number;
  readonly rows: readonly HeatRow[];
  /** Where a time is written, and which. */
  readonly ticks: readonly { readonly column: number; readonly text: string }[];
}

export interface HeatRow {
  readonly server: string;
  /** Shares in thousandths, P90 of what is to come; null: nothing is known. */
  readonly values: readonly (number | null)[];
  /** P50 of what is to come, and of what was its mean. */
  readonly medians: readonly (number | null)[];
  /** What is to come is shown as it would be with a plan. */
  readonly isPlanned: boolean;
}

/** A picture, and what comes of it when somebody chooses one of its servers. */
export interface HeatScene {
  readonly picture: HeatPicture;
  readonly heightPx: number;
  readonly onPick: (server: string) => void;
}

export interface HeatChoice {
  /** By name, or the fullest first. */
  readonly order: 'name' | 'peak';
  readonly fits: (server: string) => boolean;
  /** Of a plan whose effect is shown; undefined: none. */
  readonly score: PlanScore | undefined;
}

export function heatPicture(heat: HeatMap, { order, fits, score }: HeatChoice): HeatPicture {
  const pastColumns = Math.max(0, ...heat.servers.map(({ past }) => past.length));
  const future = Math.max(0, ...heat.servers.map(({ p90 }) => p90.length));
  const columns = pastColumns + future;
  const planned = plannedAhead(heat, score, future);
  const rows = heat.servers
    .filter(({ id }) => fits(id))
    .map((server): HeatRow => {
      const ahead = planned.get(server.id);
      return {
        server: server.id,
        values: [...server.past, ...filled(ahead ?? server.p90, future)],
        medians: [...server.past, ...filled(server.p50, future)],
        isPlanned: ahead !== undefined,
      };
    });
  if (order === 'peak') {
    rows.sort((a, b) => peakOf(b, pastColumns) - peakOf(a, pastColumns) || byName(a, b));
  }
  const { pastFromMs: fromMs, columnMs, nowMs } = heat;
  return {
    nowMs,
    fromMs,
    columnMs,
    pastColumns,
    columns,
    rows,
    ticks: ticksOf({ fromMs, columnMs, columns, nowMs }),
  };
}

function filled(values: readonly (number | null)[], count: number): (number | null)[] {
  return Array.from({ length: count }, (_, at) => values[at] ?? null);
}

/** The highest of what is to come; where nothing is, of what was. */
function peakOf({ values }: HeatRow, pastColumns: number): number {
  const ahead = values.slice(pastColumns).filter((value) => value !== null);
  const known = ahead.length > 0 ? ahead : values.filter((value) => value !== null);
  return Math.max(0, ...known);
}

function byName(a: HeatRow, b: HeatRow): number {
  return a.server < b.server ? -1 : 1;
}

/** P90 with the plan of each server that it changes, by the columns of the picture. */
function plannedAhead(
  { futureFromMs, columnMs }: HeatMap,
  score: PlanScore | undefined,
  future: number,
): Map<string, (number | null)[]> {
  const planned = new Map<string, (number | null)[]>();
  if (score === undefined || futureFromMs === null) return planned;
  for (const { server, plan } of score.ahead) {
    const columns: (number | null)[] = Array.from({ length: future }, () => null);
    for (const [step, share] of plan.entries()) {
      const at = Math.floor((score.fromMs + step * score.stepMs - futureFromMs) / columnMs);
      if (at < 0 || at >= future) continue;
      columns[at] = Math.max(columns[at] ?? 0, Math.round(1000 * share));
    }
    planned.set(server, columns);
  }
  return planned;
}

/** Steps of time that people count in. */
const TICK_MS = [
  1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000,
];
const TICKS_MAX = 9;

/** Whole times along a stretch of columns, few enough to be read. */
export function ticksOf({
  fromMs,
  columnMs,
  columns,
  nowMs,
}: {
  readonly fromMs: number;
  readonly columnMs: number;
  readonly columns: number;
  readonly nowMs: number;
}): HeatPicture['ticks'] {
  const spanMs = columns * columnMs;
  if (spanMs <= 0) return [];
  const everyMs = TICK_MS.find((ms) => spanMs / ms <= TICKS_MAX) ?? spanMs;
  // Whole hours and days are those of the clock on the wall.
  const offsetMs = new Date(fromMs).getTimezoneOffset() * 60_000;
  const ticks: { column: number; text: string }[] = [];
  const first = Math.ceil((fromMs - offsetMs) / everyMs) * everyMs + offsetMs;
  for (let atMs = first; atMs < fromMs + spanMs; atMs += everyMs) {
    const column = (atMs - fromMs) / columnMs;
    ticks.push({ column, text: clockTime(atMs, nowMs, everyMs < 60_000) });
  }
  return ticks;
}

/** What a cell says, in words. */
export function cellWords(picture: HeatPicture, row: number, column: number): string {
  const { rows, pastColumns, fromMs, columnMs, nowMs } = picture;
  const found = rows[row];
  if (found === undefined) return '';
  const when = clockTime(fromMs + column * columnMs, nowMs, columnMs < 60_000);
  const value = found.values[column] ?? null;
  const isFuture = column >= pastColumns;
  if (value === null) {
    return `${found.server} ${when}: ${isFuture ? 'nothing is expected' : 'nothing was measured'}`;
  }
  const over = value > 1000 ? ', over its capacity' : '';
  if (!isFuture) return `${found.server} ${when}: ${percent(value / 1000)}${over}`;
  const median = found.medians[column] ?? null;
  const plan = found.isPlanned ? ' with the plan' : '';
  const middle = median === null || found.isPlanned ? '' : ` (P50 ${percent(median / 1000)})`;
  return `${found.server} ${when}: P90 ${percent(value / 1000)}${plan}${middle}${over}`;
}

/** The picture in one sentence, for those who cannot see it. */
export function pictureWords({ rows, pastColumns }: HeatPicture): string {
  const over = rows.filter(({ values }) =>
    values.slice(pastColumns).some((value) => value !== null && value > 1000),
  );
  const future =
    over.length === 0
      ? 'none is expected to pass its capacity'
      : `expected to pass their capacity: ${over.map(({ server }) => server).join(', ')}`;
  return `${rows.length} servers over time; ${future}. Arrow keys read the cells, Enter explains a server.`;
}
