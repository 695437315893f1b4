/** What a page of node_exporter says, in tests: the figures that matter, one processor and one device a row. */
export interface NodeFigures {
  readonly timeMs: number;
  /** Seconds by mode; `iowait`, `irq` and the like are 0 if absent. */
  readonly cpu: readonly Readonly<Record<string, number | string>>[];
  readonly memoryTotal?: number | string;
  readonly memoryAvailable?: number | string;
  /** Bytes received and sent. */
  readonly devices?: Readonly<Record<string, readonly [number | string, number | string]>>;
}

const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'];

/** In the shape of a page of node_exporter 1.5 on Debian, shortened. */
export function nodeExporterPage(figures: NodeFigures): string {
  const { timeMs, cpu, memoryTotal = 8e9, memoryAvailable = 6e9 } = figures;
  const { devices = { eth0: [1000, 500] } } = figures;
  const perDevice = (name: string, at: 0 | 1): string[] =>
    Object.entries(devices).map(([device, bytes]) => `${name}{device="${device}"} ${bytes[at]}`);
  return [
    '# HELP go_gc_duration_seconds A summary of the pause duration of garbage collection cycles.',
    '# TYPE go_gc_duration_seconds summary',
    'go_gc_duration_seconds{quantile="0"} 0',
    'go_gc_duration_seconds{quantile="1"} 0.000114',
    'go_gc_duration_seconds_sum 0.000114',
    'go_gc_duration_seconds_count 3',
    '# HELP go_info Information about the Go environment.',
    '# TYPE go_info gauge',
    'go_info{version="go1.19.8"} 1',
    '# HELP node_cpu_guest_seconds_total Seconds the CPUs spent in guests (VMs) for each mode.',
    '# TYPE node_cpu_guest_seconds_total counter',
    ...cpu.map((_, at) => `node_cpu_guest_seconds_total{cpu="${at}",mode="user"} 0`),
    '# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.',
    '# TYPE node_cpu_seconds_total counter',
    ...cpu.flatMap((seconds, at) =>
      MODES.map(
        (mode) => `node_cpu_seconds_total{cpu="${at}",mode="${mode}"} ${seconds[mode] ?? 0}`,
      ),
    ),
    '# HELP node_filesystem_device_error Whether an error occurred while getting statistics for the given device.',
    '# TYPE node_filesystem_device_error gauge',
    'node_filesystem_device_error{device="/dev/vda1",fstype="ext4",mountpoint="/a \\"b\\" \\\\c"} 0',
    '# HELP node_load1 1m load average.',
    '# TYPE node_load1 gauge',
    'node_load1 0.58',
    '# HELP node_memory_MemAvailable_bytes Memory information field MemAvailable_bytes.',
    '# TYPE node_memory_MemAvailable_bytes gauge',
    `node_memory_MemAvailable_bytes ${memoryAvailable}`,
    '# HELP node_memory_MemFree_bytes Memory information field MemFree_bytes.',
    '# TYPE node_memory_MemFree_bytes gauge',
    'node_memory_MemFree_bytes 2.2796775424e+10',
    '# HELP node_memory_MemTotal_bytes Memory information field MemTotal_bytes.',
    '# TYPE node_memory_MemTotal_bytes gauge',
    `node_memory_MemTotal_bytes ${memoryTotal}`,
    '# HELP node_network_receive_bytes_total Network device statistic receive_bytes.',
    '# TYPE node_network_receive_bytes_total counter',
    ...perDevice('node_network_receive_bytes_total', 0),
    '# HELP node_network_transmit_bytes_total Network device statistic transmit_bytes.',
    '# TYPE node_network_transmit_bytes_total counter',
    ...perDevice('node_network_transmit_bytes_total', 1),
    '# HELP node_time_seconds System time in seconds since epoch (1970).',
    '# TYPE node_time_seconds gauge',
    `node_time_seconds ${timeMs / 1000}`,
    '',
  ].join('\n');
}
