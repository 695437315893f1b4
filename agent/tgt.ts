import type { Clock } from '../core/clock/port.js';
import type { Disk } from '../core/disk/port.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import { ForeshiftError, codeOf, fail } from '../core/errors.js';
import type { Log } from '../core/log.js';
import { Turns } from '../core/turns.js';
import type { Attachments } from './attachments.js';
import type { LookOptions } from './look-until.js';
import { lookUntil } from './look-until.js';
import { OwnedFile } from './owned-file.js';
import type { ListedTarget } from './tgt-listing.js';
import { targetsIn } from './tgt-listing.js';
import type { TgtTarget, TgtUnit } from './tgt-target.js';
import { TARGET_BYTES_MAX, targetIn, targetText } from './tgt-target.js';
import type { TgtdRequest } from './tgtd-protocol.js';

export interface TgtParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The folder with a description of each resource's target, and the file that tgtd's configuration includes. */
  readonly disk: Disk;
  /** @returns what tgtd shows @throws ERR_SERVER_UNTOLD, if it refuses; coded otherwise, if it cannot be asked or takes too long */
  readonly ask: (request: TgtdRequest) => Promise<string>;
}

export interface TgtOptions extends LookOptions {
  readonly server: ServerId;
}

export const TGT_DEFAULTS = { timeoutMs: 4000, pollMs: 20 } as const;

const ENDING = '.target';
/** In it, for each name by which tgtd may have a resource. */
const RECORDED = /^# (?:of|no longer of) (\S+): (\S+)$/gm;
/** As tgt-admin switches the cache of writes off: the caching page of a disk, without WCE. */
const NO_WRITE_CACHE = [
  'mode_page',
  '8:0:18:0x10:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0',
] as const;

/**
 * Targets of a tgtd beside the agent. Each resource has a target, which `<resource>.target` describes; tgtd is let have those of what is
 * owned. It is asked what it has before and after whatever it is told: a resource is released once its target is not there any more,
 * which tgtd deletes only after the last command for it; taken once all of it is there. What is owned stands in a file too, from which
 * a tgtd that starts later has it.
 *
 * A target is not only closed to new logins but deleted, so that its store is closed, with what the kernel knows of it, before another
 * server opens it.
 */
export class Tgt implements Attachments {
  readonly #parts: TgtParts;
  readonly #options: TgtOptions;
  /** `include <folder>/owned.conf`. */
  readonly #file: OwnedFile;
  /** Of what is owned. */
  readonly #targets = new Map<ResourceId, TgtTarget>();
  /** Names by which tgtd may have resources otherwise: they are not owned, or had another name. */
  readonly #former = new Map<ResourceId, Set<string>>();
  readonly #turns = new Turns<'targets'>();
  /** None is used twice: a login under way is bound to the number of its target, not to the name. */
  #tidMax = 0;

  constructor(parts: TgtParts, options: TgtOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#file = new OwnedFile(parts);
  }

  begin(owned: readonly ResourceId[]): Promise<boolean> {
    return this.#inTurn('begin', async () => {
      const { disk } = this.#parts;
      this.#remember(await this.#file.read());
      const names = (await disk.list('')).filter((name) => name.endsWith(ENDING));
      const described = names.map((name) => name.slice(0, -ENDING.length) as ResourceId);
      let isWhole = true;
      for (const resource of new Set([...owned, ...described])) {
        isWhole = (await this.#learn(resource, owned.includes(resource))) && isWhole;
      }
      await this.#record();
      for (const resource of this.#former.keys()) {
        // What is owned and cannot be described is left as it is.
        const isMeant = this.#targets.has(resource) || !owned.includes(resource);
        if (isMeant) isWhole = (await this.#gone(resource)) && isWhole;
      }
      for (const resource of this.#targets.keys())
        isWhole = (await this.#there(resource)) && isWhole;
      await this.#file.lasts();
      return isWhole;
    });
  }

  release(resource: ResourceId): Promise<boolean> {
    return this.#inTurn(resource, async () => {
      await this.#learn(resource, false);
      await this.#record();
      const isGone = await this.#gone(resource);
      await this.#file.lasts();
      return isGone;
    });
  }

  take(resource: ResourceId): Promise<boolean> {
    return this.#inTurn(resource, async () => {
      if (!(await this.#learn(resource, true))) return false;
      await this.#record();
      return (await this.#gone(resource)) && (await this.#there(resource));
    });
  }

  #inTurn(what: string, work: () => Promise<boolean>): Promise<boolean> {
    return this.#turns.take('targets', async () => {
      try {
        return await work();
      } catch (err) {
        if (codeOf(err) === undefined) throw err;
        this.#parts.log.error({ err, what }, 'targets not changed');
        return false;
      }
    });
  }

  #remember(recorded: string): void {
    for (const [, resource = '', name = ''] of recorded.matchAll(RECORDED)) {
      this.#formerly(resource as ResourceId, name);
    }
  }

  #formerly(resource: ResourceId, name: string): void {
    const names = this.#former.get(resource) ?? new Set();
    this.#former.set(resource, names.add(name));
  }

  /** What its target is called, and has been. False: its file does not say, and it is to be owned. */
  async #learn(resource: ResourceId, isOwned: boolean): Promise<boolean> {
    const before = this.#targets.get(resource);
    if (before !== undefined) this.#formerly(resource, before.name);
    this.#targets.delete(resource);
    try {
      const target = await this.#described(resource);
      if (target === undefined && !isOwned) return true;
      if (target === undefined) {
        return fail('ERR_TARGET_INVALID', {
          file: `${resource}${ENDING}`,
          line: 0,
          why: 'no such file',
        });
      }
      const other = [...this.#targets].find(([, { name }]) => name === target.name)?.[0];
      if (other !== undefined) {
        const why = `${target.name} is the target of ${other} already`;
        fail('ERR_TARGET_INVALID', { file: `${resource}${ENDING}`, line: 1, why });
      }
      if (isOwned) this.#targets.set(resource, target);
      else this.#formerly(resource, target.name);
      return true;
    } catch (err) {
      if (codeOf(err) !== 'ERR_TARGET_INVALID') throw err;
      this.#parts.log.error({ err, resource }, 'target not known');
      return !isOwned;
    }
  }

  async #described(resource: ResourceId): Promise<TgtTarget | undefined> {
    const file = `${resource}${ENDING}`;
    const bytes = await this.#parts.disk.read(file, { from: 0, to: TARGET_BYTES_MAX + 1 });
    if (bytes === undefined) return undefined;
    if (bytes.length > TARGET_BYTES_MAX) {
      const why = `more than ${TARGET_BYTES_MAX} bytes`;
      fail('ERR_TARGET_INVALID', { file, line: 1, why });
    }
    return targetIn(Buffer.from(bytes).toString(), file);
  }

  /** Before tgtd is told anything: one that starts in between has nothing that is to be given up. */
  async #record(): Promise<void> {
    const lines = [
      '# Made by the agent, anew with each change. tgt-admin reads it when tgtd starts.',
    ];
    for (const [resource, names] of this.#former) {
      for (const name of names) lines.push(`# no longer of ${resource}: ${name}`);
    }
    for (const [resource, target] of this.#targets) {
      lines.push(`# of ${resource}: ${target.name}`, targetText(target));
    }
    await this.#file.write(`${lines.join('\n')}\n`);
  }

  /** Nothing is left of what it was served by, and is not now. */
  async #gone(resource: ResourceId): Promise<boolean> {
    const owned = new Set([...this.#targets.values()].map(({ name }) => name));
    const names = [...(this.#former.get(resource) ?? [])].filter((name) => !owned.has(name));
    if (names.length === 0) return true;
    const isGone = await this.#until(resource, async (listed) => {
      const left = listed.filter(({ name }) => names.includes(name));
      for (const target of left) await this.#end(target);
      return left.length === 0;
    });
    if (isGone) this.#former.delete(resource);
    return isGone;
  }

  /** Its target is there, as it is described, for whoever may log in. */
  async #there(resource: ResourceId): Promise<boolean> {
    const target = this.#targets.get(resource);
    if (target === undefined) return false;
    return this.#until(resource, async (listed) => {
      const found = listed.find(({ name }) => name === target.name);
      if (found === undefined) {
        await this.#make(target);
        return false;
      }
      const isSame =
        found.units.length === target.units.length &&
        target.units.every((unit) => has(found, unit));
      if (!isSame) {
        await this.#end(found);
        return false;
      }
      const wanted = [...target.addresses, ...target.initiators];
      const isOpen =
        found.isReady &&
        wanted.every((each) => found.admitted.includes(each)) &&
        found.admitted.every((each) => wanted.includes(each));
      if (!isOpen) await this.#open(found, target);
      return isOpen;
    });
  }

  /**
   * Looks at what tgtd has until it is as wanted, or the time is over: what it was told may have failed, or need a while.
   * @param step tells it what is missing; true: nothing
   */
  async #until(
    resource: ResourceId,
    step: (listed: readonly ListedTarget[]) => Promise<boolean>,
  ): Promise<boolean> {
    const { clock, log } = this.#parts;
    const { server, timeoutMs } = this.#options;
    let err: unknown;
    const isDone = await lookUntil(clock, this.#options, async () => {
      try {
        // What it was told, and without an error, is looked at without delay.
        return (await step(await this.#listed())) || (await step(await this.#listed()));
      } catch (thrown) {
        if (codeOf(thrown) === undefined) throw thrown;
        // The last of them says why, though what came after it may have gone well.
        err = thrown;
        return false;
      }
    });
    if (isDone) return true;
    const why = `within ${timeoutMs} ms it did not have its targets as told`;
    err ??= new ForeshiftError('ERR_SERVER_UNTOLD', { server, why });
    log.error({ err, resource }, 'targets not as they should be');
    return false;
  }

  async #listed(): Promise<readonly ListedTarget[]> {
    const listed = targetsIn(await this.#parts.ask({ mode: 'target', op: 'show' }));
    if (listed === undefined) {
      const why = 'a name of an initiator passes itself off as a target';
      return fail('ERR_SERVER_UNTOLD', { server: this.#options.server, why });
    }
    for (const { tid } of listed) this.#tidMax = Math.max(this.#tidMax, tid);
    return listed;
  }

  /**
   * From the first step on no command is carried out any more, and nobody logs in. It cannot be deleted as long as a command is under
   * way: then the last step fails, and all is looked at again. (By force, tgtd would end itself in rare cases.)
   */
  async #end({ tid, isReady, connections }: ListedTarget): Promise<void> {
    const { ask } = this.#parts;
    if (isReady) await this.#setState(tid, 'offline');
    for (const { session: sid, connection: cid } of connections) {
      if (cid === undefined) continue;
      await this.#unlessGone(ask({ mode: 'conn', op: 'delete', tid, sid, cid }));
    }
    await ask({ mode: 'target', op: 'delete', tid });
  }

  /** For anybody only when all of it is there. */
  async #make(target: TgtTarget): Promise<void> {
    const tid = ++this.#tidMax;
    const said = [['targetname', target.name]] as const;
    await this.#parts.ask({ mode: 'target', op: 'new', tid, said });
    for (const unit of target.units) await this.#makeUnit(tid, unit);
    await this.#open({ tid, isReady: true, admitted: [] }, target);
  }

  async #makeUnit(tid: number, unit: TgtUnit): Promise<void> {
    const { ask } = this.#parts;
    const { lun, store, access, flags } = unit;
    const said = [
      ['path', store] as const,
      ...(access === undefined ? [] : [['bstype', access] as const]),
      ...(flags === undefined ? [] : [['bsoflags', flags] as const]),
    ];
    await ask({ mode: 'logicalunit', op: 'new', tid, lun, said });
    const params = [
      ['scsi_id', unit.scsiId] as const,
      ['scsi_sn', unit.serial] as const,
      ['readonly', unit.isReadOnly ? '1' : '0'] as const,
      ...(unit.hasWriteCache ? [] : [NO_WRITE_CACHE]),
    ];
    await ask({ mode: 'logicalunit', op: 'update', tid, lun, params });
  }

  async #open(
    { tid, isReady, admitted }: Pick<ListedTarget, 'tid' | 'isReady' | 'admitted'>,
    { addresses, initiators }: TgtTarget,
  ): Promise<void> {
    const { ask } = this.#parts;
    for (const each of admitted) {
      const isWanted = addresses.includes(each) || initiators.includes(each);
      if (!isWanted) await ask({ mode: 'target', op: 'unbind', tid, said: [admission(each)] });
    }
    for (const each of [...addresses, ...initiators]) {
      const isThere = admitted.includes(each);
      if (!isThere) await ask({ mode: 'target', op: 'bind', tid, said: [admission(each)] });
    }
    if (!isReady) await this.#setState(tid, 'ready');
  }

  #setState(tid: number, state: 'offline' | 'ready'): Promise<string> {
    return this.#parts.ask({ mode: 'target', op: 'update', tid, said: [['state', state]] });
  }

  /** A connection that has just ended by itself cannot be ended; what really is left is listed the next time. */
  async #unlessGone(told: Promise<string>): Promise<void> {
    try {
      await told;
    } catch (error) {
      if (codeOf(error) !== 'ERR_SERVER_UNTOLD') throw error;
    }
  }
}

function has({ units }: ListedTarget, wanted: TgtUnit): boolean {
  const { lun, store, scsiId, serial, isReadOnly } = wanted;
  return units.some(
    (unit) =>
      unit.lun === lun &&
      unit.store === store &&
      unit.scsiId === scsiId &&
      unit.serial === serial &&
      unit.isReadOnly === isReadOnly,
  );
}

/** Names of initiators have a kind before their first dot; addresses and ALL have none. */
function admission(each: string): readonly [string, string] {
  return [/^(?:iqn|eui|naa)\./.test(each) ? 'initiator-name' : 'initiator-address', each];
}
