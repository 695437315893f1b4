/*
 * Variables and macros, as Grafana fills them in: its front end the variables of the dashboard (of several values, and of "all",
 * an alternative of a regular expression), the backend of a source its macros.
 */

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
}

/** By name: one value, or several. */
export type Values = ReadonlyMap<string, string | readonly string[]>;

/** `now-6h`, `now+1h` */
export function timeOf(text: string, nowMs: number): number {
  const UNITS: Readonly<Record<string, number>> = {
    s: 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
    w: 604_800_000,
  };
  const [, sign = '+', count = '0', unit = 's'] =
    /^now(?:([-+])([0-9]+)([smhdw]))?$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? NaN);
  return sign === '-' ? nowMs - ms : nowMs + ms;
}

export function variablesIn(text: string): string[] {
  return [...text.matchAll(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g)].map(
    ([, braced, plain]) => braced ?? plain ?? '',
  );
}

function escaped(value: string): string {
  return value.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
}

/** Of a query of InfluxDB. */
export function influxQuery(query: string, values: Values, range: TimeRange): string {
  const { fromMs, toMs, intervalMs } = range;
  const macros: Readonly<Record<string, string>> = {
    timeFilter: `time >= ${fromMs}ms and time <= ${toMs}ms`,
    __interval: `${intervalMs / 1000}s`,
    interval: `${intervalMs / 1000}s`,
    __interval_ms: String(intervalMs),
    __from: String(fromMs),
    __to: String(toMs),
  };
  return filled(query, (name) => {
    const value = values.get(name);
    if (value === undefined) return macros[name];
    return typeof value === 'string' ? value : `(${value.map(escaped).join('|')})`;
  });
}

/** Of a query of Prometheus. */
export function promQuery(expr: string, { fromMs, toMs, intervalMs }: TimeRange): string {
  const macros: Readonly<Record<string, string>> = {
    __interval: `${intervalMs / 1000}s`,
    // Four times between two scrapes, so that a rate has two values whatever happens.
    __rate_interval: `${Math.max(4, intervalMs / 1000)}s`,
    __range: `${Math.round((toMs - fromMs) / 1000)}s`,
  };
  return filled(expr, (name) => macros[name]);
}

/** What nobody knows stays as it is. */
function filled(text: string, valueOf: (name: string) => string | undefined): string {
  return text.replaceAll(
    /\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g,
    (all, braced?: string, plain?: string) => valueOf(braced ?? plain ?? '') ?? all,
  );
}
