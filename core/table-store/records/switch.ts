import { z } from 'zod';
import type { MemberId } from '../../domain.js';
import { moveSchema } from '../../plan.js';
import {
  addressSchema,
  countSchema,
  finiteSchema,
  generationSchema,
  memberIdSchema,
  planIdSchema,
  resourceIdSchema,
  serverIdSchema,
} from '../../schema.js';
import { RecordKind } from './kind.js';

/**
 * The states of a switch, each naming what is complete: in `held` every live redirector holds and the
 * drain goes on. Forward: the first eight in order. Undo: before `drained` the record is removed; after
 * it only by give-back, `returning` (targets let go) → `withdrawn` (sources take again) → `committed`.
 */
export const FORWARD_STATES = [
  'opened',
  'prepared',
  'held',
  'drained',
  'released',
  'taken',
  'attached',
  'committed',
] as const;
export const SWITCH_STATES = [...FORWARD_STATES, 'returning', 'withdrawn'] as const;
export type SwitchState = (typeof SWITCH_STATES)[number];

const switchSchema = z.object({
  plan: planIdSchema,
  /** Index of the batch in its plan. */
  batch: countSchema,
  state: z.enum(SWITCH_STATES),
  /** Reserved for this attempt and used for nothing else, whatever becomes of it. */
  generation: generationSchema,
  /** Reserved when the give-back began. */
  returnGeneration: generationSchema.nullable(),
  moves: z.array(moveSchema).min(1),
  /** Sources that were lost when it was opened: their work is not waited for, nor their release. */
  lost: z.array(serverIdSchema),
  /** Of its moves, as the plan has them; null: none any more. */
  standbys: z.record(resourceIdSchema, serverIdSchema.nullable()),
  /** Why it is being undone. */
  fault: z.string().nullable(),
  /** Wall clock of each state's beginning, in the order of the states: for the history only. */
  enteredAtMs: z.record(z.string(), finiteSchema),
});
export type SwitchRecord = Readonly<z.output<typeof switchSchema>>;
/** The open switch: the truth about it; there is at most one. */
export const SWITCH = new RecordKind<SwitchRecord, 'open'>('switch', switchSchema);

/** Something that keeps a resource from being moved now. */
const obstacleSchema = z.object({
  resource: resourceIdSchema,
  /** For a person: "1 open upload". */
  what: z.string().max(200),
  /** Of the oldest piece of work. */
  ageMs: finiteSchema,
});
export type Obstacle = Readonly<z.output<typeof obstacleSchema>>;

const ackSchema = z.object({
  /** The process that acknowledges: a restarted redirector begins anew. */
  boot: z.string(),
  /** The reserved generation of the switch that is meant. */
  generation: generationSchema,
  /** The last step that this redirector completed. */
  step: z.enum(['prepared', 'held', 'drained', 'attached', 'resumed']),
  /** At `prepared`: what will not drain. At `drained`: what did not, by the deadline. */
  obstacles: z.array(obstacleSchema).max(100),
  /** At `attached`: what the targets refused. */
  refusals: z.array(z.object({ resource: resourceIdSchema, why: z.string().max(200) })).max(100),
  /** At `resumed`: how long and how many were held here, and how many of them failed. */
  holdMs: finiteSchema,
  heldRequests: countSchema,
  failedRequests: countSchema,
});
export type Ack = Readonly<z.output<typeof ackSchema>>;
/** What a redirector says about the open switch; one a member, the latest. */
export const ACK = new RecordKind<Ack, MemberId>('ack', ackSchema);

/** A live redirector. Its lease is judged by each observer's own monotonic clock, from changes of `beat`. */
const memberSchema = z.object({
  boot: z.string(),
  beat: countSchema,
  leaseMs: finiteSchema,
  /** The newest generation that it applied. */
  generation: generationSchema,
  /** Servers that it cannot reach; all others it can. */
  unreachable: z.record(
    serverIdSchema,
    z.object({ evidence: z.enum(['refused', 'silent']), sinceMs: finiteSchema }),
  ),
  /** Lost servers whose serving leases it has stopped to renew: server → the loss it knows of. */
  abandoned: z.record(serverIdSchema, z.string()),
  /** It finds most servers silent at once, and takes none of those for lost. */
  panic: z.boolean().default(false),
  /** Where it tells how it is, and its counters; null: nowhere. */
  health: addressSchema.nullable().default(null),
  /** Floating addresses that it would hold: null, it stands ready; or why it cannot. Absent: none. */
  addresses: z.record(z.string(), z.string().max(200).nullable()).optional(),
});
export type MemberRecord = Readonly<z.output<typeof memberSchema>>;
export const MEMBER = new RecordKind<MemberRecord, MemberId>('member', memberSchema);

const rosterSchema = z.object({
  /** Lives of redirectors that ever began. */
  lives: countSchema,
});
export type RosterRecord = Readonly<z.output<typeof rosterSchema>>;
/**
 * Changes with each life that begins. Whoever decides on the acks of all live members expects it, so that
 * nobody joins between the decision and its being written.
 */
export const ROSTER = new RecordKind<RosterRecord, 'members'>('roster', rosterSchema);

const coordinatorSchema = z.object({
  member: memberIdSchema,
  boot: z.string(),
  /** Grows with each change of hands; every act of a coordinator checks it. */
  term: countSchema,
});
export type CoordinatorRecord = Readonly<z.output<typeof coordinatorSchema>>;
/** Which redirector coordinates: it does so as long as its member lease lives. */
export const COORDINATOR = new RecordKind<CoordinatorRecord, 'lease'>(
  'coordinator',
  coordinatorSchema,
);
