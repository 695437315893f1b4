import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { HookAddressDriver } from '../../core/floating-address/hook.js';
import { LinuxAddressDriver } from '../../core/floating-address/linux.js';
import { SILENT_LOG } from '../../core/log.js';
import { untilWithin } from '../support/until.js';

/* Addresses moved by an operator's program, as it really runs. */

const ADDRESS = { ip: '10.0.0.10', prefixLength: 24, interface: 'eth7' };
const clock = new SystemClock();

describe('a program that moves addresses', () => {
  let folder = '';
  let said = '';

  async function driver(script: string, timeoutMs = 10_000): Promise<HookAddressDriver> {
    const file = join(folder, 'move.sh');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return new HookAddressDriver(clock, { command: [file, 'first; rm -rf $HOME'], timeoutMs });
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-address-'));
    said = join(folder, 'said');
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is told what to do in arguments that no shell reads, and to raise an address only once', async () => {
    const hook = await driver(`printf '%s|' "$@" >>${said}; echo >>${said}`);
    await hook.raise(ADDRESS);
    await hook.raise(ADDRESS);
    await hook.lower(ADDRESS);
    await hook.raise(ADDRESS);
    expect((await readFile(said, 'utf8')).trim().split('\n')).toEqual(
      ['up', 'down', 'up'].map((verb) => `first; rm -rf $HOME|${verb}|10.0.0.10/24|eth7|`),
    );
  });

  it('fails by its exit, with the first line of what it said', async () => {
    const hook = await driver('echo "no such network" >&2; echo more >&2; exit 3');
    await expect(hook.raise(ADDRESS)).rejects.toMatchObject({
      code: 'ERR_COMMAND_FAILED',
      facts: { why: 'exit 3: no such network' },
    });
  });

  it('is killed with all that it started when it takes too long', async () => {
    const pidFile = join(folder, 'pid');
    const hook = await driver(`sleep 1000 & echo $! >${pidFile}; wait`, 500);
    await expect(hook.lower(ADDRESS)).rejects.toMatchObject({
      code: 'ERR_COMMAND_FAILED',
      facts: { why: 'no end within 500 ms' },
    });
    const pid = Number(await readFile(pidFile, 'utf8'));
    await untilWithin(10_000)('its child is gone', async () => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
      return stat === undefined || stat.includes(' Z ');
    });
  });

  it('is said to be missing when it is, and nothing was done', async () => {
    const options = { command: [join(folder, 'absent')], timeoutMs: 1000 } as const;
    await expect(new HookAddressDriver(clock, options).raise(ADDRESS)).rejects.toMatchObject({
      code: 'ERR_COMMAND_MISSING',
    });
  });

  it('is no part of it where `ip` does it: an interface that is not there is said', async () => {
    const driver = new LinuxAddressDriver({ clock, log: SILENT_LOG }, { timeoutMs: 10_000 });
    await expect(
      driver.raise({ ...ADDRESS, interface: 'no-such-one' }, 10_000),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_COMMAND_(FAILED|MISSING)$/) });
    await driver.lower({ ...ADDRESS, interface: 'no-such-one' });
  });
});
