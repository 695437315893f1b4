import type { z } from 'zod';
import type { OwnershipAnswer } from '../core/agent-protocol.js';
import {
  AGENT_PATHS,
  leaseAnswerSchema,
  leaseRequestSchema,
  movedRequestSchema,
  ownedAnswerSchema,
  ownershipAnswerSchema,
  releaseRequestSchema,
  takeRequestSchema,
} from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import type { ResourceId } from '../core/domain.js';
import { encode } from '../core/encode.js';
import { fail } from '../core/errors.js';
import type { Json } from '../core/json.js';
import type { Log } from '../core/log.js';
import type { NewOwners } from './new-owners.js';
import type { Ownership, OwnershipChange } from './ownership.js';

export interface ControlParts {
  readonly ownership: Ownership;
  readonly newOwners: NewOwners;
  readonly clock: Clock;
  readonly log: Log;
  /** The server behind this agent answers. */
  readonly isServing: () => boolean;
}

export type ControlHandler = (body: Json) => Promise<Json>;

/** What the agent does when it is called: by path, a message in, an answer out. @throws ERR_MESSAGE_INVALID */
export function controlHandlers(parts: ControlParts): ReadonlyMap<string, ControlHandler> {
  return new Map<string, ControlHandler>([
    [AGENT_PATHS.release, (body) => release(body, parts)],
    [AGENT_PATHS.take, (body) => take(body, parts)],
    [AGENT_PATHS.lease, (body) => Promise.resolve(lease(body, parts))],
    [AGENT_PATHS.owned, () => Promise.resolve(owned(parts))],
    [AGENT_PATHS.moved, (body) => Promise.resolve(moved(body, parts))],
  ]);
}

async function release(body: Json, { ownership, log }: ControlParts): Promise<Json> {
  const { resources, waitMs } = parse(releaseRequestSchema, body);
  const changes = resources.map(async ({ resource, generation, pinned }) => {
    const change = await ownership.release(resource, generation, pinned ? null : waitMs);
    return [resource, change] as const;
  });
  const answer = answerOf(await Promise.all(changes), ownership.boot);
  log.info({ done: answer.done.length, refused: answer.refused.length }, 'resources released');
  return encode(ownershipAnswerSchema, answer);
}

async function take(body: Json, { ownership, newOwners, log }: ControlParts): Promise<Json> {
  const { resources, boot } = parse(takeRequestSchema, body);
  const changes = resources.map(async ({ resource, since, onLostSource }) => {
    if (boot !== null && boot !== ownership.boot) return [resource, 'other-boot'] as const;
    newOwners.forget(resource);
    return [resource, await ownership.take(resource, since, onLostSource)] as const;
  });
  const answer = answerOf(await Promise.all(changes), ownership.boot);
  log.info({ done: answer.done.length, refused: answer.refused.length }, 'resources taken');
  return encode(ownershipAnswerSchema, answer);
}

function lease(body: Json, { ownership, clock, isServing }: ControlParts): Json {
  ownership.renew(parse(leaseRequestSchema, body));
  return encode(leaseAnswerSchema, {
    boot: ownership.boot,
    serving: isServing(),
    highest: ownership.highest,
    digest: ownership.digest(),
    stamp: clock.monotonicMs(),
  });
}

function owned({ ownership }: ControlParts): Json {
  const { boot, highest } = ownership;
  return encode(ownedAnswerSchema, { boot, highest, owned: ownership.owned() });
}

function moved(body: Json, { newOwners }: ControlParts): Json {
  for (const move of parse(movedRequestSchema, body).moves) newOwners.learn(move);
  return {};
}

function answerOf(
  changes: readonly (readonly [ResourceId, OwnershipChange | 'other-boot'])[],
  boot: string,
): OwnershipAnswer {
  return {
    boot,
    done: changes.flatMap(([resource, change]) => (change === 'done' ? [resource] : [])),
    refused: changes.flatMap(([resource, why]) => (why === 'done' ? [] : [{ resource, why }])),
  };
}

function parse<Value>(schema: z.ZodType<Value>, body: Json): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  return fail('ERR_MESSAGE_INVALID', { where, why: issue?.message ?? 'malformed' });
}
