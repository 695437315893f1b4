import { afterEach, describe, expect, it } from '@jest/globals';
import { DeclaredServers } from '../../../api/declared-servers.js';
import { configSchema } from '../../../core/config/schema.js';
import { Draft } from '../../../core/table-store/draft.js';
import { ANNOUNCED, ELIGIBLE, PIN, SERVER } from '../../../core/table-store/records/server.js';
import { ControlPlane, SERVER_RECORD } from '../../support/control-plane.js';
import { r, s } from '../../support/names.js';

let running: DeclaredServers | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const S1 = { id: 's1', address: '10.0.0.1:80', capacity: { cpu: 8 } };
const S2 = { id: 's2', address: '10.0.0.2:80', capacity: { cpu: 4 }, serves: ['vol-*'] };

async function declare(
  plane: ControlPlane,
  servers: readonly object[],
  {
    resources = ['vol-1', 'db-1'],
    pins = {},
  }: { resources?: readonly string[]; pins?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  await running?.stop();
  const config = configSchema.parse({ servers: [...servers] });
  running = new DeclaredServers(plane, {
    servers: config.servers,
    resources: resources.map(r),
    pins: pins as never,
    retryMs: 5000,
  });
  await running.start();
}

const eligible = (plane: ControlPlane, server: string) =>
  plane.view.get(ELIGIBLE, s(server))?.value.resources;

describe('declared servers', () => {
  it('are known, with what they may serve', async () => {
    const plane = await ControlPlane.with([]);
    await declare(plane, [S1, S2]);
    expect(plane.view.get(SERVER, s('s1'))?.value).toMatchObject({
      address: { host: '10.0.0.1', port: 80 },
      capacity: { cpu: 8 },
      fence: 'none',
      origin: 'config',
    });
    expect(eligible(plane, 's1')).toEqual(['db-1', 'vol-1']);
    expect(eligible(plane, 's2')).toEqual(['vol-1']);
  });

  it('are not written again when nothing has changed', async () => {
    const plane = await ControlPlane.with([]);
    await declare(plane, [S1]);
    const { revision } = plane.view;
    await declare(plane, [S1]);
    await plane.clock.advance(20_000);
    expect(plane.view.revision).toBe(revision);
  });

  it('are left to their agents, but for what the config says of them', async () => {
    const plane = await ControlPlane.with(['s1'], { 'vol-1': 's1@1.5' });
    const address = { host: '10.9.9.9', port: 8080 };
    const announced = { ...SERVER_RECORD, address, origin: 'announced' } as const;
    await plane.write(
      new Draft()
        .put(SERVER, s('s1'), announced)
        .put(ANNOUNCED, s('s1'), { beat: 1, boot: 'x', leaseMs: 10_000 }),
    );
    await declare(plane, [S1]);
    expect(plane.view.get(SERVER, s('s1'))?.value).toMatchObject({
      address,
      capacity: { cpu: 8 },
      origin: 'config',
    });
    expect(eligible(plane, 's1')).toEqual(['vol-1']);
  });

  it('may serve what an agent of another server announces', async () => {
    const plane = await ControlPlane.with([]);
    await declare(plane, [S1], { resources: [] });
    expect(eligible(plane, 's1')).toEqual([]);
    await plane.write(
      new Draft()
        .put(SERVER, s('s9'), { ...SERVER_RECORD, origin: 'announced' })
        .put(ELIGIBLE, s('s9'), { resources: [r('vol-7')] })
        .put(ANNOUNCED, s('s9'), { beat: 1, boot: 'x', leaseMs: 10_000 }),
    );
    await plane.clock.advance(10_000);
    expect(eligible(plane, 's1')).toEqual(['vol-7']);
  });

  it('that left the config serve nothing new, and are forgotten once they are empty', async () => {
    const plane = await ControlPlane.with(['s1', 's2'], { 'vol-1': 's1@1.5' });
    await declare(plane, [S2]);
    expect(eligible(plane, 's1')).toEqual([]);
    expect(plane.view.get(SERVER, s('s1'))).toBeDefined();
    await plane.applied([plane.move('vol-1', 's2')], plane.clock.realtimeMs());
    await plane.clock.advance(10_000);
    expect(plane.view.get(SERVER, s('s1'))).toBeUndefined();
    expect(plane.view.get(ELIGIBLE, s('s1'))).toBeUndefined();
  });
});

describe('declared pins', () => {
  it('come and go with the config', async () => {
    const plane = await ControlPlane.with([]);
    await declare(plane, [S1, S2], { pins: { 'vol-1': 's1' } });
    expect(plane.view.get(PIN, r('vol-1'))?.value).toMatchObject({ server: 's1', by: 'config' });
    await declare(plane, [S1, S2]);
    expect(plane.view.get(PIN, r('vol-1'))).toBeUndefined();
  });

  it("leave an operator's pin alone", async () => {
    const plane = await ControlPlane.with([]);
    const pin = { server: s('s2'), by: 'ann', reason: '', sinceMs: 0 };
    await plane.write(new Draft().put(PIN, r('vol-1'), pin));
    await declare(plane, [S1, S2], { pins: { 'vol-1': 's1' } });
    expect(plane.view.get(PIN, r('vol-1'))?.value.server).toBe('s2');
    await declare(plane, [S1, S2]);
    expect(plane.view.get(PIN, r('vol-1'))?.value.server).toBe('s2');
  });
});
