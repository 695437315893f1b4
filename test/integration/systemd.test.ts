import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { ROLES } from '../../cli/services/services.js';
import { SystemClock } from '../../core/clock/system.js';
import { RunningUp } from '../support/foreshift.js';
import { describeWith, itWith } from '../support/installed.js';
import { NotifySocket } from '../support/notify-socket.js';
import { untilWithin } from '../support/until.js';

/* What systemd hears of a service (sd_notify), and its units, as far as can be looked at without being run by it. */

const clock = new SystemClock();
const until = untilWithin(30_000);
const CONFIG = [
  'api: { listen: "127.0.0.1:0" }',
  'health: { listen: "127.0.0.1:0" }',
  'agents: { listen: "127.0.0.1:0" }',
  'redirector: { stopWaitMs: 0 }',
  '',
].join('\n');

describeWith('systemd-notify')('a supervised service', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-systemd-'));
    await writeFile(join(folder, 'foreshift.yaml'), CONFIG);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  itWith('python3')(
    'says when it is ready, when it reads its config again, when it stops, and in between that it lives',
    async () => {
      const socket = await NotifySocket.open();
      const up = await RunningUp.start(folder, {
        NOTIFY_SOCKET: socket.path,
        WATCHDOG_USEC: '400000',
      });
      const pid = `MAINPID=${up.pid}`;
      await until('it is ready', () => socket.withLine('READY=1').length > 0);
      expect(socket.heard[0]).toEqual(
        expect.arrayContaining(['READY=1', pid, expect.stringMatching(/^STATUS=redirector, /)]),
      );
      await until('it lives', () => socket.withLine('WATCHDOG=1').length >= 3);
      up.hangUp();
      await until('it is ready again', () => socket.withLine('READY=1').length > 1);
      // An event loop that does not turn says nothing.
      up.pause();
      await clock.sleep(500);
      const before = socket.withLine('WATCHDOG=1').length;
      await clock.sleep(1000);
      expect(socket.withLine('WATCHDOG=1')).toHaveLength(before);
      up.goOn();
      await until('it lives again', () => socket.withLine('WATCHDOG=1').length > before);
      expect(await up.stop()).toBe(0);
      expect(socket.withLine('STOPPING=1')).toHaveLength(1);
      const states = socket.heard
        .flat()
        .filter((line) => /^(READY|RELOADING|STOPPING)=/.test(line));
      expect(states).toEqual(['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
      await socket.close();
    },
  );

  itWith('python3')('is heard where nobody confirms that a message was read', async () => {
    const socket = await NotifySocket.open(false);
    const up = await RunningUp.start(folder, { NOTIFY_SOCKET: socket.path });
    await until('it is ready', () => socket.withLine('READY=1').length > 0);
    expect(await up.stop()).toBe(0);
    expect(socket.withLine('STOPPING=1')).toHaveLength(1);
    await socket.close();
  });

  it('serves without systemd-notify, and says once that nobody can be told', async () => {
    const up = await RunningUp.start(folder, {
      NOTIFY_SOCKET: '/nowhere',
      WATCHDOG_USEC: '100000',
      PATH: '/nowhere',
    });
    await clock.sleep(500);
    const said = up.log.filter(({ msg }) => msg === 'supervisor cannot be told');
    expect(said).toHaveLength(1);
    expect(await up.stop()).toBe(0);
  });
});

describeWith('systemd-analyze')('the units', () => {
  it.each(['foreshift.service', ...ROLES.map((role) => `foreshift@${role}.service`)])(
    '%s is what systemd understands',
    async (name) => {
      const folder = await mkdtemp(join(tmpdir(), 'foreshift-units-'));
      const source = name.replace(/@.*\./, '@.');
      const unit = await readFile(`${productFolder}packaging/${source}`, 'utf8');
      // Its program is not installed here.
      await writeFile(join(folder, source), unit.replace('/usr/bin/foreshift', process.execPath));
      const ran = spawnSync('systemd-analyze', ['verify', join(folder, name)], {
        encoding: 'utf8',
      });
      await rm(folder, { recursive: true });
      expect([ran.stdout + ran.stderr, ran.status]).toEqual(['', 0]);
      expect(unit).toMatch(/^Type=notify$/m);
      expect(unit).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
    },
  );
});
