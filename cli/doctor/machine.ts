import { constants, readFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isAccessible } from '../accessible.js';
import type { FoundConfig } from '../context.js';
import { nodeLeast } from '../product.js';
import type { Finding } from './finding.js';
import { failed, ok, warn } from './finding.js';

/** Beside connections: stores, logs, the engine's own. */
const DESCRIPTORS_BESIDE = 200;

/** This machine: its Node, its limits, where data rests, the programs that are called. */
export async function machineFindings(found: FoundConfig): Promise<Finding[]> {
  return [
    nodeFinding(process.versions.node, await nodeLeast()),
    ...(await descriptorFindings(found)),
    await dataFinding(resolve(found.folder, found.config.dataDir)),
    ...(await programFindings(found)),
  ];
}

function nodeFinding(
  version: string,
  [leastMajor, leastMinor]: readonly [major: number, minor: number],
): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (isEnough) return ok('node', version);
  return failed('node', version, `Install Node ${leastMajor}.${leastMinor} or later`);
}

/** A connection of a client needs one, and one to a server while it is served. */
async function descriptorFindings({ config }: FoundConfig): Promise<Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => undefined);
  const most = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits ?? '')?.[1] ?? NaN);
  if (Number.isNaN(most)) return [];
  const wanted = 2 * connectionsMax(config) + DESCRIPTORS_BESIDE;
  if (most >= wanted) return [ok('open files', `${most} allowed, ${wanted} wanted at most`)];
  return [
    warn(
      'open files',
      `${most} are allowed, connections may want ${wanted}`,
      'Raise LimitNOFILE (systemd) or ulimit -n, or lower connectionsMax under http, tcp, nfs and iscsi',
    ),
  ];
}

function connectionsMax(config: FoundConfig['config']): number {
  const { listeners, http, tcp, nfs, iscsi } = config;
  const of = { http, tcp, nfs, iscsi };
  const protocols = new Set(listeners.map(({ protocol }) => protocol));
  return [...protocols].reduce((sum, protocol) => sum + of[protocol].connectionsMax, 0);
}

async function dataFinding(folder: string): Promise<Finding> {
  const there = await nearest(folder);
  if (!(await isAccessible(there, constants.W_OK | constants.X_OK))) {
    const fix = 'Give it to the user that Foreshift runs as, or set dataDir';
    return failed('data directory', `${there} cannot be written`, fix);
  }
  return ok('data directory', there === folder ? folder : `${folder}, made at the first start`);
}

/** The folder, or the first above it that is there. */
async function nearest(folder: string): Promise<string> {
  const above = dirname(folder);
  return above === folder || (await isAccessible(folder)) ? folder : nearest(above);
}

/** Those that move an address. */
async function programFindings({ config }: FoundConfig): Promise<Finding[]> {
  const { addresses, takeover } = config.redirector;
  if (addresses.length === 0 || takeover.command !== undefined) return [];
  const findings: Finding[] = [];
  for (const [program, from] of [
    ['ip', 'iproute2'],
    ['arping', 'iputils-arping'],
    ['nft', 'nftables'],
  ] as const) {
    findings.push(
      (await isInPath(program))
        ? ok(program, 'is there')
        : failed(program, 'is not on this machine', `Install ${from}: addresses move by it`),
    );
  }
  return findings;
}

async function isInPath(program: string): Promise<boolean> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (await isAccessible(join(folder, program), constants.X_OK)) return true;
  }
  return false;
}
