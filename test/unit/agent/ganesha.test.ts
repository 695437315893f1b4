import { describe, expect, it } from '@jest/globals';
import { GANESHA_DEFAULTS, Ganesha } from '../../../agent/ganesha.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { fail } from '../../../core/errors.js';
import { SILENT_LOG } from '../../../core/log.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { acceptedReply } from '../../../core/onc-rpc/message.js';
import { RecordReader, marked, wholeOf } from '../../../core/onc-rpc/record.js';
import { numberAt } from '../../../core/onc-rpc/xdr.js';
import { SeededRng } from '../../../core/rng.js';
import { r } from '../../support/names.js';
import { stepUntil } from '../../support/step-until.js';

const MOUNT = { host: 'server', port: 20_048 };

/** A server that exports what the file it includes says, some time after it was told to read it. */
class World {
  readonly clock = new SimulatedClock();
  readonly net = new SimulatedNet(this.clock, new SeededRng(1), { windowBytes: 10_000 });
  readonly disk = new MemoryDisk();
  readonly driver: Ganesha;
  exported: string[] = [];
  readsAfterMs = 100;
  isAway = false;

  constructor() {
    this.driver = new Ganesha(
      {
        ...{ net: this.net.host('agent'), clock: this.clock, log: SILENT_LOG, disk: this.disk },
        reload: () => {
          if (this.isAway) fail('ERR_SERVER_UNTOLD', { server: 's1', why: 'away' });
          this.clock.after(this.readsAfterMs, () => void this.#read());
          return Promise.resolve();
        },
      },
      { ...GANESHA_DEFAULTS, mount: MOUNT },
    );
  }

  async start(): Promise<void> {
    const block = (path: string): Buffer => Buffer.from(`EXPORT {\n  Path = "${path}";\n}\n`);
    await this.disk.replace('vol-1.export', block('/srv/one'));
    await this.disk.replace('vol-2.export', block('/srv/two'));
    await this.net.host('server').listen(MOUNT, (connection) => {
      const reader = new RecordReader();
      connection.handler = {
        opened: () => undefined,
        data: (bytes) => {
          reader.read(bytes, (record) => {
            const reply = acceptedReply(numberAt(wholeOf(record), 0));
            for (const path of this.exported)
              reply.bool(true).text(path).bool(true).text('*').bool(false);
            connection.write(marked(reply.bool(false).done()));
          });
        },
        drained: () => undefined,
        ended: () => undefined,
        closed: () => undefined,
      };
    });
  }

  async included(): Promise<string> {
    return Buffer.from((await this.disk.read('owned.conf')) ?? []).toString();
  }

  async #read(): Promise<void> {
    const text = await this.included();
    this.exported = [...text.matchAll(/Path = "([^"]*)"/g)].map(([, path = '']) => path);
  }

  of<Result>(promise: Promise<Result>): Promise<Result> {
    return stepUntil(this.clock, promise);
  }
}

async function started(): Promise<World> {
  const world = new World();
  await world.start();
  return world;
}

describe('exports of nfs-ganesha', () => {
  it('are those of what is owned, once the server says so itself', async () => {
    const world = await started();
    expect(await world.of(world.driver.begin([r('vol-2')]))).toBe(true);
    expect(world.exported).toEqual(['/srv/two']);
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(true);
    expect(world.exported).toEqual(['/srv/one', '/srv/two']);
    expect(await world.of(world.driver.release(r('vol-2')))).toBe(true);
    expect(world.exported).toEqual(['/srv/one']);
    expect(await world.included()).not.toContain('/srv/two');
  });

  it('are not given up as long as the server goes on with them', async () => {
    const world = await started();
    expect(await world.of(world.driver.begin([r('vol-1')]))).toBe(true);
    world.readsAfterMs = 60_000;
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(false);
    expect(world.exported).toEqual(['/srv/one']);
  });

  it('are not given up while a power cut would bring them back', async () => {
    const world = await started();
    expect(await world.of(world.driver.begin([]))).toBe(true);
    world.disk.failsToSync = true;
    // What is gained is known from elsewhere.
    expect(await world.of(world.driver.take(r('vol-1')))).toBe(true);
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(false);
    world.disk.failsToSync = false;
    expect(await world.of(world.driver.release(r('vol-1')))).toBe(true);
    expect(world.exported).toEqual([]);
  });

  it('are in doubt where the server cannot be told', async () => {
    const world = await started();
    world.isAway = true;
    expect(await world.of(world.driver.begin([r('vol-1')]))).toBe(false);
    // It finds what it is to export when it starts.
    expect(await world.included()).toContain('/srv/one');
  });

  it('follow one another: what was said last holds', async () => {
    const world = await started();
    const all = [
      world.driver.take(r('vol-1')),
      world.driver.release(r('vol-1')),
      world.driver.take(r('vol-2')),
    ];
    await world.of(Promise.all(all));
    await world.clock.advance(1000);
    expect(world.exported).toEqual(['/srv/two']);
  });
});
