import type { z } from 'zod';
import type { Announcement } from '../core/agent-protocol.js';
import { agentToken, announcementSchema, isSameToken } from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import type { Address, ResourceId, ServerId } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import { fail } from '../core/errors.js';
import { compareGenerations } from '../core/generation.js';
import type { Json } from '../core/json.js';
import type { Log } from '../core/log.js';
import { parseCallUrl } from '../core/net/call-url.js';
import { Draft } from '../core/table-store/draft.js';
import type { EligibleCounts } from '../core/table-store/eligible-counts.js';
import type { Eligibility } from '../core/table-store/eligibility.js';
import type { TableStore } from '../core/table-store/port.js';
import type { EligibleRecord } from '../core/table-store/records/server.js';
import { ANNOUNCED, ELIGIBLE, SERVER } from '../core/table-store/records/server.js';
import { SWITCH } from '../core/table-store/records/switch.js';
import type { TableView } from '../core/table-store/view.js';

export interface AnnounceParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  readonly eligibility: Eligibility;
  /** Of all servers, whether their announcements go on or not; nobody else asks it. */
  readonly counts: EligibleCounts;
  /** The cluster's: agents' tokens are made from it. */
  readonly secret: string;
  /** Throws ERR_CALL_FORBIDDEN where the guard of outbound addresses would. */
  readonly assertAllowed: (address: Address) => void;
}

export interface AnnounceLimits {
  readonly serversMax: number;
  readonly resourcesMax: number;
}

export interface AnnounceAnswer {
  /** Resources that the agent claims and the table gives to another: the table stands. */
  readonly conflicts: readonly ResourceId[];
}

const announcedServerSchema = announcementSchema.pick({ server: true });

/**
 * Takes an agent's announcement: who it is and what it may serve. It changes eligibility only, never an
 * assignment; a claim that differs from the table is an alarm.
 * @throws ERR_AGENT_TOKEN, ERR_ANNOUNCEMENT_INVALID, ERR_AGENT_DUPLICATE, ERR_LIMIT_REACHED, ERR_CALL_FORBIDDEN
 */
export async function announce(
  body: Json,
  token: string,
  parts: AnnounceParts,
  limits: AnnounceLimits,
): Promise<AnnounceAnswer> {
  // Before all that it says is looked at: that takes long, and anybody may have sent it.
  assertToken(parse(announcedServerSchema, body).server, token, parts.secret);
  const announcement = parse(announcementSchema, body);
  const { server, resources } = announcement;
  assertNobodyElse(announcement, parts);
  parts.assertAllowed(announcement.address);
  parts.assertAllowed(announcement.control);
  if (announcement.metrics !== null) assertAllowedUrl(announcement.metrics.url, parts);
  assertRoom(announcement, parts, limits);
  await write(announcement, parts);
  const conflicts = conflictsOf(announcement, parts);
  if (conflicts.length > 0) {
    parts.log.error(
      { server, resources: conflicts.length, first: conflicts[0] },
      'two claim a resource',
    );
  }
  parts.log.debug({ server, resources: resources.length }, 'announced');
  return { conflicts };
}

/** @throws ERR_AGENT_TOKEN */
export function assertToken(server: ServerId, token: string, secret: string): void {
  if (!isSameToken(token, agentToken(secret, server))) fail('ERR_AGENT_TOKEN', { server });
}

function parse<Value>(schema: z.ZodType<Value>, body: Json): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  return fail('ERR_ANNOUNCEMENT_INVALID', { where, why: issue?.message ?? 'malformed' });
}

/** The name is taken while another address announces it; a restart at the same address is no other. */
function assertNobodyElse({ server, boot, address }: Announcement, parts: AnnounceParts): void {
  const { view, eligibility } = parts;
  const known = view.get(SERVER, server)?.value;
  const holder = view.get(ANNOUNCED, server)?.value;
  if (known === undefined || formatAddress(known.address) === formatAddress(address)) return;
  if (holder !== undefined && holder.boot !== boot && eligibility.isLive(server)) {
    fail('ERR_AGENT_DUPLICATE', { server, address: formatAddress(known.address) });
  }
}

function assertRoom(
  announcement: Announcement,
  { view, counts }: AnnounceParts,
  limits: AnnounceLimits,
): void {
  const { server, resources } = announcement;
  const { serversMax, resourcesMax } = limits;
  if (view.get(SERVER, server) === undefined && view.all(SERVER).size >= serversMax) {
    fail('ERR_LIMIT_REACHED', { limit: serversMax, what: 'servers' });
  }
  // Every agent announces all that it may serve every second: only lists that are others than before are gone through.
  const lists = new Map<ServerId, EligibleRecord>();
  for (const [each, { value }] of view.all(ELIGIBLE)) lists.set(each, value);
  if (!isSameList(lists.get(server)?.resources, resources)) lists.set(server, { resources });
  if (counts.of(lists).size > resourcesMax) {
    fail('ERR_LIMIT_REACHED', { limit: resourcesMax, what: 'resources' });
  }
}

/** Two writes that meet: the later one is tried again by its agent. */
async function write(announcement: Announcement, { store, view }: AnnounceParts): Promise<void> {
  const { server, address, control, fence, capacity, zone, metrics, resources, boot, leaseMs } =
    announcement;
  const known = view.get(SERVER, server)?.value;
  const beat = (view.get(ANNOUNCED, server)?.value.beat ?? 0) + 1;
  const draft = new Draft()
    .expect(view, SERVER, server)
    .expect(view, ANNOUNCED, server)
    .put(ANNOUNCED, server, { beat, boot, leaseMs });
  const eligible = view.get(ELIGIBLE, server)?.value.resources;
  if (!isSameList(eligible, resources)) draft.put(ELIGIBLE, server, { resources });
  const record = {
    address,
    control,
    fence,
    healthPath: null,
    // What an operator wrote in the config goes before what the agent says.
    capacity: known?.origin === 'config' ? known.capacity : capacity,
    metrics: known?.origin === 'config' && known.metrics !== null ? known.metrics : metrics,
    spare: known?.spare ?? false,
    zone: zone ?? known?.zone ?? null,
    origin: known?.origin ?? 'announced',
  } as const;
  if (JSON.stringify(record) !== JSON.stringify(known)) draft.put(SERVER, server, record);
  await store.transact(draft.transaction);
  await view.sync();
}

function conflictsOf({ server, claims }: Announcement, { view }: AnnounceParts): ResourceId[] {
  // In a switch its target owns what the table does not give it yet.
  const switched = new Set(view.get(SWITCH, 'open')?.value.moves.map(({ resource }) => resource));
  return claims.flatMap(({ resource, since }) => {
    if (switched.has(resource)) return [];
    const placement = view.table.placementOf(resource);
    const isOthers = placement !== undefined && placement.server !== server;
    return isOthers && compareGenerations(since, placement.since) >= 0 ? [resource] : [];
  });
}

/** Read as the collector will read it: another reader would find another host in some spellings. */
function assertAllowedUrl(url: string, { assertAllowed }: AnnounceParts): void {
  assertAllowed(parseCallUrl('GET', url).to);
}

function isSameList(a: readonly ResourceId[] | undefined, b: readonly ResourceId[]): boolean {
  return a?.length === b.length && a.every((resource, index) => resource === b[index]);
}
