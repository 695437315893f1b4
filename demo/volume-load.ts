import { z } from 'zod';
import type { Clock } from '../core/clock/port.js';
import type { FioJob } from './fio.js';
import { FioLateError, runFio } from './fio.js';
import type { Volume } from './storage-scene.js';
import { BLOCK_BYTES, SHOW_SECONDS_MAX, levelAt } from './storage-scene.js';

export interface VolumeLoadParts {
  readonly clock: Clock;
  readonly say: (text: string) => void;
  /** A fio with the engines. */
  readonly program: string;
  /** Its engine, and where it finds the volume. */
  readonly job: FioJob;
}

export const volumeReportSchema = z.object({
  volume: z.string(),
  protocol: z.enum(['iscsi', 'nfs']),
  /** Blocks of 4 KiB, each with its own checksum (crc32c). */
  written: z.number(),
  /** Of these: found again as they were written. */
  verified: z.number(),
  /** Runs of fio that failed: an operation ended with an error, a block is not what was written, or fio hung. */
  failures: z.array(z.string()),
});
export type VolumeReport = Readonly<z.output<typeof volumeReportSchema>>;

/** What one run of fio has written. */
interface Stretch {
  readonly block: number;
  readonly blocks: number;
}

/** Beyond what a run should take. */
const LATE_MS = 20_000;
/** fio itself hangs seldom, before it has done anything; why is not known. */
const TRIES = 3;

/** fio on one volume, as busy as its day has it: it writes on and on, each block once; at the end all of it is read and its checksums are compared. */
export class VolumeLoad {
  readonly #volume: Volume;
  readonly #parts: VolumeLoadParts;
  readonly #stretches: Stretch[] = [];
  readonly #failures: string[] = [];
  #next = 0;

  constructor(volume: Volume, parts: VolumeLoadParts) {
    this.#volume = volume;
    this.#parts = parts;
  }

  /** Until it is told to end. @param dayBeganMs monotonic */
  async run(dayBeganMs: number, signal: AbortSignal): Promise<void> {
    const { clock, say } = this.#parts;
    const endMs = clock.monotonicMs() + 1000 * SHOW_SECONDS_MAX;
    let before = 0;
    while (!signal.aborted && clock.monotonicMs() < endMs) {
      const { seconds, perSecond } = levelAt(this.#volume, clock.monotonicMs() - dayBeganMs);
      if (before !== 0 && before !== perSecond) {
        say(`${this.#volume.resource}: ${perSecond} writes/s`);
      }
      before = perSecond;
      await this.#write(Math.max(1, Math.round(seconds * perSecond)), perSecond, signal);
    }
  }

  async verify(): Promise<VolumeReport> {
    let verified = 0;
    for (const stretch of this.#stretches) {
      const job = { ...this.#jobOf(stretch), rw: 'read', iodepth: 1 };
      const outcome = await this.#tried(job, LATE_MS);
      if (outcome === undefined) continue;
      if (outcome.error === 0) verified += outcome.read.operations;
      else this.#failed('reading', stretch, outcome.error);
    }
    return {
      ...{ volume: this.#volume.resource, protocol: this.#volume.protocol },
      written: this.#stretches.reduce((sum, { blocks }) => sum + blocks, 0),
      ...{ verified, failures: this.#failures },
    };
  }

  async #write(blocks: number, perSecond: number, signal: AbortSignal): Promise<void> {
    const stretch = { block: this.#next, blocks };
    this.#next += blocks;
    const job = { ...this.#jobOf(stretch), rw: 'write', do_verify: 0, rate_iops: perSecond };
    const timeoutMs = (1000 * blocks) / perSecond + LATE_MS;
    const outcome = await this.#tried(job, timeoutMs, signal);
    if (outcome === undefined) return;
    if (outcome.error !== 0) {
      this.#failed('writing', stretch, outcome.error);
      return;
    }
    // Told to end it may have one under way.
    const done = signal.aborted ? outcome.write.operations - 1 : outcome.write.operations;
    if (done > 0) this.#stretches.push({ block: stretch.block, blocks: Math.min(done, blocks) });
  }

  /** Undefined: it hung, which is a failure; or it was told to end and has no word of what it did. */
  async #tried(job: FioJob, timeoutMs: number, signal?: AbortSignal) {
    const { program } = this.#parts;
    for (let tries = 1; ; tries++) {
      try {
        return await runFio(job, timeoutMs, { program, ...(signal && { signal }) });
      } catch (error) {
        // Told to end before it was ready for that, it says nothing, and nothing is said to be written.
        if (signal?.aborted === true) return undefined;
        if (!(error instanceof FioLateError)) throw error;
        if (tries < TRIES) continue;
        this.#failures.push(error.message);
        return undefined;
      }
    }
  }

  #jobOf({ block, blocks }: Stretch): FioJob {
    return {
      ...{ ...this.#parts.job, bs: BLOCK_BYTES, verify: 'crc32c' },
      ...{ offset: block * BLOCK_BYTES, size: blocks * BLOCK_BYTES },
    };
  }

  #failed(what: string, { block, blocks }: Stretch, error: number): void {
    const why = error === 84 ? 'a block is not what was written' : `errno ${error}`;
    this.#failures.push(`${what} blocks ${block} to ${block + blocks - 1}: ${why}`);
  }
}
