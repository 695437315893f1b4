import { createHash } from 'node:crypto';
import type { Clock } from '../../clock/port.js';
import { decodeForecast, encodeForecast } from '../forecast-file.js';
import { isAhead, takesPlaceOf } from '../latest.js';
import type { ForecastRun } from '../port.js';
import { numberOf } from './answer.js';
import type { InfluxDatabase } from './database.js';
import { lineHead, lineOf } from './line.js';
import { during } from './statements.js';

/** InfluxDB takes 64 KB in one field; this is base64. */
const PART_CHARACTERS = 60_000;
const SLOTS = ['a', 'b'] as const;
type Slot = (typeof SLOTS)[number];

/** What a slot holds: parts of `forecast_part`, of these bytes. */
interface Head {
  readonly slot: Slot;
  readonly madeAtMs: number;
  readonly parts: number;
  readonly digest: string;
}

/**
 * The latest forecast as a whole, for planning and explaining: the bytes of forecast-file.ts in two slots, which take turns. A
 * slot is points at fixed times, part k at k ms, so a forecast takes the place of the one before the last, and not more room than
 * that; the head is written last. A head whose digest is not that of its parts is one that is being overwritten: the
 * other slot counts.
 *
 * What is ahead is overwritten, in both slots if need be: it would stay the newer one.
 */
export class LatestForecast {
  readonly #database: InfluxDatabase;
  readonly #clock: Clock;
  /** What was read or written last, by its digest. */
  #known: { readonly digest: string; readonly run: ForecastRun } | undefined;

  constructor(database: InfluxDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** False: one that was made later is the latest. */
  async write(run: ForecastRun): Promise<boolean> {
    const heads = await this.#heads();
    const [newest] = heads;
    const newcomer = { run, nowMs: this.#clock.realtimeMs() };
    if (newest !== undefined && !takesPlaceOf(newest.madeAtMs, newcomer)) return false;
    const bytes = Buffer.from(encodeForecast(run));
    const digest = digestOf(bytes);
    if (newest?.digest === digest) return true;
    const ahead = heads.filter(({ madeAtMs }) => isAhead(madeAtMs, newcomer));
    const other: Slot = newest?.slot === 'a' ? 'b' : 'a';
    const slots = ahead.length > 0 ? ahead.map(({ slot }) => slot) : [other];
    const { madeAtMs } = run;
    for (const slot of slots) await this.#fill({ slot, madeAtMs, digest }, bytes);
    this.#known = { digest, run };
    return true;
  }

  async #fill({ slot, madeAtMs, digest }: Omit<Head, 'parts'>, bytes: Buffer): Promise<void> {
    const text = bytes.toString('base64');
    const head = lineHead('forecast_part', [['slot', slot]]);
    const lines: string[] = [];
    for (let from = 0; from < text.length; from += PART_CHARACTERS) {
      const data = text.slice(from, from + PART_CHARACTERS);
      lines.push(lineOf(head, { data }, lines.length));
    }
    await this.#database.write('state', lines);
    const fields = { made_at_ms: madeAtMs, parts: lines.length, digest };
    await this.#database.write('state', [
      lineOf(lineHead('forecast_head', [['slot', slot]]), fields, 0),
    ]);
  }

  async read(): Promise<ForecastRun | undefined> {
    for (const head of await this.#heads()) {
      if (this.#known?.digest === head.digest) return this.#known.run;
      const bytes = await this.#parts(head);
      const run = digestOf(bytes) === head.digest ? decodeForecast(bytes) : undefined;
      if (run === undefined) continue;
      this.#known = { digest: head.digest, run };
      return run;
    }
    return undefined;
  }

  /** The latest first. */
  async #heads(): Promise<Head[]> {
    const heads: Head[] = [];
    await this.#database.query(
      `SELECT "made_at_ms", "parts", "digest" FROM "state"."forecast_head" WHERE ${during({ fromMs: 0, toMs: 1 })} GROUP BY "slot"`,
      ({ tags, values }) => {
        const slot = SLOTS.find((one) => one === tags.slot);
        for (const [, madeAtMs, parts, digest] of values) {
          if (slot === undefined || typeof digest !== 'string') continue;
          heads.push({ slot, madeAtMs: numberOf(madeAtMs), parts: numberOf(parts), digest });
        }
      },
    );
    return heads.sort((a, b) => b.madeAtMs - a.madeAtMs);
  }

  async #parts({ slot, parts }: Head): Promise<Uint8Array> {
    const text: string[] = [];
    await this.#database.query(
      `SELECT "data" FROM "state"."forecast_part" WHERE ${during({ fromMs: 0, toMs: parts })} AND "slot" = '${slot}'`,
      ({ values }) => {
        for (const [, data] of values) text.push(typeof data === 'string' ? data : '');
      },
    );
    return Buffer.from(text.join(''), 'base64');
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
