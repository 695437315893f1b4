import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiFront } from '../../support/api-front.js';
import { FakeScreen, runOn, runRecorded } from '../../support/recorder.js';
import { faultsOf } from '../../support/shipped-schemas.js';
import { untilWithin } from '../../support/until.js';

const until = untilWithin(20_000, { pauseMs: 5 });

describe('foreshift top', () => {
  let front: ApiFront;
  let screen: FakeScreen;

  beforeEach(async () => {
    front = await ApiFront.start();
    await front.forecast({ a: 1, b: 1 });
    screen = new FakeScreen();
  });

  afterEach(() => front.stop());

  const api = () => `http://127.0.0.1:${front.server.address.port}`;
  const watched = (...args: readonly string[]) =>
    runOn(screen, 'top', '--api', api(), '--interval', '0.2', ...args);

  it('shows the servers again and again until q, and gives the screen back', async () => {
    const run = watched();
    await until('it looks again', () => screen.pictures.length > 2);
    expect(screen.last).toMatch(/^cluster test .*\nSERVER/);
    expect(screen.last).toMatch(/\ns1 +ready/);
    expect(screen.last).toContain('sort: peak');
    screen.press('q');
    expect(await run).toEqual({ exit: 0, printed: '', said: '' });
    expect(screen.isClosed).toBe(true);
  });

  it('does at once what a key says, fits what is resized, and ends when it is interrupted', async () => {
    const run = watched('--sort', 'name');
    await until('it shows something', () => screen.pictures.length > 0);
    screen.press('s');
    expect(screen.last).toContain('sort: cpu');
    screen.resize(5);
    expect(screen.pictures.at(-1)).toHaveLength(5);
    screen.press('quit');
    expect((await run).exit).toBe(0);
    expect(screen.isClosed).toBe(true);
  });

  it('keeps what it saw while the API is away, and says so', async () => {
    const run = watched();
    await until('it shows something', () => screen.pictures.length > 0);
    await front.stop();
    await until('it is told', () => screen.last.includes('ERR_API_UNREACHABLE'));
    expect(screen.last).toMatch(/\ns1 +ready/);
    screen.press('q');
    expect((await run).exit).toBe(0);
  });

  it('takes no screen where there is nothing to show', async () => {
    await front.stop();
    const { exit, said } = await watched();
    expect({ exit, said }).toMatchObject({ exit: 1, said: expect.stringContaining('fix:') });
    expect(screen.pictures).toEqual([]);
  });

  it('prints one look where nobody watches, or where one is asked for', async () => {
    const piped = await runRecorded('top', '--api', api());
    expect(piped.exit).toBe(0);
    expect(piped.printed).toMatch(/^cluster test .*\nSERVER/);
    expect((await watched('--once')).printed).toMatch(/^cluster test .*\nSERVER/);
    expect(screen.pictures).toEqual([]);
  });

  it('prints one look as one line of JSON', async () => {
    const { printed } = await watched('--once', '--json', '--sort', 'name');
    expect(faultsOf('top', printed)).toEqual([]);
    const { status } = JSON.parse(printed) as { status: { servers: { id: string }[] } };
    expect(status.servers.map(({ id }) => id)).toEqual(['s1', 's2']);
  });

  it('refuses an order and an interval that there is not', async () => {
    expect((await watched('--sort', 'age')).said).toContain('one of peak, name');
    expect((await watched('--interval', '0')).exit).toBe(64);
  });
});
