import type { Dimension } from '../../core/domain.js';
import type { DropReason, Reading } from '../rates.js';
import type { Readings } from '../server-harvest.js';
import type { Exposition, ExpositionSample } from './exposition.js';
import type { Mapping } from './mapping.js';
import { readingOf } from './parts.js';

const CPU = 'node_cpu_seconds_total';
const MEMORY_TOTAL = 'node_memory_MemTotal_bytes';
const MEMORY_AVAILABLE = 'node_memory_MemAvailable_bytes';
const RECEIVED = 'node_network_receive_bytes_total';
const TRANSMITTED = 'node_network_transmit_bytes_total';
const TIME = 'node_time_seconds';

/** A processor waiting for a disk is free for other work, so iowait is as idle. Stolen time is not: nobody here can use it. */
const IDLE_MODES = new Set(['idle', 'iowait']);

/**
 * Devices whose bytes are no load of the server's links, or are counted at another device already: loopback; and virtual ones,
 * which hand everything on to a physical device or to this machine itself – bridges and the virtual ends of containers and
 * guests, tunnels, bonds and teams (their members count), VLANs (`eth0.7`), ifb and dummies. Containers also make them come and
 * go, and a sum whose parts change is dropped. Physical names, and `eth0` inside of a container, remain.
 */
const VIRTUAL_DEVICE =
  /^(?:lo|veth.*|docker[0-9]*|docker_gwbridge|br[-0-9].*|virbr.*|vnet.*|tap.*|tun.*|cni.*|cali.*|flannel.*|cilium.*|lxc.*|lxdbr.*|vxlan.*|geneve.*|gre.*|sit[0-9]*|ip6tnl.*|wg.*|bond[0-9]*|team[0-9]*|ifb.*|dummy.*|ovs-.*|.*\..*)$/;

/** Counters of a few hundredths of a second may be read late: a processor may seem to have done twice what it can, not more. */
const CPU_SLACK = 2;

/** Prometheus' node_exporter 0.16 and later, on Linux: cpu in cores, memory in bytes, network in bytes/s both ways together. */
export const NODE_EXPORTER: Mapping = {
  wanted: new Set([CPU, MEMORY_TOTAL, MEMORY_AVAILABLE, RECEIVED, TRANSMITTED, TIME]),
  dimensions: ['cpu', 'memory', 'network'],
  read(page: Exposition): Readings {
    const samplesOf = (name: string): readonly ExpositionSample[] => page.samples.get(name) ?? [];
    const seconds = samplesOf(TIME)[0]?.value;
    const ownMs = seconds === undefined ? undefined : seconds * 1000;
    const readings = new Map<Dimension, Reading | DropReason>();
    const cpu = cpuReading(samplesOf(CPU), ownMs);
    const memory = memoryReading(samplesOf(MEMORY_TOTAL)[0], samplesOf(MEMORY_AVAILABLE)[0], ownMs);
    const network = networkReading(samplesOf(RECEIVED), samplesOf(TRANSMITTED), ownMs);
    if (cpu !== undefined) readings.set('cpu', cpu);
    if (memory !== undefined) readings.set('memory', memory);
    if (network !== undefined) readings.set('network', network);
    return readings;
  },
};

function cpuReading(
  samples: readonly ExpositionSample[],
  ownMs: number | undefined,
): Reading | undefined {
  const busy = samples.filter(({ labels }) => !IDLE_MODES.has(labels.get('mode') ?? ''));
  if (busy.length === 0) return undefined;
  const processors = new Set(samples.map(({ labels }) => labels.get('cpu'))).size;
  return readingOf(unscaled(busy), { kind: 'counter', ownMs, max: processors * CPU_SLACK });
}

function memoryReading(
  total: ExpositionSample | undefined,
  available: ExpositionSample | undefined,
  ownMs: number | undefined,
): Reading | undefined {
  if (total === undefined || available === undefined) return undefined;
  const values = Float64Array.of(total.value - available.value);
  return { kind: 'gauge', values, parts: 'memory', ownMs, max: total.value };
}

function networkReading(
  received: readonly ExpositionSample[],
  transmitted: readonly ExpositionSample[],
  ownMs: number | undefined,
): Reading | undefined {
  const [inward, outward] = [received, transmitted].map((samples) =>
    samples.filter(({ labels }) => !VIRTUAL_DEVICE.test(labels.get('device') ?? '')),
  );
  // One direction without the other is half a page.
  if (inward === undefined || outward === undefined) return undefined;
  if (inward.length === 0 || inward.length !== outward.length) return undefined;
  return readingOf(unscaled([...inward, ...outward]), { kind: 'counter', ownMs });
}

function unscaled(samples: readonly ExpositionSample[]) {
  return samples.map((sample) => ({ sample, scale: 1 }));
}
