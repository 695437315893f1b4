import type { Mutant } from './mutant.js';

/*
 * Tried, and not noticed in 300 to 500 seeds. Since something else stands in for it: an abort after the release (the
 * reconciler gives the resource back), a waiter that is not forgotten (the exchange looks at its phase), a member
 * called dead by an old look (whoever coordinates has just read), acts of a coordinator without its term (it looks at
 * its lease before each, and expects the records that it changes). Or since what it needs is too rare here, so that
 * they are holes: a take or release of a lower generation, new work during a release (`ownership.test.ts` keeps those), a
 * host that refuses one redirector only (`lost-servers.test.ts`), a member that rejoins and does not hold at once (`test/model`), a PUT
 * repeated where there is no fence.
 */

/** Every way of being wrong that the simulation is known to notice. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'skip hold',
    file: 'redirector/switch/participant.js',
    edits: [['await this.#parts.dataPlane.hold(current.batch);', '']],
    rules: ['S2'],
    seed: 1,
  },
  {
    name: 'skip drain',
    file: 'redirector/local-data-plane.js',
    edits: [['return (await Promise.all(drains)).flat().slice(0, REPORTED_MAX);', 'return [];']],
    rules: ['S1'],
    seed: 17,
  },
  {
    name: 'keep the old table where a switch is open at first sight',
    file: 'redirector/switch/participant.js',
    edits: [['if (current === undefined)', 'if (current === undefined && record === undefined)']],
    rules: ['S1'],
    seed: 428,
  },
  {
    name: 'keep the old table while a pass waits for the store',
    file: 'redirector/switch/participant.js',
    edits: [['if (current.isActing)', 'if (true)']],
    rules: ['S1'],
    seed: 888,
    faults: ['late store', 'restore service'],
  },
  {
    name: 'resume before the commit',
    file: 'redirector/switch/participant.js',
    edits: [["attached: 'attached',", "attached: 'resumed',"]],
    rules: ['S2'],
    seed: 1,
  },
  {
    name: 'wait for some acks, not all',
    file: 'redirector/switch/protocol.js',
    edits: [['return members.every((member) => {', 'return members.some((member) => {']],
    rules: ['S2'],
    seed: 1,
  },
  {
    name: 'commit without asking again',
    file: 'redirector/switch/protocol.js',
    edits: [
      [
        "return afterAttach(record, facts, { kind: 'commit', side: 'target' });",
        "return { kind: 'commit', side: 'target' };",
      ],
    ],
    rules: ['S2'],
    seed: 34,
    faults: ['slow store', 'stop redirector', 'crash redirector'],
  },
  {
    name: 'no roster',
    file: 'redirector/switch/ledger.js',
    edits: [[".expect(this.#view, ROSTER, 'members')", '']],
    rules: ['S2'],
    seed: 181,
    faults: ['slow store', 'stop redirector', 'crash redirector'],
  },
  {
    name: 'count an ack of an earlier life',
    file: 'redirector/switch/driver.js',
    edits: [['ack?.boot === boot && ', '']],
    rules: ['S2'],
    seed: 148,
    faults: ['crash redirector', 'slow store'],
  },
  {
    name: 'a lease from its renewal on, not from its sending',
    file: 'redirector/membership.js',
    edits: [
      [
        'this.#leaseUntilMs = sentAtMs + leaseMs;',
        'this.#leaseUntilMs = clock.monotonicMs() + leaseMs;',
      ],
    ],
    rules: ['S6'],
    seed: 17,
    faults: ['slow store', 'cut store from redirector'],
  },
  {
    name: "others' leases by the wall clock",
    file: 'redirector/membership.js',
    edits: [
      ['atMs: clock.monotonicMs() });', 'atMs: clock.realtimeMs() });'],
      [
        'return this.#parts.view.syncedAtMs > overAtMs',
        'return this.#parts.clock.realtimeMs() > overAtMs',
      ],
    ],
    rules: ['S2', 'L2', 'L5'],
    seed: 4,
    faults: ['wall clock'],
  },
  {
    name: 'no lease at the gate',
    file: 'redirector/gate.js',
    edits: [
      ['return (this.#flags[at] & LEASED) !== 0 && this.#clock', 'return false && this.#clock'],
    ],
    rules: ['S6'],
    seed: 4,
    faults: ['cut store from redirector', 'store down'],
  },
  {
    name: 'blind compare-and-set',
    file: 'core/table-store/entries.js',
    edits: [['const conflict = this.conflictOf(transaction);', 'const conflict = undefined;']],
    rules: ['S2', 'S3', 'S4', 'S5', 'L3'],
    seed: 4,
  },
  {
    name: 'everybody coordinates',
    file: 'redirector/switch/coordinator-lease.js',
    edits: [['return isMine ? lease.term : undefined;', 'return lease?.term;']],
    rules: ['S5'],
    seed: 1,
  },
  {
    name: 'take before release',
    file: 'redirector/switch/protocol.js',
    edits: [
      [
        "return question('release', record.generation, owners(record.moves, 'source', facts));",
        "return question('take', record.generation, takers(record.moves, 'target', facts));",
      ],
      [
        "case 'released':\n            return question('take', record.generation, takers(record.moves, 'target', facts));",
        "case 'released':\n            return question('release', record.generation, owners(record.moves, 'source', facts));",
      ],
    ],
    rules: ['S1', 'L2'],
    seed: 1,
  },
  {
    name: 'release never',
    file: 'redirector/switch/protocol.js',
    edits: [["if (server === null || facts.answers.get(server)?.kind === 'done')", 'if (true)']],
    rules: ['S1', 'L2'],
    seed: 2,
  },
  {
    name: 'give back at the same generation',
    file: 'redirector/switch/ledger.js',
    edits: [
      [
        'giveBack(record, why) {\n        const generation = nextEpoch(this.#head.reserved);',
        'giveBack(record, why) {\n        const generation = record.generation;',
      ],
    ],
    rules: ['S1', 'S3', 'S4', 'L1', 'L2'],
    seed: 11,
  },
  {
    name: 'commit part of the batch',
    file: 'redirector/switch/ledger.js',
    edits: [
      [
        'for (const move of record.moves) {\n            draft.expect',
        'for (const move of record.moves.slice(0, 1)) {\n            draft.expect',
      ],
    ],
    rules: ['S4'],
    seed: 1,
  },
  {
    name: 'a plan is never stale',
    file: 'redirector/switch/plan-queue.js',
    edits: [['const why = staleness(planned, plan, view);', 'const why = undefined;']],
    rules: ['L3', 'S4', 'L2'],
    seed: 1,
  },
  {
    name: 'accept any since',
    file: 'agent/ownership.js',
    edits: [['if (owned.sinceText !== sinceText)', 'if (false)']],
    rules: ['S1'],
    seed: 162,
    faults: ['cut store from redirector'],
  },
  {
    name: 'released while it works',
    file: 'agent/ownership.js',
    edits: [['waitMs === null || (await this.#idle(owned, waitMs))', 'true']],
    rules: ['S1'],
    seed: 3,
  },
  {
    name: 'forget the disk',
    file: 'agent/ownership.js',
    edits: [
      [
        'await this.#store.transact({ checks: [], writes: [{ key: OWNED.key(resource), value }] });',
        '',
      ],
    ],
    rules: ['S1', 'S3', 'L2', 'S4'],
    seed: 502,
    faults: ['crash server', 'restore service', 'crash redirector'],
  },
  {
    name: 'no serving lease',
    file: 'agent/ownership.js',
    edits: [
      ['if (!isAvailable && this.#clock.monotonicMs() >= this.#servingUntilMs)', 'if (false)'],
      ['return isAvailable || this.#clock.monotonicMs() < this.#servingUntilMs;', 'return true;'],
    ],
    rules: ['S1', 'S9'],
    seed: 22,
    faults: ['isolate server', 'pause server', 'cut one link'],
  },
  {
    name: 'a serving lease from when the renewal came',
    file: 'agent/ownership.js',
    edits: [['Math.min(stamp, this.#clock.monotonicMs())', 'this.#clock.monotonicMs()']],
    rules: ['S1', 'S9'],
    seed: 124,
    faults: ['pause server', 'isolate server', 'swizzle'],
  },
  {
    name: 'a server that is forgotten stays unreachable',
    file: 'redirector/health/checker.js',
    edits: [['if (health.unreachable !== undefined)\n                this.#report();', '']],
    rules: ['L2'],
    seed: 713_890,
  },
  {
    name: 'renew for ever',
    file: 'redirector/health/checker.js',
    edits: [
      [
        'const isEntitled = membership.isLive() &&\n            mayVouch() &&\n            view.get(LOST, server) === undefined &&\n            checked.health.unreachable === undefined;',
        'const isEntitled = true;',
      ],
    ],
    rules: ['S1', 'L2'],
    seed: 102,
    faults: ['split'],
  },
  {
    name: 'a lost server is gone at once',
    file: 'redirector/switch/lost-servers.js',
    edits: [
      [
        'return this.#parts.clock.monotonicMs() >= sinceMs + servingLeaseMs + servingMarginMs;',
        'return true;',
      ],
      ['if (sinceMs === undefined)\n            return false;', ''],
    ],
    rules: ['S1'],
    seed: 58,
    faults: ['split'],
  },
  {
    name: 'lost by the word of one',
    file: 'redirector/switch/lost-servers.js',
    edits: [['return 2 * count > this.#parts', 'return count > 0 && 0 < this.#parts']],
    rules: ['L5'],
    seed: 1,
    faults: ['cut one link'],
  },
  {
    name: 'lost without the word of who has just come back',
    file: 'redirector/switch/lost-servers.js',
    edits: [['of view.all(MEMBER).keys()', 'of this.#parts.membership.liveMembers()']],
    rules: ['L5'],
    seed: 1_002_765,
  },
  {
    name: 'only who hears of its commit tells the sources',
    file: 'redirector/switch/driver.js',
    edits: [["if (record.state === 'committed')", 'if (false)']],
    rules: ['L4'],
    seed: 1_107_308,
  },
  {
    name: 'what an agent said stays, whoever denies it',
    file: 'redirector/servers.js',
    edits: [['this.#parts.gate().denied(resource, by);', '{}']],
    rules: ['L2'],
    seed: 1_006_805,
  },
  {
    name: 'no panic',
    file: 'redirector/switch/panic.js',
    edits: [['return silent.length > heard;', 'return false;']],
    rules: ['L5'],
    seed: 2,
    faults: ['pause server'],
  },
  {
    name: 'announcements assign',
    file: 'api/announce.js',
    edits: [
      [
        'await store.transact(draft.transaction);',
        "const taken = [...view.all({ prefix: 'placement' })].find(([, { value }]) => value.server !== server);\n" +
          '    if (taken !== undefined && known !== undefined) {\n' +
          '        const row = { ...taken[1].value, server };\n' +
          '        const since = `${row.since.incarnation}.${row.since.epoch + 1}`;\n' +
          '        const value = { ...row, since };\n' +
          '        const { writes, checks } = draft.transaction;\n' +
          '        await store.transact({ checks, writes: [...writes, { key: `placement/${taken[0]}`, value }] });\n' +
          '        return;\n' +
          '    }\n' +
          '    await store.transact(draft.transaction);',
      ],
    ],
    rules: ['S3', 'S4'],
    seed: 1,
  },
  {
    name: 'retry a POST',
    file: 'redirector/adapters/http/resend.js',
    edits: [["new Set(['GET', 'HEAD', 'OPTIONS'])", "new Set(['GET', 'HEAD', 'OPTIONS', 'POST'])"]],
    rules: ['S8'],
    seed: 6,
    faults: ['crash server', 'power off server', 'slow server'],
  },
  {
    name: 'call what was sent not executed',
    file: 'redirector/adapters/http/refusals.js',
    edits: [
      [
        "detail: 'the connection to the server broke after the request had been sent',\n        executed: 'unknown',",
        "detail: 'the connection to the server broke after the request had been sent',\n        executed: 'no',",
      ],
    ],
    rules: ['S7'],
    seed: 8,
    faults: ['crash server', 'power off server'],
  },
  {
    name: 'give a connection back before its answer is whole',
    file: 'redirector/adapters/http/exchange.js',
    edits: [
      [
        '            this.#relay(head);',
        '            this.#pool?.release(this.#upstream);\n            this.#relay(head);',
      ],
    ],
    rules: ['S7', 'L1', 'crash', 'L2'],
    seed: 1,
  },
  {
    name: 'hold without end',
    file: 'redirector/gate.js',
    edits: [['const waitMs = isHeld ? holdTimeoutMs : stallTimeoutMs;', 'const waitMs = 1e9;']],
    rules: ['L1'],
    seed: 11,
  },
  {
    name: 'hold without number',
    file: 'redirector/held-work.js',
    edits: [['queue.length >= heldPerResourceMax', 'false']],
    rules: ['S10'],
    seed: 1,
  },
  {
    name: 'a store that came back older is followed',
    file: 'core/table-store/view.js',
    edits: [['this.#regressed = this.#isOlder(entries, storeId);', 'this.#regressed = false;']],
    rules: ['S3', 'S4', 'crash'],
    seed: 3,
    faults: ['put store back'],
  },
  {
    name: 'restored within the incarnation',
    file: 'core/generation.js',
    edits: [
      ['return { incarnation: after.incarnation + 1, epoch: after.epoch + 1 };', 'return after;'],
    ],
    rules: ['S1', 'S3', 'S4', 'S5', 'L2'],
    seed: 2,
    faults: ['put store back'],
  },
  {
    name: 'vouch for the table of a store that others know to be older',
    file: 'redirector/switch/acquaintance.js',
    edits: [['mayVouch() {', 'mayVouch() { return true;']],
    rules: ['S1'],
    seed: 208_636,
  },
  {
    name: 'act before the agents are heard',
    file: 'redirector/switch/acquaintance.js',
    edits: [
      ['if (!this.#isMade && !this.hasHeardAll())', 'if (false)'],
      ['if (!isOpen && !(await reconciler.isAgreed(beganAtMs)))', 'if (false)'],
    ],
    rules: ['S1', 'S3', 'S4', 'L2'],
    seed: 274,
    faults: ['restore service'],
  },
  {
    name: 'take a server for lost by a record that nobody bears out',
    file: 'redirector/switch/coordinator.js',
    edits: [['lostServers.isStillLost(server)', 'lostServers.isLost(server)']],
    rules: ['S3'],
    seed: 1_148_521,
  },
  {
    name: 'reset the connection of an answer that was cut',
    file: 'redirector/adapters/http/client-connection.js',
    edits: [["if (isShown && this.#state === 'open')", 'if (false)']],
    rules: ['S7'],
    seed: 1_037_781,
  },
  {
    name: 'an agent does not say that it is the owner since later',
    file: 'agent/request-gate.js',
    edits: [['return since === undefined', 'return true']],
    rules: ['L4'],
    seed: 1_049_205,
  },
  {
    name: 'an agent says that it is the owner before the commit',
    file: 'agent/ownership.js',
    edits: [['|| !owned.isCommitted)', '|| !owned.confirmed)']],
    rules: ['S4'],
    seed: 1_049_205,
  },
  {
    name: 'give anew what somebody owns',
    file: 'redirector/switch/reconciler.js',
    edits: [['.filter(({ resource }) => isUnclaimed(resource))', '']],
    rules: ['S1', 'S3', 'L2'],
    seed: 527,
    faults: ['restore service'],
  },
  {
    name: 'the sidecar forgets work whose redirector has gone',
    file: 'agent/sidecar-connection.js',
    edits: [
      [
        'const isAnswerAwaited = this.#underWay?.isRead === true && !this.#isTunnel;',
        'const isAnswerAwaited = false;',
      ],
    ],
    rules: ['S1'],
    seed: 18,
    faults: ['crash redirector', 'slow server'],
  },
];
