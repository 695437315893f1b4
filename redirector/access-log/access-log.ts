import type { Clock } from '../../core/clock/port.js';
import type { LineFile } from '../../core/line-file.js';
import type { HttpAccess, TcpAccess } from './access.js';
import { commonLine } from './common-format.js';
import { jsonLine } from './json-format.js';

export interface AccessLogOptions {
  readonly format: 'json' | 'common';
  /** The share of the work that is logged, 0 to 1; what failed, but by its client, always is. */
  readonly share: number;
  /** Queries are logged too: they may hold what nobody should read. */
  readonly query: boolean;
}

/** What clients asked for and what became of it, a line each. */
export class AccessLog {
  readonly #clock: Clock;
  readonly #file: LineFile;
  #options: AccessLogOptions;
  /** Of the next one that is logged, by now. */
  #due = 0;
  #timeMs = NaN;
  #time = '';

  constructor(clock: Clock, file: LineFile, options: AccessLogOptions) {
    this.#clock = clock;
    this.#file = file;
    this.#options = options;
  }

  reconfigure(options: AccessLogOptions): void {
    this.#options = options;
  }

  /** Asked before an entry is made: most of the time the answer is no. */
  wants(isWell: boolean): boolean {
    if (!this.#file.isOpen) return false;
    if (!isWell) return true;
    // Evenly, so that nothing has to be drawn.
    this.#due += this.#options.share;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }

  http(access: HttpAccess): void {
    const { format, query: hasQuery } = this.#options;
    const atMs = this.#clock.realtimeMs();
    const { request } = access;
    const query = hasQuery ? request?.query : request && '';
    if (format === 'common') {
      this.#file.write(commonLine(access, { query: query ?? '', atMs }));
      return;
    }
    this.#file.write(jsonLine(access, { query, time: this.#timeText(atMs) }));
  }

  /** Not in the common format, which is of HTTP: as JSON there, too. */
  tcp(access: TcpAccess): void {
    const time = this.#timeText(this.#clock.realtimeMs());
    this.#file.write(JSON.stringify({ time, protocol: 'tcp', ...access }));
  }

  /** Much ends in one millisecond. */
  #timeText(atMs: number): string {
    if (atMs !== this.#timeMs) {
      this.#timeMs = atMs;
      this.#time = new Date(atMs).toISOString();
    }
    return this.#time;
  }
}
