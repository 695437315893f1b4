import type { SimulatedClock } from '../../core/clock/simulated.js';
import { fail } from '../../core/errors.js';

interface TwinTarget {
  readonly name: string;
  isReady: boolean;
  readonly units: Map<number, Map<string, string>>;
  readonly admitted: Set<string>;
  /** Of each session, the connections. */
  readonly sessions: Map<number, number[]>;
  /** Commands that are carried out just now: until they end, it is not deleted. */
  commands: number;
}

/** A tgtd on simulated time, as `tgtadm` shows it: what it is told takes a while, or fails. */
export class TwinTgtd {
  readonly targets = new Map<number, TwinTarget>();
  readonly told: string[] = [];
  latencyMs = 2;
  /** It says so and does nothing. */
  isAway = false;
  /** Says that it did what it was told, and does not. */
  isLying = false;
  /** What stands in the names of its initiators, with line ends. */
  madeUp = '';
  /** It cannot open these. */
  readonly missing = new Set<string>();
  readonly #clock: SimulatedClock;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  readonly admin = async (args: readonly string[]): Promise<string> => {
    await this.#clock.sleep(this.latencyMs);
    if (this.isAway) return refuse(args, 'exit 107: Transport endpoint is not connected');
    const said = new Map<string, string>();
    for (let at = 0; at < args.length; at += 2) said.set(args[at] ?? '', args[at + 1] ?? '');
    const what = `${said.get('--mode') ?? ''} ${said.get('--op') ?? ''}`;
    if (what === 'target show') return this.#shown();
    this.told.push([what, ...args.slice(4)].join(' '));
    if (this.isLying) return '';
    return this.#carryOut(what, said, args);
  };

  /** As somebody else does who tells it something. */
  add(
    name: string,
    admitted: readonly string[] = ['ALL'],
    tid = this.targets.size + 1,
  ): TwinTarget {
    const target: TwinTarget = {
      ...{ name, isReady: true, units: new Map(), admitted: new Set(admitted) },
      ...{ sessions: new Map(), commands: 0 },
    };
    this.targets.set(tid, target);
    return target;
  }

  named(name: string): TwinTarget | undefined {
    return [...this.targets.values()].find((target) => target.name === name);
  }

  #shown(): string {
    return `${[...this.targets].map(([tid, target]) => shownTarget(tid, target)).join('')}${this.madeUp}`;
  }

  #carryOut(what: string, said: ReadonlyMap<string, string>, args: readonly string[]): string {
    const tid = Number(said.get('--tid'));
    const target = this.targets.get(tid);
    if (what === 'target new') {
      if (target !== undefined) refuse(args, 'this target already exists');
      this.add(said.get('--targetname') ?? '', [], tid);
      return '';
    }
    if (target === undefined) return refuse(args, "can't find the target");
    if (what === 'target delete') {
      if (target.commands > 0) refuse(args, 'this logical unit is still active');
      if (target.sessions.size > 0) refuse(args, 'this target is still active');
      this.targets.delete(tid);
    } else if (what === 'target update') {
      target.isReady = said.get('--value') === 'ready';
    } else if (what === 'target bind') {
      target.admitted.add(said.get('--initiator-address') ?? said.get('--initiator-name') ?? '');
    } else if (what === 'target unbind') {
      target.admitted.delete(said.get('--initiator-address') ?? said.get('--initiator-name') ?? '');
    } else if (what === 'conn delete') {
      const session = Number(said.get('--sid'));
      const left = target.sessions.get(session)?.filter((cid) => cid !== Number(said.get('--cid')));
      if (left === undefined) return refuse(args, "can't find the session");
      target.sessions.set(session, left);
      // A session is there until the last command of it has ended.
      if (left.length === 0 && target.commands === 0) target.sessions.delete(session);
    } else {
      this.#ofUnit(target, what, said, args);
    }
    return '';
  }

  #ofUnit(
    target: TwinTarget,
    what: string,
    said: ReadonlyMap<string, string>,
    args: readonly string[],
  ): void {
    const lun = Number(said.get('--lun'));
    if (what === 'logicalunit new') {
      const store = said.get('--backing-store') ?? '';
      if (this.missing.has(store)) refuse(args, 'failed to open the backing store');
      const has = { store, scsi_id: 'IET     00010001', scsi_sn: 'beaf11', readonly: '0' };
      target.units.set(lun, new Map(Object.entries(has)));
    } else if (what === 'logicalunit update') {
      for (const param of (said.get('--params') ?? '').split(',')) {
        const [name = '', value = ''] = param.split('=');
        target.units.get(lun)?.set(name, value);
      }
    } else {
      refuse(args, 'invalid request');
    }
  }
}

function refuse(args: readonly string[], why: string): never {
  fail('ERR_COMMAND_FAILED', { command: `tgtadm ${args.join(' ')}`, why });
}

function shownTarget(tid: number, target: TwinTarget): string {
  const { name, isReady, sessions, units, admitted } = target;
  const lines = [
    `Target ${tid}: ${name}`,
    '    System information:',
    '        Driver: iscsi',
    `        State: ${isReady ? 'ready' : 'offline'}`,
    '    I_T nexus information:',
  ];
  for (const [session, connections] of sessions) {
    lines.push(`        I_T nexus: ${session}`, '            Initiator: iqn.x alias: none');
    for (const each of connections) {
      lines.push(`            Connection: ${each}`, '                IP Address: 10.0.0.1');
    }
  }
  lines.push('    LUN information:', ...shownUnit(0, new Map([['store', 'None']])));
  for (const [lun, has] of units) lines.push(...shownUnit(lun, has));
  lines.push('    Account information:', '    ACL information:');
  for (const each of admitted) lines.push(`        ${each}`);
  return `${lines.join('\n')}\n`;
}

function shownUnit(lun: number, has: ReadonlyMap<string, string>): string[] {
  return [
    `        LUN: ${lun}`,
    `            Type: ${lun === 0 ? 'controller' : 'disk'}`,
    `            SCSI ID: ${has.get('scsi_id') ?? 'IET     00010000'}`,
    `            SCSI SN: ${has.get('scsi_sn') ?? 'beaf10'}`,
    '            Size: 67 MB, Block size: 512',
    `            Readonly: ${has.get('readonly') === '1' ? 'Yes' : 'No'}`,
    `            Backing store path: ${has.get('store') ?? ''}`,
    '            Backing store flags: ',
  ];
}
