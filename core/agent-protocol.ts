import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { metricsSourceSchema } from './config/metrics-source.js';
import type { MemberId, ServerId } from './domain.js';
import { DIMENSIONS, FENCES, LOST_SOURCE_POLICIES } from './domain.js';
import {
  addressSchema,
  finiteSchema,
  generationSchema,
  resourceIdSchema,
  serverIdSchema,
} from './schema.js';

/*
 * What redirectors and api say to an agent, and it to them: JSON over HTTP, each call repeatable.
 * Per resource the agent remembers the newest generation that it heard of; an older message is refused,
 * however late it comes, so the order of messages does not matter for who may serve.
 */

/** Who announces itself: with its token beside it, the api knows whether to read on. Agents of an earlier version do not say so. */
export const SERVER_HEADER = 'foreshift-server';
/** The resource that a request is for, set by the redirector on each request. */
export const RESOURCE_HEADER = 'foreshift-resource';
/** The generation that gave the resource to this server: the fence compares it. */
export const SINCE_HEADER = 'foreshift-since';
/** Of a resource that several servers serve at the same time, in place of a generation: nobody owns it. */
export const SHARED_SINCE = 'shared';
/** On a refusal: the server and address that the agent believes to be right, or `in-transit`. */
export const OWNER_HEADER = 'foreshift-owner';
/** On every answer that is not the server's own: was the request carried out? `no` or `unknown`. */
export const EXECUTED_HEADER = 'foreshift-executed';

export const AGENT_PATHS = {
  lease: '/v1/lease',
  release: '/v1/release',
  take: '/v1/take',
  owned: '/v1/owned',
  moved: '/v1/moved',
} as const;

export const releaseRequestSchema = z.object({
  /** How long work under way may take to end before the release is refused as busy. */
  waitMs: finiteSchema,
  resources: z
    .array(
      z.object({
        resource: resourceIdSchema,
        /** That of the switch which takes the resource away. */
        generation: generationSchema,
        /** Work under way goes on to its end here, and is not waited for: the resource bears two servers. */
        pinned: z.boolean(),
      }),
    )
    .min(1),
});
export type ReleaseRequest = Readonly<z.output<typeof releaseRequestSchema>>;

export const takeRequestSchema = z.object({
  /** The agent's own; a message meant for an earlier life of it is refused. Null: any. */
  boot: z.string().nullable(),
  resources: z
    .array(
      z.object({
        resource: resourceIdSchema,
        since: generationSchema,
        onLostSource: z.enum(LOST_SOURCE_POLICIES),
      }),
    )
    .min(1),
});
export type TakeRequest = Readonly<z.output<typeof takeRequestSchema>>;

/** Both answers: what was done, and what was refused. `stale`: a newer generation was heard of. */
export const ownershipAnswerSchema = z.object({
  boot: z.string(),
  done: z.array(resourceIdSchema),
  refused: z.array(
    z.object({
      resource: resourceIdSchema,
      why: z.enum(['stale', 'busy', 'other-boot', 'failed']),
    }),
  ),
});
export type OwnershipAnswer = Readonly<z.output<typeof ownershipAnswerSchema>>;

export const leaseRequestSchema = z.object({
  /** Renews the serving lease for so long, counted from `stamp`; 0: only asks how it is. */
  leaseMs: finiteSchema.min(0),
  /** The agent's life that is meant, and the digest of what it owns by the table. Null: not known yet. */
  boot: z.string().nullable(),
  digest: z.int().nullable(),
  /**
   * The stamp of the agent's last answer to this redirector; null: none yet. A lease counted from there is
   * safe however late the call arrives: it may have waited in the buffer of an agent that was stopped.
   */
  stamp: finiteSchema.nullable(),
});
export type LeaseRequest = Readonly<z.output<typeof leaseRequestSchema>>;

export const leaseAnswerSchema = z.object({
  boot: z.string(),
  /** The server behind the agent answers. */
  serving: z.boolean(),
  /** The newest generation that the agent heard of. */
  highest: generationSchema,
  /** `ownershipDigest` of what it owns. */
  digest: z.int(),
  /** The agent's monotonic time of this answer: only for the next call. */
  stamp: finiteSchema,
});
export type LeaseAnswer = Readonly<z.output<typeof leaseAnswerSchema>>;

export const ownedAnswerSchema = z.object({
  boot: z.string(),
  highest: generationSchema,
  owned: z.array(z.object({ resource: resourceIdSchema, since: generationSchema })),
});
export type OwnedAnswer = Readonly<z.output<typeof ownedAnswerSchema>>;

/** Where resources went after a commit: lets the agent answer a late request with the new owner. */
export const movedRequestSchema = z.object({
  moves: z.array(
    z.object({
      resource: resourceIdSchema,
      server: serverIdSchema,
      address: addressSchema,
      since: generationSchema,
    }),
  ),
});
export type MovedRequest = Readonly<z.output<typeof movedRequestSchema>>;

/** What an agent tells the api again and again: it lives, and what its server may serve. */
export const announcementSchema = z.object({
  server: serverIdSchema,
  boot: z.string().min(1).max(64),
  address: addressSchema,
  control: addressSchema,
  fence: z.enum(FENCES),
  capacity: z.partialRecord(z.enum(DIMENSIONS), finiteSchema.positive()),
  zone: z.string().max(128).nullable(),
  /** Where its load can be read; null: nowhere. */
  metrics: metricsSourceSchema.nullable(),
  resources: z.array(resourceIdSchema).max(100_000),
  /** What it owns: only compared with the table; a difference is an alarm, never an assignment. */
  claims: z.array(z.object({ resource: resourceIdSchema, since: generationSchema })).max(100_000),
  leaseMs: finiteSchema.positive(),
});
export type Announcement = Readonly<z.output<typeof announcementSchema>>;

/** The token of a server's agent, made from the cluster's secret: bound to the server's name. */
export function agentToken(secret: string, server: ServerId): string {
  return createHmac('sha256', secret).update(`agent/${server}`).digest('base64url');
}

/** The token of a redirector among the others, made from the cluster's secret: bound to its name. */
export function memberToken(secret: string, member: MemberId): string {
  return createHmac('sha256', secret).update(`member/${member}`).digest('base64url');
}

/** Takes the same time wherever they differ. All tokens are of one length, so that tells nothing. */
export function isSameToken(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
