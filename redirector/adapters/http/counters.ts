import type { RefusalName } from './refusals.js';

/** What happened at an HTTP adapter since it started; numbers only grow, but for `connections`. */
export class HttpCounters {
  connections = 0;
  /** Came, and got no further than a TLS handshake or a proxy's header. */
  openingsFailed = 0;
  connectionsRefused = 0;
  requests = 0;
  /** Answers by the hundreds of their status: index 1 to 5. */
  readonly answers = [0, 0, 0, 0, 0, 0];
  readonly refused = new Map<RefusalName, number>();
  /** Requests that could not be read, by the codec's name of the fault. */
  readonly faults = new Map<string, number>();
  retries = 0;
  misdirected = 0;
  /** Answers or bodies that were cut after they had begun. */
  cut = 0;
  clientsGone = 0;

  answered(status: number): void {
    const hundreds = Math.floor(status / 100);
    this.answers[hundreds] = (this.answers[hundreds] ?? 0) + 1;
  }

  refusedFor(name: RefusalName): void {
    this.refused.set(name, (this.refused.get(name) ?? 0) + 1);
  }

  faultNamed(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
  }
}

/** What was counted, by one adapter or several. */
export type HttpCounts = Omit<HttpCounters, 'answered' | 'refusedFor' | 'faultNamed'>;
