import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../core/clock/port.js';
import type { Certificate } from '../../core/net/tls/server-tls.js';
import type { FoundConfig } from '../context.js';
import { Security, certificateIn, readSecurity } from '../services/security.js';
import type { Finding } from './finding.js';
import { failed, failedWith, ok, warn } from './finding.js';

const DAY_MS = 86_400_000;
const RENEW_DAYS = 14;

/** The certificates that the config names: whether they are read and taken, and for how long they are good. */
export async function certificateFindings(
  { config, folder, secret = '' }: FoundConfig,
  clock: Clock,
): Promise<Finding[]> {
  const named = [
    ...config.listeners.flatMap(({ tls }) => tls?.certificates ?? []),
    ...config.serverLinks.flatMap(({ tls }) => tls?.certificate ?? []),
    ...(config.api.tls === undefined ? [] : [config.api.tls]),
  ];
  if (named.length === 0) return [];
  try {
    const material = await readSecurity(config, { clock, folder, secret });
    new Security(config, material);
    const certificates = await Promise.all(named.map((files) => certificateIn(files, folder)));
    return certificates.map((certificate) => termFinding(certificate, clock.realtimeMs()));
  } catch (error) {
    return [failedWith('certificates', error)];
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
