import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Address } from '../../core/domain.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeNet } from '../../core/net/node.js';
import { freePort } from '../../demo/free-port.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { describeWith } from '../support/installed.js';
import { Initiator } from '../support/iscsi/initiator.js';
import { Tgt, madeImage } from '../support/tgt.js';
import { thisMachine } from '../../demo/this-machine.js';
import { untilWithin } from '../support/until.js';

/* `foreshift up` in front of two real tgtd that ask who it is, each by another secret, which `foreshift credential set` keeps. */

const until = untilWithin(60_000);
const env = { FORESHIFT_SECRET: 'the secret of a test of secrets' };
const TARGET = 'iqn.2026-01.test:vol';
const SECRETS = { s1: 'what only s1 and we know', s2: 'what only s2 and we know' } as const;
const NAMES = ['s1', 's2'] as const;
/** Of a secret that is kept, to a redirector; and some time. */
const KNOWN_AFTER_MS = 6000;

describeWith('tgtd')('iSCSI servers that ask for CHAP, as it is run', () => {
  const clock = new SystemClock();
  const net = new NodeNet(clock, thisMachine());
  const servers = new Map<string, Tgt>();
  let folder = '';
  let at: Address;
  let up: RunningUp;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-chap-up-'));
    const image = await madeImage(join(folder, 'image'), 16 << 20);
    for (const name of NAMES) {
      const account = { user: `redirector-${name}`, password: SECRETS[name] };
      servers.set(name, await Tgt.start([{ name: TARGET, units: [{ image }], account }]));
    }
    at = { host: '127.0.0.1', port: await freePort() };
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'mode: auto',
        `api: { listen: "127.0.0.1:${await freePort()}" }`,
        'health: { listen: "127.0.0.1:0" }',
        `agents: { listen: "127.0.0.1:${await freePort()}" }`,
        `listeners: [{ listen: "127.0.0.1:${at.port}", protocol: iscsi }]`,
        'iscsi:',
        `  targets: [{ name: "${TARGET}", resource: vol-1 }]`,
        '  serverLogins:',
        '    - { match: s1, chap: { user: redirector-s1 } }',
        '    - { match: s2, target: "*:vol", chap: { user: redirector-s2 } }',
        'servers:',
        ...NAMES.map(
          (name) => `  - { id: ${name}, address: "127.0.0.1:${servers.get(name)?.at.port ?? 0}" }`,
        ),
        'resources: { names: [vol-1] }',
        'redirector: { healthCheckMs: 200, stopWaitMs: 0 }',
        '',
      ].join('\n'),
    );
    up = await RunningUp.start(folder, env);
  });

  afterAll(async () => {
    await up.stop();
    for (const server of servers.values()) await server.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function isServed(): Promise<boolean> {
    const initiator = new Initiator(net, at);
    try {
      if ((await initiator.login(TARGET)) !== 0) return false;
      return (await initiator.read(0, 8))?.length === 4096;
    } finally {
      initiator.close();
    }
  }

  async function having(): Promise<string[]> {
    const has = await Promise.all(
      NAMES.map(async (name) => (await servers.get(name)?.sessions(TARGET))?.length !== 0),
    );
    return NAMES.filter((_, nth) => has[nth]);
  }

  function faults(): { readonly message: string; readonly remedy: string }[] {
    return up.log.flatMap(({ err, remedy = '' }) =>
      err?.code === 'ERR_SERVER_LOGIN' ? [{ message: err.message, remedy }] : [],
    );
  }

  it('are not used without their secrets, with a word what to do; then they are, each by its own, without a restart', async () => {
    await until('the log says why nobody is served', async () => {
      expect(await isServed()).toBe(false);
      return faults().length > 0;
    });
    expect(faults()[0]?.message).toMatch(/^the redirector cannot log in at s[12] to iqn/);
    expect(faults()[0]?.remedy).toMatch(
      /`foreshift credential set redirector-s[12] --kind server-chap`/,
    );
    for (const name of NAMES) {
      const file = join(folder, `secret-of-${name}`);
      await writeFile(file, `${SECRETS[name]}\n`);
      const words = ['credential', 'set', `redirector-${name}`, '--kind', 'server-chap'];
      const ran = await foreshift([...words, '--secret-file', file], { cwd: folder, env });
      expect([ran.exit, ran.stderr]).toEqual([0, '']);
    }
    await until('it is served', isServed);
    // By then the other secret counts, too.
    await clock.sleep(KNOWN_AFTER_MS);
    const initiator = new Initiator(net, at);
    expect(await initiator.login(TARGET)).toBe(0);
    expect(await initiator.put(0, Buffer.alloc(4096, 7))).toBe(0);
    await until('only the client that stays is there', async () => (await having()).length === 1);
    const [source = ''] = await having();
    const drained = await foreshift(['drain', source], { cwd: folder, env });
    expect([drained.exit, drained.stderr]).toEqual([0, '']);
    await until('it has moved', async () => (await having()).join() === otherThan(source));
    expect((await initiator.read(0, 8))?.equals(Buffer.alloc(4096, 7))).toBe(true);
    expect(initiator.faults).toEqual([]);
    initiator.close();
    const said = JSON.stringify(up.log);
    for (const secret of Object.values(SECRETS)) expect(said).not.toContain(secret);
  });
});

function otherThan(server: string): string {
  return NAMES.find((name) => name !== server) ?? '';
}
