import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Status } from '../../api/contract/status.js';
import { ApiClient } from '../../cli/api-client.js';
import type { Finding } from '../../cli/doctor/finding.js';
import { Authority } from '../support/certificates.js';
import { FakeInflux } from '../support/fake-influx.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { influxStore } from '../support/influx-store.js';
import { InfluxServer } from '../support/influx-server.js';
import { itWith } from '../support/installed.js';
import { resourceSeries, sample } from '../support/series.js';
import { TlsFront } from '../support/tls-front.js';
import { untilWithin } from '../support/until.js';

/* An InfluxDB behind TLS: it is spoken to only if it proves who it is. */

const until = untilWithin(60_000, { pauseMs: 100 });
const authority = new Authority();

describe('an InfluxDB behind TLS', () => {
  const itWithInflux = itWith(InfluxServer.program);
  let folder: string;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-influx-tls-'));
    const file = join(folder, 'ca.pem');
    await writeFile(file, authority.certificate);
    environment = { NODE_EXTRA_CA_CERTS: file, FORESHIFT_INFLUX_PASSWORD: 'secret' };
  });

  /** Of what a test began: the last first. */
  const closing: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  afterAll(() => rm(folder, { recursive: true }));

  /** TLS in front of it, with a certificate for that name. */
  async function frontOf(url: string, name: string): Promise<TlsFront> {
    const front = await TlsFront.start(url, authority.issue([name]));
    closing.push(() => front.stop());
    return front;
  }

  async function frontOfFake(name: string): Promise<TlsFront> {
    const fake = await FakeInflux.start();
    closing.push(() => fake.dispose());
    return frontOf(fake.url, name);
  }

  async function configure(url: string, ...more: string[]): Promise<void> {
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'log: { level: silent }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        'agents: { listen: "127.0.0.1:0" }',
        'listeners: [{ listen: "127.0.0.1:0" }]',
        `metricStore: { engine: influx, influx: { url: "${url}", username: admin } }`,
        ...more,
        '',
      ].join('\n'),
    );
  }

  /** What the doctor says of InfluxDB. */
  async function doctor(env = environment): Promise<(readonly [string, string])[]> {
    const { stdout } = await foreshift(['doctor', '--json'], { cwd: folder, env });
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return findings.flatMap(({ what, level, says }) =>
      what.startsWith('influxdb') ? [[`${level} ${what}`, says] as const] : [],
    );
  }

  for (const name of ['127.0.0.1', 'localhost']) {
    itWithInflux(
      `is set up, written and read as ${name}, by an authority of the operator’s`,
      async () => {
        const influx = await InfluxServer.start();
        closing.push(() => influx.dispose());
        const front = await frontOf(influx.url, name);
        await configure(
          `https://${name}:${front.port}`,
          // Nobody asks anything of it: it is well as long as it takes connections.
          `servers: [{ id: s1, address: "127.0.0.1:${front.port}", capacity: { hits: 100 } }]`,
          'resources: { names: [vol-1] }',
          'collector: { everyMs: 500, timeoutMs: 400 }',
        );
        const up = await RunningUp.start(folder, environment);
        closing.push(() => up.stop());
        const statement = 'SELECT * FROM "raw"."resource_load"';
        await until(
          'samples',
          async () => (await influx.ask(statement, 'foreshift').catch(() => [])).length > 0,
        );
        const { engines } = await new ApiClient(`http://${up.ready.api}`).get<Status>('/v1/status');
        expect(engines.map(({ fault }) => fault)).toEqual([null]);
        for (const path of ['POST /write?', 'POST /query?']) {
          expect(front.heard.some((heard) => heard.startsWith(path))).toBe(true);
        }
        expect((await doctor()).map(([finding]) => finding)).toEqual(['ok influxdb']);
      },
    );
  }

  it('that nobody vouches for hears nothing, of what is administered and of what is written', async () => {
    const front = await frontOfFake('127.0.0.1');
    const url = `https://127.0.0.1:${front.port}`;
    const store = influxStore({ url, database: 'd', username: 'admin', password: 'secret' });
    closing.push(() => store.close());
    const now = sample(resourceSeries('vol-1'), Date.now(), 1);
    await expect(store.writeSamples([now])).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    expect(store.health.fault).toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      message: expect.stringMatching(/certificate/),
    });
    await configure(url);
    const [[finding, says] = []] = await doctor({ FORESHIFT_INFLUX_PASSWORD: 'secret' });
    expect(finding).toBe('fail influxdb');
    expect(says).toMatch(/unable to verify/);
    expect(front.heard).toEqual([]);
  });

  it('that proves to be another hears nothing', async () => {
    const front = await frontOfFake('influx.example');
    for (const host of ['127.0.0.1', 'localhost']) {
      await configure(`https://${host}:${front.port}`);
      expect((await doctor()).map(([finding]) => finding)).toEqual(['fail influxdb']);
    }
    expect(front.heard).toEqual([]);
  });

  it.each([
    ['http://192.0.2.7:8086', true],
    ['http://influx.example', true],
    ['https://192.0.2.7:8086', false],
    ['http://127.0.0.1:9', false],
    ['http://localhost:9', false],
    ['http://[::1]:9', false],
  ])('at %s: the doctor warns of a password in the clear: %s', async (url, isWarned) => {
    await configure(url);
    const warned = (await doctor()).filter(([finding]) => finding === 'warn influxdb password');
    expect(warned.map(([, says]) => says)).toEqual(
      isWarned ? [`the password of admin goes to ${url} in the clear`] : [],
    );
  });
});
