import type { Annotation, DashboardFile, Panel, Target, Variable } from './dashboard.js';
import type { TimeRange, Values } from './interpolation.js';
import { influxQuery, timeOf, variablesIn } from './interpolation.js';

/*
 * Every query of a dashboard, asked of a real InfluxDB. A misspelt field is no error there but an empty answer, so an empty answer
 * is a fault here: what is asked of must hold something of everything.
 */

export interface Series {
  readonly tags: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

/** @throws what InfluxDB has against the query */
export async function askInflux(url: string, database: string, query: string): Promise<Series[]> {
  const body = new URLSearchParams({ q: query, db: database, epoch: 'ms' });
  const answer = await fetch(`${url}/query`, { method: 'POST', body });
  const { results = [], error } = (await answer.json()) as {
    readonly error?: string;
    readonly results?: readonly { readonly error?: string; readonly series?: Partial<Series>[] }[];
  };
  const why = error ?? results.find((one) => one.error !== undefined)?.error;
  if (why !== undefined) throw new Error(why);
  return results.flatMap(({ series = [] }) =>
    series.map(({ tags = {}, columns = [], values = [] }) => ({ tags, columns, values })),
  );
}

type Ask = (query: string) => Promise<Series[]>;

const OWN = /^__|^(?:timeFilter|interval)$/;
/** What only a forecast has. */
const FUTURE = '"forecast_latest"';

/** Asks everything that a dashboard would of InfluxDB. What is wrong, each with its place; none: nothing. */
export async function influxFaults(
  dashboard: DashboardFile,
  nowMs: number,
  ask: Ask,
): Promise<string[]> {
  const range: TimeRange = {
    fromMs: timeOf(dashboard.time.from, nowMs),
    toMs: timeOf(dashboard.time.to, nowMs),
    intervalMs: 300_000,
  };
  const check = new InfluxCheck(range, nowMs, ask);
  const faults = await check.variables(dashboard.templating.list);
  for (const panel of dashboard.panels) {
    if (panel.datasource.type === 'influxdb') faults.push(...(await check.panel(panel)));
  }
  for (const one of dashboard.annotations.list) faults.push(...(await check.annotation(one)));
  return faults;
}

class InfluxCheck {
  readonly #range: TimeRange;
  readonly #nowMs: number;
  readonly #ask: Ask;
  #values: Values = new Map();

  constructor(range: TimeRange, nowMs: number, ask: Ask) {
    this.#range = range;
    this.#nowMs = nowMs;
    this.#ask = ask;
  }

  /** Their values are those that the others are filled with: of several "all", else the first. */
  async variables(variables: readonly Variable[]): Promise<string[]> {
    const faults: string[] = [];
    const values = new Map<string, string | readonly string[]>();
    this.#values = values;
    for (const { name, type, query, multi } of variables) {
      if (type !== 'query') {
        values.set(name, query.split(',')[0] ?? '');
        continue;
      }
      const { fault, series } = await this.#answer(`variable ${name}`, query);
      if (fault !== undefined) faults.push(fault);
      const found = series.flatMap((one) => one.values.map((row) => String(row[1])));
      values.set(name, multi ? found : (found[0] ?? ''));
    }
    return faults;
  }

  async panel(panel: Panel): Promise<string[]> {
    const faults: string[] = [];
    const names = new Set<string>();
    let isInFuture = false;
    for (const target of panel.targets) {
      const place = `panel "${panel.title}" ${target.refId}`;
      const { fault, series } = await this.#answer(place, target.query ?? '');
      if (fault !== undefined) faults.push(fault);
      faults.push(...aliasFaults(place, target, series));
      for (const one of series) {
        for (const name of namesOf(one, target)) names.add(name);
        isInFuture ||= one.values.some(([timeMs]) => Number(timeMs) > this.#nowMs);
      }
    }
    const isAsked = panel.targets.some(({ query = '' }) => query.includes(FUTURE));
    if (isAsked && !isInFuture) faults.push(`panel "${panel.title}": nothing after now`);
    for (const name of namesWanted(panel)) {
      if (!names.has(name)) faults.push(`panel "${panel.title}": no series "${name}"`);
    }
    return faults;
  }

  async annotation({ name, target }: Annotation): Promise<string[]> {
    const place = `annotation "${name}"`;
    const { fault, series } = await this.#answer(place, target.query ?? '');
    if (fault !== undefined) return [fault];
    const columns = new Set(series.flatMap((one) => one.columns));
    return [target.textColumn, target.tagsColumn, target.timeEndColumn].flatMap((column) =>
      column === undefined || column === '' || columns.has(column)
        ? []
        : [`${place}: no column "${column}"`],
    );
  }

  async #answer(
    place: string,
    query: string,
  ): Promise<{ readonly fault: string | undefined; readonly series: readonly Series[] }> {
    const filled = influxQuery(query, this.#values, this.#range);
    const [unknown] = variablesIn(filled);
    if (unknown !== undefined) {
      const kind = OWN.test(unknown) ? 'macro' : 'variable';
      return { fault: `${place}: unknown ${kind} $${unknown}`, series: [] };
    }
    try {
      const series = await this.#ask(filled);
      const isEmpty = !series.some((one) =>
        one.values.some(([, ...cells]) => cells.some((cell) => cell !== null)),
      );
      return { fault: isEmpty ? `${place}: empty: ${filled}` : undefined, series };
    } catch (error) {
      return {
        fault: `${place}: ${error instanceof Error ? error.message : 'failed'}`,
        series: [],
      };
    }
  }
}

/** Grafana leaves `$tag_x` as it is where the answer has no such tag. */
function aliasFaults(place: string, { alias = '' }: Target, series: readonly Series[]): string[] {
  return variablesIn(alias).flatMap((name) => {
    const tag = /^tag_(.+)$/.exec(name)?.[1];
    if (tag === undefined) return name === 'col' ? [] : [`${place}: unknown $${name} in its alias`];
    return series.length === 0 || series.every(({ tags }) => tag in tags)
      ? []
      : [`${place}: $tag_${tag} is not in GROUP BY`];
  });
}

/** What a panel calls the series, or columns, of an answer. */
function namesOf({ tags, columns }: Series, { alias = '', resultFormat }: Target): string[] {
  const [, ...others] = columns;
  if (resultFormat === 'table') return others;
  return others.map((column) =>
    alias.replaceAll(/\$(?:tag_(\w+)|col)/g, (_, tag?: string) =>
      tag === undefined ? column : (tags[tag] ?? ''),
    ),
  );
}

/** Those that overrides of the panel are for, or fill down to. */
function namesWanted({ fieldConfig }: Panel): string[] {
  return fieldConfig.overrides.flatMap(({ matcher, properties }) => [
    ...(matcher.id === 'byName' ? [String(matcher.options)] : []),
    ...properties.flatMap(({ id, value }) => (id === 'custom.fillBelowTo' ? [String(value)] : [])),
  ]);
}
