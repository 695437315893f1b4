import type { Clock } from '../core/clock/port.js';
import type { CountersPage } from '../core/counters-page.js';
import { COUNTERS_BYTES_MAX, COUNTERS_PATH, countersPageSchema } from '../core/counters-page.js';
import type { Address, MemberId, ResourceId } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import { codeOf, fail } from '../core/errors.js';
import { JSON_LIMITS, parseJson } from '../core/json.js';
import type { Net } from '../core/net/port.js';
import { clip, messageOf } from '../core/text.js';
import { fetchPage } from './page.js';
import type { Poll } from './source.js';

/** A redirector, and where its counters are told. */
export interface MemberTarget {
  readonly id: MemberId;
  readonly address: Address;
}

/** The counters of one redirector, read whole. */
export interface MemberCounters {
  readonly boot: string;
  readonly parts: readonly CountersPart[];
}

/** Columns by row. */
export interface CountersPart {
  /** When it was read, by the redirector's own clock. */
  readonly uptimeMs: number;
  /** What the row's resource is called here: see `intern`. */
  readonly slots: Uint32Array;
  readonly hits: Float64Array;
  readonly bytes: Float64Array;
  readonly serviceMs: Float64Array;
  readonly inFlight: Float64Array;
}

const REQUEST = {
  accept: 'application/json',
  types: ['application/json'],
  bytesMax: COUNTERS_BYTES_MAX,
} as const;

export interface MemberCountersParts {
  readonly net: Net;
  readonly clock: Clock;
  /** A small number for each resource, the same each time. */
  readonly intern: (resource: ResourceId) => number;
}

/**
 * Part after part, all within the poll's time.
 * @throws ERR_CALL_*, ERR_PAGE_* — also if the redirector began anew meanwhile: the parts do not belong together
 */
export async function readCounters(
  { net, clock, intern }: MemberCountersParts,
  { id, address }: MemberTarget,
  poll: Poll,
  rowsMax: number,
): Promise<MemberCounters> {
  const endMs = poll.monotonicMs + poll.timeoutMs;
  const parts: CountersPart[] = [];
  let boot: string | undefined;
  for (let from: number | null = 0; from !== null;) {
    const url = `http://${formatAddress(address)}${COUNTERS_PATH}?from=${from}`;
    const request = { url, ...REQUEST };
    const timeoutMs = Math.max(1, endMs - clock.monotonicMs());
    const { body } = await fetchPage(net, request, { timeoutMs, signal: poll.signal });
    const page = parsePage(body, url);
    boot ??= page.boot;
    if (page.member !== id) unusable(url, 'member', `it is of ${page.member}, not of ${id}`);
    if (page.from !== from) unusable(url, 'from', `it begins at row ${page.from}`);
    if (page.boot !== boot) unusable(url, 'boot', 'the redirector began anew meanwhile');
    if (from + page.resources.length > rowsMax) unusable(url, 'rows', `more than ${rowsMax}`);
    parts.push(partOf(page, intern));
    from = page.next;
  }
  return { boot: boot ?? '', parts };
}

function parsePage(body: Buffer, url: string): CountersPage {
  const limits = { ...JSON_LIMITS, bytesMax: COUNTERS_BYTES_MAX, depthMax: 3 };
  let json: unknown;
  try {
    json = parseJson(body.toString('utf8'), 'the page', limits);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return unusable(url, 'JSON', messageOf(error));
  }
  const parsed = countersPageSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return unusable(url, issue?.path.join('.') ?? '', issue?.message ?? 'not counters');
}

function partOf(page: CountersPage, intern: MemberCountersParts['intern']): CountersPart {
  return {
    uptimeMs: page.uptimeMs,
    slots: Uint32Array.from(page.resources, intern),
    hits: Float64Array.from(page.hits),
    bytes: Float64Array.from(page.bytes),
    serviceMs: Float64Array.from(page.serviceMs),
    inFlight: Float64Array.from(page.inFlight),
  };
}

function unusable(url: string, where: string, why: string): never {
  return fail('ERR_PAGE_INVALID', { page: clip(url), where: clip(where), why: clip(why) });
}
