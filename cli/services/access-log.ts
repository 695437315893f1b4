import { resolve } from 'node:path';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { LineFileOptions } from '../../core/line-file.js';
import { LineFile } from '../../core/line-file.js';
import type { Startable } from '../../core/lifecycle.js';
import type { MetricSource } from '../../core/metrics.js';
import { AccessLog } from '../../redirector/access-log/access-log.js';

export interface AccessLogging {
  readonly log: AccessLog;
  /** Its end writes what waits. */
  readonly service: Startable;
  readonly metrics: readonly MetricSource[];
  readonly reconfigure: (config: Config) => void;
}

/** The access log as the config wants it; its file is relative to that folder. */
export function accessLogOf(config: Config, clock: Clock, folder: string): AccessLogging {
  const fileOptions = ({ accessLog: { file, bufferBytesMax } }: Config): LineFileOptions => ({
    path: file === undefined || file === '-' ? file : resolve(folder, file),
    bufferBytesMax,
  });
  const file = new LineFile(clock, fileOptions(config));
  const log = new AccessLog(clock, file, config.accessLog);
  return {
    log,
    service: { start: () => Promise.resolve(), stop: () => file.flush() },
    metrics: [
      {
        name: 'foreshift_access_log_lines_total',
        help: 'Lines of the access log, by what became of them.',
        kind: 'counter',
        labels: ['result'],
        read: () => [
          { labels: { result: 'written' }, value: file.written },
          { labels: { result: 'dropped' }, value: file.dropped },
        ],
      },
    ],
    reconfigure: (now) => {
      file.reconfigure(fileOptions(now));
      log.reconfigure(now.accessLog);
    },
  };
}
