import { z } from 'zod';
import type { Generation } from './generation.js';
import { formatGeneration, readGeneration } from './generation.js';
import type { MemberId, PlanId, ResourceId, ServerId } from './domain.js';
import { isName } from './domain.js';

/** The words of the product as schemas: what a record, a body or a config is made of. */
const nameSchema = <Id extends string>() =>
  z.custom<Id>((value) => typeof value === 'string' && isName(value), {
    error: 'not a name: use 1 to 128 of the characters A-Z a-z 0-9 . _ : -',
  });

export const resourceIdSchema = nameSchema<ResourceId>();
export const serverIdSchema = nameSchema<ServerId>();
export const memberIdSchema = nameSchema<MemberId>();
export const planIdSchema = nameSchema<PlanId>();

/** `1.41` outside, two integers inside. */
export const generationSchema = z.codec(z.string(), z.custom<Generation>(), {
  decode: (text, context) => {
    const generation = readGeneration(text);
    if (generation !== undefined) return generation;
    context.issues.push({ code: 'custom', input: text, message: 'not incarnation.epoch' });
    return z.NEVER;
  },
  encode: formatGeneration,
});

export const addressSchema = z.object({
  host: z.string().min(1).max(253),
  port: z.int().min(0).max(65_535),
});

export const finiteSchema = z.number().refine(Number.isFinite, 'not finite');
export const countSchema = z.int().min(0);
