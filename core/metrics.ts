import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** One value with its labels. */
export interface Reading {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric by what it is read from: nothing is counted for its sake, it costs only when it is asked for. */
export interface MetricSource {
  /** `foreshift_…`, base units, counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels?: readonly string[];
  readonly read: () => Iterable<Reading>;
}

/** What `/metrics` shows (Prometheus text format 0.0.4). */
export class Metrics {
  readonly #registry = new Registry();

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

  render(): Promise<string> {
    return this.#registry.metrics();
  }

  #add({ name, help, kind, labels = [], read }: MetricSource): void {
    const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
    if (kind === 'gauge') {
      const gauge: Gauge = new Gauge({
        ...common,
        collect: () => {
          gauge.reset();
          for (const reading of read()) gauge.set({ ...reading.labels }, reading.value);
        },
      });
      return;
    }
    const counter: Counter = new Counter({
      ...common,
      collect: () => {
        counter.reset();
        for (const reading of read()) counter.inc({ ...reading.labels }, reading.value);
      },
    });
  }
}
