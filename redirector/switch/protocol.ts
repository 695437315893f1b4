import { strict as assert } from 'node:assert';
import type { MemberId, ResourceId, ServerId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import type { Move } from '../../core/plan.js';
import type { Ack, SwitchRecord, SwitchState } from '../../core/table-store/records/switch.js';

/*
 * The rules of a switch, and nothing else: what the coordinator does next, given the record of the open
 * switch and what it knows. Pure, so that a model checker, the simulation and a reader see the same thing.
 *
 *   opened → prepared → held → drained → released → taken → attached → committed → (closed)
 *      └────────┴────────┴─→ (closed: aborted)   │        │        │
 *                              └────→ withdrawn ←┴── returning ←───┘
 *                                         └→ committed, unchanged → (closed: given back)
 *
 * A state is recorded before what follows from it is done: who reads `drained` knows that a source may
 * have been asked to release, and who reads `held` knows that none was. So before `drained` undoing is
 * free; after it the only ends are the commit, or the give-back at a generation of its own.
 */

export interface SwitchFacts {
  /** Redirectors whose leases live, or may. */
  readonly members: readonly MemberId[];
  /** Their acks of this switch, by their present lives. */
  readonly acks: ReadonlyMap<MemberId, Ack>;
  /** What the agents answered to the question of this state, so far. */
  readonly answers: ReadonlyMap<ServerId, Answer>;
  /** The server is lost; or also surely does not act for the resource any more. */
  readonly isLost: (server: ServerId) => boolean;
  readonly isGone: (server: ServerId, resource: ResourceId) => boolean;
  /** The server has an agent, which is asked. */
  readonly hasAgent: (server: ServerId) => boolean;
  /** Since this coordinator first saw the switch in this state. */
  readonly inStateMs: number;
  readonly limits: SwitchLimits;
}

export type Answer =
  | { readonly kind: 'done' }
  /** It will not, ever: a newer generation was heard of, its disk is full. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It did not yet, or did not answer: ask again. */
  | { readonly kind: 'not-yet'; readonly why: string };

export interface SwitchLimits {
  /** For every live redirector to say whether it can drain, and to hold. */
  readonly prepareTimeoutMs: number;
  /** Work under way may take so long to end. */
  readonly drainTimeoutMs: number;
  /** Agents and redirectors may take so long over each later step; then the switch is undone. */
  readonly stepTimeoutMs: number;
  /** For the redirectors to report that they resumed; the commit stands, whatever they say. */
  readonly resumeTimeoutMs: number;
}

export const SWITCH_LIMITS: SwitchLimits = {
  prepareTimeoutMs: 2000,
  drainTimeoutMs: 5000,
  stepTimeoutMs: 3000,
  resumeTimeoutMs: 5000,
};

/** The question that agents are asked in a state, for some resources at one generation. */
export interface Question {
  readonly verb: 'release' | 'take';
  readonly generation: Generation;
  readonly resources: ReadonlyMap<ServerId, readonly ResourceId[]>;
}

export type Step =
  | { readonly kind: 'wait' }
  | { readonly kind: 'advance'; readonly to: SwitchState }
  | { readonly kind: 'ask'; readonly question: Question }
  /** Nothing was released: the record is removed, the batch may be tried again. */
  | { readonly kind: 'abort'; readonly why: string; readonly result: 'aborted' | 'left-out' }
  | { readonly kind: 'give-back'; readonly why: string }
  /** The whole batch, at its targets; or, at the end of a give-back, at its sources. */
  | { readonly kind: 'commit'; readonly side: 'target' | 'source' }
  | { readonly kind: 'close' };

const WAIT: Step = { kind: 'wait' };
const STEPS = ['prepared', 'held', 'drained', 'attached', 'resumed'] as const;
type MemberStep = (typeof STEPS)[number];

/** What the coordinator does next. */
export function nextStep(record: SwitchRecord, facts: SwitchFacts): Step {
  switch (record.state) {
    case 'opened':
      return beforeHold(record, facts, 'prepared');
    case 'prepared':
      return beforeHold(record, facts, 'held');
    case 'held':
      return afterDrain(record, facts);
    case 'drained':
      return afterRelease(record, facts);
    case 'released':
      return afterTake(record, facts);
    case 'taken':
      return afterAttach(record, facts, { kind: 'advance', to: 'attached' });
    case 'attached':
      // Asked once more: somebody may have joined since.
      return afterAttach(record, facts, { kind: 'commit', side: 'target' });
    case 'returning':
      return afterWithdrawal(record, facts);
    case 'withdrawn':
      return afterReturn(record, facts);
    case 'committed':
      return hasAcked(facts, 'resumed') || facts.inStateMs >= facts.limits.resumeTimeoutMs
        ? { kind: 'close' }
        : WAIT;
  }
}

/** The question of the record's state, for the servers that have to answer it. */
export function questionOf(record: SwitchRecord, facts: SwitchFacts): Question | undefined {
  switch (record.state) {
    case 'drained':
      return question('release', record.generation, owners(record.moves, 'source', facts));
    case 'released':
      return question('take', record.generation, takers(record.moves, 'target', facts));
    case 'returning':
      return question('release', returnOf(record), owners(record.moves, 'target', facts));
    case 'withdrawn':
      return question('take', returnOf(record), takers(record.moves, 'source', facts));
    case 'opened':
    case 'prepared':
    case 'held':
    case 'taken':
    case 'attached':
    case 'committed':
      return undefined;
  }
}

/** Where a give-back goes: targets that were never asked to take need not let go. */
export function undoStateAfter(state: SwitchState): SwitchState {
  assert.ok(
    !['opened', 'prepared', 'held', 'committed'].includes(state),
    'a give-back undoes a release',
  );
  return state === 'drained' ? 'withdrawn' : 'returning';
}

function beforeHold(record: SwitchRecord, facts: SwitchFacts, to: 'prepared' | 'held'): Step {
  const trouble = troubleBeforeRelease(record, facts, facts.limits.prepareTimeoutMs);
  if (trouble !== undefined) return trouble;
  return hasAcked(facts, to) ? { kind: 'advance', to } : WAIT;
}

function afterDrain(record: SwitchRecord, facts: SwitchFacts): Step {
  // The redirectors themselves end the drain at its deadline; this is for one that does not.
  const timeoutMs = facts.limits.drainTimeoutMs + facts.limits.stepTimeoutMs;
  const trouble = troubleBeforeRelease(record, facts, timeoutMs);
  if (trouble !== undefined) return trouble;
  return hasAcked(facts, 'drained') ? { kind: 'advance', to: 'drained' } : WAIT;
}

function troubleBeforeRelease(
  record: SwitchRecord,
  facts: SwitchFacts,
  timeoutMs: number,
): Step | undefined {
  for (const [member, { obstacles }] of facts.acks) {
    const [first] = obstacles;
    if (first === undefined) continue;
    const why = `${first.resource}: ${first.what} (seen by ${member})`;
    return { kind: 'abort', why, result: 'left-out' };
  }
  const lost = record.moves.find(
    ({ source, target }) =>
      facts.isLost(target) ||
      (source !== null && facts.isLost(source) && !record.lost.includes(source)),
  );
  if (lost !== undefined) {
    const server = facts.isLost(lost.target) ? lost.target : lost.source;
    return { kind: 'abort', why: `server ${server ?? ''} was lost`, result: 'aborted' };
  }
  if (facts.inStateMs < timeoutMs) return undefined;
  const silent = facts.members.filter((member) => !facts.acks.has(member));
  const who = silent.length > 0 ? silent.join(', ') : 'a redirector';
  return { kind: 'abort', why: `${who} did not answer in time`, result: 'aborted' };
}

/** In `drained`: sources let go. One that is lost counts once it surely does not act any more. */
function afterRelease(record: SwitchRecord, facts: SwitchFacts): Step {
  const target = lostTarget(record, facts);
  if (target !== undefined) return target;
  const open = record.moves.filter(({ source, resource }) => !isReleased(source, resource, facts));
  if (open.length === 0) return { kind: 'advance', to: 'released' };
  // A lost source may not hear, nor take back: time helps, or certainty, or that its agent hears after all.
  const isOnlyLost = open.every(({ source }) => source !== null && facts.isLost(source));
  if (isOnlyLost) return ask(record, facts);
  return refusal(facts) ?? overdue(facts, 'release') ?? ask(record, facts);
}

function isReleased(server: ServerId | null, resource: ResourceId, facts: SwitchFacts): boolean {
  if (server === null || facts.answers.get(server)?.kind === 'done') return true;
  return facts.isLost(server) ? facts.isGone(server, resource) : !facts.hasAgent(server);
}

/** In `released`: targets take. */
function afterTake(record: SwitchRecord, facts: SwitchFacts): Step {
  const target = lostTarget(record, facts);
  if (target !== undefined) return target;
  const isTaken = record.moves.every(
    ({ target: server }) => !facts.hasAgent(server) || facts.answers.get(server)?.kind === 'done',
  );
  if (isTaken) return { kind: 'advance', to: 'taken' };
  return refusal(facts) ?? overdue(facts, 'take') ?? ask(record, facts);
}

/** In `taken` and `attached`: every live redirector has opened its sessions at the targets. */
function afterAttach(record: SwitchRecord, facts: SwitchFacts, then: Step): Step {
  const target = lostTarget(record, facts);
  if (target !== undefined) return target;
  for (const [member, { refusals, obstacles }] of facts.acks) {
    const [refusal] = refusals;
    // Of one that joined late: its work at the source did not end.
    const [obstacle] = obstacles;
    const resource = refusal?.resource ?? obstacle?.resource;
    if (resource === undefined) continue;
    const why = `${resource}: ${refusal?.why ?? obstacle?.what ?? ''} (seen by ${member})`;
    return { kind: 'give-back', why };
  }
  if (hasAcked(facts, 'attached')) return then;
  return overdue(facts, 'attach') ?? WAIT;
}

/** In `returning`: targets let go. Whoever may own and does not answer keeps the resource held. */
function afterWithdrawal(record: SwitchRecord, facts: SwitchFacts): Step {
  const isWithdrawn = record.moves.every(({ target, resource }) =>
    isReleased(target, resource, facts),
  );
  return isWithdrawn ? { kind: 'advance', to: 'withdrawn' } : ask(record, facts);
}

/** In `withdrawn`: sources take again; one that is lost will be failed over by a switch of its own. */
function afterReturn(record: SwitchRecord, facts: SwitchFacts): Step {
  const isBack = record.moves.every(
    ({ source }) =>
      source === null ||
      facts.isLost(source) ||
      !facts.hasAgent(source) ||
      facts.answers.get(source)?.kind === 'done',
  );
  return isBack ? { kind: 'commit', side: 'source' } : ask(record, facts);
}

function lostTarget({ moves }: SwitchRecord, facts: SwitchFacts): Step | undefined {
  const lost = moves.find(({ target }) => facts.isLost(target));
  return lost && { kind: 'give-back', why: `server ${lost.target} was lost` };
}

function refusal(facts: SwitchFacts): Step | undefined {
  for (const [server, answer] of facts.answers) {
    if (answer.kind === 'refused' && !facts.isLost(server))
      return { kind: 'give-back', why: `${server} refused: ${answer.why}` };
  }
  return undefined;
}

function overdue(facts: SwitchFacts, step: string): Step | undefined {
  if (facts.inStateMs < facts.limits.stepTimeoutMs) return undefined;
  const open = [...facts.answers].find(([, answer]) => answer.kind === 'not-yet');
  const detail =
    open === undefined ? '' : `: ${open[0]} ${open[1].kind === 'not-yet' ? open[1].why : ''}`;
  return { kind: 'give-back', why: `${step} took too long${detail}` };
}

function ask(record: SwitchRecord, facts: SwitchFacts): Step {
  const asked = questionOf(record, facts);
  return asked === undefined ? WAIT : { kind: 'ask', question: asked };
}

function hasAcked({ members, acks }: SwitchFacts, step: MemberStep): boolean {
  const least = STEPS.indexOf(step);
  return members.every((member) => {
    const ack = acks.get(member);
    return ack !== undefined && STEPS.indexOf(ack.step) >= least;
  });
}

/** Whoever may still own what it should let go, lost or not. */
function owners(moves: readonly Move[], side: 'source' | 'target', facts: SwitchFacts) {
  const open = moves.filter((move) => !isReleased(move[side], move.resource, facts));
  return byServer(open, side, facts);
}

/** Whoever is to take and did not say that it has. */
function takers(moves: readonly Move[], side: 'source' | 'target', facts: SwitchFacts) {
  const open = moves.filter(({ [side]: server }) => {
    if (server === null || facts.isLost(server)) return false;
    return facts.answers.get(server)?.kind !== 'done';
  });
  return byServer(open, side, facts);
}

function byServer(moves: readonly Move[], side: 'source' | 'target', facts: SwitchFacts) {
  const resources = new Map<ServerId, ResourceId[]>();
  for (const move of moves) {
    const server = move[side];
    if (server === null || !facts.hasAgent(server)) continue;
    const known = resources.get(server);
    if (known === undefined) resources.set(server, [move.resource]);
    else known.push(move.resource);
  }
  return resources;
}

function question(
  verb: Question['verb'],
  generation: Generation,
  resources: Question['resources'],
): Question | undefined {
  return resources.size === 0 ? undefined : { verb, generation, resources };
}

function returnOf({ returnGeneration }: SwitchRecord): Generation {
  assert.ok(returnGeneration !== null, 'a give-back has reserved its generation');
  return returnGeneration;
}
