import type { MetricStore } from '../../core/metric-store/port.js';
import { refuseSeries } from '../../core/metric-store/refusals.js';
import { ForeshiftError } from '../../core/errors.js';
import type { Sample } from '../../core/sample.js';
import { formatSeries } from '../../core/sample.js';
import { s } from './names.js';

/** Samples of a server's hits, one for each number, at that time with that value. */
export function samplesAt(...numbers: number[]): Sample[] {
  return numbers.map((number) => ({
    series: { subject: 'server', id: s('s1'), metric: 'hits' },
    timeMs: number,
    value: number,
  }));
}

export function valuesOf(samples: Iterable<Sample>): number[] {
  return [...samples].map(({ value }) => value);
}

/** A store of samples that can be away, hang and refuse. */
export class SampleStore implements Pick<MetricStore, 'writeSamples'> {
  readonly calls: (readonly Sample[])[] = [];
  readonly samples: Sample[] = [];
  state: 'well' | 'away' | 'hanging' | 'refusing' | 'full' = 'well';
  #hanging: (() => void)[] = [];

  async writeSamples(samples: readonly Sample[]): Promise<void> {
    this.calls.push(samples);
    if (this.state === 'hanging') await new Promise<void>((go) => this.#hanging.push(go));
    if (this.state === 'away') throw new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'it' });
    if (this.state === 'refusing') throw new ForeshiftError('ERR_SERIES_INVALID', { series: '?' });
    this.samples.push(...(this.state === 'full' ? samples.slice(1) : samples));
    if (this.state === 'full') refuseSeries({ limit: 1, what: 'series', refused: 1 });
  }

  /** Calls that hang are answered, as the state then is. */
  wake(state: 'well' | 'away'): void {
    this.state = state;
    for (const go of this.#hanging.splice(0)) go();
  }

  /** By series and time: writing twice is writing once. */
  get values(): Record<string, number> {
    return Object.fromEntries(
      this.samples.map(({ series, timeMs, value }) => [`${formatSeries(series)} ${timeMs}`, value]),
    );
  }
}
