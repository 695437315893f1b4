import type { Clock } from '../../clock/port.js';
import { ForeshiftError, codeOf } from '../../errors.js';
import { EngineHealth } from '../../engine-health.js';
import type { Log } from '../../log.js';
import type { CallAnswer, Net } from '../../net/port.js';
import type { Rng } from '../../rng.js';
import type { Access } from './access.js';
import { authorizationOf } from './access.js';
import { Administration } from './administration.js';
import type { Rows } from './answer.js';
import { partsOf } from './answer.js';
import type { Intent } from './faults.js';
import {
  faultOfCall,
  faultOfStatus,
  isDatabaseMissing,
  isOnlyTooOld,
  storeFault,
} from './faults.js';
import { Lanes } from './lanes.js';
import type { Policy, PolicyName } from './schema.js';

export interface DatabaseParts {
  readonly net: Pick<Net, 'call'>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

export interface DatabaseOptions {
  /** For a write of one batch: less than the collector's patience. */
  readonly writeTimeoutMs: number;
  /** For a question, and for what an administrator asks. */
  readonly readTimeoutMs: number;
  /** For one of the long statements of a compaction. */
  readonly commandTimeoutMs: number;
  /** Of one call: InfluxDB advises 5,000 to 10,000 lines. */
  readonly linesMax: number;
  /** Of one call; InfluxDB takes 25 MB. */
  readonly bytesMax: number;
  /** Calls at once, of each kind. */
  readonly writesMax: number;
  readonly readsMax: number;
  /** Calls of each kind that wait for their turn; whoever comes then is told that the store is not available. */
  readonly waitingMax: number;
  readonly answerBytesMax: number;
  /** A call that failed at once is tried again so often, after a pause that is doubled each time. */
  readonly retriesMax: number;
  readonly retryMs: number;
}

export const DATABASE_DEFAULTS: DatabaseOptions = {
  writeTimeoutMs: 4000,
  readTimeoutMs: 20_000,
  commandTimeoutMs: 300_000,
  linesMax: 5000,
  bytesMax: 4 << 20,
  writesMax: 4,
  readsMax: 2,
  waitingMax: 256,
  answerBytesMax: 256 << 20,
  retriesMax: 2,
  retryMs: 100,
};

interface CallOptions {
  readonly intent: Intent;
  readonly timeoutMs: number;
}

/** So much is read in one turn: a long answer must not stop this process' traffic. */
const ROWS_A_TURN = 5000;

/** A unit of time of a write. */
export type Precision = 'ms' | 'ns';

/**
 * One database of an InfluxDB 1.x: lines in, rows out. It is made, with its retention policies, before the first call, and
 * again if it is found missing. Lines and answers are our own affair, not the client's (administration.ts): it would pass a
 * newline in a tag and a NaN on, and it reads an answer of any length as one string.
 */
export class InfluxDatabase {
  readonly administration: Administration;
  readonly #parts: DatabaseParts;
  readonly #access: Access;
  readonly #policies: readonly Policy[];
  readonly #options: DatabaseOptions;
  readonly #lanes: Readonly<Record<Intent, Lanes>>;
  readonly health: EngineHealth;
  readonly #ends = new Map<string, number>();
  #preparation: Promise<void> | undefined;

  constructor(
    parts: DatabaseParts,
    access: Access,
    policies: readonly Policy[],
    options: Partial<DatabaseOptions> = {},
  ) {
    this.#parts = parts;
    this.#access = access;
    this.health = new EngineHealth(`metric store, ${access.name}`, parts.clock);
    this.#policies = policies;
    this.#options = { ...DATABASE_DEFAULTS, ...options };
    const { readTimeoutMs: timeoutMs, writesMax, readsMax, waitingMax } = this.#options;
    this.administration = new Administration(parts.clock, access, { timeoutMs });
    this.#lanes = {
      write: new Lanes({ lanesMax: writesMax, waitingMax }),
      read: new Lanes({ lanesMax: readsMax, waitingMax }),
    };
  }

  get name(): string {
    return this.#access.name;
  }

  /** In statements that name more than the database they are asked of. */
  get database(): string {
    return this.#access.database;
  }

  /** How many reads and writes ended how: `read done`, `write ERR_STORE_AMBIGUOUS`. */
  get ends(): ReadonlyMap<string, number> {
    return this.#ends;
  }

  /**
   * Resolves when all lines are durable. Later lines of one series and time count.
   * @throws ERR_STORE_UNAVAILABLE – none was written; ERR_STORE_AMBIGUOUS, ERR_STORE_REFUSED – some may have been
   */
  async write(policy: PolicyName, lines: readonly string[], precision: Precision = 'ms') {
    let isBegun = false;
    for (const body of this.#bodiesOf(lines)) {
      try {
        await this.#inLane('write', () => this.#writeBody(policy, body, precision));
        isBegun = true;
      } catch (error) {
        const isPart = isBegun && codeOf(error) === 'ERR_STORE_UNAVAILABLE';
        if (!isPart) throw error;
        throw new ForeshiftError('ERR_STORE_AMBIGUOUS', { store: this.name }, { cause: error });
      }
    }
  }

  /** Shows all rows of one statement that changes nothing. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_REFUSED */
  query(statement: string, visit: (rows: Rows) => void): Promise<void> {
    const options = { intent: 'read', timeoutMs: this.#options.readTimeoutMs } as const;
    return this.#inLane('read', () => this.#ask(statement, visit, options));
  }

  /** Has InfluxDB do something at length. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS, ERR_STORE_REFUSED */
  command(statement: string): Promise<void> {
    const options = { intent: 'write', timeoutMs: this.#options.commandTimeoutMs } as const;
    return this.#ask(statement, () => undefined, options);
  }

  /** @throws ERR_STORE_UNAVAILABLE */
  prepared(): Promise<void> {
    this.#preparation ??= this.administration.prepare(this.#policies).catch((error: unknown) => {
      this.#preparation = undefined;
      throw error;
    });
    return this.#preparation;
  }

  *#bodiesOf(lines: readonly string[]): Generator<string> {
    const { linesMax, bytesMax } = this.#options;
    let from = 0;
    let units = 0;
    for (let at = 0; at < lines.length; at++) {
      // A unit of UTF-16 is at most three bytes; nearly all are one.
      units += (lines[at]?.length ?? 0) + 1;
      if (at + 1 - from < linesMax && units < bytesMax) continue;
      yield lines.slice(from, at + 1).join('\n');
      from = at + 1;
      units = 0;
    }
    if (from < lines.length) yield lines.slice(from).join('\n');
  }

  async #inLane<Result>(intent: Intent, work: () => Promise<Result>): Promise<Result> {
    const lanes = this.#lanes[intent];
    const effect = `${intent}s` as const;
    let end = 'done';
    try {
      if (lanes.isFull)
        throw storeFault('ERR_STORE_UNAVAILABLE', this.name, `too many ${intent}s wait`);
      const result = await lanes.run(work);
      this.health.answered(effect);
      return result;
    } catch (error) {
      end = codeOf(error) ?? 'failed';
      this.health.failed(effect, error);
      throw error;
    } finally {
      const key = `${intent} ${end}`;
      this.#ends.set(key, (this.#ends.get(key) ?? 0) + 1);
    }
  }

  async #writeBody(policy: PolicyName, body: string, precision: Precision): Promise<void> {
    const path = `/write?db=${encodeURIComponent(this.database)}&rp=${policy}&precision=${precision}`;
    const options = { intent: 'write', timeoutMs: this.#options.writeTimeoutMs } as const;
    const answer = await this.#call(path, body, options);
    if (answer.status === 204) return;
    if (!isOnlyTooOld(answer)) throw faultOfStatus(answer, this.name, 'write');
    this.#parts.log.info({ policy }, 'points past retention dropped');
  }

  async #ask(statement: string, visit: (rows: Rows) => void, options: CallOptions): Promise<void> {
    const path = `/query?db=${encodeURIComponent(this.database)}&epoch=ms&chunked=true&chunk_size=10000`;
    const body = `q=${encodeURIComponent(statement)}`;
    const answer = await this.#call(path, body, options);
    if (answer.status !== 200) throw faultOfStatus(answer, this.name, options.intent);
    try {
      let read = 0;
      for (const part of partsOf(answer.body)) {
        for (const rows of part) {
          visit(rows);
          read += 1 + rows.values.length;
        }
        if (read < ROWS_A_TURN) continue;
        read = 0;
        await this.#parts.clock.sleep(0);
      }
    } catch (error) {
      throw faultOfCall(error, this.name, options.intent);
    }
  }

  /** Answered by whatever status; a database that was found missing has been made again by then. */
  async #call(path: string, body: string, options: CallOptions): Promise<CallAnswer> {
    await this.prepared();
    const answer = await this.#callPatiently(path, body, options);
    if (!isDatabaseMissing(answer)) return answer;
    this.#preparation = undefined;
    await this.prepared();
    return this.#callPatiently(path, body, options);
  }

  /** What fails at once is tried again; what had no answer in its time would have none soon after. */
  async #callPatiently(path: string, body: string, options: CallOptions): Promise<CallAnswer> {
    const { retriesMax, retryMs } = this.#options;
    for (let retry = 0; ; retry++) {
      const isLast = retry >= retriesMax;
      try {
        const answer = await this.#callOnce(path, body, options.timeoutMs);
        if (isLast || (answer.status < 500 && answer.status !== 429)) return answer;
      } catch (error) {
        const isPassing = codeOf(error) === 'ERR_CALL_REFUSED';
        if (isLast || !isPassing) throw faultOfCall(error, this.name, options.intent);
      }
      await this.#parts.clock.sleep(retryMs * 2 ** retry * (0.5 + this.#parts.rng.next()));
    }
  }

  #callOnce(path: string, body: string, timeoutMs: number): Promise<CallAnswer> {
    return this.#parts.net.call({
      method: 'POST',
      url: `${this.#access.url}${path}`,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...authorizationOf(this.#access),
      },
      body,
      timeoutMs,
      answerBytesMax: this.#options.answerBytesMax,
    });
  }
}
