import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Status } from '../../api/contract/status.js';
import { ApiClient } from '../../cli/api-client.js';
import { productFolder } from '../../cli/product.js';
import type { Compose, ComposeService } from '../support/compose.js';
import { onFreePorts, readCompose } from '../support/compose.js';
import { describeWith } from '../support/installed.js';
import { PATIENCE, untilWithin } from '../support/until.js';

/*
 * The services of compose.yaml as processes of this machine: their commands, environment, config and health checks, word for word but
 * for the ports (`onFreePorts`), and for what an image would give: its entrypoint, a working directory and a place for data.
 */

const VARIABLES = {
  FORESHIFT_SECRET: 'a secret of a test of compose',
  FORESHIFT_REDIS_PASSWORD: 'a-password-of-a-test',
};
/** What the image of InfluxDB runs. */
const INFLUX_COMMAND = ['influxd'];
const until = untilWithin(60_000, { pauseMs: 100 });

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly said: () => string;
}

describeWith('influxd')('what compose.yaml starts', () => {
  const running = new Map<string, Running>();
  let folder = '';
  let compose: Compose;
  let moved: Promise<string> | undefined;
  let entrypoint: readonly string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-compose-'));
    compose = await read();
    const dockerfile = await readFile(`${productFolder}Dockerfile`, 'utf8');
    entrypoint = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]') as string[];
  });

  afterAll(async () => {
    for (const { child } of running.values()) child.kill('SIGKILL');
    for (const { ended } of running.values()) await ended;
    await rm(folder, { recursive: true });
  });

  /** @param variables more of them; the ports are always the same */
  function read(variables: Readonly<Record<string, string>> = {}): Promise<Compose> {
    return readCompose({ ...VARIABLES, ...variables }, (text) => (moved ??= onFreePorts(text)));
  }

  async function start(name: string): Promise<void> {
    const service = compose.services[name];
    if (service === undefined) throw new Error(`${name} is no service`);
    const cwd = join(folder, name);
    await mkdir(cwd, { recursive: true });
    for (const { source, target } of service.configs ?? []) {
      await writeFile(join(cwd, basename(target)), compose.configs[source]?.content ?? '');
    }
    const [program = '', ...args] = commandOf(service);
    const child = spawn(program, args, { cwd, env: environmentOf(service, cwd) });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-5000)));
    }
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    running.set(name, { child, ended, said: () => said });
  }

  function commandOf({ image, command = INFLUX_COMMAND }: ComposeService): string[] {
    if (image !== 'foreshift') return [...command];
    const own = entrypoint.map((word) => word.replace(/^\/app\//, productFolder));
    return [...own, ...command];
  }

  function environmentOf({ environment = {} }: ComposeService, cwd: string): NodeJS.ProcessEnv {
    const places = {
      INFLUXDB_META_DIR: join(cwd, 'meta'),
      INFLUXDB_DATA_DIR: join(cwd, 'data'),
      INFLUXDB_DATA_WAL_DIR: join(cwd, 'wal'),
    };
    return { PATH: process.env.PATH, HOME: cwd, ...places, ...environment };
  }

  async function healthy(name: string): Promise<void> {
    const service = compose.services[name];
    const [, program = '', ...args] = service?.healthcheck?.test ?? [];
    await until(`${name} is healthy`, () => {
      const { child, said } = running.get(name)!;
      if (child.exitCode !== null) throw new Error(`${name} ended: ${said()}`);
      const env = { PATH: process.env.PATH, ...service?.environment };
      const check = spawn(program, args, { env, stdio: 'ignore' });
      return new Promise((resolve, reject) => {
        check.once('error', reject);
        check.once('close', (exit) => {
          resolve(exit === 0);
        });
      });
    });
  }

  async function begin(names: readonly string[]): Promise<void> {
    await Promise.all(names.map(start));
    await Promise.all(names.map(healthy));
  }

  /** Of those that are always started. */
  function namesOf(isOurs: boolean): string[] {
    const always = Object.entries(compose.services).filter(([, { profiles }]) => !profiles);
    const wanted = always.filter(([, { image }]) => (image === 'foreshift') === isOurs);
    return wanted.map(([name]) => name);
  }

  const statusOf = (): Promise<Status> => {
    const url = /page and API +(\S+)/.exec(running.get('api')!.said())?.[1] ?? '';
    return new ApiClient(url).get<Status>('/v1/status');
  };

  async function stop(names: readonly string[]): Promise<void> {
    for (const name of names) running.get(name)?.child.kill('SIGTERM');
    const startedMs = performance.now();
    for (const name of names) {
      const { ended, said } = running.get(name)!;
      expect([name, await ended, said()]).toEqual([name, 0, expect.any(String)]);
    }
    const grace = compose.services.api?.stop_grace_period ?? '';
    expect(performance.now() - startedMs).toBeLessThan(1000 * Number.parseInt(grace));
  }

  it(
    'is healthy by its own checks, and one service; told to stop it ends well',
    async () => {
      expect(namesOf(true)).toHaveLength(5);
      await begin(namesOf(false));
      await begin(namesOf(true));
      await until('both redirectors are members', async () => {
        const ids = (await statusOf()).redirectors.map(({ id }) => id);
        return ids.sort().join() === 'r1,r2';
      });
      await stop(namesOf(true));
    },
    PATIENCE * 180_000,
  );

  it(
    'has servers and requests with the profile `demo`, of which nothing fails',
    async () => {
      compose = await read({ FORESHIFT_CONFIG: 'demo' });
      await begin(namesOf(true));
      await begin(['demo']);
      const demo = running.get('demo')!;
      await until('its clients have begun', () => demo.said().includes('Ctrl-C ends it'));
      const begunAtMs = Date.now();
      await until('every server is there, and load is forecast', async () => {
        const { servers, forecast } = await statusOf();
        return servers.length === 4 && (forecast?.madeAtMs ?? 0) > begunAtMs;
      });
      // Its exit code is what its clients and servers say: nothing failed, was lost or ran twice.
      await stop(['demo']);
      expect(demo.said()).toMatch(/answered [1-9]\d*, failed 0, lost 0, doubled 0/);
      await stop(namesOf(true));
    },
    PATIENCE * 180_000,
  );
});
