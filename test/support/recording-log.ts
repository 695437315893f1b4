import type { Log } from '../../core/log.js';

/** A log that remembers what was said above `debug`: the messages, and the fields beside them. */
export class RecordingLog implements Log {
  readonly said: { readonly level: string; readonly message: string; readonly fields: object }[] =
    [];

  get messages(): string[] {
    return this.said.map(({ message }) => message);
  }

  debug(): void {
    // not of interest
  }

  info(fields: object, message: string): void {
    this.said.push({ level: 'info', message, fields });
  }

  warn(fields: object, message: string): void {
    this.said.push({ level: 'warn', message, fields });
  }

  error(fields: object, message: string): void {
    this.said.push({ level: 'error', message, fields });
  }

  child(): Log {
    return this;
  }
}
