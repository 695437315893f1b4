import { z } from 'zod';
import { metricsSourceSchema } from '../../config/metrics-source.js';
import { DIMENSIONS, FENCES, SERVER_STATES } from '../../domain.js';
import type { ResourceId, ServerId } from '../../domain.js';
import {
  addressSchema,
  countSchema,
  finiteSchema,
  resourceIdSchema,
  serverIdSchema,
} from '../../schema.js';
import { RecordKind } from './kind.js';

const serverSchema = z.object({
  /** Where its clients' requests go. */
  address: addressSchema,
  /** Where its agent listens; null: it has none. */
  control: addressSchema.nullable(),
  fence: z.enum(FENCES),
  /** Of a server without an agent: asked by GET, any status below 400 is well; null: a connection will do. */
  healthPath: z.string().nullable(),
  /** In the dimension's unit; a dimension that is absent is not planned for this server. */
  capacity: z.partialRecord(z.enum(DIMENSIONS), finiteSchema),
  /** Where its load is read; null: nowhere. */
  metrics: metricsSourceSchema.nullable().default(null),
  /** Kept empty until a server is lost or an operator says otherwise. */
  spare: z.boolean(),
  zone: z.string().nullable(),
  /** Announced by its agent, or written in the config. */
  origin: z.enum(['config', 'announced']),
});
export type ServerRecord = Readonly<z.output<typeof serverSchema>>;
export const SERVER = new RecordKind<ServerRecord, ServerId>('server', serverSchema);

export const serverStateSchema = z.object({
  state: z.enum(SERVER_STATES),
  by: z.string().max(128),
  reason: z.string().max(400),
  sinceMs: finiteSchema,
});
export type ServerStateRecord = Readonly<z.output<typeof serverStateSchema>>;
/** What an operator wants of a server; absent: ready. */
export const SERVER_STATE = new RecordKind<ServerStateRecord, ServerId>(
  'server-state',
  serverStateSchema,
);

const lostSchema = z.object({
  /** Names this loss, so that an answer about an earlier one is not taken for it. */
  loss: z.string(),
  /** `dead`: surely not running; `silent`: only not to be reached. */
  evidence: z.enum(['dead', 'silent']),
  /** How it is known, for a person. */
  how: z.string().max(200),
  sinceMs: finiteSchema,
});
export type LostRecord = Readonly<z.output<typeof lostSchema>>;
/** A server that the majority of the live redirectors cannot reach. */
export const LOST = new RecordKind<LostRecord, ServerId>('lost', lostSchema);

const eligibleSchema = z.object({ resources: z.array(resourceIdSchema) });
export type EligibleRecord = Readonly<z.output<typeof eligibleSchema>>;
/** Which resources a server may serve, by its announcement or the config. Never an assignment. */
export const ELIGIBLE = new RecordKind<EligibleRecord, ServerId>('eligible', eligibleSchema);

const announcedSchema = z.object({
  /** Of the agent. */
  boot: z.string(),
  /** Grows with every announcement: the agent's lease goes on. */
  beat: countSchema,
  leaseMs: finiteSchema,
});
export type AnnouncedRecord = Readonly<z.output<typeof announcedSchema>>;
/** When a server's agent last announced it; absent: it stands in the config, for ever. */
export const ANNOUNCED = new RecordKind<AnnouncedRecord, ServerId>('announced', announcedSchema);

export const pinSchema = z.object({
  server: serverIdSchema,
  by: z.string().max(128),
  reason: z.string().max(400),
  sinceMs: finiteSchema,
});
export type PinRecord = Readonly<z.output<typeof pinSchema>>;
/** An operator's word that a resource belongs on this server. */
export const PIN = new RecordKind<PinRecord, ResourceId>('pin', pinSchema);
