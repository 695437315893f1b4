import { z } from 'zod';
import { MODES, SERVER_STATES } from '../../core/domain.js';
import { resourceIdSchema, serverIdSchema } from '../../core/schema.js';
import { modeSchema, pauseSchema } from '../../core/table-store/records/plan.js';
import { pinSchema, serverStateSchema } from '../../core/table-store/records/server.js';
import { pause, resume, setMode } from '../acts/mode.js';
import type { PinParts } from '../acts/servers.js';
import { pinResource, setServerState } from '../acts/servers.js';
import type { ApiRoute } from '../route.js';
import { route } from '../route.js';

/** Who acts, and why: in the body of every change. */
export const actorShape = {
  by: z
    .string()
    .min(1)
    .max(128)
    .describe('Who acts, where there is no login; with one it is the name in the token.'),
  reason: z.string().max(400).default(''),
} as const;

/** What operators change besides plans. Each may be repeated: what is so already stays so. */
export function actRoutes(parts: PinParts): ApiRoute[] {
  return [
    route(
      {
        method: 'POST',
        path: '/v1/servers/:server/state',
        summary: 'Drain a server, put it into maintenance, or make it ready again.',
        answer: serverStateSchema,
        params: z.object({ server: serverIdSchema }),
        body: z.strictObject({ ...actorShape, state: z.enum(SERVER_STATES) }),
      },
      ({ params: { server }, body: { state, ...actor } }) =>
        setServerState(server, state, actor, parts),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/pins',
        summary: 'Pin a resource to a server, or take its pin away (server null).',
        answer: pinSchema.nullable(),
        body: z.strictObject({
          ...actorShape,
          resource: resourceIdSchema,
          server: serverIdSchema.nullable(),
        }),
      },
      ({ body: { resource, server, ...actor } }) => pinResource(resource, server, actor, parts),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/mode',
        summary: 'Set the mode: observe, propose, auto.',
        answer: modeSchema,
        body: z.strictObject({ ...actorShape, mode: z.enum(MODES) }),
      },
      ({ body: { mode, ...actor } }) => setMode(mode, actor, parts),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/pause',
        summary: 'Stop balancing; failover and first placement go on.',
        answer: pauseSchema,
        body: z.strictObject(actorShape),
      },
      ({ body }) => pause(body, parts),
    ),
    route(
      {
        method: 'POST',
        path: '/v1/resume',
        summary: 'Balance again.',
        answer: z.null(),
        body: z.strictObject(actorShape),
      },
      ({ body }) => resume(body, parts),
    ),
  ];
}
