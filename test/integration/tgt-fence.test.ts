import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Attachments } from '../../agent/attachments.js';
import { attachmentsOf } from '../../cli/services/attachments.js';
import { SystemClock } from '../../core/clock/system.js';
import type { Log } from '../../core/log.js';
import { SILENT_LOG } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { TestCluster } from '../support/cluster.js';
import { describeWith } from '../support/installed.js';
import type { Outcome } from '../support/iscsi/initiator.js';
import { Initiator, tenBytes } from '../support/iscsi/initiator.js';
import { r, s } from '../support/names.js';
import { RecordingLog } from '../support/recording-log.js';
import { Tgt, madeImage } from '../support/tgt.js';
import { thisMachine } from '../../demo/this-machine.js';
import { untilWithin } from '../support/until.js';

/* The agents of two real tgtd let each have only the targets of what it owns: what is sent to the former server late is not carried out. */

const NAME = 'iqn.2001-04.test:vol1';
const MOVES = 10;
const GOOD = 0;
const until = untilWithin(10_000);

describeWith(Tgt.program)('targets that follow what is owned', () => {
  const clock = new SystemClock();
  const net = new NodeNet(clock, thisMachine());
  const servers: Tgt[] = [];
  const initiators: Initiator[] = [];
  let folder = '';
  let image = '';
  let isOver = false;

  beforeEach(async () => {
    isOver = false;
    folder = await mkdtemp(join(tmpdir(), 'foreshift-tgt-fence-'));
    image = await madeImage(join(folder, 'image'), 16 << 20);
  });

  afterEach(async () => {
    isOver = true;
    for (const initiator of initiators.splice(0)) initiator.close();
    for (const server of servers.splice(0)) await server.dispose();
    await rm(folder, { recursive: true });
  });

  async function started(): Promise<Tgt> {
    const server = await Tgt.start();
    servers.push(server);
    return server;
  }

  /** Of `vol-1`, for a server. */
  async function driverOf(
    server: Tgt,
    {
      log = SILENT_LOG,
      socket = server.socket,
      timeoutMs = 4000,
    }: { log?: Log; socket?: string; timeoutMs?: number } = {},
  ): Promise<Attachments> {
    const targets = join(server.folder, 'targets');
    await mkdir(targets, { recursive: true });
    const text = `<target ${NAME}>\n  backing-store ${image}\n</target>\n`;
    await writeFile(join(targets, 'vol-1.target'), text);
    return attachmentsOf(
      { kind: 'tgt', targets, controlPort: 0, socket, timeoutMs },
      { server: s('s1'), forward: server.at },
      { net, clock, log },
    );
  }

  /** Undefined: it is not let in. */
  async function loggedIn(server: Tgt): Promise<Initiator | undefined> {
    const initiator = new Initiator(net, server.at);
    initiators.push(initiator);
    if ((await initiator.login(NAME)) !== 0 || (await ready(initiator)) !== GOOD) return undefined;
    return initiator;
  }

  async function entered(server: Tgt): Promise<Initiator> {
    const initiator = await loggedIn(server);
    if (initiator === undefined) throw new Error('not let in');
    return initiator;
  }

  it('end what was begun on a connection from before, and let in nobody, move after move', async () => {
    const cluster = new TestCluster();
    await cluster.start();
    const [one, two] = [await started(), await started()];
    for (const [name, server] of Object.entries({ s1: one, s2: two })) {
      await cluster.addForeignServer({
        ...{ name, resources: ['vol-1'], port: server.at.port, fence: 'attachment' },
        attachments: await driverOf(server),
      });
    }
    await cluster.addRedirector('r1');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === 2);
    expect(await cluster.switchTo([['vol-1', 's1']])).toBe('applied');
    expect([await one.targets(), await two.targets()]).toEqual([[NAME], []]);
    let [source, target] = [one, two];
    for (let move = 0; move < MOVES; move++) {
      const held = await entered(source);
      const idle = await entered(source);
      const early = randomBytes(512);
      expect(await written(held, 0, early)).toMatchObject({ status: GOOD });
      const rest = await begunWrite(held, 0, randomBytes(512));
      expect(rest).toBeDefined();
      expect(await cluster.switchTo([['vol-1', target === two ? 's2' : 's1']])).toBe('applied');
      expect(await source.targets()).toEqual([]);
      expect(await rest?.()).toBeUndefined();
      expect(await written(held, 0, randomBytes(512))).toBeUndefined();
      expect(await written(idle, 0, randomBytes(512))).toBeUndefined();
      expect(await got(idle, 0)).toBeUndefined();
      expect(await loggedIn(source)).toBeUndefined();
      const there = await entered(target);
      expect((await got(there, 0))?.data).toEqual(early);
      [source, target] = [target, source];
    }
    await cluster.stop();
  });

  it('have carried out nothing more once they are released, under clients that write as fast as they can and log in again', async () => {
    const server = await started();
    const driver = await driverOf(server);
    expect(await driver.begin([r('vol-1')])).toBe(true);
    const work = { written: 0, refused: 0 };
    const writing = async (initiator: Initiator, nth: number): Promise<void> => {
      for (let block = 0; !isOver; block = (block + 1) % 128) {
        const answer = await written(initiator, nth * 128 + block, randomBytes(512));
        if (answer?.status !== GOOD) return;
        work.written += 1;
      }
    };
    const clients = Array.from({ length: 4 }, async (_, nth) => {
      while (!isOver) {
        const initiator = await loggedIn(server);
        if (initiator === undefined) work.refused += 1;
        else await writing(initiator, nth);
        await clock.sleep(1);
      }
    });
    for (let round = 0; round < 5; round++) {
      const { written } = work;
      await until('they write', () => work.written > written + 50);
      expect(await driver.release(r('vol-1'))).toBe(true);
      const after = await hashOf(image);
      const { refused } = work;
      await until('they have tried', () => work.refused > refused + 8);
      expect(await hashOf(image)).toBe(after);
      expect(await driver.take(r('vol-1'))).toBe(true);
    }
    isOver = true;
    await Promise.all(clients);
  });

  it('are there in a tgtd that starts later, by what the agent wrote down', async () => {
    const server = await started();
    const driver = await driverOf(server);
    expect(await driver.take(r('vol-1'))).toBe(true);
    const before = await server.admin('--mode', 'target', '--op', 'show');
    await server.restart();
    expect(await server.targets()).toEqual([]);
    const owned = join(server.folder, 'targets', 'owned.conf');
    const env = { ...process.env, ...server.environment };
    await promisify(execFile)('tgt-admin', ['--execute', '--conf', owned], { env });
    expect(await server.admin('--mode', 'target', '--op', 'show')).toBe(before);
    // It is what the agent would make, so that nobody's session ends for it.
    const held = await entered(server);
    expect(await driver.take(r('vol-1'))).toBe(true);
    expect(await got(held, 0)).toMatchObject({ status: GOOD });
    expect(await driver.release(r('vol-1'))).toBe(true);
    await promisify(execFile)('tgt-admin', ['--execute', '--conf', owned], { env });
    expect(await server.targets()).toEqual([]);
  });

  it('are not taken for released while tgtd hangs, is away, or was never there', async () => {
    const server = await started();
    const log = new RecordingLog();
    const driver = await driverOf(server, { log, timeoutMs: 300 });
    expect(await driver.begin([r('vol-1')])).toBe(true);
    const held = await entered(server);
    server.pause();
    expect(await driver.release(r('vol-1'))).toBe(false);
    server.goOn();
    expect(await driver.release(r('vol-1'))).toBe(true);
    expect(await written(held, 0, randomBytes(512))).toBeUndefined();
    expect(await driver.take(r('vol-1'))).toBe(true);
    await server.kill();
    expect(await driver.release(r('vol-1'))).toBe(false);
    const without = await driverOf(server, { log, socket: '/nowhere', timeoutMs: 300 });
    expect(await without.begin([])).toBe(false);
    const codes = log.said.map(({ fields }) => (fields as { err?: { code?: string } }).err?.code);
    expect(codes).toEqual(['ERR_CALL_AMBIGUOUS', 'ERR_CALL_REFUSED', 'ERR_CALL_REFUSED']);
  });
});

/** A new nexus hears first that it is one. */
async function ready(initiator: Initiator): Promise<number | undefined> {
  await initiator.run(Buffer.alloc(16));
  return (await initiator.run(Buffer.alloc(16)))?.status;
}

function got(initiator: Initiator, block: number): Promise<Outcome | undefined> {
  return initiator.run(tenBytes(0x28, block, 1), { readBytes: 512 });
}

/** The server asks for the data before it gets them. */
function written(initiator: Initiator, block: number, data: Buffer): Promise<Outcome | undefined> {
  return initiator.run(tenBytes(0x2a, block, 1), { written: data, immediateBytes: 0 });
}

/** Until the server waits for the data, which the function returned sends. Undefined: it did not come so far. */
function begunWrite(
  initiator: Initiator,
  block: number,
  data: Buffer,
): Promise<(() => Promise<Outcome | undefined>) | undefined> {
  return new Promise((resolve) => {
    const asked = (send: () => void): void => {
      resolve(() => {
        send();
        return outcome;
      });
    };
    const how = { written: data, immediateBytes: 0, asked };
    const outcome = initiator.run(tenBytes(0x2a, block, 1), how);
    void outcome.then(() => {
      resolve(undefined);
    });
  });
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
