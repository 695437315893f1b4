import type { Log } from '../../core/log.js';

/** A log that remembers what was said: `warn store away, samples spooled`. */
export class HeardLog implements Log {
  readonly heard: { readonly level: string; readonly message: string; readonly fields: object }[] =
    [];

  get lines(): string[] {
    return this.heard.map(({ level, message }) => `${level} ${message}`);
  }

  debug(): void {
    // not what a test asks about
  }

  info(fields: object, message: string): void {
    this.heard.push({ level: 'info', message, fields });
  }

  warn(fields: object, message: string): void {
    this.heard.push({ level: 'warn', message, fields });
  }

  error(fields: object, message: string): void {
    this.heard.push({ level: 'error', message, fields });
  }

  child(): Log {
    return this;
  }
}
