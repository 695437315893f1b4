import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TgtdRequest } from '../../agent/tgtd-protocol.js';
import { tgtdRequestBytes } from '../../agent/tgtd-protocol.js';
import { describeWith } from '../support/installed.js';

/* The agent speaks to tgtd without tgtadm: in its words, byte by byte, of whatever version is installed. */

const run = promisify(execFile);
const NAME = 'iqn.2001-04.test:vol1';

describeWith('tgtadm')('what tgtd is told', () => {
  let folder = '';
  let server: Server;
  /** By the last that connected. */
  let heard = Buffer.alloc(0);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-tgtadm-'));
    server = createServer((socket) => {
      heard = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        heard = Buffer.concat([heard, bytes]);
        // As tgtd says that it is done, once it has all that it was told of.
        const isWhole =
          heard.length >= 76 &&
          heard.length === new Uint32Array(heard.buffer, heard.byteOffset)[18];
        if (isWhole) socket.end(new Uint8Array(Uint32Array.of(0, 8).buffer));
      });
    });
    await new Promise<void>((resolve) => server.listen(join(folder, 'socket.7'), resolve));
  });

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it.each<[TgtdRequest, string]>([
    [{ mode: 'target', op: 'show' }, '--mode target --op show'],
    [
      { mode: 'target', op: 'new', tid: 300, said: [['targetname', NAME]] },
      `--mode target --op new --tid 300 --targetname ${NAME}`,
    ],
    [
      { mode: 'target', op: 'update', tid: 1, said: [['state', 'offline']] },
      '--mode target --op update --tid 1 --name state --value offline',
    ],
    [{ mode: 'target', op: 'delete', tid: 1 }, '--mode target --op delete --tid 1'],
    [
      { mode: 'target', op: 'bind', tid: 1, said: [['initiator-address', '10.0.0.0/24']] },
      '--mode target --op bind --tid 1 --initiator-address 10.0.0.0/24',
    ],
    [
      { mode: 'target', op: 'unbind', tid: 1, said: [['initiator-name', NAME]] },
      `--mode target --op unbind --tid 1 --initiator-name ${NAME}`,
    ],
    [
      { mode: 'conn', op: 'delete', tid: 1, sid: 65_536, cid: 3 },
      '--mode conn --op delete --tid 1 --sid 65536 --cid 3',
    ],
    [
      { mode: 'logicalunit', op: 'new', tid: 1, lun: 255, said: [['path', '/srv/one']] },
      '--mode logicalunit --op new --tid 1 --lun 255 --backing-store /srv/one',
    ],
    [
      {
        ...{ mode: 'logicalunit', op: 'new', tid: 1, lun: 1 },
        said: [
          ['path', '/srv/one'],
          ['bstype', 'aio'],
          ['bsoflags', 'sync:direct'],
        ],
      },
      '--mode logicalunit --op new --tid 1 --lun 1 --backing-store /srv/one --bstype aio --bsoflags sync:direct',
    ],
    [
      {
        ...{ mode: 'logicalunit', op: 'update', tid: 1, lun: 1 },
        params: [
          ['scsi_id', 'one'],
          ['mode_page', '8:0:18'],
        ],
      },
      '--mode logicalunit --op update --tid 1 --lun 1 --params scsi_id=one,mode_page=8:0:18',
    ],
  ])('is what tgtadm says: %j', async (request, said) => {
    const env = { ...process.env, TGT_IPC_SOCKET: join(folder, 'socket') };
    await run('tgtadm', ['-C', '7', '--lld', 'iscsi', ...said.split(' ')], { env });
    expect(Buffer.from(tgtdRequestBytes(request)).toString('hex')).toBe(heard.toString('hex'));
  });
});
