import { beforeEach, describe, expect, it } from '@jest/globals';
import { Draft } from '../../../../core/table-store/draft.js';
import type { Obstacle, SwitchState } from '../../../../core/table-store/records/switch.js';
import { ACK, SWITCH } from '../../../../core/table-store/records/switch.js';
import type { AttachRefusal, DataPlane } from '../../../../redirector/data-plane.js';
import { Participant } from '../../../../redirector/switch/participant.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { FewMembers } from '../../../support/few-members.js';
import { g, m, p, r } from '../../../support/names.js';
import { untilWithin } from '../../../support/until.js';

const REPORT = { holdMs: 0, heldRequests: 0, failedRequests: 0 };
const until = untilWithin(5000, { pauseMs: 1 });
const UPLOAD: Obstacle = { resource: r('vol-1'), what: '1 open upload', ageMs: 900 };

/** Notes what is asked of it, and answers with what stands in the way. */
class RecordingPlane implements DataPlane {
  readonly outlivesUs = false;
  readonly asked: string[] = [];
  obstacles: readonly Obstacle[] = [];
  refusals: readonly AttachRefusal[] = [];

  prepare(): Promise<readonly Obstacle[]> {
    this.asked.push('prepare');
    return Promise.resolve([]);
  }

  hold(): Promise<void> {
    this.asked.push('hold');
    return Promise.resolve();
  }

  drain(): Promise<readonly Obstacle[]> {
    this.asked.push('drain');
    return Promise.resolve(this.obstacles);
  }

  attach(): Promise<readonly AttachRefusal[]> {
    this.asked.push('attach');
    return Promise.resolve(this.refusals);
  }

  apply(): void {
    this.asked.push('apply');
  }

  resume(_batch: unknown, committed: boolean) {
    this.asked.push(committed ? 'resume at the targets' : 'resume at the sources');
    return REPORT;
  }

  counters() {
    return [];
  }
}

let plane: ControlPlane;
let dataPlane: RecordingPlane;
let participant: Participant;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { 'vol-1': 's1@1.1' });
  dataPlane = new RecordingPlane();
  const { store, view, clock, log } = plane;
  participant = new Participant({
    ...{ store, view, clock, log, dataPlane },
    membership: new FewMembers(),
  });
});

/** The record of the open switch says so. */
function opened(state: SwitchState, returnGeneration: string | null = null): Draft {
  const { resource, source, target, since } = plane.move('vol-1', 's2');
  return new Draft().put(SWITCH, 'open', {
    plan: p('1'),
    batch: 0,
    state,
    generation: g('1.150'),
    returnGeneration: returnGeneration === null ? null : g(returnGeneration),
    moves: [{ resource, source, target, since }],
    lost: [],
    standbys: {},
    fault: null,
    enteredAtMs: {},
  });
}

/** It does, and this redirector looks at it. */
async function reach(state: SwitchState, returnGeneration: string | null = null): Promise<void> {
  await plane.write(opened(state, returnGeneration));
  await participant.join();
}

const acked = () => plane.view.get(ACK, m('r1'))?.value;

describe('a redirector that finds an open switch', () => {
  it('brings about what the others have behind them, and says so', async () => {
    await reach('taken');
    await until('attached', () => acked()?.step === 'attached');
    expect(dataPlane.asked).toEqual(['apply', 'hold', 'hold', 'drain', 'attach']);
    expect(acked()).toMatchObject({ boot: 'b', generation: g('1.150'), obstacles: [] });
  });

  it('takes the table over first, since it may have missed a whole switch before this one', async () => {
    const over = new AbortController();
    const running = participant.run(over.signal);
    await plane.write(opened('opened'));
    await until('prepared', () => acked()?.step === 'prepared');
    expect(dataPlane.asked).toEqual(['apply', 'prepare']);
    over.abort();
    await plane.clock.advance(1000);
    await running;
  });

  it('takes over what was put right at once, its last word still on its way to the store', async () => {
    const { store, view, clock, log } = plane;
    const read = store.read.bind(store);
    const slow = { read, transact: () => new Promise<never>(() => undefined) };
    participant = new Participant({
      ...{ view, clock, log, dataPlane },
      store: { ...slow, watch: () => () => undefined, close: () => Promise.resolve() },
      membership: new FewMembers(),
    });
    const over = new AbortController();
    const running = participant.run(over.signal);
    await plane.write(opened('opened'));
    await until('prepared', () => dataPlane.asked.includes('prepare'));
    dataPlane.asked.length = 0;
    await plane.write(new Draft().remove(SWITCH, 'open'));
    expect(dataPlane.asked).toEqual(['apply']);
    over.abort();
    await clock.advance(1000);
    await running;
  });

  it('lets go of nothing before a step that is under way has ended, though the switch is over', async () => {
    let end = (): void => undefined;
    dataPlane.hold = () => {
      dataPlane.asked.push('hold');
      return new Promise((resolve) => {
        end = resolve;
      });
    };
    const over = new AbortController();
    const running = participant.run(over.signal);
    await plane.write(opened('prepared'));
    await until('holding', () => dataPlane.asked.includes('hold'));
    await plane.write(new Draft().remove(SWITCH, 'open'));
    expect(dataPlane.asked.at(-1)).toBe('hold');
    end();
    await until('resumed', () => dataPlane.asked.at(-1) === 'resume at the sources');
    over.abort();
    await plane.clock.advance(1000);
    await running;
  });

  it('stays at what stands in its way, since its work at the source still goes on', async () => {
    dataPlane.obstacles = [UPLOAD];
    await reach('taken');
    await until('drained', () => acked()?.step === 'drained');
    await reach('attached');
    await plane.view.sync();
    expect(acked()).toMatchObject({ step: 'drained', obstacles: [UPLOAD] });
    expect(dataPlane.asked).not.toContain('attach');
  });

  it('goes back to the sources from what stands in its way', async () => {
    dataPlane.obstacles = [UPLOAD];
    await reach('taken');
    await until('drained', () => acked()?.step === 'drained');
    await reach('returning', '1.151');
    await reach('committed', '1.151');
    await until('resumed', () => acked()?.step === 'resumed');
    expect(dataPlane.asked).not.toContain('attach');
    expect(dataPlane.asked.at(-1)).toBe('resume at the sources');
  });

  it('goes on at the targets when it is committed, whatever stood in its way', async () => {
    dataPlane.refusals = [{ resource: r('vol-1'), why: 'no room' }];
    await reach('taken');
    await until('attached', () => acked()?.step === 'attached');
    expect(acked()?.refusals).toHaveLength(1);
    await reach('committed');
    await until('resumed', () => acked()?.step === 'resumed');
    expect(dataPlane.asked.at(-1)).toBe('resume at the targets');
  });
});
