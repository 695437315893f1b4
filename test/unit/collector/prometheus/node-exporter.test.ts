import { describe, expect, it } from '@jest/globals';
import { parseExposition } from '../../../../collector/prometheus/exposition.js';
import { NODE_EXPORTER } from '../../../../collector/prometheus/node-exporter.js';
import type { Reading } from '../../../../collector/rates.js';
import type { NodeFigures } from '../../../support/node-exporter-page.js';
import { nodeExporterPage } from '../../../support/node-exporter-page.js';

const FIGURES: NodeFigures = {
  timeMs: 1_700_000_000_250,
  cpu: [
    { user: 10, system: 2, idle: 900, iowait: 40, steal: 1, nice: 0.5 },
    { user: 20, system: 3, idle: 800, irq: 0.25, softirq: 0.25 },
  ],
  memoryTotal: '2.5276502016e+10',
  memoryAvailable: '2.3761989632e+10',
  devices: { eth0: [1000, 500], eth1: [10, 5], lo: [7e9, 7e9] },
};

function readings(text: string): Record<string, Reading> {
  const { wanted } = NODE_EXPORTER;
  const page = parseExposition(text, { page: 'p', wanted, dialect: 'text' });
  return Object.fromEntries(NODE_EXPORTER.read(page)) as Record<string, Reading>;
}

const sumOf = (reading: Reading | undefined): number =>
  reading?.values.reduce((sum, value) => sum + value, 0) ?? NaN;

describe('NODE_EXPORTER', () => {
  it('sums the seconds of all processors in all modes but idle and iowait', () => {
    const { cpu } = readings(nodeExporterPage(FIGURES));
    expect(cpu?.kind).toBe('counter');
    expect(sumOf(cpu)).toBeCloseTo(37, 9);
  });

  it('believes no more cores than twice the processors of the page', () => {
    expect(readings(nodeExporterPage(FIGURES)).cpu?.max).toBe(4);
  });

  it('takes for used memory what is not available, of no more than there is', () => {
    const { memory } = readings(nodeExporterPage(FIGURES));
    expect(memory?.kind).toBe('gauge');
    expect(sumOf(memory)).toBe(25_276_502_016 - 23_761_989_632);
    expect(memory?.max).toBe(25_276_502_016);
  });

  it('sums bytes of both directions without loopback', () => {
    const { network } = readings(nodeExporterPage(FIGURES));
    expect(network?.kind).toBe('counter');
    expect(sumOf(network)).toBe(1515);
  });

  it.each([
    ...['docker0', 'br-0a1b2c', 'br0', 'virbr0', 'veth12ab', 'vnet3', 'tap0', 'tun0', 'cni0'],
    ...['cali1234', 'flannel.1', 'cilium_host', 'lxcbr0', 'wg0', 'bond0', 'eth0.100', 'ifb0'],
  ])('leaves out %s, whose bytes are counted elsewhere', (device) => {
    const devices = { eth0: [1000, 500], [device]: [8, 8] } as const;
    expect(sumOf(readings(nodeExporterPage({ ...FIGURES, devices })).network)).toBe(1500);
  });

  it.each(['eth0', 'ens3', 'enp0s31f6', 'eno1', 'wlan0', 'ib0', 'bondage', 'lot7', 'team-a'])(
    'counts %s',
    (device) => {
      const devices = { [device]: [1, 2] } as const;
      expect(sumOf(readings(nodeExporterPage({ ...FIGURES, devices })).network)).toBe(3);
    },
  );

  it("goes by the page's own clock", () => {
    for (const reading of Object.values(readings(nodeExporterPage(FIGURES)))) {
      expect(reading.ownMs).toBe(FIGURES.timeMs);
    }
  });

  it.each([
    ['cpu', /^node_cpu_seconds_total/],
    ['memory', /^node_memory_MemAvailable_bytes/],
    ['memory', /^node_memory_MemTotal_bytes/],
    ['network', /^node_network_receive/],
    ['network', /^node_network_transmit_bytes_total\{device="eth1"/],
  ])('says nothing of %s when its lines are not all there', (dimension, pattern) => {
    const lines = nodeExporterPage(FIGURES).split('\n');
    const cut = lines.filter((line) => !pattern.test(line)).join('\n');
    expect(Object.keys(readings(cut))).toEqual(
      ['cpu', 'memory', 'network'].filter((name) => name !== dimension),
    );
  });

  it('names the parts of a sum alike, in whatever order they are told', () => {
    const text = nodeExporterPage(FIGURES);
    const mixed = `${text.trimEnd().split('\n').reverse().join('\n')}\n`;
    const [one, other] = [readings(text), readings(mixed)];
    expect(other.cpu).toEqual(one.cpu);
    expect(other.network).toEqual(one.network);
    const more = { ...FIGURES, cpu: [...FIGURES.cpu, { user: 1 }] };
    expect(readings(nodeExporterPage(more)).cpu?.parts).not.toBe(one.cpu?.parts);
  });
});
