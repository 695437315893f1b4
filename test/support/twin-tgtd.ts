import type { TgtdRequest } from '../../agent/tgtd-protocol.js';
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

/** A tgtd on simulated time, at its management socket: what it is told takes a while, or fails. */
export class TwinTgtd {
  readonly targets = new Map<number, TwinTarget>();
  /** But for the questions. */
  readonly told: TgtdRequest[] = [];
  latencyMs = 2;
  /** Nothing listens. */
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

  readonly ask = async (request: TgtdRequest): Promise<string> => {
    await this.#clock.sleep(this.latencyMs);
    if (this.isAway) fail('ERR_CALL_REFUSED', { url: 'unix:/run/twin.0' });
    if (request.op === 'show') return this.#shown();
    this.told.push(request);
    if (!this.isLying) this.#carryOut(request);
    return '';
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

  #carryOut(request: TgtdRequest): void {
    const { mode, op, tid = NaN, said = [] } = request;
    const [, value = ''] = said[0] ?? [];
    const target = this.targets.get(tid);
    const what = `${mode} ${op}`;
    if (what === 'target new') {
      if (target !== undefined) refuse(request, 'the target exists already');
      this.add(value, [], tid);
      return;
    }
    if (target === undefined) return refuse(request, 'no such target');
    if (what === 'target delete') {
      if (target.commands > 0) refuse(request, 'the logical unit is still active');
      if (target.sessions.size > 0) refuse(request, 'the target is still active');
      this.targets.delete(tid);
    } else if (what === 'target update') {
      target.isReady = value === 'ready';
    } else if (what === 'target bind') {
      target.admitted.add(value);
    } else if (what === 'target unbind') {
      target.admitted.delete(value);
    } else if (what === 'conn delete') {
      const { sid = NaN, cid } = request;
      const left = target.sessions.get(sid)?.filter((each) => each !== cid);
      if (left === undefined) return refuse(request, 'no such session');
      target.sessions.set(sid, left);
      // A session is there until the last command of it has ended.
      if (left.length === 0 && target.commands === 0) target.sessions.delete(sid);
    } else {
      this.#ofUnit(target, request, value);
    }
  }

  #ofUnit({ units }: TwinTarget, request: TgtdRequest, store: string): void {
    const { mode, op, lun = NaN, params = [] } = request;
    if (mode !== 'logicalunit') return refuse(request, 'not supported');
    if (op === 'new') {
      if (this.missing.has(store)) refuse(request, 'unknown error');
      const has = { store, scsi_id: 'IET     00010001', scsi_sn: 'beaf11', readonly: '0' };
      units.set(lun, new Map(Object.entries(has)));
    } else {
      for (const [name, to] of params) units.get(lun)?.set(name, to);
    }
  }
}

function refuse({ mode, op }: TgtdRequest, why: string): never {
  fail('ERR_SERVER_UNTOLD', { server: 'twin', why: `${mode} ${op}: ${why}` });
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
