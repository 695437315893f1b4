import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LostSourcePolicy } from '../../../../core/domain.js';
import { ForeshiftError } from '../../../../core/errors.js';
import type { CallAnswer, Net } from '../../../../core/net/port.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { LOST } from '../../../../core/table-store/records/server.js';
import type { MemberRecord } from '../../../../core/table-store/records/switch.js';
import { MEMBER, ROSTER } from '../../../../core/table-store/records/switch.js';
import { CoordinatorLease } from '../../../../redirector/switch/coordinator-lease.js';
import { LostServers } from '../../../../redirector/switch/lost-servers.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { FewMembers } from '../../../support/few-members.js';
import { g, m, r, s } from '../../../support/names.js';
import { RecordingLog } from '../../../support/recording-log.js';

const MEMBER_RECORD: MemberRecord = {
  boot: 'b',
  beat: 1,
  leaseMs: 1000,
  generation: g('1.1'),
  unreachable: {},
  abandoned: {},
  panic: false,
  health: null,
};

type Report = Readonly<Record<string, 'refused' | 'silent'>>;

const SERVING = { servingLeaseMs: 600, servingMarginMs: 100 };

let plane: ControlPlane;
let members: FewMembers;
let lostServers: LostServers;
let log: RecordingLog;
let policy: LostSourcePolicy;
/** What the hook answers, and what it was asked. */
let hook: () => Promise<number>;
let calls: string[];

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2', 's3'], {
    'vol-1': 's1@1.1',
    'vol-2': 's2@1.2',
    'vol-3': 's3@1.3',
  });
  members = new FewMembers();
  log = new RecordingLog();
  policy = 'consistency';
  hook = () => Promise.resolve(204);
  calls = [];
  await begin(undefined);
});

async function begin(fenceHook: string | undefined): Promise<void> {
  const { store, view, clock } = plane;
  const lease = new CoordinatorLease({ store, view, membership: members });
  lostServers = new LostServers(
    {
      store,
      view,
      clock,
      log,
      membership: members,
      lease,
      net: {
        call: async ({ url, body = '' }: Parameters<Net['call']>[0]): Promise<CallAnswer> => {
          calls.push(`${url} ${String(body)}`);
          return { status: await hook(), headers: new Map(), body: new Uint8Array() };
        },
      },
      policyOf: () => policy,
    },
    { ...SERVING, fenceHook, fenceHookTimeoutMs: 200 },
  );
  expect(await lease.acquire()).toBe(true);
}

/** What each redirector says, and which losses it knows of, so that it renews no more. */
async function say(
  reports: readonly Report[],
  abandons: readonly string[] = [],
  knowing = reports.length,
): Promise<void> {
  const draft = new Draft();
  for (const [index, report] of reports.entries()) {
    const unreachable = Object.fromEntries(
      Object.entries(report).map(([server, evidence]) => [server, { evidence, sinceMs: 0 }]),
    ) as MemberRecord['unreachable'];
    const known = index < knowing ? abandons : [];
    const losses = known.map((server) => [server, lossOf(server)?.loss ?? '']);
    draft.put(MEMBER, m(`r${index + 1}`), {
      ...MEMBER_RECORD,
      unreachable,
      abandoned: Object.fromEntries(losses) as MemberRecord['abandoned'],
    });
  }
  await plane.write(draft);
}

function lossOf(server: string) {
  return plane.view.get(LOST, s(server))?.value;
}

/** As the coordinator does with each step, until nothing more is to be written. */
async function look(): Promise<void> {
  do lostServers.note();
  while (await lostServers.update());
}

const silent: Report = { s1: 'silent' };
const refused: Report = { s1: 'refused' };

describe('lost servers', () => {
  it('are lost by the word of more than half of the live redirectors', async () => {
    await say([silent, {}, {}]);
    await look();
    expect(lossOf('s1')).toBeUndefined();
    await say([silent, silent, {}]);
    await look();
    expect(lossOf('s1')).toMatchObject({ evidence: 'silent', how: 'no answer to 2 redirectors' });
    expect(lostServers.isLost(s('s1'))).toBe(true);
    expect(lostServers.isLost(s('s2'))).toBe(false);
  });

  it('are not lost by what somebody has taken back meanwhile', async () => {
    await say([silent, silent, {}]);
    await plane.store.transact(
      new Draft().remove(MEMBER, m('r2')).transaction, // unseen by the view
    );
    await lostServers.update();
    expect(lossOf('s1')).toBeUndefined();
  });

  it('are not lost if somebody has said meanwhile that another is silent too, so that most are', async () => {
    await say([{ s1: 'silent', s2: 'silent' }, silent, {}]);
    const unreachable = { s2: { evidence: 'silent', sinceMs: 0 } } as MemberRecord['unreachable'];
    await plane.store.transact(
      new Draft().put(MEMBER, m('r3'), { ...MEMBER_RECORD, unreachable }).transaction,
    );
    await lostServers.update();
    expect(lossOf('s1')).toBeUndefined();
    await look();
    expect(lossOf('s1')).toBeUndefined();
    expect(members.panic).toEqual([true]);
  });

  it('are not lost if somebody joined meanwhile, who may reach them', async () => {
    await say([silent, silent, {}]);
    await plane.store.transact(new Draft().put(ROSTER, 'members', { lives: 4 }).transaction);
    await lostServers.update();
    expect(lossOf('s1')).toBeUndefined();
    await look();
    expect(lossOf('s1')).toBeDefined();
  });

  it('are not lost if one whose lease was over renews it meanwhile, who may reach them', async () => {
    members.live = [m('r1'), m('r2')];
    await say([silent, silent, {}]);
    const late = { ...MEMBER_RECORD, beat: 2 };
    await plane.store.transact(new Draft().put(MEMBER, m('r3'), late).transaction);
    await lostServers.update();
    expect(lossOf('s1')).toBeUndefined();
    await look();
    expect(lossOf('s1')).toBeDefined();
  });

  it('are gone at once where the resource prefers availability', async () => {
    await say([silent, silent, {}]);
    await look();
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(false);
    policy = 'availability';
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(true);
    expect(lostServers.isGone(s('s2'), r('vol-2'))).toBe(false);
  });

  it('are gone when the serving lease is over, counted from when nobody renews it any more', async () => {
    await say([silent, silent, {}]);
    await look();
    await plane.clock.advance(10_000);
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(false);
    await say([silent, silent, {}], ['s1']);
    await look();
    await plane.clock.advance(699);
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(false);
    await plane.clock.advance(1);
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(true);
  });

  it('need no word of a redirector whose own lease is over', async () => {
    await say([silent, silent, {}]);
    await look();
    await say([silent, silent, {}], ['s1'], 2);
    await look();
    await plane.clock.advance(700);
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(false);
    members.over.add(m('r3'));
    await look();
    await plane.clock.advance(700);
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(true);
  });

  it('are dead when their hosts refuse all who have stopped to renew', async () => {
    await say([refused, refused, refused]);
    await look();
    expect(lossOf('s1')?.evidence).toBe('silent');
    await say([refused, refused, silent], ['s1']);
    await look();
    expect(lossOf('s1')?.evidence).toBe('silent');
    await say([refused, refused, refused], ['s1']);
    await look();
    expect(lossOf('s1')).toMatchObject({ evidence: 'dead', how: 'its host refuses connections' });
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(true);
  });

  it('return when the majority reaches them, and are forgotten when they are welcomed', async () => {
    await say([silent, silent, {}]);
    await look();
    expect(lostServers.returning()).toEqual([]);
    expect(lostServers.isStillLost(s('s1'))).toBe(true);
    await say([silent, {}, {}]);
    expect(lostServers.returning()).toEqual(['s1']);
    // Its record alone may be of a store that came back.
    expect(lostServers.isLost(s('s1'))).toBe(true);
    expect(lostServers.isStillLost(s('s1'))).toBe(false);
    await lostServers.welcome(s('s1'));
    expect(lossOf('s1')).toBeUndefined();
    expect(lostServers.isGone(s('s1'), r('vol-1'))).toBe(false);
  });
});

describe('the fence hook', () => {
  const url = 'http://fence.example/off';

  beforeEach(async () => {
    await begin(url);
    await say([silent, silent, {}]);
    await look();
    calls = [];
  });

  it('is asked once nobody renews, and its word is enough', async () => {
    await look();
    expect(calls).toEqual([]);
    await say([silent, silent, {}], ['s1']);
    await look();
    expect(calls).toEqual([`${url} {"server":"s1"}`]);
    await plane.clock.advance(0);
    await look();
    expect(lossOf('s1')).toMatchObject({ evidence: 'dead', how: 'the fence hook says so' });
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['says no', () => Promise.resolve(500)],
    ['does not answer', () => Promise.reject(new ForeshiftError('ERR_CALL_FAILED', { url }))],
  ])('is asked again later if it %s', async (_what, answer) => {
    hook = answer;
    await say([silent, silent, {}], ['s1']);
    await look();
    await plane.clock.advance(199);
    await look();
    expect(lossOf('s1')?.evidence).toBe('silent');
    expect(calls).toHaveLength(1);
    expect(log.messages).toContain('fence hook failed');
    await plane.clock.advance(1);
    await look();
    expect(calls).toHaveLength(2);
  });
});

describe('when most servers are silent at once', () => {
  const cutOff: Report = { s1: 'silent', s2: 'silent' };

  it('none is lost, and the alarm is said once, to the log and to the others', async () => {
    await say([cutOff, cutOff, cutOff]);
    await look();
    await look();
    expect([lossOf('s1'), lossOf('s2')]).toEqual([undefined, undefined]);
    expect(log.said).toEqual([
      {
        level: 'error',
        message: 'most servers silent: no failover',
        fields: { silent: ['s1', 's2'], heard: 1 },
      },
    ]);
    expect(members.panic).toEqual([true]);
  });

  it('those that still are silent when others are heard again are lost then', async () => {
    await say([cutOff, cutOff, cutOff]);
    await look();
    await say([silent, silent, silent]);
    await look();
    expect(lossOf('s1')?.evidence).toBe('silent');
    expect(lossOf('s2')).toBeUndefined();
    expect(members.panic).toEqual([true, false]);
    expect(log.messages).toEqual([
      'most servers silent: no failover',
      'most servers heard: failover again',
      'server lost',
    ]);
  });

  it('one that refuses everybody is lost all the same, and dead', async () => {
    plane = await ControlPlane.with(['s1', 's2', 's3', 's4', 's5', 's6'], {
      a: 's1@1.1',
      b: 's2@1.2',
      c: 's3@1.3',
      d: 's4@1.4',
    });
    await begin(undefined);
    const most: Report = {
      s1: 'refused',
      s2: 'silent',
      s3: 'silent',
      s4: 'silent',
      s5: 'silent',
      s6: 'silent',
    };
    await say([most, most, most]);
    await look();
    expect(members.panic).toEqual([true]);
    expect(lossOf('s1')?.evidence).toBe('silent');
    await say([most, most, most], ['s1']);
    await look();
    expect(lossOf('s1')?.evidence).toBe('dead');
    expect(lostServers.isSpared(s('s1'))).toBe(false);
    expect([...plane.view.all(LOST).keys()]).toEqual(['s1']);
  });

  it('one that was lost before is spared, and not fenced', async () => {
    await begin('http://fence.example/off');
    await say([silent, silent, silent]);
    await look();
    expect(lostServers.isSpared(s('s1'))).toBe(false);
    await say([cutOff, cutOff, cutOff], ['s1']);
    await look();
    expect(lostServers.isSpared(s('s1'))).toBe(true);
    expect(calls).toEqual([]);
    await say([silent, silent, silent], ['s1']);
    await look();
    expect(lostServers.isSpared(s('s1'))).toBe(false);
    expect(calls).toHaveLength(1);
  });
});
