import { MemoryDisk } from '../../core/disk/memory.js';
import type { Disk, DiskFile, Part, Shown } from '../../core/disk/port.js';
import type { Rng } from '../../core/rng.js';
import { SeededRng, integerBelow, seedFor } from '../../core/rng.js';

/** A disk whose power fails just before one of its calls is carried out: that call and all later ones fail. */
export class CrashingDisk implements Disk {
  readonly #disk: MemoryDisk;
  readonly #rng: Rng;
  readonly #crashAtCall: number;
  #calls = 0;
  #survivor: MemoryDisk | undefined;
  /** Called when the power fails. */
  onCrash: () => void = () => undefined;

  constructor(disk: MemoryDisk, rng: Rng, crashAtCall = Infinity) {
    this.#disk = disk;
    this.#rng = rng;
    this.#crashAtCall = crashAtCall;
  }

  get calls(): number {
    return this.#calls;
  }

  get isOff(): boolean {
    return this.#survivor !== undefined;
  }

  /** What the power cut left; the power fails now if it has not. */
  survivor(): MemoryDisk {
    if (this.#survivor === undefined) {
      this.#survivor = this.#disk.crash(this.#rng);
      this.onCrash();
    }
    return this.#survivor;
  }

  read(path: string, part?: Part): Promise<Uint8Array | undefined> {
    return this.#count(() => this.#disk.read(path, part));
  }

  async open(path: string): Promise<DiskFile> {
    const file = await this.#count(() => this.#disk.open(path));
    return {
      get size() {
        return file.size;
      },
      append: (bytes) => this.#count(() => file.append(bytes)),
      sync: () => this.#count(() => file.sync()),
      truncate: (size) => this.#count(() => file.truncate(size)),
      close: () => file.close(),
    };
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.#count(() => this.#disk.replace(path, bytes));
  }

  show(path: string, bytes: Uint8Array): Promise<Shown> {
    return this.#count(() => this.#disk.show(path, bytes));
  }

  list(folder: string): Promise<string[]> {
    return this.#count(() => this.#disk.list(folder));
  }

  remove(path: string): Promise<void> {
    return this.#count(() => this.#disk.remove(path));
  }

  lock(path: string): Promise<() => Promise<void>> {
    return this.#disk.lock(path);
  }

  #count<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#calls += 1;
    if (this.#calls === this.#crashAtCall) this.survivor();
    return call();
  }
}

export interface CrashPlan<Promised> {
  readonly seed: number;
  /** Uses a store on the disk, by the same chances each time, until it is done or the disk is off; returns what it was promised. */
  live(disk: CrashingDisk, rng: Rng): Promise<Promised>;
  /** Opens the store, as anybody would. Before the check this is done once on a disk that crashes meanwhile. */
  open(disk: Disk): Promise<unknown>;
  /** Opens the store again, and looks whether all that was promised is there. */
  check(disk: Disk, promised: Promised): Promise<void>;
}

/**
 * Lives, and crashes, at every single call to the disk, then once more while the store is opened again, and
 * checks. Returns how often.
 */
export async function crashEverywhere<Promised>(plan: CrashPlan<Promised>): Promise<number> {
  const undisturbed = await liveUntil(plan, Infinity);
  const { calls } = undisturbed.disk;
  for (let crashAtCall = 1; crashAtCall <= calls + 1; crashAtCall++) {
    const { disk, promised, rng } = await liveUntil(plan, crashAtCall);
    const first = disk.survivor();
    const again = new CrashingDisk(first, rng, 1 + integerBelow(rng, 12));
    await plan.open(again).catch(() => undefined);
    try {
      await plan.check(again.survivor(), promised);
    } catch (error) {
      throw new Error(`seed ${plan.seed}, crash at call ${crashAtCall} of ${calls}`, {
        cause: error,
      });
    }
  }
  return calls + 1;
}

async function liveUntil<Promised>(plan: CrashPlan<Promised>, crashAtCall: number) {
  const rng = new SeededRng(seedFor(plan.seed, String(crashAtCall)));
  const disk = new CrashingDisk(new MemoryDisk(), rng, crashAtCall);
  const promised = await plan.live(disk, new SeededRng(plan.seed));
  return { disk, promised, rng };
}
