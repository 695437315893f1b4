import { beforeEach, describe, expect, it } from '@jest/globals';
import { r, s } from '../../../../support/names.js';
import { TcpWorld } from '../../../../support/tcp-world.js';

/** `web` is served by both servers; whoever does not avoid `s1` is sent there. */
let world: TcpWorld;
let asked: number[];

beforeEach(async () => {
  world = new TcpWorld({ route: { by: 'listener', resource: r('web') } });
  asked = [];
  const { gate } = world;
  const [s1, s2] = [gate.serverIndexOf(s('s1')), gate.serverIndexOf(s('s2'))];
  gate.share([r('web')], {
    choose: (avoid) => {
      asked.push(avoid);
      return avoid === s1 ? s2 : s1;
    },
  });
  await world.adapter.start();
});

describe('connections for a shared resource', () => {
  it('go to the server that is chosen for each', async () => {
    await world.listen('s1');
    await world.listen('s2');
    const { client } = await world.connected('hello');
    expect(world.at.s1.map(({ text }) => text)).toEqual(['hello']);
    client.does((connection) => {
      connection.end();
    });
    await world.clock.advance(5000);
    expect(world.gate.inFlight(r('web'))).toBe(1);
    world.at.s1[0]?.does((connection) => {
      connection.end();
    });
    await world.clock.advance(5000);
    expect(world.gate.inFlight(r('web'))).toBe(0);
  });

  it('go to another when that cannot be reached, with what the client has said', async () => {
    await world.listen('s2');
    const client = world.client();
    client.does((connection) => connection.write(Buffer.from('hello')));
    await world.clock.advance(500);
    expect(world.at.s2.map(({ text }) => text)).toEqual(['hello']);
    expect(world.suspected).toEqual(['s1']);
    expect(asked[0]).toBe(-1);
    expect(world.gate.inFlight(r('web'))).toBe(1);
  });

  it('end when their client leaves while another server is tried', async () => {
    const client = world.client();
    await world.clock.advance(30);
    client.does((connection) => {
      connection.destroy();
    });
    await world.clock.advance(30_000);
    expect(world.gate.inFlight(r('web'))).toBe(0);
    expect(world.gate.heldRequests).toBe(0);
    expect(world.adapter.counters.connections).toBe(0);
  });

  it('are reset once nobody could be reached for long enough', async () => {
    const client = world.client();
    await world.clock.advance(30_000);
    expect(client.closedBy).toBe('reset');
    expect(world.adapter.counters.refused.get('unreachable')).toBe(1);
  });
});
