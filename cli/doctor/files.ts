import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../core/clock/port.js';
import type { Certificate } from '../../core/net/tls/server-tls.js';
import { ownServerOptions } from '../../core/net/tls/server-tls.js';
import type { FoundConfig } from '../context.js';
import { namedFilesOf, readNamedFiles } from '../services/named-files.js';
import { certificateIn } from '../services/security.js';
import type { Finding } from './finding.js';
import { failed, failedWith, ok, warn } from './finding.js';

const DAY_MS = 86_400_000;
const RENEW_DAYS = 14;

/** The files that the config names: whether they are read and taken as at the start, and for how long certificates are good. */
export async function fileFindings(
  { config, folder, secret = '' }: FoundConfig,
  clock: Clock,
): Promise<Finding[]> {
  try {
    namedFilesOf(config, await readNamedFiles(config, { clock, folder, secret }));
    if (config.api.tls !== undefined) {
      ownServerOptions(await certificateIn(config.api.tls, folder));
    }
    const certificates = [
      ...config.listeners.flatMap(({ tls }) => tls?.certificates ?? []),
      ...config.serverLinks.flatMap(({ tls }) => tls?.certificate ?? []),
      ...(config.api.tls === undefined ? [] : [config.api.tls]),
    ].map((files) => certificateIn(files, folder));
    const nowMs = clock.realtimeMs();
    return (await Promise.all(certificates)).map((each) => termFinding(each, nowMs));
  } catch (error) {
    return [failedWith('named files', error)];
  }
}

function termFinding({ chain, origin }: Certificate, nowMs: number): Finding {
  const what = `certificate ${origin}`;
  const { validFrom, validTo, subject } = new X509Certificate(chain);
  const from = new Date(validFrom);
  const days = Math.floor((Date.parse(validTo) - nowMs) / DAY_MS);
  const fix = 'Renew it: a running Foreshift takes the new files up by itself';
  if (from.getTime() > nowMs) {
    return failed(
      what,
      `good from ${from.toISOString()} on only`,
      "Look at this machine's clock, or wait",
    );
  }
  if (days < 0) return failed(what, `expired ${-days} days ago`, fix);
  if (days < RENEW_DAYS) return warn(what, `good for ${days} days more`, fix);
  return ok(what, `${subject.replaceAll('\n', ', ')}: good for ${days} days`);
}
