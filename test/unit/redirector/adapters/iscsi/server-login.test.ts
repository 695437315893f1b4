import { describe, expect, it } from '@jest/globals';
import type { Keys } from '../../../../../core/iscsi/text.js';
import type { Ack } from '../../../../../core/table-store/records/switch.js';
import { ACK } from '../../../../../core/table-store/records/switch.js';
import type { ChapParty } from '../../../../../redirector/adapters/iscsi/targets.js';
import type { Initiator } from '../../../../support/iscsi/initiator.js';
import type { IscsiWorld, IscsiWorldOptions } from '../../../../support/iscsi/world.js';
import { started } from '../../../../support/iscsi/world.js';
import { g, r } from '../../../../support/names.js';

/* CHAP between the redirector and servers. */

const SECRETS = { s1: 'the first server knows this', s2: 'the other one knows that' } as const;
const OWN = { user: 'server-one', secret: 'by which s1 is known' } as const;
const CHECK_CONDITION = 2;
const LONG_USER = 'u'.repeat(128);

function ours(name: 's1' | 's2', secret: string | undefined = SECRETS[name]): ChapParty {
  return { user: `redirector-${name}`, secret };
}

/** Both servers ask; we know what to say to both. */
function believed(more: IscsiWorldOptions = {}): Promise<IscsiWorld> {
  return asked({
    loginOf: (server) => ({ chap: ours(server as 's1' | 's2'), mutualChap: undefined }),
    ...more,
  });
}

async function asked(options: IscsiWorldOptions): Promise<IscsiWorld> {
  const world = await started(options);
  for (const name of ['s1', 's2'] as const) {
    world.targets[name].asks = { user: `redirector-${name}`, secret: SECRETS[name] };
  }
  return world;
}

async function readIn(world: IscsiWorld, initiator: Initiator): Promise<Buffer | undefined> {
  return world.of(initiator.read(0, 1));
}

/** What the client hears where no server lets us in. */
async function refusedIn(world: IscsiWorld): Promise<void> {
  const initiator = await world.loggedIn();
  const outcome = await world.of(initiator.run(Buffer.alloc(16)));
  expect(outcome?.status).toBe(CHECK_CONDITION);
  expect(outcome?.sense).toEqual([2, 4, 0]);
  expect(world.targets.s1.done).toEqual([]);
}

function said(texts: readonly Keys[], key: string): string[] {
  return texts.flatMap((each) => each.get(key) ?? []);
}

describe('a server that asks who the redirector is', () => {
  it('is given the proof that is named for it, and each server its own', async () => {
    const world = await believed();
    const initiator = await world.loggedIn();
    expect(await readIn(world, initiator)).toHaveLength(512);
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await readIn(world, initiator)).toHaveLength(512);
    expect(said(world.targets.s1.saidAtLogin, 'CHAP_N')).toEqual(['redirector-s1']);
    expect(said(world.targets.s2.saidAtLogin, 'CHAP_N')).toEqual(['redirector-s2']);
    expect(world.targets.s1.sessions.map((each) => each.initiator)).toEqual([
      'iqn.2026-01.test:client',
    ]);
    expect(world.loginFaults).toEqual([]);
  });

  it('never gets the secret itself', async () => {
    const world = await believed();
    await readIn(world, await world.loggedIn());
    const texts = world.targets.s1.saidAtLogin.flatMap((keys) => [...keys.values()]).join('\n');
    expect(texts).toContain('redirector-s1');
    expect(texts).not.toContain(SECRETS.s1);
    expect(texts).not.toContain(Buffer.from(SECRETS.s1).toString('hex'));
  });

  it('is logged on to by the secret that the credential table has for servers, and by no other', async () => {
    const login = { chap: { user: 'redirector-s1', secret: undefined }, mutualChap: undefined };
    const stored = { 'server-chap/redirector-s1': SECRETS.s1 };
    const world = await asked({ loginOf: () => login, stored });
    expect(await readIn(world, await world.loggedIn())).toHaveLength(512);
    await refusedIn(await asked({ loginOf: () => login, stored: { 'redirector-s1': SECRETS.s1 } }));
  });

  it('does not take part in a move if the secret for it is wrong, and why is said and counted', async () => {
    const world = await believed({
      loginOf: (server) => ({
        chap: ours(server as 's1' | 's2', server === 's2' ? 'not what s2 knows' : SECRETS.s1),
        mutualChap: undefined,
      }),
    });
    const initiator = await world.loggedIn();
    await readIn(world, initiator);
    const [why] = await world.switch('s1', 's2');
    expect(why).toBe('s2 does not believe that we are redirector-s2 (CHAP) (ERR_SERVER_LOGIN)');
    expect(world.loginFaults[0]?.remedy).toContain('the secret that it has for redirector-s2');
    expect(await readIn(world, initiator)).toHaveLength(512);
    expect([...world.adapter.counters.serverLogins]).toEqual([['refused', 1]]);
    expect(world.loginFaults.map(({ code, facts }) => [code, facts.server])).toEqual([
      ['ERR_SERVER_LOGIN', 's2'],
    ]);
    const logged = JSON.stringify(world.loginFaults.map(({ facts, message }) => [facts, message]));
    expect(logged).not.toContain('not what s2 knows');
  });

  it('is said to refuse in words that the record of a switch takes, however long its names are', async () => {
    const world = await asked({
      loginOf: (server) => ({
        chap: server === 's1' ? ours('s1') : { user: LONG_USER, secret: 'not what s2 knows' },
        mutualChap: undefined,
      }),
    });
    await readIn(world, await world.loggedIn());
    const [why = ''] = await world.switch('s1', 's2');
    expect(why).toContain('s2 does not believe that we are uuu');
    const ack: Ack = {
      ...{ boot: 'b', generation: g('1.2'), step: 'attached', obstacles: [] },
      ...{ holdMs: 0, heldRequests: 0, failedRequests: 0 },
      refusals: [{ resource: r('vol-1'), why }],
    };
    expect(() => ACK.encode(ack)).not.toThrow();
  });

  it('is told of nothing where nobody is named for it, or no secret is kept', async () => {
    const unnamed = await asked({});
    await refusedIn(unnamed);
    expect([...unnamed.adapter.counters.serverLogins]).toEqual([['unnamed', 1]]);
    expect(unnamed.loginFaults[0]?.remedy).toContain('`iscsi.serverLogins`');
    const login = { chap: { user: 'redirector-s1', secret: undefined }, mutualChap: undefined };
    const unkept = await asked({ loginOf: () => login });
    await refusedIn(unkept);
    expect([...unkept.adapter.counters.serverLogins]).toEqual([['secretMissing', 1]]);
    expect(unkept.loginFaults[0]?.remedy).toContain(
      '`foreshift credential set redirector-s1 --kind server-chap`',
    );
  });

  it('is told of once, until another thing is wrong or it lets us in', async () => {
    const stored: Record<string, string> = { 'server-chap/redirector-s1': 'a wrong one, at first' };
    const login = { chap: { user: 'redirector-s1', secret: undefined }, mutualChap: undefined };
    const world = await asked({ loginOf: () => login, stored });
    await refusedIn(world);
    await refusedIn(world);
    expect(world.loginFaults).toHaveLength(1);
    delete stored['server-chap/redirector-s1'];
    await refusedIn(world);
    expect(world.loginFaults).toHaveLength(2);
    stored['server-chap/redirector-s1'] = SECRETS.s1;
    expect(await readIn(world, await world.loggedIn())).toHaveLength(512);
    expect([...world.adapter.counters.serverLogins]).toEqual([
      ['refused', 2],
      ['secretMissing', 1],
    ]);
  });
});

describe('a server that must prove who it is', () => {
  const login = { chap: ours('s1'), mutualChap: OWN };

  it('is used if it does', async () => {
    const world = await asked({ loginOf: () => login });
    world.targets.s1.own = OWN;
    expect(await readIn(world, await world.loggedIn())).toHaveLength(512);
    expect(said(world.targets.s1.saidAtLogin, 'AuthMethod')).toEqual(['CHAP']);
  });

  it.each([
    ['says nothing of it', undefined],
    ['has another secret', { ...OWN, secret: 'something else entirely' }],
    ['has another name', { ...OWN, user: 'server-two' }],
    ['answers with our own secret', { ...OWN, secret: SECRETS.s1 }],
  ])('is told of no command if it %s', async (_how, own) => {
    const world = await asked({ loginOf: () => login });
    world.targets.s1.own = own;
    await refusedIn(world);
    expect([...world.adapter.counters.serverLogins]).toEqual([['unproven', 1]]);
    expect(world.loginFaults[0]?.message).toContain('server-one');
  });

  it('is told of no command if both directions have one secret', async () => {
    const mutualChap = { ...OWN, secret: SECRETS.s1 };
    const world = await asked({ loginOf: () => ({ ...login, mutualChap }) });
    world.targets.s1.own = mutualChap;
    await refusedIn(world);
    expect([...world.adapter.counters.serverLogins]).toEqual([['unproven', 1]]);
  });

  it('is told of no command if it asks for no proof itself', async () => {
    const world = await started({ loginOf: () => login });
    await refusedIn(world);
    expect([...world.adapter.counters.serverLogins]).toEqual([['otherProof', 1]]);
  });
});

describe('a server that asks for no proof', () => {
  it('is used as before, though somebody is named for it', async () => {
    const world = await started({
      loginOf: () => ({ chap: ours('s1'), mutualChap: undefined }),
    });
    expect(await readIn(world, await world.loggedIn())).toHaveLength(512);
    expect(said(world.targets.s1.saidAtLogin, 'CHAP_R')).toEqual([]);
  });
});
