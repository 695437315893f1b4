import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadConfig } from '../../../../core/config/load.js';
import { configJsonSchema, configSchema } from '../../../../core/config/schema.js';
import { firstStarIn, matchesGlob } from '../../../../core/config/units.js';
import { codeOf } from '../../../../core/errors.js';

function load(text: string, environment: Record<string, string> = {}) {
  return loadConfig({ file: 'foreshift.yaml', text, environment });
}

/** The message of the refusal. */
function refusal(text: string, environment: Record<string, string> = {}): string {
  try {
    load(text, environment);
  } catch (error) {
    expect(codeOf(error)).toBe('ERR_CONFIG_INVALID');
    return (error as Error).message;
  }
  throw new Error('the config was taken');
}

describe('loadConfig', () => {
  it('needs nothing: every key has its default', () => {
    const { config, secret } = load('');
    expect(config.mode).toBe('propose');
    expect(config.api.listen).toEqual({ host: '127.0.0.1', port: 7700 });
    expect(config.redirector.heldBytesMax).toBe(64 * 2 ** 20);
    expect(secret).toBeUndefined();
  });

  it('reads the addresses of clients in one spelling each, and refuses what would not work', () => {
    const addressed = (addresses: string, more = ''): string =>
      `redirector: { advertise: r1.example, addresses: [${addresses}]${more} }`;
    const { config } = load(
      addressed(
        '{ address: 10.0.0.10, interface: eth0 }, { address: "FD00:0:0::0A/64", interface: eth0, prefer: [r2] }',
      ),
    );
    expect(config.redirector.addresses.map(({ address }) => address)).toEqual([
      { ip: '10.0.0.10', prefixLength: 32 },
      { ip: 'fd00::a', prefixLength: 64 },
    ]);
    for (const wrong of ['10.0.0.300', '10.0.0.1/33', '010.0.0.1', 'fe80::1%eth0', 'example.org']) {
      expect(refusal(addressed(`{ address: "${wrong}", interface: eth0 }`))).toContain(
        'an IP address such as',
      );
    }
    expect(refusal(addressed('{ address: 10.0.0.1, interface: "eth0; reboot" }'))).toContain(
      'the name of a network interface',
    );
    const twice = '{ address: 10.0.0.1, interface: a }, { address: 10.0.0.1/24, interface: b }';
    expect(refusal(addressed(twice))).toContain('stands here twice');
    const short = addressed('{ address: 10.0.0.1, interface: a }', ', memberLeaseMs: 2000');
    expect(refusal(short)).toContain('at least 3000 with addresses');
    const alone = 'redirector: { addresses: [{ address: 10.0.0.1, interface: a }] }';
    expect(refusal(alone)).toContain('health.listen: where other redirectors reach it');
  });

  it('refuses times of a rebalance that no clock shows, and says what to write', () => {
    const at = (cron: string, more = ''): string =>
      `triggers:\n  rebalance:\n    cron: ${JSON.stringify(cron)}\n${more}`;
    const { rebalance } = load(at('0 3 * * 0', '    timeZone: Europe/Berlin')).config.triggers;
    expect(rebalance).toMatchObject({ timeZone: 'Europe/Berlin', imbalanceMax: 1.1 });
    expect(load('').config.triggers.rebalance).toBeUndefined();
    for (const cron of ['', 'sundays', '0 3 * *', '0 25 * * 0', '0 0 31 2 *']) {
      const said = refusal(at(cron));
      expect(said).toMatch(/foreshift.yaml:3: triggers.rebalance.cron: .*such as "0 3 \* \* 0"/);
    }
    expect(refusal(at('0 3 * * 0', '    timeZone: Mars/Olympus'))).toMatch(
      /foreshift.yaml:4: triggers.rebalance.timeZone: a time zone such as/,
    );
    expect(refusal(at('no'))).not.toContain('timeZone');
  });

  it('refuses groups that name others which cannot be meant', () => {
    const groups = (...list: string[]): string => `planner: { groups: [${list.join(', ')}] }`;
    const db = '{ name: db, match: "db-*" }';
    const { config } = load(groups(db, '{ match: "cache-*", needs: [db] }'));
    expect(config.planner.groups[1]?.needs).toEqual(['db']);
    const refused: [string, string][] = [
      [groups(db, '{ match: "cache-*", needs: [bd] }'), 'there is no group bd'],
      [groups(db, '{ name: db, match: "x" }'), 'db is there already'],
      [groups('{ name: db, match: "db-*", needs: [db] }'), 'a group is with itself anyway'],
      [
        groups('{ name: db, match: "db-*", each: true }', '{ match: "cache-*", needs: [db] }'),
        'db has `each`, this one not',
      ],
    ];
    for (const [text, why] of refused) expect(refusal(text)).toContain(why);
    const each = '{ name: db, match: "db-*", each: true }';
    load(groups(each, '{ match: "cache-*", each: true, needs: [db] }'));
    load(groups(db, '{ match: "cache-*", each: true, needs: [db] }'));
  });

  it('reads what people write', () => {
    const { config } = load(`
listeners:
  - listen: 127.0.0.1:7701
    route: { header: x-volume }
servers:
  - id: s1
    address: "[::1]:8080"
    capacity: { cpu: 4, memory: 16GiB, network: 125MB }
    metrics: { source: prometheus, url: "http://127.0.0.1:9100/metrics" }
resources:
  names: [vol-1]
  policies: [{ match: "vol-*", onLostSource: consistency }]
`);
    expect(config.servers[0]).toMatchObject({
      address: { host: '::1', port: 8080 },
      capacity: { cpu: 4, memory: 16 * 2 ** 30, network: 125e6 },
      metrics: { mapping: 'node_exporter' },
      fence: 'none',
    });
  });

  it('takes selectors of series, one or several a dimension, or plain names', () => {
    const { config } = load(`
servers:
  - id: s1
    address: "h:1"
    metrics:
      source: prometheus
      url: "http://h:9100/metrics"
      mapping:
        hits: app_requests_total
        network:
          - app_bytes_in_total
          - { metric: app_bytes_total, labels: { device: "eth*" }, without: { way: in } }
`);
    expect(config.servers[0]?.metrics).toMatchObject({
      mapping: {
        hits: 'app_requests_total',
        network: [
          'app_bytes_in_total',
          {
            metric: 'app_bytes_total',
            labels: { device: 'eth*' },
            without: { way: 'in' },
            scale: 1,
          },
        ],
      },
    });
  });

  const mapped = (mapping: string) =>
    `servers:\n  - id: s1\n    address: "h:1"\n    metrics:\n      source: prometheus\n      url: "http://h/"\n      mapping:\n${mapping}`;

  it.each([
    [
      'an unknown ready mapping',
      mapped('        windows_exporter\n'),
      '7: servers.0.metrics.mapping',
    ],
    ['no dimension', mapped('        {}\n'), 'servers.0.metrics.mapping'],
    [
      'an unknown dimension',
      mapped('        disk: io_total\n'),
      '8: servers.0.metrics.mapping.disk',
    ],
    [
      'a bad metric name',
      mapped('        hits: "requests total"\n'),
      '8: servers.0.metrics.mapping.hits: the name of a metric',
    ],
    [
      'a bad scale',
      mapped('        cpu: { metric: load, scale: -1 }\n'),
      '8: servers.0.metrics.mapping.cpu.scale',
    ],
    [
      'an unknown key of a selector',
      mapped('        cpu: { metric: load, lables: {} }\n'),
      '8: servers.0.metrics.mapping.cpu.lables: there is no such key',
    ],
    [
      'an unknown key of one selector of several',
      mapped('        cpu:\n          - load\n          - { metric: load, lables: {} }\n'),
      '10: servers.0.metrics.mapping.cpu.1.lables: there is no such key',
    ],
    [
      'an unknown key',
      'mode: auto\nplanner:\n  taget: 0.7\n',
      '3: planner.taget: there is no such key',
    ],
    ['a bad value', 'mode: automatic\n', '1: mode: one of observe, propose, auto'],
    ['a number out of range', 'planner:\n\n  target: 3\n', '3: planner.target: Too big'],
    ['a bad address', 'api:\n  listen: here\n', '2: api.listen: an address such as 10.0.0.5:8080'],
    [
      'a bad size',
      'redirector: { heldBytesMax: much }\n',
      '1: redirector.heldBytesMax: a number of bytes',
    ],
    [
      'a bad name in a list',
      'resources:\n  names:\n    - vol-1\n    - "vol 2"\n',
      '4: resources.names.1: not a name',
    ],
    [
      'a bad alternative',
      'listeners:\n  - listen: 127.0.0.1:1\n    route:\n      headr: x\n',
      '3: listeners.0.route',
    ],
    [
      'an nfs listener for one resource',
      'listeners:\n  - listen: 127.0.0.1:1\n    protocol: nfs\n    route: { resource: a }\n',
      '4: listeners.0.route: not of an nfs listener',
    ],
    [
      'a resource exported twice',
      'nfs:\n  exports:\n    - { path: /a, resource: a }\n    - { path: /b, resource: a }\n',
      '4: nfs.exports.1.resource: a is exported twice',
    ],
    [
      'a path that is none',
      'nfs:\n  exports:\n    - { path: /a/, resource: a }\n',
      '3: nfs.exports.0.path: a path from / on',
    ],
    [
      'an iscsi listener for one resource',
      'listeners:\n  - listen: 127.0.0.1:1\n    protocol: iscsi\n    route: { resource: a }\n',
      '4: listeners.0.route: not of an iscsi listener',
    ],
    [
      'a target twice',
      'iscsi:\n  targets:\n    - { name: "iqn.2026-01.a:b", resource: a }\n    - { name: "iqn.2026-01.a:b", resource: b }\n',
      '4: iscsi.targets.1.name: iqn.2026-01.a:b is a target twice',
    ],
    [
      'a target that is nothing',
      'iscsi:\n  targets:\n    - { name: "iqn.2026-01.a:b" }\n',
      '3: iscsi.targets.0: either `resource`, for all of it, or `units`',
    ],
    [
      'a target of two kinds',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      resource: c\n      units: [{ lun: 0, resource: a, serverName: "iqn.2026-01.a:a" }]\n',
      '3: iscsi.targets.0: either `resource`, for all of it, or `units`',
    ],
    [
      'a LUN twice',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, resource: a, serverName: "iqn.2026-01.a:a" }\n        - { lun: 1, resource: b, serverName: "iqn.2026-01.a:b" }\n',
      '6: iscsi.targets.0.units.1.lun: LUN 1 is there twice',
    ],
    [
      'a resource with two names at its servers',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, resource: a, serverName: "iqn.2026-01.a:a" }\n        - { lun: 2, resource: a, serverName: "iqn.2026-01.a:b" }\n',
      '6: iscsi.targets.0.units.1.resource: a is iqn.2026-01.a:a at its servers already',
    ],
    [
      'two resources of one target of servers',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, resource: a, serverName: "iqn.2026-01.a:a" }\n        - { lun: 2, resource: b, serverName: "iqn.2026-01.a:a" }\n',
      '6: iscsi.targets.0.units.1.resource: iqn.2026-01.a:a is of a already: give each resource',
    ],
    [
      'a LUN of servers twice',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, resource: a, serverName: "iqn.2026-01.a:a" }\n        - { lun: 2, resource: a, serverName: "iqn.2026-01.a:a", serverLun: 1 }\n',
      '6: iscsi.targets.0.units.1.resource: LUN 1 of iqn.2026-01.a:a is there twice',
    ],
    [
      'a resource of two targets',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, resource: a, serverName: "iqn.2026-01.a:a" }\n    - { name: "iqn.2026-01.a:c", resource: a }\n',
      '6: iscsi.targets.1.resource: a is a target twice: it is of iqn.2026-01.a:b already',
    ],
    [
      'a LUN that is nothing',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1 }\n',
      '5: iscsi.targets.0.units.0: either `resource`, for a LUN of its servers, or `parts`',
    ],
    [
      'a LUN without a target of servers',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, resource: a }\n',
      '5: iscsi.targets.0.units.0: `serverName` is missing',
    ],
    [
      'a layout of one',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, resource: a, serverName: "iqn.2026-01.a:a", layout: striped }\n',
      '5: iscsi.targets.0.units.0.layout: not without `parts`',
    ],
    [
      'parts without a layout',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, parts: [{ resource: a, serverName: "iqn.2026-01.a:a" }, { resource: b, serverName: "iqn.2026-01.a:b" }] }\n',
      '5: iscsi.targets.0.units.0: `layout` is missing: concatenated or striped',
    ],
    [
      'stripes of none',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, layout: concatenated, stripeBytes: 64KiB, parts: [{ resource: a, serverName: "iqn.2026-01.a:a" }, { resource: b, serverName: "iqn.2026-01.a:b" }] }\n',
      '5: iscsi.targets.0.units.0.stripeBytes: not of a concatenated LUN',
    ],
    [
      'a stripe of 5000 bytes',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, layout: striped, stripeBytes: 5000, parts: [{ resource: a, serverName: "iqn.2026-01.a:a" }, { resource: b, serverName: "iqn.2026-01.a:b" }] }\n',
      '5: iscsi.targets.0.units.0.stripeBytes: a power of two from 4KiB to 16MiB',
    ],
    [
      'a stripe of a GiB',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, layout: striped, stripeBytes: 1GiB, parts: [{ resource: a, serverName: "iqn.2026-01.a:a" }, { resource: b, serverName: "iqn.2026-01.a:b" }] }\n',
      '5: iscsi.targets.0.units.0.stripeBytes: a power of two from 4KiB to 16MiB',
    ],
    [
      'one part',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, layout: striped, parts: [{ resource: a, serverName: "iqn.2026-01.a:a" }] }\n',
      '5: iscsi.targets.0.units.0.parts: Too small',
    ],
    [
      'a part that is a LUN, too',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      units:\n        - { lun: 1, layout: striped, parts: [{ resource: a, serverName: "iqn.2026-01.a:a" }, { resource: b, serverName: "iqn.2026-01.a:b" }] }\n        - { lun: 2, resource: a, serverName: "iqn.2026-01.a:a" }\n',
      '6: iscsi.targets.0.units.1.resource: a is part of LUN 1 already',
    ],
    [
      'a target whose name is none',
      'iscsi:\n  targets:\n    - { name: vol1, resource: a }\n',
      '3: iscsi.targets.0.name: an iSCSI name in lower case',
    ],
    [
      'a proof that nobody asks for',
      'iscsi:\n  targets:\n    - name: iqn.2026-01.a:b\n      resource: a\n      mutualChap: { user: a, secretFile: a }\n',
      '5: iscsi.targets.0.mutualChap: not without `chap`',
    ],
    [
      'a server twice',
      'servers:\n  - { id: s1, address: "h:1" }\n  - { id: s1, address: "h:2" }\n',
      '3: servers.1.id: s1 is there twice',
    ],
    [
      'a fence without an agent',
      'servers:\n  - id: s1\n    address: h:1\n    fence: request\n',
      '4: servers.0.fence: needs `control`',
    ],
    ['an open API', 'api: { listen: "0.0.0.0:7700" }\n', '1: api.listen: a loopback address'],
    [
      'an API whose tokens can be overheard',
      'api:\n  listen: "0.0.0.0:7700"\n  login: token\n',
      '2: api.listen: a loopback address',
    ],
    [
      'means over what does not divide a day',
      'metricStore:\n  rollupMs: 420000\n',
      '2: metricStore.rollupMs: milliseconds that divide a day',
    ],
    ['a key twice', 'mode: auto\nmode: observe\n', '2: the file: Map keys must be unique'],
    ['text that is no YAML', 'mode: [auto\n', 'the file'],
    ['a list for the whole', '- mode\n', '1: the file'],
  ])('refuses %s, and says where and what is allowed', (_what, text, message) => {
    expect(refusal(text)).toContain(message);
    expect(refusal(text)).toMatch(/^foreshift\.yaml:[0-9]+: /);
  });

  it('lets the environment override, and names the variable when that is wrong', () => {
    const environment = { FORESHIFT_PLANNER__TARGET: '0.7', FORESHIFT_DATA_DIR: '/data' };
    const { config } = load('planner: { target: 0.9, movesMax: 3 }', environment);
    expect(config.planner).toMatchObject({ target: 0.7, movesMax: 3 });
    expect(config.dataDir).toBe('/data');
    const message = refusal('', { FORESHIFT_PLANNER__TARGET: 'low' });
    expect(message).toContain('FORESHIFT_PLANNER__TARGET');
  });

  it('takes secrets from the environment only', () => {
    const { secret } = load('', { FORESHIFT_SECRET: '0123456789abcdef' });
    expect(secret).toBe('0123456789abcdef');
    expect(refusal('secret: 0123456789abcdef')).toContain('there is no such key');
    const passwords = {
      FORESHIFT_REDIS_PASSWORD: 'open sesame',
      FORESHIFT_REDIS_SENTINEL_PASSWORD: 'too',
    };
    expect(load('', passwords)).toMatchObject({
      redisPassword: 'open sesame',
      redisSentinelPassword: 'too',
    });
    expect(refusal('redis: { password: x }')).toContain('there is no such key');
    expect(refusal('redis: { url: "redis://ann:x@h:1" }')).toContain('in the environment');
    const { influxPassword } = load('', { FORESHIFT_INFLUX_PASSWORD: 'open sesame' });
    expect(influxPassword).toBe('open sesame');
    const password = 'metricStore: { influx: { password: x } }';
    expect(refusal(password)).toContain('there is no such key');
    expect(refusal('', { FORESHIFT_SECRET: 'short' })).toContain('at least 16 characters');
  });

  it('refuses keys that are lists or maps, and says where', () => {
    expect(refusal('mode: auto\n? [a, b]\n: 1')).toContain('foreshift.yaml:2');
    expect(refusal('{a: 1}: 2')).toContain('a key is a plain word');
  });

  it('refuses an alias bomb', () => {
    const levels = 'abcdefgh'.split('').map((name, at, all) => {
      const former = all[at - 1];
      const items = former === undefined ? '[x]' : `[${`*${former},`.repeat(10)}]`;
      return `${name}: &${name} ${items}`;
    });
    expect(refusal(levels.join('\n'))).toContain('the file');
  });

  it('answers any text with a config or a coded refusal', () => {
    const word = fc.constantFrom(
      ...['mode', 'servers', 'id', 'planner', ': ', '\n', '  ', '- ', '[', ']', '{', '}', '"'],
      ...['auto', '1', '-1e999', '&a', '*a', '<<', '!!js', '__proto__', 'null', ',', '#', '\u0000'],
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, (anything) => {
        try {
          load(anything);
        } catch (error) {
          if (codeOf(error) !== 'ERR_CONFIG_INVALID') throw error;
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('configJsonSchema', () => {
  it('names every key that the schema has', () => {
    const schema = configJsonSchema() as { properties: object };
    expect(Object.keys(schema.properties)).toEqual(Object.keys(configSchema.shape));
  });
});

describe('firstStarIn', () => {
  it.each([
    ['db-*-*', 'db-7-a-b', '7'],
    ['db-*', 'db-7-a', '7-a'],
    ['*-a', 'db-7-a', 'db-7'],
    ['db-*', 'db-', ''],
    ['a**b', 'axb', ''],
    ['db', 'db', ''],
  ])('takes of %s in %s %s', (glob, name, star) => {
    expect(firstStarIn(glob, name)).toBe(star);
  });
});

describe('matchesGlob', () => {
  it.each([
    ['*', 'anything', true],
    ['vol-*', 'vol-1', true],
    ['vol-*', 'voc-1', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['ab*ba', 'aba', false],
    ['vol-1', 'vol-1', true],
    ['vol-1', 'vol-12', false],
  ])('%s and %s: %s', (glob, name, matches) => {
    expect(matchesGlob(glob, name)).toBe(matches);
  });
});
