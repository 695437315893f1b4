import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Finding } from '../../cli/doctor/finding.js';
import { freePort } from '../../demo/free-port.js';
import { Authority } from '../support/certificates.js';
import { foreshift } from '../support/foreshift.js';
import { nodeExporterPage } from '../support/node-exporter-page.js';

const DAY_MS = 86_400_000;

let folder: string;
let server: Server;
/** Of a server that answers everything with the page of a node_exporter. */
let port: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-doctor-'));
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(nodeExporterPage({ timeMs: Date.now(), cpu: [{ idle: 1, user: 1 }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const run = (...args: string[]) => foreshift(args, { cwd: folder });

async function doctor(): Promise<{ readonly exit: number | null; readonly found: Finding[] }> {
  const { exit, stdout } = await run('doctor', '--json');
  return { exit, found: (JSON.parse(stdout) as { findings: Finding[] }).findings };
}

/** `level what`, of those that are not well. */
function troubles(found: readonly Finding[]): string[] {
  return found
    .filter(({ level, what }) => level !== 'ok' && what !== 'open files')
    .map(({ level, what }) => `${level} ${what}`);
}

async function addressesOfOwn(): Promise<string> {
  const [api, health, agents] = [await freePort(), await freePort(), await freePort()];
  return [
    `api: { listen: '127.0.0.1:${api}' }`,
    `health: { listen: '127.0.0.1:${health}' }`,
    `agents: { listen: '127.0.0.1:${agents}' }`,
  ].join('\n');
}

describe('a first config and the doctor', () => {
  it('find everything well where it is', async () => {
    const init = await run(
      ...['init', '--listen', `127.0.0.1:${await freePort()}`, '--resources', 'vol-1'],
      ...['--servers', `s1=127.0.0.1:${port}`, '--exporter-port', String(port)],
      ...['--cores', '2', '--memory', '8GiB'],
    );
    expect(init).toMatchObject({ exit: 0 });
    const file = join(folder, 'foreshift.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}${await addressesOfOwn()}\n`);
    const { exit, found } = await doctor();
    expect(troubles(found)).toEqual([]);
    expect(found).toContainEqual({
      ...{ level: 'ok', what: 'server s1', fix: '' },
      says: `answers at 127.0.0.1:${port}`,
    });
    expect(exit).toBe(0);
    // A second one writes over nothing.
    expect(await run('init')).toMatchObject({ exit: 64 });
  });

  it('name what is not there, and what to do', async () => {
    const closed = await freePort();
    await writeFile(
      join(folder, 'foreshift.yaml'),
      `${await addressesOfOwn()}
listeners: [{ listen: '127.0.0.1:${port}' }]
dataDir: foreshift.yaml/data
redis: { url: 'redis://127.0.0.1:${closed}', connectTimeoutMs: 300 }
tableStore: { engine: redis }
metricStore: { engine: influx, influx: { url: 'http://127.0.0.1:${port}' } }
servers:
  - { id: s1, address: '127.0.0.1:${closed}', capacity: { cpu: 1 } }
  - { id: s2, address: '192.0.2.1:80', metrics: { source: prometheus, url: 'http://127.0.0.1:${closed}/' } }
`,
    );
    const { exit, found } = await doctor();
    expect(troubles(found)).toEqual([
      'fail data directory',
      'fail redis',
      'warn secret',
      'warn engines',
      'fail influxdb',
      `fail listener 127.0.0.1:${port}`,
      'fail server s1',
      'warn load of s1',
      'fail server s2',
      'fail load of s2',
    ]);
    expect(found.filter(({ level, fix }) => level !== 'ok' && fix === '')).toEqual([]);
    expect(exit).toBe(1);
  });

  it('say of certificates how long they are good', async () => {
    const authority = new Authority();
    const files = async (name: string, term: { fromMs?: number; toMs: number }) => {
      const { chain, key } = authority.issue(['127.0.0.1'], term);
      await writeFile(join(folder, `${name}.pem`), chain);
      await writeFile(join(folder, `${name}.key`), key);
      return `{ certificateFile: ${name}.pem, keyFile: ${name}.key }`;
    };
    const certificates = [
      await files('long', { toMs: 100 * DAY_MS }),
      await files('short', { toMs: 3.5 * DAY_MS }),
      await files('over', { fromMs: -9 * DAY_MS, toMs: -2.5 * DAY_MS }),
    ];
    await writeFile(
      join(folder, 'foreshift.yaml'),
      `${await addressesOfOwn()}
listeners: [{ listen: '127.0.0.1:${await freePort()}', tls: { certificates: [${certificates.join(', ')}] } }]
`,
    );
    const { found } = await doctor();
    const terms = found.filter(({ what }) => what.startsWith('certificate '));
    expect(terms.map(({ level, what }) => `${level} ${what}`)).toEqual([
      'ok certificate long.pem',
      'warn certificate short.pem',
      'fail certificate over.pem',
    ]);
    expect(terms.map(({ says }) => says)).toEqual([
      expect.stringMatching(/good for (99|100) days$/),
      'good for 3 days more',
      'expired 3 days ago',
    ]);
  });

  it('name a file that would not be taken at the start', async () => {
    const authority = new Authority();
    const term = { toMs: 100 * DAY_MS };
    const one = authority.issue(['127.0.0.1'], term);
    const other = authority.issue(['127.0.0.1'], term);
    await writeFile(join(folder, 'one.pem'), one.chain);
    await writeFile(join(folder, 'one.key'), one.key);
    await writeFile(join(folder, 'other.key'), other.key);
    const foundWith = async (keyFile: string, more: string): Promise<string[]> => {
      const own = (await addressesOfOwn()).replace(
        / }$/m,
        `, tls: { certificateFile: one.pem, keyFile: ${keyFile} } }`,
      );
      await writeFile(join(folder, 'foreshift.yaml'), `${own}\n${more}\n`);
      const { found } = await doctor();
      return found
        .filter(({ what }) => what.startsWith('certificate ') || what === 'named files')
        .map(({ level, what, says }) => `${level} ${what}: ${says}`);
    };
    expect(await foundWith('one.key', '')).toEqual([
      expect.stringMatching(/^ok certificate one\.pem: /),
    ]);
    expect(await foundWith('other.key', '')).toEqual([
      expect.stringMatching(/^fail named files: .*one\.pem/),
    ]);
    expect(await foundWith('one.key', "http: { errorPages: { '503': none.html } }")).toEqual([
      expect.stringMatching(/^fail named files: .*none\.html/),
    ]);
  });

  it('go no further than a config that is not well', async () => {
    await writeFile(join(folder, 'foreshift.yaml'), 'mode: sometimes\n');
    const { exit, found } = await doctor();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ level: 'fail', what: 'config' });
    expect(exit).toBe(1);
  });
});
