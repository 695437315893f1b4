import { expect, it } from '@jest/globals';
import type { RequestGateParts } from '../../../agent/request-gate.js';
import { RequestGate } from '../../../agent/request-gate.js';
import { SidecarConnection } from '../../../agent/sidecar-connection.js';
import { SHARED_SINCE } from '../../../core/agent-protocol.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { SeededRng } from '../../../core/rng.js';
import { Peer } from '../../support/peer.js';

const FRONT = { host: 'agent', port: 80 };
const BACK = { host: 'server', port: 80 };
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const EVIL = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil';

interface World {
  readonly clock: SimulatedClock;
  readonly client: Peer;
  /** What the server got. */
  readonly asked: string[];
}

/** A client of a sidecar before a server that answers all that it gets with that. */
async function started(answer: string, gate: RequestGate): Promise<World> {
  const clock = new SimulatedClock();
  const net = new SimulatedNet(clock, new SeededRng(1));
  const asked: string[] = [];
  await net.host('server').listen(BACK, (connection) => {
    connection.handler = {
      opened: () => undefined,
      data: (bytes) => {
        asked.push(Buffer.from(bytes).toString());
        connection.write(Buffer.from(answer));
      },
      drained: () => undefined,
      ended: () => undefined,
      closed: () => undefined,
    };
  });
  await net.host('agent').listen(FRONT, (connection) => {
    new SidecarConnection(
      { connection, net: net.host('agent'), clock, gate },
      { forward: BACK, connectTimeoutMs: 1000, stallTimeoutMs: 1000, idleTimeoutMs: 1000 },
      { closed: () => undefined, reached: () => undefined },
    );
  });
  return {
    ...{ clock, asked },
    client: new Peer(net.host('client').connect(FRONT, { timeoutMs: 1000 })),
  };
}

function head(method: string, resource: string): string {
  return `${method} /x HTTP/1.1\r\nhost: a\r\nforeshift-resource: ${resource}\r\nforeshift-since: ${SHARED_SINCE}\r\n`;
}

it('takes no byte behind an answer for the answer to the request that waits', async () => {
  const ownership = { isOwned: () => false } as unknown as RequestGateParts['ownership'];
  const newOwners = {} as unknown as RequestGateParts['newOwners'];
  const self = {} as unknown as RequestGateParts['self'];
  const gate = new RequestGate({ ownership, newOwners, self, isShared: () => true });
  const { clock, client } = await started(OK + EVIL, gate);
  const request = `${head('GET', 'vol-1')}\r\n`;
  client.does((connection) => connection.write(Buffer.from(request + request)));
  await clock.advance(500);
  expect(client.text).toContain('ok');
  expect(client.text).not.toContain('evil');
  expect(client.heard.join()).toMatch(/ended|closed/);
});

it('hands on nothing that comes behind a request whose refusal ends the connection', async () => {
  const gate = {
    enter: () => undefined,
    // Its lease runs out while it comes.
    mayGoOn: (resource: string) => resource !== 'vol-1',
    done: () => undefined,
  } as unknown as RequestGate;
  const { clock, client, asked } = await started(OK, gate);
  const refused = `${head('POST', 'vol-1')}content-length: 3\r\n\r\nabc`;
  const behind = `${head('GET', 'vol-2')}\r\n`;
  client.does((connection) => connection.write(Buffer.from(refused + behind)));
  await clock.advance(500);
  expect(client.text).toMatch(/^HTTP\/1.1 503 [^]*the serving lease of this server is over/);
  expect(client.text.match(/HTTP\/1.1/g)).toHaveLength(1);
  expect(client.heard.join()).toMatch(/ended|closed/);
  expect(asked).toEqual([]);
});
