import type { Disk } from '../core/disk/port.js';
import type { Log } from '../core/log.js';

/**
 * The file from which a server that starts has what is owned. Clients wait while it is written, and for a disk that must outlive a power
 * cut longest of all. What is given up must not come back with the power: that is waited for. What is gained need not be: an agent that
 * starts, after a power cut too, makes the file anew of what it knows to own.
 */
export class OwnedFile {
  /** A server's configuration includes it by this name. */
  static readonly NAME = 'owned.conf';
  readonly #disk: Disk;
  readonly #log: Log;
  #lasting: Promise<void> = Promise.resolve();

  constructor({ disk, log }: { readonly disk: Disk; readonly log: Log }) {
    this.#disk = disk;
    this.#log = log;
  }

  /** As it was left; empty: there is none. @throws ERR_DISK_FAILED */
  async read(): Promise<string> {
    return Buffer.from((await this.#disk.read(OwnedFile.NAME)) ?? []).toString();
  }

  /** A server that reads it from now on has that. One after the other. @throws ERR_DISK_FAILED */
  async write(text: string): Promise<void> {
    await this.#lasting.catch(() => undefined);
    const { lasting } = await this.#disk.show(OwnedFile.NAME, Buffer.from(text));
    this.#lasting = lasting;
    lasting.catch((err: unknown) => {
      this.#log.error({ err, file: OwnedFile.NAME }, 'lost with the next power cut');
    });
  }

  /** What was written last is there after a power cut too. @throws ERR_DISK_FAILED */
  lasts(): Promise<void> {
    return this.#lasting;
  }
}
