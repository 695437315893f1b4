import type { Clock } from '../core/clock/port.js';
import type { Disk } from '../core/disk/port.js';
import type { Address, ResourceId } from '../core/domain.js';
import { codeOf } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Net } from '../core/net/port.js';
import { askOnce } from '../core/onc-rpc/calls.js';
import {
  EXPORT,
  MOUNT_PATH_BYTES_MAX,
  MOUNT_PROGRAM,
  MOUNT_VERSION,
} from '../core/onc-rpc/mount.js';
import { Turns } from '../core/turns.js';
import type { Attachments } from './attachments.js';
import type { LookOptions } from './look-until.js';
import { lookUntil } from './look-until.js';
import { OwnedFile } from './owned-file.js';

export interface GaneshaParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
  /** The folder with an EXPORT block for each resource, and the file that ganesha includes. */
  readonly disk: Disk;
  /** ganesha reads its exports again (SIGHUP). @throws whatever keeps it from being told */
  readonly reload: () => Promise<void>;
}

export interface GaneshaOptions extends LookOptions {
  /** Of its MOUNT program. */
  readonly mount: Address;
}

export const GANESHA_DEFAULTS = { timeoutMs: 4000, pollMs: 20 } as const;

const CALL_TIMEOUT_MS = 1000;
/** A path of an EXPORT block, quoted or not. */
const PATH = /^[^#]*\bPath\s*=\s*"?(\/[^\s";]*)"?\s*;/im;

/**
 * Exports of an nfs-ganesha beside the agent. Each resource has an EXPORT block in `<resource>.export`; of those that are owned a
 * file is made that ganesha includes and reads again when it is told to. What it exports then is what it says itself: a resource
 * is released once its path is no longer in that list, and file handles of it are refused as stale.
 */
export class Ganesha implements Attachments {
  readonly #parts: GaneshaParts;
  readonly #options: GaneshaOptions;
  /** `%include <folder>/owned.conf`. */
  readonly #file: OwnedFile;
  readonly #owned = new Set<ResourceId>();
  readonly #turns = new Turns<'exports'>();

  constructor(parts: GaneshaParts, options: GaneshaOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#file = new OwnedFile(parts);
  }

  begin(owned: readonly ResourceId[]): Promise<boolean> {
    for (const resource of owned) this.#owned.add(resource);
    return this.#made({ isLess: true });
  }

  release(resource: ResourceId): Promise<boolean> {
    this.#owned.delete(resource);
    return this.#made({ isLess: true });
  }

  take(resource: ResourceId): Promise<boolean> {
    this.#owned.add(resource);
    return this.#made({ isLess: false });
  }

  /** Ganesha exports what is owned now, and says so. `isLess`: than before, perhaps. */
  #made({ isLess }: { readonly isLess: boolean }): Promise<boolean> {
    return this.#turns.take('exports', async () => {
      try {
        const { wanted, others } = await this.#write();
        await this.#parts.reload();
        const isMade = await this.#shows(wanted, others);
        if (isLess) await this.#file.lasts();
        return isMade;
      } catch (err) {
        if (codeOf(err) === undefined) throw err;
        this.#parts.log.error({ err }, 'exports not changed');
        return false;
      }
    });
  }

  /** The paths that it is to export, and those that it is not. */
  async #write(): Promise<{ readonly wanted: string[]; readonly others: string[] }> {
    const { disk, log } = this.#parts;
    const names = (await disk.list('')).filter((name) => name.endsWith('.export'));
    const blocks: string[] = [];
    const wanted: string[] = [];
    const others: string[] = [];
    for (const name of names) {
      const block = Buffer.from((await disk.read(name)) ?? []).toString();
      const path = PATH.exec(block)?.[1];
      const resource = name.slice(0, -'.export'.length) as ResourceId;
      if (path === undefined) log.warn({ file: name }, 'no path in an export block');
      else if (this.#owned.has(resource)) wanted.push(path);
      else others.push(path);
      if (this.#owned.has(resource)) blocks.push(block);
    }
    await this.#file.write(blocks.join('\n'));
    return { wanted, others };
  }

  #shows(wanted: readonly string[], others: readonly string[]): Promise<boolean> {
    return lookUntil(this.#parts.clock, this.#options, async () => {
      const paths = await this.#exported();
      return (
        paths !== undefined &&
        wanted.every((path) => paths.has(path)) &&
        !others.some((path) => paths.has(path))
      );
    });
  }

  /** Undefined: it does not say. */
  async #exported(): Promise<ReadonlySet<string> | undefined> {
    const { net, clock } = this.#parts;
    const results = await askOnce(
      {
        ...{ net, clock, address: this.#options.mount },
        ...{ connect: { timeoutMs: CALL_TIMEOUT_MS }, answerTimeoutMs: CALL_TIMEOUT_MS },
      },
      {
        ...{ program: MOUNT_PROGRAM, version: MOUNT_VERSION, procedure: EXPORT },
        arguments: new Uint8Array(0),
      },
    );
    if (typeof results === 'string') return undefined;
    const paths = new Set<string>();
    const text = (): string => Buffer.from(results.opaqueBytes(MOUNT_PATH_BYTES_MAX)).toString();
    while (results.bool()) {
      paths.add(text());
      // Who may mount it.
      while (results.bool()) text();
    }
    return results.isSound ? paths : undefined;
  }
}
