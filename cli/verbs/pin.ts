import { z } from 'zod';
import { resourceIdSchema } from '../../core/schema.js';
import { pinSchema } from '../../core/table-store/records/server.js';
import type { Verb } from '../verb.js';
import { textOption } from '../verb.js';

const REASON: readonly [string, string] = ['--reason <text>', 'why, for the others'];

export const pinVerb: Verb = {
  usage: 'pin <resource> <server>',
  summary: 'Keep a resource on a server, whatever the load; it is moved there if it is elsewhere.',
  options: [REASON],
  answer: pinSchema,
  run: async (context, [resource = '', server = ''], options) => {
    const api = await context.api();
    const reason = textOption(options, 'reason') ?? '';
    const pin = await api.post('/v1/pins', { resource, server, by: context.actor, reason });
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
    const reason = textOption(options, 'reason') ?? '';
    await api.post('/v1/pins', { resource, server: null, by: context.actor, reason });
    context.show({ resource, server: null }, () => `${resource} is not pinned`);
  },
};
