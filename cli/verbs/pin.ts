import { z } from 'zod';
import { resourceIdSchema } from '../../core/schema.js';
import { pinSchema } from '../../core/table-store/records/server.js';
import { REASON, actorOf } from '../acting.js';
import type { Verb } from '../verb.js';

export const pinVerb: Verb = {
  usage: 'pin <resource> <server>',
  summary: 'Keep a resource on a server, whatever the load; it is moved there if it is elsewhere.',
  options: [REASON],
  answer: pinSchema,
  run: async (context, [resource = '', server = ''], options) => {
    const api = await context.api();
    const body = { resource, server, ...actorOf(context, options) };
    const pin = await api.post('/v1/pins', body);
    context.show(pin, () => `${resource} is pinned to ${server}`);
  },
};

export const unpinVerb: Verb = {
  usage: 'unpin <resource>',
  summary: 'Let the balancer move a resource again.',
  options: [REASON],
  answer: z.object({ resource: resourceIdSchema, server: z.null() }),
  run: async (context, [resource = ''], options) => {
    const api = await context.api();
    const body = { resource, server: null, ...actorOf(context, options) };
    await api.post('/v1/pins', body);
    context.show({ resource, server: null }, () => `${resource} is not pinned`);
  },
};
