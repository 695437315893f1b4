import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Address } from '../../core/domain.js';
import { freePort } from '../../demo/free-port.js';
import type { Place } from '../../demo/storage-engines.js';
import { HERE, startTgtd } from '../../demo/storage-engines.js';
import { pause } from './paused.js';

export interface TgtUnit {
  /** The image that it shows; several units, of several tgtd too, may show the same. */
  readonly image: string;
  /** Left out: units count from 1, as they stand in their target. */
  readonly lun?: number;
  /**
   * Its SCSI id and serial number, up to 36 characters. Units of several tgtd are one for initiators if it is the same; left
   * out, it comes from the number of the target and of the unit.
   */
  readonly identity?: string;
}

export interface TgtTarget {
  /** `iqn.2001-04.test:vol1` */
  readonly name: string;
  readonly units: readonly TgtUnit[];
  /** Who must log in with CHAP; left out: anybody may. */
  readonly account?: TgtAccount;
  /** Who it proves to be to those who ask (mutual CHAP). */
  readonly ownAccount?: TgtAccount;
}

export interface TgtAccount {
  readonly user: string;
  readonly password: string;
}

/** A session of an initiator. */
export interface TgtSession {
  readonly id: number;
  readonly initiator: string;
  /** One for each connection. */
  readonly hosts: readonly string[];
}

const TRIES = 5;
const END_TIMEOUT_MS = 3000;
const run = promisify(execFile);

/**
 * A real tgtd, an iSCSI server, on loopback, or in a network namespace: with a port and a socket for `tgtadm` of its own, so that several run side by side.
 * Needs root.
 */
export class Tgt {
  static readonly program = 'tgtd';
  readonly folder: string;
  readonly #place: Place;
  /** As given, by name: what it serves again after a restart. */
  readonly #targets = new Map<string, TgtTarget>();
  /** By name, their numbers: never used twice. */
  readonly #numbers = new Map<string, number>();
  readonly #users = new Set<string>();
  #lastNumber = 0;
  #port = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, place: Place) {
    this.folder = folder;
    this.#place = place;
  }

  /** @throws with what it said, if it does not serve */
  static async start(targets: readonly TgtTarget[] = [], place: Place = HERE): Promise<Tgt> {
    const server = new Tgt(await mkdtemp(join(tmpdir(), 'foreshift-tgt-')), place);
    try {
      for (let tried = 1; !(await server.#serves(await freePort())); tried++) {
        if (tried === TRIES) throw new Error(`tgtd got no port in ${TRIES} tries`);
      }
      for (const target of targets) await server.add(target);
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  /** Where initiators reach it. */
  get at(): Address {
    return { host: this.#place.host, port: this.#port };
  }

  /** As libiscsi and qemu name a unit. */
  url(target: string, lun = 1): string {
    return `iscsi://${this.#place.host}:${this.#port}/${target}/${lun}`;
  }

  get pid(): number {
    return this.#child?.pid ?? NaN;
  }

  /** By which it is managed; `.0`, its control port, belongs to the name. */
  get socket(): string {
    return join(this.folder, 'socket');
  }

  /** Leads every `tgtadm`, and `foreshift agent`, to this one. */
  get environment(): { readonly TGT_IPC_SOCKET: string } {
    return { TGT_IPC_SOCKET: this.socket };
  }

  /**
   * Runs `tgtadm --lld iscsi` with more arguments; what it says.
   * @throws with what it said, if it fails
   */
  async admin(...args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.environment };
    const { stdout } = await run('tgtadm', ['--lld', 'iscsi', ...args], { env });
    return stdout;
  }

  /** Serves one more. Initiators are let in last, when all of it is there. */
  async add(target: TgtTarget): Promise<void> {
    const number = ++this.#lastNumber;
    const tid = ['--tid', String(number)];
    await this.admin('--mode', 'target', '--op', 'new', ...tid, '--targetname', target.name);
    this.#targets.set(target.name, target);
    this.#numbers.set(target.name, number);
    for (const [at, { image, lun = at + 1, identity }] of target.units.entries()) {
      const unit = ['--mode', 'logicalunit', ...tid, '--lun', String(lun)];
      await this.admin(...unit, '--op', 'new', '--backing-store', image);
      if (identity === undefined) continue;
      const params = `scsi_id=${identity},scsi_sn=${identity}`;
      await this.admin(...unit, '--op', 'update', '--params', params);
    }
    await this.#bind(target.account, tid);
    await this.#bind(target.ownAccount, [...tid, '--outgoing']);
    await this.admin('--mode', 'target', '--op', 'bind', ...tid, '--initiator-address', 'ALL');
  }

  async #bind(account: TgtAccount | undefined, to: readonly string[]): Promise<void> {
    if (account === undefined) return;
    const { user, password } = account;
    const named = ['--mode', 'account', '--user', user];
    if (!this.#users.has(user)) await this.admin(...named, '--op', 'new', '-p', password);
    this.#users.add(user);
    await this.admin(...named, '--op', 'bind', ...to);
  }

  /** At once, with all its sessions. */
  async remove(name: string): Promise<void> {
    const number = this.#numbers.get(name);
    this.#numbers.delete(name);
    this.#targets.delete(name);
    if (number === undefined) throw new Error(`${name} was not added here`);
    await this.#delete(number);
  }

  /** Names of all targets that it has, whoever made them. */
  async targets(): Promise<string[]> {
    return [...(await this.#listed()).keys()];
  }

  /** Of a target; none if there is no such target. */
  async sessions(name: string): Promise<TgtSession[]> {
    const number = (await this.#listed()).get(name);
    if (number === undefined) return [];
    const shown = await this.admin('--mode', 'conn', '--op', 'show', '--tid', number);
    return shown
      .split(/^Session: /m)
      .slice(1)
      .map((session) => ({
        id: Number.parseInt(session, 10),
        initiator: /Initiator: (.*)/.exec(session)?.[1] ?? '',
        hosts: [...session.matchAll(/IP Address: (.*)/g)].map(([, host = '']) => host),
      }));
  }

  /** It keeps its connections, and answers nothing until it goes on. */
  pause(): void {
    pause(this.#child);
  }

  goOn(): void {
    this.#child?.kill('SIGCONT');
  }

  /** As kill -9 does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** Once more on the same port, with the targets that were added here. What others made is gone. */
  async restart(): Promise<void> {
    await this.kill();
    if (!(await this.#serves(this.#port))) throw new Error(`port ${this.#port} was taken`);
    const targets = [...this.#targets.values()];
    this.#users.clear();
    this.#lastNumber = 0;
    for (const target of targets) await this.add(target);
  }

  /** As an operator ends it: it takes no signal for that, and not as long as there are targets. */
  async stop(): Promise<void> {
    this.goOn();
    for (const number of (await this.#listed()).values()) await this.#delete(number);
    await this.admin('--mode', 'sys', '--op', 'delete');
    const ends = sleep(END_TIMEOUT_MS, 'late' as const, { ref: false });
    const how = await Promise.race([this.#ended, ends]);
    if (how === 'late') throw new Error('tgtd did not end');
  }

  /** Ends it, and removes what it kept. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #delete(tid: string | number): Promise<void> {
    await this.admin('--mode', 'target', '--op', 'delete', '--force', '--tid', String(tid));
  }

  /** Numbers of all targets that it has, by name. */
  async #listed(): Promise<ReadonlyMap<string, string>> {
    const said = await this.admin('--mode', 'target', '--op', 'show');
    return new Map(
      [...said.matchAll(/^Target (\d+): (.*)$/gm)].map(([, tid = '', name = '']) => [name, tid]),
    );
  }

  /** False: somebody else has that port. It says nothing of that, and listens at all addresses instead. */
  async #serves(port: number): Promise<boolean> {
    this.#port = port;
    const started = await startTgtd(port, this.environment, this.#place);
    if (started === undefined) return false;
    this.#child = started.child;
    this.#ended = started.ended;
    return true;
  }
}

/** An empty disk of that size. */
export async function madeImage(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'w');
  await file.truncate(bytes);
  await file.close();
  return path;
}
