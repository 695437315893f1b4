import { expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import { SimulatedNet } from '../../../../../core/net/simulated.js';
import { SeededRng } from '../../../../../core/rng.js';
import type { ServerLink } from '../../../../../redirector/adapters/servers.js';
import { PLAIN_LINK } from '../../../../../redirector/adapters/servers.js';
import { HttpFront } from '../../../../support/http-front.js';
import { DEAF } from '../../../../support/deaf.js';
import { Peer } from '../../../../support/peer.js';

const REQUEST = 'GET /vol-1/x HTTP/1.1\r\nhost: proxy\r\n\r\n';
const ANSWER = 'HTTP/1.1 204 No Content\r\n\r\n';

it('keeps connections to a server that is reached as before, and makes them anew once it is not', async () => {
  const clock = new SimulatedClock();
  const net = new SimulatedNet(clock, new SeededRng(1));
  const server = { host: 's1', port: 80 };
  const listen = { host: 'proxy', port: 80 };
  let accepted = 0;
  await net.host('s1').listen(server, (connection) => {
    accepted += 1;
    connection.handler = {
      ...DEAF,
      // Not to the header of the PROXY protocol, which comes first.
      data: (bytes) => {
        if (Buffer.from(bytes).includes('GET ')) connection.write(Buffer.from(ANSWER));
      },
    };
  });
  let link: ServerLink = PLAIN_LINK;
  await HttpFront.start({
    ...{ net: net.host('proxy'), clock, listen, servers: { s1: server } },
    table: { 'vol-1': 's1@1.1' },
    // Another object each time, with the same in it.
    linkOf: () => ({ ...link }),
  });
  const client = new Peer(net.host('client').connect(listen, { timeoutMs: 1000 }));
  const asked = async (): Promise<void> => {
    client.text = '';
    client.does((connection) => connection.write(Buffer.from(REQUEST)));
    await clock.advance(100);
    expect(client.text).toMatch(/^HTTP\/1.1 204 /);
  };
  await asked();
  await asked();
  expect(accepted).toBe(1);
  link = { ...PLAIN_LINK, mountPort: 635 };
  await asked();
  expect(accepted).toBe(1);
  link = { ...PLAIN_LINK, proxyProtocol: 'v2' };
  await asked();
  await asked();
  expect(accepted).toBe(2);
});
