import { ACCEPTED } from './request-cases/accepted.js';
import { CHUNKS } from './request-cases/chunks.js';
import { CONNECTION } from './request-cases/connection.js';
import { FRAMING } from './request-cases/framing.js';
import { HOSTS } from './request-cases/hosts.js';
import { LINES } from './request-cases/lines.js';
import type { RequestCase } from './request-cases/request-case.js';
import { SIZES } from './request-cases/sizes.js';
import { START_LINES } from './request-cases/start-lines.js';

/**
 * Raw requests: our own cases, by classes of published attacks and of RFC 9110/9112. Those that are refused begin like a
 * request, and nothing after the fault is read.
 */
export const REQUEST_CASES: readonly RequestCase[] = [
  ...ACCEPTED,
  ...FRAMING,
  ...LINES,
  ...HOSTS,
  ...START_LINES,
  ...CONNECTION,
  ...CHUNKS,
  ...SIZES,
];
