import type { MovedRequest } from '../../core/agent-protocol.js';
import type { Clock } from '../../core/clock/port.js';
import type { LostSourcePolicy, MemberId, ResourceId, ServerId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import { formatGeneration, isSameGeneration } from '../../core/generation.js';
import type { Log } from '../../core/log.js';
import type { BatchOutcome } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { Ack, SwitchRecord } from '../../core/table-store/records/switch.js';
import { ACK, MEMBER } from '../../core/table-store/records/switch.js';
import type { TableView } from '../../core/table-store/view.js';
import type { SwitchLedger } from './ledger.js';
import type { LostServers } from './lost-servers.js';
import type { Agents, Members } from './peers.js';
import type { Answer, Question, Step, SwitchFacts, SwitchLimits } from './protocol.js';
import { nextStep } from './protocol.js';
import { SwitchTally } from './tally.js';

export interface SwitchDriverParts {
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  readonly membership: Members;
  readonly ledger: SwitchLedger;
  readonly agents: Agents;
  readonly lostServers: LostServers;
  readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
}

/** What is known about the open switch beside its record; a new coordinator begins without it. */
interface InState {
  readonly generation: Generation;
  readonly state: SwitchRecord['state'];
  readonly sinceMs: number;
  readonly answers: Map<ServerId, Answer>;
  /** Whose answer has not come yet. */
  readonly asking: Set<ServerId>;
  /** Before this the agents are not asked again. */
  askAgainAtMs: number;
}

/** Between two rounds of the same question. */
const ASK_PAUSE_MS = 100;

/** Carries the open switch on, one step of the protocol at a time. Used by the coordinator only. */
export class SwitchDriver {
  /** How switches ended. */
  readonly tally = new SwitchTally();
  readonly #parts: SwitchDriverParts;
  #limits: SwitchLimits;
  #inState: InState | undefined;
  /** The last commit of which the sources were told. */
  #hinted: Generation | undefined;

  constructor(parts: SwitchDriverParts, limits: SwitchLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  reconfigure(limits: SwitchLimits): void {
    this.#limits = limits;
  }

  /** True: something was done, so there may be more to do at once. */
  async step(record: SwitchRecord): Promise<boolean> {
    // Who committed may have died before it could tell, or not have heard that it did.
    if (record.state === 'committed') this.#hint(record);
    const inState = this.#enter(record);
    const facts = this.#facts(record, inState);
    const step = nextStep(record, facts);
    if (step.kind === 'ask' && this.#parts.clock.monotonicMs() < inState.askAgainAtMs) return false;
    await this.#take(step, record, { facts, inState });
    return step.kind !== 'wait';
  }

  async #take(
    step: Step,
    record: SwitchRecord,
    { facts, inState }: { readonly facts: SwitchFacts; readonly inState: InState },
  ): Promise<void> {
    const { ledger, log } = this.#parts;
    switch (step.kind) {
      case 'wait':
        return;
      case 'ask':
        await this.#ask(step.question, inState);
        return;
      case 'advance':
        await ledger.advance(record, step.to);
        return;
      case 'give-back':
        log.warn({ ...named(record), why: step.why }, 'switch is given back');
        await ledger.giveBack(record, step.why);
        return;
      case 'commit':
        // At once: requests that come late wait for it.
        if (await ledger.commit(record, step.side)) this.#hint(record);
        return;
      case 'abort': {
        log.warn({ ...named(record), why: step.why }, 'switch aborted');
        const outcome = this.#outcome(record, facts, step);
        if (await ledger.close(record, outcome)) this.tally.add(outcome);
        return;
      }
      case 'close': {
        const outcome = this.#outcome(record, facts);
        const { result, holdMs, heldRequests, failedRequests } = outcome;
        const fields = { result, holdMs, heldRequests, failedRequests };
        if (!(await ledger.close(record, outcome))) return;
        this.tally.add(outcome);
        log.info({ ...named(record), ...fields }, 'switched');
        return;
      }
    }
  }

  /** One round of the question; who does not answer is asked again in the next. Nobody waits for the lost. */
  async #ask(question: Question, inState: InState): Promise<void> {
    const { lostServers, clock } = this.#parts;
    const awaited: Promise<void>[] = [];
    for (const [server, ids] of question.resources) {
      if (inState.asking.has(server)) continue;
      inState.asking.add(server);
      const asked = this.#askOne(question, server, ids).then((answer) => {
        inState.asking.delete(server);
        inState.answers.set(server, answer);
      });
      if (!lostServers.isLost(server)) awaited.push(asked);
    }
    await Promise.all(awaited);
    inState.askAgainAtMs = clock.monotonicMs() + ASK_PAUSE_MS;
  }

  #askOne(
    { verb, generation }: Question,
    server: ServerId,
    ids: readonly ResourceId[],
  ): Promise<Answer> {
    const { agents, policyOf } = this.#parts;
    if (verb === 'release') {
      const released = ids.map((resource) => ({ resource, generation }));
      return agents.release(server, released);
    }
    const taken = ids.map((resource) => ({
      resource,
      since: generation,
      onLostSource: policyOf(resource),
    }));
    return agents.take(server, null, taken);
  }

  /** Tells the sources where their resources went, for requests that come late. */
  #hint({ moves, generation, returnGeneration }: SwitchRecord): void {
    const isTold = this.#hinted !== undefined && isSameGeneration(this.#hinted, generation);
    if (returnGeneration !== null || isTold) return;
    this.#hinted = generation;
    const { agents, view } = this.#parts;
    const hints = new Map<ServerId, MovedRequest['moves'][number][]>();
    for (const { resource, source, target } of moves) {
      const address = view.get(SERVER, target)?.value.address;
      if (source === null || address === undefined || !agents.hasAgent(source)) continue;
      const ofSource = hints.get(source) ?? [];
      hints.set(source, ofSource);
      ofSource.push({ resource, server: target, address, since: generation });
    }
    for (const [source, moved] of hints) void agents.moved(source, { moves: moved });
  }

  #enter(record: SwitchRecord): InState {
    const { generation, state } = record;
    const current = this.#inState;
    if (current?.state === state && isSameGeneration(current.generation, generation))
      return current;
    const sinceMs = this.#parts.clock.monotonicMs();
    this.#inState = {
      generation,
      state,
      sinceMs,
      answers: new Map(),
      asking: new Set(),
      askAgainAtMs: -Infinity,
    };
    return this.#inState;
  }

  #facts(record: SwitchRecord, { sinceMs, answers }: InState): SwitchFacts {
    const { membership, lostServers, agents, clock } = this.#parts;
    const members = membership.liveMembers();
    return {
      members,
      acks: this.#acks(record, members),
      answers,
      isLost: (server) => lostServers.isLost(server),
      isGone: (server, resource) => lostServers.isGone(server, resource),
      hasAgent: (server) => agents.hasAgent(server),
      inStateMs: clock.monotonicMs() - sinceMs,
      limits: this.#limits,
    };
  }

  #acks({ generation }: SwitchRecord, members: readonly MemberId[]): Map<MemberId, Ack> {
    const { view } = this.#parts;
    const acks = new Map<MemberId, Ack>();
    for (const member of members) {
      const ack = view.get(ACK, member)?.value;
      const boot = view.get(MEMBER, member)?.value.boot;
      if (ack?.boot === boot && ack !== undefined && isSameGeneration(ack.generation, generation)) {
        acks.set(member, ack);
      }
    }
    return acks;
  }

  #outcome(
    record: SwitchRecord,
    { acks }: SwitchFacts,
    aborted?: Extract<Step, { kind: 'abort' }>,
  ): BatchOutcome {
    const { view, clock } = this.#parts;
    const former = view.get(PLAN, record.plan)?.value.outcomes;
    const attempts = former?.find(({ batch }) => batch === record.batch)?.attempts ?? 0;
    const isReturned = record.returnGeneration !== null;
    const { held = NaN, drained = NaN } = record.enteredAtMs;
    const reports = [...acks.values()];
    return {
      batch: record.batch,
      result: aborted?.result ?? (isReturned ? 'given-back' : 'applied'),
      why: (aborted?.why ?? record.fault ?? '').slice(0, 400),
      attempts: attempts + 1,
      resources: record.moves.map(({ resource }) => resource),
      generation: aborted === undefined ? (record.returnGeneration ?? record.generation) : null,
      atMs: clock.realtimeMs(),
      drainMs: Math.max(0, drained - held) || 0,
      holdMs: Math.max(0, ...reports.map(({ holdMs }) => holdMs)),
      heldRequests: reports.reduce((sum, { heldRequests }) => sum + heldRequests, 0),
      failedRequests: reports.reduce((sum, { failedRequests }) => sum + failedRequests, 0),
    };
  }
}

/** How a switch is named in a log line. */
function named({ plan, batch, generation, state, moves }: SwitchRecord) {
  return { plan, batch, generation: formatGeneration(generation), state, moves: moves.length };
}
