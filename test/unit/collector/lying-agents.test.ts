import { describe, expect, it } from '@jest/globals';
import { Collector } from '../../../collector/collector.js';
import { Outbox } from '../../../collector/outbox.js';
import { Spool } from '../../../collector/spool.js';
import { serverTarget } from '../../../collector/target.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { SILENT_LOG } from '../../../core/log.js';
import type { Connection } from '../../../core/net/port.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { UNHANDLED } from '../../../core/net/unhandled.js';
import { SeededRng } from '../../../core/rng.js';
import { formatSeries } from '../../../core/sample.js';
import { s } from '../../support/names.js';
import type { NodeFigures } from '../../support/node-exporter-page.js';
import { nodeExporterPage } from '../../support/node-exporter-page.js';
import { SampleStore } from '../../support/samples.js';

/*
 * A server of whose three polls the second one meets a lie, on a network of raw bytes: nothing of the lie may come into the
 * store, the first and the third must be there, and the polls go on.
 */

const EVERY_MS = 10_000;

function honest(seconds: number): NodeFigures {
  return {
    timeMs: 1.7e12 + seconds * 1000,
    cpu: [{ user: 100 + seconds, idle: 900 }, { idle: 1000 + seconds }],
    devices: { eth0: [1e9 + seconds * 2000, 1e9 + seconds * 1000] },
  };
}

function answer(body: string, head = ''): string {
  const fields =
    head || `Content-Type: text/plain; version=0.0.4\r\nContent-Length: ${body.length}`;
  return `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`;
}

/** Writes an answer at `seconds`; the poll before was at `before`. */
type Script = (
  connection: Connection,
  clock: SimulatedClock,
  seconds: number,
  before: number,
) => void;

const says =
  (bytes: (seconds: number, before: number) => string): Script =>
  (connection, _clock, seconds, before) => {
    connection.write(Buffer.from(bytes(seconds, before), 'latin1'));
    connection.end();
  };

/** An honest page with other figures. */
const tells = (lie: (seconds: number, before: number) => Partial<NodeFigures>): Script =>
  says((seconds, before) =>
    answer(nodeExporterPage({ ...honest(seconds), ...lie(seconds, before) })),
  );

const HONEST = tells(() => ({}));

/** Byte after byte, and never all of them in time. */
const drips: Script = (connection, clock, seconds) => {
  const bytes = Buffer.from(answer(nodeExporterPage(honest(seconds))));
  const drip = (at: number): void => {
    if (at === bytes.length) return;
    connection.write(bytes.subarray(at, at + 1));
    clock.after(100, () => {
      drip(at + 1);
    });
  };
  drip(0);
};

/** Without end. */
const floods: Script = (connection) => {
  const line = Buffer.from('node_cpu_seconds_total{cpu="0",mode="user"} 1\n'.repeat(1000));
  connection.write(Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n'));
  const pour = (): void => {
    while (connection.write(line)) {
      // until it is full
    }
  };
  connection.handler = { ...UNHANDLED, drained: pour };
  pour();
};

/** Runs the three polls; what is stored, by second of the poll and dimension, and the collector's word on the second. */
async function threePolls(lie: Script) {
  const clock = new SimulatedClock(1_700_000_000_000);
  const network = new SimulatedNet(clock, new SeededRng(1), { splitProbability: 0.3 });
  const store = new SampleStore();
  const at = { host: 'agent', port: 9100 };
  let poll = 0;
  let before = 0;
  await network.host('agent').listen(at, (connection) => {
    poll += 1;
    const script = poll === 2 ? lie : HONEST;
    const seconds = clock.monotonicMs() / 1000;
    let isAnswered = false;
    connection.handler = {
      ...UNHANDLED,
      data: () => {
        if (isAnswered) return;
        isAnswered = true;
        script(connection, clock, seconds, before);
        before = seconds;
      },
    };
  });
  const spool = await Spool.open({ disk: new MemoryDisk(), clock, log: SILENT_LOG });
  const outbox = new Outbox({ store, spool, clock, log: SILENT_LOG });
  const target = serverTarget(
    network.host('collector'),
    {
      id: s('s1'),
      metrics: { source: 'prometheus', url: 'http://agent:9100/metrics', mapping: 'node_exporter' },
      capacity: { cpu: 2, memory: 8e9, network: 1e9 },
    },
    { everyMs: EVERY_MS, pageBytesMax: 1 << 20, absurdFactor: 2, resourcesMax: 10 },
  );
  const collector = new Collector(
    { clock, rng: new SeededRng(2), log: SILENT_LOG, outbox, targets: () => [target] },
    { everyMs: EVERY_MS, timeoutMs: 5000 },
  );
  await collector.start();
  while (poll < 2) await clock.advance(500);
  await clock.advance(6000);
  const [second] = collector.status().targets;
  const storedBefore = store.samples.length;
  await clock.advance(EVERY_MS);
  const [third] = collector.status().targets;
  const stored = store.samples.map(
    ({ series, value }) =>
      `${formatSeries(series).replace('server/s1/', '')} ${value.toPrecision(3)}`,
  );
  return {
    first: stored.slice(0, 1),
    second: stored.slice(1, storedBefore),
    third: stored.slice(storedBefore),
    said: second?.fault?.code ?? second?.dropsNow ?? [],
    wentOn: third?.polls === 3 && third.fault === null,
  };
}

const MEMORY = 'memory 2.00e+9';
/** Of two cores, one is busy. */
const WELL = ['cpu 1.00', MEMORY, 'network 3.00e+3', 'utilization 0.500'];

describe('a lying agent', () => {
  it('is believed while it does not lie', async () => {
    expect(await threePolls(HONEST)).toEqual({
      first: [MEMORY],
      second: WELL,
      third: WELL,
      said: [],
      wentOn: true,
    });
  });

  const cpuOf = (user: string) => tells(() => ({ cpu: [{ user, idle: 900 }, { idle: 1000 }] }));

  it.each<[what: string, lie: Script, said: string]>([
    ['NaN', cpuOf('NaN'), 'not-finite'],
    ['an infinity', cpuOf('+Inf'), 'not-finite'],
    ['a negative infinity', cpuOf('-Inf'), 'not-finite'],
    ['a negative counter', cpuOf('-5'), 'negative'],
    ['more than any counter holds', cpuOf('1e308'), 'absurd'],
    ['more than its processors can do', cpuOf('100000'), 'absurd'],
    ['a counter that fell', cpuOf('1'), 'reset'],
    ['a processor less', tells(() => ({ cpu: [{ user: 100, idle: 900 }] })), 'parts-changed'],
    ['no processor', tells(() => ({ cpu: [] })), 'missing'],
  ])('that says %s loses that value only', async (_, lie, said) => {
    const { second, said: heard, wentOn, first } = await threePolls(lie);
    expect([first, second, heard, wentOn]).toEqual([
      [MEMORY],
      WELL.slice(1, 3),
      [`cpu ${said}`],
      true,
    ]);
  });

  it.each<[what: string, lie: Script, said: string]>([
    ['more memory in use than there is', tells(() => ({ memoryAvailable: '-1e9' })), 'absurd'],
    ['more memory available than there is', tells(() => ({ memoryAvailable: 9e9 })), 'negative'],
    ['memory beyond any machine', tells(() => ({ memoryTotal: 1e30 })), 'absurd'],
  ])('that says %s loses that value only', async (_, lie, said) => {
    const { second, said: heard, third } = await threePolls(lie);
    expect(second).toEqual(['cpu 1.00', 'network 3.00e+3']);
    expect(heard).toEqual([`memory ${said}`]);
    expect(third).toEqual(WELL);
  });

  const all = (reason: string): string[] =>
    ['cpu', 'memory', 'network'].map((name) => `${name} ${reason}`);

  it.each<[what: string, lie: Script, said: string[]]>([
    ['stuck', tells((_, before) => honest(before)), all('stale')],
    [
      'an hour ago',
      tells((seconds) => ({ timeMs: honest(seconds - 3600).timeMs })),
      all('clock-jump'),
    ],
    [
      'an hour ahead',
      tells((seconds) => ({ timeMs: honest(seconds + 3600).timeMs })),
      all('clock-jump'),
    ],
  ])('whose time is %s loses the poll', async (_, lie, said) => {
    const { first, second, said: heard, wentOn } = await threePolls(lie);
    expect([first, second, wentOn]).toEqual([[MEMORY], [], true]);
    expect(heard).toEqual(said);
  });

  const page = (): string => nodeExporterPage(honest(0));

  it.each<[what: string, lie: Script, code: string]>([
    ['a page without end', floods, 'ERR_CALL_OVERSIZED'],
    ['a page longer than allowed', says(() => answer('#'.repeat(2 << 20))), 'ERR_CALL_OVERSIZED'],
    ['a page in drips', drips, 'ERR_CALL_AMBIGUOUS'],
    ['nothing', () => undefined, 'ERR_CALL_AMBIGUOUS'],
    ['an end', says(() => ''), 'ERR_CALL_AMBIGUOUS'],
    ['a page shorter than it says', says(() => answer(page()).slice(0, -99)), 'ERR_CALL_AMBIGUOUS'],
    [
      'a page that ends in the middle of a line',
      says(() => answer(page().slice(0, -9), 'Content-Type: text/plain')),
      'ERR_PAGE_INVALID',
    ],
    [
      'a page in chunks that ends before its last chunk',
      says(() =>
        answer(`5\r\na 1\n\n\r\n`, 'Content-Type: text/plain\r\nTransfer-Encoding: chunked'),
      ),
      'ERR_CALL_AMBIGUOUS',
    ],
    ['a page that is no HTTP', says(() => page()), 'ERR_CALL_AMBIGUOUS'],
    ['HTML', says(() => answer('<html>', 'Content-Type: text/html')), 'ERR_PAGE_TYPE'],
    ['a page of no kind', says(() => answer(page(), 'X: y')), 'ERR_PAGE_TYPE'],
    [
      'a compressed page',
      says(() => answer('zzz', 'Content-Type: text/plain\r\nContent-Encoding: gzip')),
      'ERR_PAGE_TYPE',
    ],
    [
      'a redirect',
      says(
        () =>
          'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n',
      ),
      'ERR_PAGE_STATUS',
    ],
    ['an error', says(() => 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'), 'ERR_PAGE_STATUS'],
    ['an empty answer', says(() => 'HTTP/1.1 204 No\r\n\r\n'), 'ERR_PAGE_STATUS'],
    [
      'the same series twice',
      says(() => answer(`${page()}node_time_seconds 1\n`)),
      'ERR_PAGE_INVALID',
    ],
    [
      'a line that breaks the format',
      says(() => answer('node_time_seconds{ 1\n')),
      'ERR_PAGE_INVALID',
    ],
    [
      'a thousand labels',
      says(() => answer(`node_time_seconds{${'a="1",'.repeat(1000)}} 1\n`)),
      'ERR_PAGE_INVALID',
    ],
  ])('that answers %s loses the poll', async (_, lie, code) => {
    const { first, second, third, said, wentOn } = await threePolls(lie);
    expect([said, second, wentOn]).toEqual([code, [], true]);
    // The rates of the third poll are over both intervals.
    expect([first, third]).toEqual([[MEMORY], WELL]);
  });
});
