import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { productFolder } from '../../cli/product.js';
import { freePort } from '../../demo/free-port.js';
import { foreshift } from '../support/foreshift.js';
import { itWith } from '../support/installed.js';
import { PROMTOOL, promtool } from '../support/promtool.js';

/* compose.yaml, as far as it can be looked at without containers: its commands and its config are run natively. */

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: { readonly foreshift: { readonly content: string } };
}

const file = await readFile(`${productFolder}compose.yaml`, 'utf8');
const compose = parse(file, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image === 'foreshift');

describe('compose.yaml', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-compose-'));
    await writeFile(join(folder, 'foreshift.yaml'), compose.configs.foreshift.content);
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('runs every service apart, and two redirectors', () => {
    const roles = ours.map(([, { command }]) => command?.[0]).sort();
    expect(roles).toEqual(['api', 'collector', 'forecaster', 'redirector', 'redirector']);
    expect(new Set(ours.map(([, { command }]) => command?.join(' '))).size).toBe(ours.length);
  });

  it('waits for what has a health check', () => {
    for (const [name, { healthcheck, depends_on: needs = {} }] of services) {
      expect([name, healthcheck?.test[0]]).toEqual([name, 'CMD']);
      for (const [needed, { condition }] of Object.entries(needs)) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[needed]?.healthcheck).toBeDefined();
      }
    }
  });

  it('asks each process for its health where that process tells it', () => {
    for (const [name, { command = [], healthcheck }] of ours) {
      const at = command[command.indexOf('--health') + 1] ?? 'nowhere';
      expect([name, healthcheck?.test.join(' ')]).toEqual([
        name,
        expect.stringContaining(`http://${at}/readyz`),
      ]);
    }
  });

  it('gives Redis what a Foreshift asks of it', () => {
    const command = compose.services.redis?.command?.join(' ') ?? '';
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(command).toContain('--requirepass');
  });

  it('has Prometheus and Grafana only where they are asked for, on loopback, for looking', () => {
    const { prometheus, grafana } = compose.services;
    expect([prometheus?.profiles, grafana?.profiles]).toEqual([['grafana'], ['grafana']]);
    expect(prometheus?.command).toContain('--web.listen-address=127.0.0.1:9090');
    expect(grafana?.environment).toMatchObject({
      GF_SERVER_HTTP_ADDR: '127.0.0.1',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    });
    const others = services.filter(([, { profiles }]) => profiles === undefined);
    for (const [, { depends_on: needs = {} }] of others) {
      expect(Object.keys(needs)).not.toContain('prometheus');
    }
  });

  it('mounts what there is, and nothing to write into', async () => {
    const mounts = services.flatMap(([, { volumes = [] }]) =>
      volumes.filter((volume) => volume.startsWith('./')),
    );
    expect(mounts.length).toBeGreaterThan(2);
    for (const mount of mounts) {
      const [from = '', , mode] = mount.split(':');
      expect([mount, mode]).toEqual([mount, 'ro']);
      expect((await stat(`${productFolder}${from}`)).isDirectory()).toBe(true);
    }
  });

  it('has every process scraped where it tells its health, and Grafana told where all that is', async () => {
    const read = async (path: string): Promise<unknown> =>
      parse(await readFile(`${productFolder}grafana/${path}`, 'utf8'));
    const config = (await read('prometheus.yaml')) as {
      readonly scrape_configs: readonly { readonly static_configs: { targets: string[] }[] }[];
    };
    const scraped = config.scrape_configs[0]?.static_configs[0]?.targets;
    const health = ours.map(([, { command = [] }]) => command[command.indexOf('--health') + 1]);
    expect([...(scraped ?? [])].sort()).toEqual([...health].sort());
    const { metricStore } = parse(compose.configs.foreshift.content) as {
      readonly metricStore: { readonly influx: { readonly url: string } };
    };
    const { datasources } = (await read('provisioning/datasources/foreshift.yaml')) as {
      readonly datasources: readonly { readonly type: string; readonly url: string }[];
    };
    expect(datasources.map(({ type, url }) => [type, url])).toEqual([
      ['influxdb', metricStore.influx.url],
      ['prometheus', 'http://127.0.0.1:9090'],
    ]);
    const { providers } = (await read('provisioning/dashboards/foreshift.yaml')) as {
      readonly providers: readonly { readonly options: { readonly path: string } }[];
    };
    const mount = `./grafana/dashboards:${providers[0]?.options.path ?? ''}:ro`;
    expect(compose.services.grafana?.volumes).toContain(mount);
  });

  itWith(PROMTOOL)('has a config that promtool has nothing against', () => {
    expect(promtool(['check', 'config', `${productFolder}grafana/prometheus.yaml`])).toMatchObject({
      status: 0,
    });
    return Promise.resolve();
  });

  it('has commands and a config that are right: without a Redis each process says so', async () => {
    const env = {
      FORESHIFT_SECRET: 'a secret of a test of compose',
      FORESHIFT_REDIS_PASSWORD: 'any',
      FORESHIFT_REDIS__URL: `redis://127.0.0.1:${await freePort()}`,
    };
    const runs = ours.map(async ([name, { command = [] }]) => {
      const { exit, stdout, stderr } = await foreshift([...command, '--json'], {
        cwd: folder,
        env,
      });
      expect([name, stdout + stderr]).toEqual([
        name,
        expect.stringContaining('ERR_REDIS_UNREACHABLE'),
      ]);
      expect([name, exit]).toEqual([name, 1]);
    });
    await Promise.all(runs);
  });
});
