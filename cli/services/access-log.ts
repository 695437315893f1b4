import { resolve } from 'node:path';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { LineFileOptions } from '../../core/line-file.js';
import { LineFile } from '../../core/line-file.js';
import type { Startable } from '../../core/lifecycle.js';
import type { MetricSource } from '../../core/metrics.js';
import { sumOf } from '../../redirector/workers/worker-stats.js';
import { AccessLog } from '../../redirector/access-log/access-log.js';

export interface AccessLogging {
  readonly log: AccessLog;
  /** Its end writes what waits. */
  readonly service: Startable;
  readonly metrics: readonly MetricSource[];
  readonly reconfigure: (config: Config) => void;
  readonly counts: () => LineCounts;
}

type LineCounts = Pick<LineFile, 'written' | 'dropped'>;

/** The access log as the config wants it; its file is relative to that folder. `elsewhere`: what other threads wrote to it. */
export function accessLogOf(
  config: Config,
  clock: Clock,
  folder: string,
  elsewhere: () => readonly LineCounts[] = () => [],
): AccessLogging {
  const fileOptions = ({ accessLog: { file, bufferBytesMax } }: Config): LineFileOptions => ({
    path: file === undefined || file === '-' ? file : resolve(folder, file),
    bufferBytesMax,
  });
  const file = new LineFile(clock, fileOptions(config));
  const log = new AccessLog(clock, file, config.accessLog);
  const counts = (): LineCounts => ({ written: file.written, dropped: file.dropped });
  const total = (): LineCounts => sumOf([counts(), ...elsewhere()]);
  return {
    log,
    counts,
    service: { start: () => Promise.resolve(), stop: () => file.flush() },
    metrics: [
      {
        name: 'foreshift_access_log_lines_total',
        help: 'Lines of the access log, by what became of them.',
        kind: 'counter',
        labels: ['result'],
        read: () => [
          { labels: { result: 'written' }, value: total().written },
          { labels: { result: 'dropped' }, value: total().dropped },
        ],
      },
    ],
    reconfigure: (now) => {
      file.reconfigure(fileOptions(now));
      log.reconfigure(now.accessLog);
    },
  };
}
