import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { productFolder } from '../../cli/product.js';
import { configSchema } from '../../core/config/schema.js';
import { parseAddress } from '../../core/domain.js';
import { sceneSettings } from '../../demo/scene.js';
import type { ComposeService } from '../support/compose.js';
import { readCompose } from '../support/compose.js';
import { itWith } from '../support/installed.js';
import { PROMTOOL, promtool } from '../support/promtool.js';

/* compose.yaml, as far as it can be looked at without containers; what it starts is run natively in compose-runs.test.ts. */

const compose = await readCompose({
  FORESHIFT_SECRET: 'a secret of a test of compose',
  FORESHIFT_REDIS_PASSWORD: 'any',
});
const services = Object.entries(compose.services);
const ours = services.filter(([, { image, profiles }]) => image === 'foreshift' && !profiles);
const configOf = (name: string) =>
  configSchema.parse(parse(compose.configs[name]?.content ?? 'absent'));
const config = configOf('foreshift');

/** Where it listens, by everything that can say so to a service of ours or an engine. */
function portsOf({ image, command = [], environment = {} }: ComposeService): number[] {
  const words = command.join(' ');
  const told = words.matchAll(
    /--(?:listen|health|port|web\.listen-address)[ =](?:[0-9.]+:)?(\d+)/g,
  );
  const set = Object.entries(environment).filter(([name]) =>
    /(BIND_ADDRESS|HTTP_PORT)$/.test(name),
  );
  const { api, agents } = config;
  const configured = image === 'foreshift' && command[0] === 'api' ? [api, agents] : [];
  return [
    ...[...told].map(([, port]) => Number(port)),
    ...set.map(([, value]) => Number(value.split(':').at(-1))),
    ...configured.map(({ listen }) => listen.port),
  ];
}

describe('compose.yaml', () => {
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

  it('lets no two services of one network listen at the same port', () => {
    // Those of the demo listen where the system has room.
    const listening = services.filter(([name]) => name !== 'demo');
    const taken = listening.flatMap(([name, service]) =>
      portsOf(service).map((port) => `${service.network_mode ?? name} ${port}`),
    );
    expect(taken).toEqual([...new Set(taken)]);
    const silent = listening.filter(([, service]) => portsOf(service).length === 0);
    expect(silent.map(([name]) => name)).toEqual([]);
    expect(taken).toHaveLength(14);
  });

  it('keeps what each process has in its data directory, apart from the others', () => {
    for (const [name, { configs = [], volumes = [] }] of ours) {
      const target = configs[0]?.target ?? '';
      expect(target).toBe('/data/foreshift.yaml');
      const dataDir = posix.join(posix.dirname(target), config.dataDir);
      expect([name, volumes]).toEqual([name, [`${name}:${dataDir}`]]);
      expect(compose.volumes).toHaveProperty(name);
    }
  });

  it('has a demo for who asks for it: by the redirectors there are, at the pace of `foreshift demo`', () => {
    const { profiles, command = [] } = compose.services.demo!;
    expect(profiles).toEqual(['demo']);
    const redirectors = ours.flatMap(([, { command: words = [] }]) =>
      words[0] === 'redirector' ? [words[words.indexOf('--listen') + 1] ?? ''] : [],
    );
    const portOf = (address: string): number => parseAddress(address).port;
    const joined = command[command.indexOf('--join') + 1] ?? '';
    expect(joined.split(',').map(portOf)).toEqual(redirectors.map(portOf));
    const demo = configOf('demo');
    const scene = configSchema.parse(sceneSettings('auto', { api: 1, proxy: 1, agents: 1 }));
    for (const part of ['collector', 'forecast', 'fallBack', 'planner'] as const) {
      expect([part, demo[part]]).toEqual([part, scene[part]]);
    }
    // On the same engines, and apart from what else is in them.
    expect([demo.redis.url, demo.metricStore.influx.url]).toEqual([
      config.redis.url,
      config.metricStore.influx.url,
    ]);
    expect(demo.cluster).not.toBe(config.cluster);
    expect(demo.metricStore.influx.database).not.toBe(config.metricStore.influx.database);
    expect(posix.relative(config.dataDir, demo.dataDir)).toBe('demo');
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
    const prometheus = (await read('prometheus.yaml')) as {
      readonly scrape_configs: readonly { readonly static_configs: { targets: string[] }[] }[];
    };
    const scraped = prometheus.scrape_configs[0]?.static_configs[0]?.targets;
    const health = ours.map(([, { command = [] }]) => command[command.indexOf('--health') + 1]);
    expect([...(scraped ?? [])].sort()).toEqual([...health].sort());
    const { datasources } = (await read('provisioning/datasources/foreshift.yaml')) as {
      readonly datasources: readonly { readonly type: string; readonly url: string }[];
    };
    expect(datasources.map(({ type, url }) => [type, url])).toEqual([
      ['influxdb', config.metricStore.influx.url],
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
});
