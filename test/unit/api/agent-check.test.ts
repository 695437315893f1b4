import { beforeEach, describe, expect, it } from '@jest/globals';
import { AgentCheck, agentCheckAnswer } from '../../../api/agent-check.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { SeededRng } from '../../../core/rng.js';
import { Draft } from '../../../core/table-store/draft.js';
import { HEADROOM } from '../../../core/table-store/records/headroom.js';
import { LOST, SERVER, SERVER_STATE } from '../../../core/table-store/records/server.js';
import { ControlPlane, SERVER_RECORD } from '../../support/control-plane.js';
import { s } from '../../support/names.js';
import { Peer } from '../../support/peer.js';

const AT = { host: '127.0.0.1', port: 7704 };
const LOSS = { loss: '1', evidence: 'silent', how: 'test', sinceMs: 0 } as const;
const STAND = { by: 'test', reason: '', sinceMs: 0 };

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2', 's3']);
});

function said(server: string): string | undefined {
  return agentCheckAnswer(plane.view, s(server), plane.clock.realtimeMs())?.text;
}

async function forecast(shares: Readonly<Record<string, number>>): Promise<void> {
  const madeAtMs = plane.clock.realtimeMs();
  const record = { madeAtMs, untilMs: madeAtMs + 60_000, shares };
  await plane.write(new Draft().put(HEADROOM, 'forecast', record));
}

describe('what HAProxy is told of a server', () => {
  it('is its headroom in percent, and never nothing', async () => {
    await forecast({ s1: 0.62, s2: 0 });
    expect(said('s1')).toBe('up ready 62%');
    expect(said('s2')).toBe('up ready 1%');
  });

  it('is the mean of the others where nothing is forecast, and all where nothing at all is', async () => {
    expect(said('s1')).toBe('up ready 100%');
    await forecast({ s1: 0.6, s2: 0.2 });
    expect(said('s3')).toBe('up ready 40%');
    await plane.clock.advance(60_000);
    expect(said('s1')).toBe('up ready 100%');
  });

  it('is to give it nothing new while it drains, is in maintenance, or was lost', async () => {
    await plane.write(
      new Draft()
        .put(SERVER_STATE, s('s1'), { state: 'draining', ...STAND })
        .put(SERVER_STATE, s('s2'), { state: 'maintenance', ...STAND })
        .put(LOST, s('s3'), LOSS),
    );
    expect([said('s1'), said('s2')]).toEqual(['up drain', 'maint']);
    expect(said('s3')).toMatch(/^down #/);
  });

  it('keeps a spare empty until a server is lost', async () => {
    await plane.write(new Draft().put(SERVER, s('s1'), { ...SERVER_RECORD, spare: true }));
    expect(said('s1')).toBe('up drain');
    await plane.write(new Draft().put(LOST, s('s3'), LOSS));
    expect(said('s1')).toBe('up ready 100%');
  });

  it('is nothing of a server that is not known', () => {
    expect(said('s9')).toBeUndefined();
  });
});

describe('the responder', () => {
  let net: SimulatedNet;
  let check: AgentCheck;

  beforeEach(async () => {
    net = new SimulatedNet(plane.clock, new SeededRng(1));
    check = new AgentCheck(
      { net: net.host('127.0.0.1'), clock: plane.clock, view: plane.view },
      { listen: AT, from: ['127.0.0.0/8'], connectionsMax: 2, timeoutMs: 2000 },
    );
    await check.start();
  });

  function ask(text: string, host = '127.0.0.1'): Peer {
    const peer = new Peer(net.host(host).connect(AT, { timeoutMs: 1000 }));
    if (text !== '') peer.does((connection) => connection.write(Buffer.from(text)));
    return peer;
  }

  async function answers(of = check): Promise<Record<string, number>> {
    const [metric] = of.metrics;
    if (metric === undefined || metric.kind === 'histogram') throw new Error('a counter');
    const readings = await metric.read();
    return Object.fromEntries(
      [...readings].map(({ labels, value }) => [labels?.answer ?? '', value]),
    );
  }

  it('answers one line, and ends', async () => {
    const peer = ask('s1\n');
    await plane.clock.advance(100);
    expect(peer.text).toBe('up ready 100%\n');
    expect(peer.heard).toContain('ended');
    expect(await answers()).toEqual({ up: 1 });
  });

  it.each(['s9\n', '\n', '__proto__\n', '\u0000\u0001\n', 'x'.repeat(1000), 's1 s2\n'])(
    'says nothing to %j',
    async (text) => {
      const peer = ask(text);
      await plane.clock.advance(2500);
      expect(peer.text).toBe('');
      expect(peer.closedBy).toBeDefined();
    },
  );

  it('does not wait for whoever says nothing', async () => {
    const peer = ask('');
    await plane.clock.advance(2500);
    expect(peer.text).toBe('');
    expect(peer.closedBy).toBeDefined();
    expect(await answers()).toEqual({ unnamed: 1 });
  });

  it('has a limit of connections, and takes others once those are gone', async () => {
    ask('');
    ask('');
    await plane.clock.advance(100);
    const third = ask('s1\n');
    await plane.clock.advance(100);
    expect(third.text).toBe('');
    await plane.clock.advance(2500);
    const fourth = ask('s1\n');
    await plane.clock.advance(100);
    expect(fourth.text).toBe('up ready 100%\n');
    expect((await answers()).refused).toBe(1);
  });

  it('does not talk to strangers', async () => {
    const strangers = new AgentCheck(
      { net: net.host('10.0.0.1'), clock: plane.clock, view: plane.view },
      {
        listen: { host: '10.0.0.1', port: 7704 },
        from: ['192.168.0.0/16'],
        connectionsMax: 2,
        timeoutMs: 2000,
      },
    );
    await strangers.start();
    const peer = new Peer(
      net.host('10.0.0.9').connect({ host: '10.0.0.1', port: 7704 }, { timeoutMs: 1000 }),
    );
    peer.does((connection) => connection.write(Buffer.from('s1\n')));
    await plane.clock.advance(100);
    expect(peer.text).toBe('');
    expect(peer.closedBy).toBeDefined();
    expect(await answers(strangers)).toEqual({ refused: 1 });
  });
});
