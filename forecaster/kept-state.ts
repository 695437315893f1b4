import type { Clock } from '../core/clock/port.js';
import type { Disk } from '../core/disk/port.js';
import { codeOf } from '../core/errors.js';
import type { Log } from '../core/log.js';

export interface KeptStateParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

const FILE = 'forecasting.state';
/** What a start after a crash has to learn anew is no older than this. */
const EVERY_MS = 900_000;
/** Some 70,000 series; of more nothing is kept, for it would take too long each time. */
const BYTES_MAX = 512 * 1024 * 1024;

/**
 * What the forecasts have learnt, as a file: a start goes on with it, and needs only the samples since, where learning
 * anew takes minutes for thousands of series. Nothing depends on it: what cannot be written or used is said, and learnt anew.
 */
export class KeptState {
  readonly #parts: KeptStateParts;
  #writtenAtMs: number;

  constructor(parts: KeptStateParts) {
    this.#parts = parts;
    this.#writtenAtMs = parts.clock.monotonicMs();
  }

  get isDue(): boolean {
    return this.#parts.clock.monotonicMs() - this.#writtenAtMs >= EVERY_MS;
  }

  /** Undefined: there is none that could be read. */
  async read(): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.disk.read(FILE);
    } catch (error) {
      this.unusable(error);
      return undefined;
    }
  }

  /** What was read is of no use. */
  unusable(error: unknown): void {
    if (codeOf(error) === undefined) throw error;
    this.#parts.log.warn({ err: error }, 'kept forecasts not used');
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { disk, clock, log } = this.#parts;
    this.#writtenAtMs = clock.monotonicMs();
    if (bytes.byteLength > BYTES_MAX) {
      log.info({ bytes: bytes.byteLength, bytesMax: BYTES_MAX }, 'too many forecasts to keep');
      return;
    }
    try {
      await disk.replace(FILE, bytes);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      log.warn({ err: error }, 'forecasts not kept');
    }
  }
}
