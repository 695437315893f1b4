import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Address } from '../../core/domain.js';
import type { FioJob } from '../../demo/fio.js';
import { FIO, FioLateError, iscsiJob, nfsJob, runFio } from '../../demo/fio.js';
import { describeWith } from '../support/installed.js';

const WORK: FioJob = { rw: 'read', bs: '4k', size: '1m' };
const TIMEOUT_MS = 1000;

describeWith(FIO)('a fio that hangs', () => {
  let server: Server;
  let at: Address;
  let connection: Promise<unknown[]>;

  // It takes connections, and says nothing.
  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    connection = once(server, 'connection');
  });

  afterEach(() => void server.close());

  it.each([
    ['iSCSI', (to: Address) => iscsiJob(to, 'iqn.2026-01.test:vol')],
    ['NFS', (to: Address) => nfsJob(to, '/vol', 'file')],
  ])('over %s is killed whole: nobody keeps its connection', async (_, jobAt) => {
    const running = runFio({ ...jobAt(at), ...WORK }, TIMEOUT_MS);
    const late = expect(running).rejects.toThrow(FioLateError);
    const [socket] = (await connection) as [Socket];
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined).resume();
    await late;
    await closed;
  });
});
