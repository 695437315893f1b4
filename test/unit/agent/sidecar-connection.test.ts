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

it('takes no byte behind an answer for the answer to the request that waits', async () => {
  const clock = new SimulatedClock();
  const net = new SimulatedNet(clock, new SeededRng(1));
  await net.host('server').listen(BACK, (connection) => {
    connection.handler = {
      opened: () => undefined,
      data: () => connection.write(Buffer.from(OK + EVIL)),
      drained: () => undefined,
      ended: () => undefined,
      closed: () => undefined,
    };
  });
  const ownership = { isOwned: () => false } as unknown as RequestGateParts['ownership'];
  const newOwners = {} as unknown as RequestGateParts['newOwners'];
  const gate = new RequestGate({ ownership, newOwners, isShared: () => true });
  await net.host('agent').listen(FRONT, (connection) => {
    new SidecarConnection(
      { connection, net: net.host('agent'), clock, gate },
      { forward: BACK, connectTimeoutMs: 1000, stallTimeoutMs: 1000, idleTimeoutMs: 1000 },
      { closed: () => undefined, reached: () => undefined },
    );
  });
  const client = new Peer(net.host('client').connect(FRONT, { timeoutMs: 1000 }));
  const request = `GET /x HTTP/1.1\r\nhost: a\r\nforeshift-resource: vol-1\r\nforeshift-since: ${SHARED_SINCE}\r\n\r\n`;
  client.does((connection) => connection.write(Buffer.from(request + request)));
  await clock.advance(500);
  expect(client.text).toContain('ok');
  expect(client.text).not.toContain('evil');
  expect(client.heard.join()).toMatch(/ended|closed/);
});
