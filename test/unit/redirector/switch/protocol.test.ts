import { describe, expect, it } from '@jest/globals';
import type { ServerId } from '../../../../core/domain.js';
import type {
  Ack,
  SwitchRecord,
  SwitchState,
} from '../../../../core/table-store/records/switch.js';
import type { Answer, SwitchFacts } from '../../../../redirector/switch/protocol.js';
import {
  SWITCH_LIMITS,
  nextStep,
  questionOf,
  undoStateAfter,
} from '../../../../redirector/switch/protocol.js';
import { g, m, p, r, s } from '../../../support/names.js';

const DONE: Answer = { kind: 'done' };

function record(state: SwitchState, change: Partial<SwitchRecord> = {}): SwitchRecord {
  return {
    plan: p('7'),
    batch: 0,
    state,
    generation: g('1.8'),
    returnGeneration: null,
    moves: [
      { resource: r('vol-1'), source: s('s1'), target: s('s2'), since: g('1.3') },
      { resource: r('vol-2'), source: s('s3'), target: s('s2'), since: g('1.4') },
    ],
    lost: [],
    standbys: {},
    fault: null,
    enteredAtMs: {},
    ...change,
  };
}

function ack(step: Ack['step'], change: Partial<Ack> = {}): Ack {
  return {
    boot: 'b',
    generation: g('1.8'),
    step,
    obstacles: [],
    refusals: [],
    holdMs: 0,
    heldRequests: 0,
    failedRequests: 0,
    ...change,
  };
}

interface Given {
  readonly acks?: Readonly<Record<string, Ack>>;
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly lost?: readonly string[];
  readonly gone?: readonly string[];
  readonly foreign?: readonly string[];
  readonly inStateMs?: number;
}

/** Two redirectors; servers have agents unless they are foreign. */
function facts({
  acks = {},
  answers = {},
  lost = [],
  gone = [],
  foreign = [],
  inStateMs = 0,
}: Given) {
  const known: SwitchFacts = {
    members: [m('r1'), m('r2')],
    acks: new Map(Object.entries(acks).map(([member, value]) => [m(member), value])),
    answers: new Map(Object.entries(answers).map(([server, value]) => [s(server), value])),
    isLost: (server) => lost.includes(server),
    isGone: (server: ServerId) => gone.includes(server),
    hasAgent: (server) => !foreign.includes(server),
    inStateMs,
    limits: SWITCH_LIMITS,
  };
  return known;
}

const both = (step: Ack['step']) => ({ r1: ack(step), r2: ack(step) });

describe('nextStep', () => {
  it('goes forward only when every live redirector has acknowledged', () => {
    const rows: [SwitchState, Ack['step'], SwitchState][] = [
      ['opened', 'prepared', 'prepared'],
      ['prepared', 'held', 'held'],
      ['held', 'drained', 'drained'],
      ['taken', 'attached', 'attached'],
    ];
    for (const [state, step, to] of rows) {
      const one = nextStep(record(state), facts({ acks: { r1: ack(step) } }));
      expect(one).toEqual({ kind: 'wait' });
      const all = nextStep(record(state), facts({ acks: both(step) }));
      expect(all).toEqual({ kind: 'advance', to });
    }
  });

  it('releases before it takes, and takes before it attaches', () => {
    const asked = nextStep(record('drained'), facts({}));
    expect(asked).toEqual({
      kind: 'ask',
      question: {
        verb: 'release',
        generation: g('1.8'),
        resources: new Map([
          ['s1', ['vol-1']],
          ['s3', ['vol-2']],
        ]),
      },
    });
    const half = nextStep(record('drained'), facts({ answers: { s1: DONE } }));
    expect(half).toMatchObject({
      kind: 'ask',
      question: { resources: new Map([['s3', ['vol-2']]]) },
    });
    const answers = { s1: DONE, s3: DONE };
    expect(nextStep(record('drained'), facts({ answers }))).toEqual({
      kind: 'advance',
      to: 'released',
    });
    expect(nextStep(record('released'), facts({}))).toMatchObject({
      kind: 'ask',
      question: { verb: 'take', resources: new Map([['s2', ['vol-1', 'vol-2']]]) },
    });
    expect(nextStep(record('released'), facts({ answers: { s2: DONE } }))).toEqual({
      kind: 'advance',
      to: 'taken',
    });
  });

  it('commits the targets once all are attached, and closes once all have resumed or time is up', () => {
    const acks = both('attached');
    expect(nextStep(record('attached'), facts({ acks }))).toEqual({
      kind: 'commit',
      side: 'target',
    });
    expect(nextStep(record('committed'), facts({}))).toEqual({ kind: 'wait' });
    expect(nextStep(record('committed'), facts({ acks: both('resumed') }))).toEqual({
      kind: 'close',
    });
    expect(nextStep(record('committed'), facts({ inStateMs: 5000 }))).toEqual({ kind: 'close' });
  });

  it('does not commit without one that joined when all others were attached', () => {
    const acks = { r1: ack('attached') };
    expect(nextStep(record('attached'), facts({ acks }))).toEqual({ kind: 'wait' });
    expect(nextStep(record('attached'), facts({ acks, inStateMs: 3000 }))).toMatchObject({
      kind: 'give-back',
      why: 'attach took too long',
    });
    const obstacles = [{ resource: r('vol-1'), what: 'an open upload', ageMs: 9 }];
    const late = { r1: ack('attached'), r2: ack('drained', { obstacles }) };
    expect(nextStep(record('attached'), facts({ acks: late }))).toEqual({
      kind: 'give-back',
      why: 'vol-1: an open upload (seen by r2)',
    });
  });

  it('asks no server without an agent', () => {
    const foreign = ['s1', 's2', 's3'];
    expect(nextStep(record('drained'), facts({ foreign }))).toEqual({
      kind: 'advance',
      to: 'released',
    });
    expect(nextStep(record('released'), facts({ foreign }))).toEqual({
      kind: 'advance',
      to: 'taken',
    });
    expect(questionOf(record('drained'), facts({ foreign }))).toBeUndefined();
  });

  it('leaves a batch out when something will not drain, before anything was released', () => {
    const obstacles = [{ resource: r('vol-1'), what: 'an open upload', ageMs: 9000 }];
    for (const [state, step] of [
      ['opened', 'prepared'],
      ['held', 'drained'],
    ] as const) {
      const acks = { r1: ack(step), r2: ack(step, { obstacles }) };
      expect(nextStep(record(state), facts({ acks }))).toEqual({
        kind: 'abort',
        why: 'vol-1: an open upload (seen by r2)',
        result: 'left-out',
      });
    }
  });

  it('aborts when a redirector is silent or a server is lost, before anything was released', () => {
    for (const state of ['opened', 'prepared', 'held'] as const) {
      expect(nextStep(record(state), facts({ inStateMs: 8000 }))).toMatchObject({ kind: 'abort' });
      expect(nextStep(record(state), facts({ lost: ['s1'] }))).toMatchObject({ kind: 'abort' });
      expect(nextStep(record(state), facts({ lost: ['s2'] }))).toMatchObject({ kind: 'abort' });
    }
    const failover = record('opened', { lost: [s('s1')] });
    const acks = both('prepared');
    expect(nextStep(failover, facts({ lost: ['s1'], acks }))).toMatchObject({ kind: 'advance' });
  });

  it('gives back after a release when a target is lost, refuses, or takes too long', () => {
    for (const state of ['drained', 'released', 'taken', 'attached'] as const) {
      expect(nextStep(record(state), facts({ lost: ['s2'] }))).toMatchObject({ kind: 'give-back' });
    }
    const refused: Answer = { kind: 'refused', why: 'stale' };
    const late: Answer = { kind: 'not-yet', why: 'busy' };
    expect(nextStep(record('released'), facts({ answers: { s2: refused } }))).toEqual({
      kind: 'give-back',
      why: 's2 refused: stale',
    });
    expect(
      nextStep(record('drained'), facts({ answers: { s1: late }, inStateMs: 3000 })),
    ).toMatchObject({ kind: 'give-back', why: 'release took too long: s1 busy' });
    const refusals = [{ resource: r('vol-1'), why: 's2 is refused' }];
    const acks = { r1: ack('attached', { refusals }), r2: ack('attached') };
    expect(nextStep(record('taken'), facts({ acks }))).toMatchObject({ kind: 'give-back' });
  });

  it('asks a lost source, and goes on once it lets go or surely does not act, however long that takes', () => {
    const answers = { s3: DONE };
    const given = { answers, lost: ['s1'], inStateMs: 60_000 };
    expect(nextStep(record('drained'), facts(given))).toMatchObject({
      kind: 'ask',
      question: { verb: 'release', resources: new Map([['s1', ['vol-1']]]) },
    });
    const refused: Answer = { kind: 'refused', why: 'stale' };
    const unwilling = { ...given, answers: { ...answers, s1: refused } };
    expect(nextStep(record('drained'), facts(unwilling))).toMatchObject({ kind: 'ask' });
    expect(nextStep(record('drained'), facts({ ...given, foreign: ['s1'] }))).toEqual({
      kind: 'wait',
    });
    const onward = { kind: 'advance', to: 'released' };
    expect(nextStep(record('drained'), facts({ ...given, gone: ['s1'] }))).toEqual(onward);
    const heard = { ...given, answers: { ...answers, s1: DONE } };
    expect(nextStep(record('drained'), facts(heard))).toEqual(onward);
  });

  it('in a give-back lets sources take only when every target has let go', () => {
    const returning = record('returning', { returnGeneration: g('1.9') });
    expect(nextStep(returning, facts({ inStateMs: 60_000 }))).toMatchObject({
      kind: 'ask',
      question: { verb: 'release', generation: g('1.9') },
    });
    expect(nextStep(returning, facts({ lost: ['s2'] }))).toMatchObject({ kind: 'ask' });
    const answers = { s2: DONE };
    expect(nextStep(returning, facts({ answers }))).toEqual({ kind: 'advance', to: 'withdrawn' });
    expect(nextStep(returning, facts({ lost: ['s2'], gone: ['s2'] }))).toEqual({
      kind: 'advance',
      to: 'withdrawn',
    });
  });

  it('commits the unchanged assignment when the sources own again, or are lost themselves', () => {
    const withdrawn = record('withdrawn', { returnGeneration: g('1.9') });
    expect(nextStep(withdrawn, facts({ answers: { s1: DONE } }))).toMatchObject({
      kind: 'ask',
      question: { verb: 'take', generation: g('1.9'), resources: new Map([['s3', ['vol-2']]]) },
    });
    expect(nextStep(withdrawn, facts({ answers: { s1: DONE, s3: DONE } }))).toEqual({
      kind: 'commit',
      side: 'source',
    });
    expect(nextStep(withdrawn, facts({ answers: { s1: DONE }, lost: ['s3'] }))).toEqual({
      kind: 'commit',
      side: 'source',
    });
  });

  it('knows where a give-back begins', () => {
    expect(undoStateAfter('drained')).toBe('withdrawn');
    for (const state of ['released', 'taken', 'attached'] as const) {
      expect(undoStateAfter(state)).toBe('returning');
    }
    expect(() => undoStateAfter('held')).toThrow('undoes a release');
  });
});
