import { z } from 'zod';
import type { Generation } from './generation.js';
import { formatGeneration, readGeneration } from './generation.js';
import type { MemberId, PlanId, ResourceId, ServerId } from './domain.js';
import { NAME, isName } from './domain.js';
import type { JsonObject } from './json.js';

/** The words of the product as schemas: what a record, a body or a config is made of. */
const nameSchema = <Id extends string>() =>
  z
    .custom<Id>((value) => typeof value === 'string' && isName(value), {
      error: 'not a name: use 1 to 128 of the characters A-Z a-z 0-9 . _ : -',
    })
    // A check by code has no other way to say to others what it wants.
    .meta({ type: 'string', pattern: NAME.source });

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

/** For others, as JSON Schema (draft 2020-12): what may be sent, or is answered; defaults may be left out, keys may be added. */
export function jsonSchemaOf(schema: z.ZodType): JsonObject {
  const own = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return JSON.parse(JSON.stringify(own)) as JsonObject;
}
