import { pino } from 'pino';
import { ForeshiftError } from './errors.js';

/** What the product uses of a logger. The message is a constant; variables are fields; errors go under `err`. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Log;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** A file descriptor or a path; default the standard error, since standard output is for data. */
  readonly destination?: number | string;
}

/** The root logger of a process: JSON lines. Only named fields are logged; errors without their inputs. */
export function createLog({ level, destination = 2 }: LogOptions): RootLog {
  const root = pino(
    {
      level: 'debug',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describeError },
    },
    pino.destination({ dest: destination, sync: false }),
  );
  return new RootLog(root, level);
}

type Sink = Pick<Log, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: object): Sink };

/** Pino's children keep the level that their parent had; these ask what it is now. */
class LeveledLog implements Log {
  readonly #sink: Sink;
  readonly #level: { now: number };

  constructor(sink: Sink, level: { now: number }) {
    this.#sink = sink;
    this.#level = level;
  }

  debug(fields: object, message: string): void {
    if (this.#level.now <= LOG_LEVELS.indexOf('debug')) this.#sink.debug(fields, message);
  }

  info(fields: object, message: string): void {
    if (this.#level.now <= LOG_LEVELS.indexOf('info')) this.#sink.info(fields, message);
  }

  warn(fields: object, message: string): void {
    if (this.#level.now <= LOG_LEVELS.indexOf('warn')) this.#sink.warn(fields, message);
  }

  error(fields: object, message: string): void {
    if (this.#level.now <= LOG_LEVELS.indexOf('error')) this.#sink.error(fields, message);
  }

  child(fields: object): Log {
    return new LeveledLog(this.#sink.child(fields), this.#level);
  }
}

export class RootLog extends LeveledLog {
  readonly #level: { now: number };

  constructor(sink: Sink, level: LogLevel) {
    const shared = { now: LOG_LEVELS.indexOf(level) };
    super(sink, shared);
    this.#level = shared;
  }

  /** Of this one and of all its children. */
  setLevel(level: LogLevel): void {
    this.#level.now = LOG_LEVELS.indexOf(level);
  }
}

export const SILENT_LOG: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => SILENT_LOG,
};

function ignore(): void {
  // says nothing
}

interface ErrorFields {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: ErrorFields;
}

/** Our own errors are expected: no stack. Others keep theirs; request data never hangs on either. */
function describeError(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const own = error instanceof ForeshiftError;
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    message: error.message,
    ...(!own && error.stack !== undefined && { stack: error.stack }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
