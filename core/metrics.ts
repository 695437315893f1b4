import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Observations } from './observations.js';

/** One value with its labels. */
export interface Reading {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Described {
  /** `foreshift_…`, base units, counters end in `_total`. */
  readonly name: string;
  readonly help: string;
}

/** A metric by what it is read from: nothing is counted for its sake, it costs only when it is asked for. */
export type MetricSource =
  | (Described & {
      readonly kind: 'counter' | 'gauge';
      readonly labels?: readonly string[];
      /** One that fails takes the page with it: what may be away is left out instead. */
      readonly read: () => Iterable<Reading> | Promise<Iterable<Reading>>;
    })
  | Histogram;

/** Of values that are counted where they arise. */
interface Histogram extends Described {
  readonly kind: 'histogram';
  readonly observed: Observations;
}

/** One reading a name, under that label. */
export function readingsByName(label: string, values: ReadonlyMap<string, number>): Reading[] {
  return [...values].map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** What `/metrics` shows (Prometheus text format 0.0.4). */
export class Metrics {
  readonly #registry = new Registry();
  /** The client library has none whose values are read from elsewhere. */
  readonly #histograms: Histogram[] = [];

  constructor(version: string) {
    collectDefaultMetrics({ register: this.#registry });
    this.add({
      name: 'foreshift_build_info',
      help: 'The version that runs.',
      kind: 'gauge',
      labels: ['version'],
      read: () => [{ labels: { version }, value: 1 }],
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  add(...sources: readonly MetricSource[]): void {
    for (const source of sources) this.#add(source);
  }

  async render(): Promise<string> {
    const others = await this.#registry.metrics();
    return [others, ...this.#histograms.map(textOf)].join('');
  }

  #add(source: MetricSource): void {
    if (source.kind === 'histogram') {
      this.#histograms.push(source);
      return;
    }
    const { name, help, kind, labels = [], read } = source;
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (kind === 'gauge') {
      const gauge: Gauge = new Gauge({
        ...common,
        collect: async () => {
          const readings = await read();
          clear(gauge, labels);
          for (const reading of readings) gauge.set({ ...reading.labels }, reading.value);
        },
      });
      return;
    }
    const counter: Counter = new Counter({
      ...common,
      collect: async () => {
        const readings = await read();
        clear(counter, labels);
        for (const reading of readings) counter.inc({ ...reading.labels }, reading.value);
      },
    });
  }
}

function textOf({ name, help, observed }: Histogram): string {
  const buckets = observed.cumulative().map(([le, count]) => `${name}_bucket{le="${le}"} ${count}`);
  const lines = [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...buckets,
    `${name}_sum ${observed.sum}`,
    `${name}_count ${observed.count}`,
  ];
  return `\n${lines.join('\n')}\n`;
}

/** Also of what it has without labels: a reset would leave a 0 there, which nobody said. */
function clear(metric: Counter | Gauge, labels: readonly string[]): void {
  metric.reset();
  if (labels.length === 0) metric.remove();
}
