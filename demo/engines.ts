import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramOptions, StartedProgram } from './programs.js';
import { startProgram } from './programs.js';

/* The engines of a distributed Foreshift as programs of this machine, on loopback, each in a folder of its own. */

type SpawnOptions = Pick<ProgramOptions, 'spawn'>;

/**
 * A Redis as a Foreshift wants it: with a synced append-only file, and without eviction.
 * @param settings as in its configuration file, over the defaults: `{ maxmemory: '3mb' }`
 * @throws ERR_PROGRAM_ABSENT, ERR_PROGRAM_FAILED
 */
export function startRedis(
  { folder, port, settings = {} }: RedisProgram,
  options: SpawnOptions = {},
): Promise<StartedProgram> {
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
  return startProgram('redis-server', {
    args,
    serves: /Ready to accept connections/,
    ...options,
  });
}

export interface RedisProgram {
  readonly folder: string;
  readonly port: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface InfluxProgram {
  readonly folder: string;
  /** 0: where the system has room. */
  readonly port: number;
  /** It asks for a login. */
  readonly isGuarded?: boolean;
}

/**
 * An InfluxDB 1.x. It listens for clients, and for backups, which nobody here makes but which it insists on.
 * @throws ERR_PROGRAM_ABSENT, ERR_PROGRAM_FAILED
 */
export async function startInflux(
  program: InfluxProgram,
  options: SpawnOptions = {},
): Promise<StartedProgram & { readonly port: number }> {
  const file = join(program.folder, 'influxdb.conf');
  await writeFile(file, influxConfig(program));
  const started = await startProgram('influxd', {
    args: ['run', '-config', file],
    serves: /Listening on HTTP.*addr=127\.0\.0\.1:([0-9]+)/,
    ...options,
  });
  return { ...started, port: Number(started.match[1]) };
}

/** Off is what nobody here needs: reports to its makers, its own metrics, logs of requests. */
function influxConfig({ folder, port, isGuarded = false }: InfluxProgram): string {
  return `
bind-address = "127.0.0.1:0"
reporting-disabled = true
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  auth-enabled = ${isGuarded}
  log-enabled = false
`;
}
