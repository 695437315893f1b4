import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWith } from '../support/installed.js';
import { Tgt, madeImage } from '../support/tgt.js';
import { untilWithin } from '../support/until.js';

/* That the iSCSI servers of tests are what tests believe of them. */

const run = promisify(execFile);
const until = untilWithin(10_000);
const NAME = 'iqn.2001-04.test:vol1';

describeWith(Tgt.program)('a tgtd of a test', () => {
  let folder = '';
  let image = '';
  const servers: Tgt[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-tgt-test-'));
    image = await madeImage(join(folder, 'image'), 16 << 20);
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.dispose();
    await rm(folder, { recursive: true });
  });

  async function started(...targets: Parameters<typeof Tgt.start>): Promise<Tgt> {
    const server = await Tgt.start(...targets);
    servers.push(server);
    return server;
  }

  async function io(server: Tgt, command: string): Promise<string> {
    const { stdout } = await run('qemu-io', ['-f', 'raw', '-c', command, server.url(NAME)]);
    return stdout;
  }

  async function page(server: Tgt, code: string): Promise<string> {
    const { stdout } = await run('iscsi-inq', ['-e', '1', '-c', code, server.url(NAME)]);
    return stdout;
  }

  it('shares an image with another, as one unit or as two', async () => {
    const one = await started([{ name: NAME, units: [{ image, identity: 'unit-1' }] }]);
    const same = await started([
      { name: 'iqn.2001-04.test:before', units: [] },
      { name: NAME, units: [{ image, identity: 'unit-1' }] },
    ]);
    const other = await started([{ name: NAME, units: [{ image, identity: 'unit-2' }] }]);
    await io(one, 'write -P 0x5a 4096 8192');
    for (const server of [same, other]) {
      expect(await io(server, 'read -P 0x5a 4096 8192')).toContain('read 8192/8192 bytes');
    }
    // Its serial number; its identification.
    for (const code of ['128', '131']) {
      expect(await page(same, code)).toBe(await page(one, code));
      expect(await page(other, code)).not.toBe(await page(one, code));
    }
  });

  it('lists sessions as long as they last, and lets in only who may', async () => {
    const account = { user: 'someone', password: 'a long secret' };
    const server = await started([
      { name: NAME, units: [{ image }] },
      { name: 'iqn.2001-04.test:guarded', units: [{ image }], account },
    ]);
    expect(await server.sessions(NAME)).toEqual([]);
    const client = spawn('qemu-io', ['-f', 'raw', server.url(NAME)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = new Promise((resolve) => client.once('exit', resolve));
    await until('it is there', async () => (await server.sessions(NAME)).length === 1);
    expect(await server.sessions(NAME)).toMatchObject([{ id: 1, hosts: ['127.0.0.1'] }]);
    client.stdin.end();
    await ended;
    await until('it is gone', async () => (await server.sessions(NAME)).length === 0);
    const guarded = server.url('iqn.2001-04.test:guarded');
    await expect(run('iscsi-inq', [guarded])).rejects.toThrow();
    const { user, password } = account;
    await run('iscsi-inq', [guarded.replace('//', `//${user}%${password}@`)]);
  });

  it('is there again after a kill, with what it was given', async () => {
    const server = await started([{ name: NAME, units: [{ image }] }]);
    const { pid, at } = server;
    await server.admin(...'--mode target --op new --tid 9 -T iqn.2001-04.test:extra'.split(' '));
    expect(await server.targets()).toHaveLength(2);
    await server.restart();
    expect(server.at).toEqual(at);
    expect(server.pid).not.toBe(pid);
    expect(await server.targets()).toEqual([NAME]);
    await server.remove(NAME);
    expect(await server.targets()).toEqual([]);
    await server.stop();
  });

  it('is not taken for one that serves where somebody else has its port', async () => {
    const server = await started();
    await server.kill();
    const squatter = createServer();
    await new Promise<void>((resolve) =>
      squatter.listen(server.at.port, '127.0.0.1', () => {
        resolve();
      }),
    );
    expect((squatter.address() as AddressInfo).port).toBe(server.at.port);
    await expect(server.restart()).rejects.toThrow('was taken');
    await new Promise((resolve) => squatter.close(resolve));
  });
});
