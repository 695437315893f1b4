import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Status } from '../../api/contract/status.js';
import type { Certificate } from '../../core/net/tls/server-tls.js';
import { Authority } from '../support/certificates.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { untilWithin } from '../support/until.js';

/* The API as it stands beyond loopback: with a login and a certificate. */

const authority = new Authority();
const until = untilWithin(30_000);
let folder: string;
let up: RunningUp;

async function put({ chain, key }: Certificate): Promise<void> {
  await writeFile(join(folder, 'api.key'), key);
  await writeFile(join(folder, 'api.pem'), chain);
}

async function configure(revoked: readonly string[]): Promise<void> {
  const config = {
    api: {
      listen: '0.0.0.0:0',
      login: 'token',
      revoked,
      tls: { certificateFile: 'api.pem', keyFile: 'api.key' },
    },
    health: { listen: '127.0.0.1:0' },
    agents: { listen: '127.0.0.1:0' },
    listeners: [{ listen: '127.0.0.1:0' }],
  };
  await writeFile(join(folder, 'foreshift.yaml'), JSON.stringify(config));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-login-'));
  await writeFile(join(folder, 'ca.pem'), authority.certificate);
  await put(authority.issue(['127.0.0.1']));
  await configure([]);
  up = await RunningUp.start(folder);
});

afterAll(async () => {
  await up.stop();
  await rm(folder, { recursive: true, force: true });
});

const api = () => `https://127.0.0.1:${up.ready.api.split(':').at(-1) ?? ''}`;

async function tokenOf(name: string, role: string): Promise<string> {
  const { stdout } = await foreshift(['token', name, '--role', role], { cwd: folder });
  return stdout.trim();
}

function run(token: string, ...args: readonly string[]) {
  const env = { FORESHIFT_TOKEN: token, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  return foreshift([...args, '--api', api(), '--json'], { cwd: folder, env });
}

const errorIn = ({ stdout }: { readonly stdout: string }) =>
  (JSON.parse(stdout) as { readonly error: { readonly code: string; readonly message: string } })
    .error;

describe('an API beyond loopback', () => {
  it('lets a viewer look and an operator decide, each by the token of its name', async () => {
    const [viewer, operator] = [await tokenOf('vic', 'viewer'), await tokenOf('ann', 'operator')];
    const seen = await run(viewer, 'status');
    expect({ exit: seen.exit, mode: (JSON.parse(seen.stdout) as Status).mode }).toEqual({
      exit: 0,
      mode: 'propose',
    });
    const refused = await run(viewer, 'pause');
    expect({ exit: refused.exit, code: errorIn(refused).code }).toEqual({
      exit: 3,
      code: 'ERR_ROLE_NEEDED',
    });
    expect((await run(operator, 'pause')).exit).toBe(0);
    const paused = JSON.parse((await run(viewer, 'status')).stdout) as Status;
    expect(paused.paused).toMatchObject({ by: 'ann' });
    expect((await run(operator, 'resume')).exit).toBe(0);
  });

  it('answers nobody else, and says why', async () => {
    const unknown = await run('', 'status');
    expect({ exit: unknown.exit, code: errorIn(unknown).code }).toEqual({
      exit: 3,
      code: 'ERR_LOGIN_NEEDED',
    });
    const untrusting = await foreshift(['status', '--api', api(), '--json'], { cwd: folder });
    expect(errorIn(untrusting)).toMatchObject({
      code: 'ERR_API_UNREACHABLE',
      message: expect.stringMatching(/certificate|signed/),
    });
  });

  it('takes no token of a name that a reload revokes', async () => {
    const token = await tokenOf('bob', 'operator');
    await writeFile(join(folder, 'token'), `${token}\n`);
    const file = ['status', '--api-token-file', 'token'];
    expect((await run('', ...file)).exit).toBe(0);
    await configure(['bob']);
    up.hangUp();
    await until('bob is revoked', async () => (await run('', ...file)).exit === 3);
    expect(errorIn(await run('', ...file)).message).toContain('revoked');
  });

  it('shows another certificate once its files are others', async () => {
    const port = Number(up.ready.api.split(':').at(-1));
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        }).on('error', reject);
      });
    const before = await shown();
    await put(authority.issue(['127.0.0.1', 'api.example']));
    await until('the other one is shown', async () => (await shown()) !== before);
  });
});
