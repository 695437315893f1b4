import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import type { Connection } from '../../../../../core/net/port.js';
import { SimulatedNet } from '../../../../../core/net/simulated.js';
import { SeededRng } from '../../../../../core/rng.js';
import { Outliers } from '../../../../../redirector/health/outliers.js';
import { Choice } from '../../../../../redirector/shared/choice.js';
import { ServerLoads } from '../../../../../redirector/shared/server-loads.js';
import { WorkSeen } from '../../../../../redirector/shared/work-seen.js';
import { HttpFront } from '../../../../support/http-front.js';
import { r, s } from '../../../../support/names.js';
import { DEAF } from '../../../../support/deaf.js';
import { Peer } from '../../../../support/peer.js';

const REQUEST = (method: string): string =>
  `${method} /web/x HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\n\r\n`;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const EXCUSE = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';

/** What a server does with a request. */
type Act = (connection: Connection) => void;

let clock: SimulatedClock;
let net: SimulatedNet;
let front: HttpFront;
let choice: Choice;
let loads: ServerLoads;
let outliers: Outliers;
let suspected: string[];
/** Requests that each server has seen. */
let seen: Record<'s1' | 's2', number>;
let acts: Record<'s1' | 's2', Act>;

beforeEach(async () => {
  clock = new SimulatedClock();
  net = new SimulatedNet(clock, new SeededRng(1));
  seen = { s1: 0, s2: 0 };
  acts = { s1: answers(OK), s2: answers(OK) };
  suspected = [];
  loads = new ServerLoads(clock);
  outliers = new Outliers(
    {
      clock,
      servers: () => 2,
      suspect: (server) => suspected.push(front.gate.serverId(server)),
      onEjected: () => {
        among(['s1', 's2'].filter((name) => !outliers.isEjected(indexOf(name))));
      },
    },
    { failuresMax: 3 },
  );
  const address = (host: string) => ({ host, port: 80 });
  front = await HttpFront.start({
    ...{ net: net.host('proxy'), clock, listen: address('proxy'), table: {} },
    servers: { s1: address('s1'), s2: address('s2') },
    work: new WorkSeen({ loads, outliers }),
  });
  choice = new Choice({ loads, rng: new SeededRng(2) }, 'least-in-flight');
  among(['s1', 's2']);
});

function indexOf(name: string): number {
  return front.gate.serverIndexOf(s(name));
}

function among(names: readonly string[]): void {
  choice.among(names.map((name) => ({ server: indexOf(name), weight: 1 })));
  front.gate.share([r('web')], choice);
}

const answers =
  (text: string): Act =>
  (connection) =>
    void connection.write(Buffer.from(text));

const loses: Act = (connection) => {
  connection.reset();
};

async function up(name: 's1' | 's2'): Promise<void> {
  await net.host(name).listen({ host: name, port: 80 }, (connection) => {
    connection.handler = {
      ...DEAF,
      data: (bytes) => {
        // The network cuts where it likes; a head begins with its method.
        if (!/^[A-Z]+ /.test(Buffer.from(bytes).toString())) return;
        seen[name] += 1;
        acts[name](connection);
      },
    };
  });
}

async function statusOf(method = 'GET'): Promise<string> {
  const client = new Peer(
    net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
  );
  client.does((connection) => connection.write(Buffer.from(REQUEST(method))));
  await clock.advance(500);
  return client.text.slice(9, 12);
}

async function statuses(count: number, method = 'GET'): Promise<ReadonlySet<string>> {
  const all = new Set<string>();
  for (let each = 0; each < count; each++) all.add(await statusOf(method));
  return all;
}

describe('requests for a shared resource', () => {
  it('go to all of its servers, and none is under way in the end', async () => {
    await up('s1');
    await up('s2');
    expect(await statuses(40)).toEqual(new Set(['200']));
    expect(seen.s1).toBeGreaterThan(10);
    expect(seen.s2).toBeGreaterThan(10);
    expect(loads.underWay(indexOf('s1')) + loads.underWay(indexOf('s2'))).toBe(0);
    expect(loads.responseMs(indexOf('s1'))).toBeGreaterThan(0);
  });

  it('go to another server when one refuses connections, which is suspected and ejected', async () => {
    await up('s2');
    expect(await statuses(20)).toEqual(new Set(['200']));
    expect(seen).toEqual({ s1: 0, s2: 20 });
    expect(suspected).toEqual(['s1']);
    expect(outliers.isEjected(indexOf('s1'))).toBe(true);
  });

  it('are sent again, to another server, when an answer is lost and that does no harm', async () => {
    await up('s1');
    await up('s2');
    acts.s1 = loses;
    expect(await statuses(20)).toEqual(new Set(['200']));
    expect(seen.s2).toBe(20);
    expect(seen.s1).toBe(3);
    expect(front.adapter.counters.retries).toBe(3);
  });

  it('are not sent again when they may have changed something', async () => {
    await up('s1');
    await up('s2');
    acts.s1 = loses;
    const found = await statuses(20, 'DELETE');
    expect(found).toEqual(new Set(['200', '502']));
    expect(seen.s1 + seen.s2).toBe(20);
  });

  it("avoid a server that has only a gateway's excuses, however quick they come", async () => {
    await up('s1');
    await up('s2');
    acts.s1 = answers(EXCUSE);
    await statuses(20);
    expect(seen.s1).toBe(3);
    expect(await statuses(10)).toEqual(new Set(['200']));
  });

  it('wait for a server as long as there is none, and are told so after a while', async () => {
    await up('s1');
    among([]);
    const client = new Peer(
      net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
    );
    client.does((connection) => connection.write(Buffer.from(REQUEST('GET'))));
    await clock.advance(1000);
    expect(client.text).toBe('');
    among(['s1']);
    await clock.advance(1000);
    expect(client.text.slice(9, 12)).toBe('200');
    among([]);
    const late = new Peer(
      net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
    );
    late.does((connection) => connection.write(Buffer.from(REQUEST('GET'))));
    await clock.advance(4000);
    expect(late.text.slice(9, 12)).toBe('503');
  });
});
