import { describe, expect, it } from '@jest/globals';
import { parseExposition } from '../../../../collector/prometheus/exposition.js';
import { SelectedMapping } from '../../../../collector/prometheus/selected.js';
import type { DimensionMapping } from '../../../../core/config/metrics-source.js';
import { configSchema } from '../../../../core/config/schema.js';

const PAGE = `# TYPE app_cpu_seconds counter
app_cpu_seconds_total 12.5
# TYPE app_memory_bytes gauge
app_memory_bytes{kind="heap"} 100
app_memory_bytes{kind="stack"} 20
app_bytes_total{device="eth0",way="in"} 1
app_bytes_total{device="eth0",way="out"} 2
app_bytes_total{device="eth1",way="in"} 4
app_bytes_total{device="lo",way="in"} 8
# TYPE app_latency_seconds histogram
app_latency_seconds_count 7
# TYPE app_strange_total gauge
app_strange_total 3
app_old{at="1"} 5 1700000000000
app_old{at="2"} 6 1700000000500
`;

/** Kind and sum of the reading of `hits`, or why there is none. */
function hits(mapping: unknown): string | undefined {
  const { servers } = configSchema.parse({
    servers: [
      {
        id: 's1',
        address: 'h:1',
        metrics: { source: 'prometheus', url: 'http://h/', mapping: { hits: mapping } },
      },
    ],
  });
  const written = servers[0]?.metrics as { mapping: { hits: DimensionMapping } };
  const selected = new SelectedMapping(written.mapping);
  const { wanted } = selected;
  const page = parseExposition(PAGE, { page: 'p', wanted, dialect: 'text' });
  const reading = selected.read(page).get('hits');
  if (reading === undefined || typeof reading === 'string') return reading;
  const sum = reading.values.reduce((total, value) => total + value, 0);
  const time = reading.ownMs === undefined ? '' : ` @${reading.ownMs}`;
  return `${reading.kind} ${sum}${time}`;
}

describe('SelectedMapping', () => {
  it.each([
    ['a metric by its name', 'app_cpu_seconds_total', 'counter 12.5'],
    ['all series of a metric', 'app_memory_bytes', 'gauge 120'],
    ['series by a label', { metric: 'app_memory_bytes', labels: { kind: 'heap' } }, 'gauge 100'],
    [
      'series by several labels, with * for any characters',
      { metric: 'app_bytes_total', labels: { device: 'eth*', way: 'in' } },
      'counter 5',
    ],
    [
      'series without a label',
      { metric: 'app_bytes_total', without: { device: 'lo' } },
      'counter 7',
    ],
    [
      'a label that is not there, as an empty one',
      { metric: 'app_memory_bytes', labels: { x: '' } },
      'gauge 120',
    ],
    ['a value with its scale', { metric: 'app_memory_bytes', scale: 0.5 }, 'gauge 60'],
    [
      'several selectors, summed',
      [
        { metric: 'app_bytes_total', labels: { way: 'out' } },
        { metric: 'app_bytes_total', labels: { device: 'lo' } },
      ],
      'counter 10',
    ],
    [
      'a series that two selectors match, once',
      [
        { metric: 'app_memory_bytes', labels: { kind: 'heap' }, scale: 2 },
        { metric: 'app_memory_bytes' },
      ],
      'gauge 220',
    ],
  ])('takes %s', (_, mapping, expected) => {
    expect(hits(mapping)).toBe(expected);
  });

  it.each([
    ['by _total, if the page says nothing', 'app_bytes_total', 'counter 15'],
    ['by its TYPE, whatever its name', 'app_strange_total', 'gauge 3'],
    ["by its histogram's TYPE", 'app_latency_seconds_count', 'counter 7'],
    ['by the config, whatever else', { metric: 'app_strange_total', kind: 'counter' }, 'counter 3'],
  ])('knows a counter %s', (_, mapping, expected) => {
    expect(hits(mapping)).toBe(expected);
  });

  it('is as old as the oldest of its parts', () => {
    expect(hits('app_old')).toBe('gauge 11 @1700000000000');
  });

  it('says nothing when a selector finds nothing: the sum would not be whole', () => {
    expect(hits(['app_memory_bytes', 'app_gone_bytes'])).toBeUndefined();
    expect(hits({ metric: 'app_memory_bytes', labels: { kind: 'mmap' } })).toBeUndefined();
  });

  it('does not add counters to gauges', () => {
    expect(hits(['app_memory_bytes', 'app_bytes_total'])).toBe('mixed');
  });

  it('asks for the metrics that it needs, and no others', () => {
    const mapping = new SelectedMapping({ cpu: 'a_total', network: ['b', 'c'] });
    expect([...mapping.wanted]).toEqual(['a_total', 'b', 'c']);
    expect(mapping.dimensions).toEqual(['cpu', 'network']);
  });
});
