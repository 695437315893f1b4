import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { announcementSchema } from '../../../core/agent-protocol.js';
import { encode } from '../../../core/encode.js';
import { moveSchema } from '../../../core/plan.js';
import { finiteSchema, generationSchema, resourceIdSchema } from '../../../core/schema.js';
import { RECORD_KINDS } from '../../../core/table-store/records/all.js';
import type { RecordKind } from '../../../core/table-store/records/kind.js';

const GENERATION = { incarnation: 1, epoch: 41 };

/** Whatever a schema may be made of. */
const schema = z.object({
  name: resourceIdSchema,
  since: generationSchema.nullable(),
  owned: z.array(z.object({ resource: resourceIdSchema, since: generationSchema })).min(1),
  heard: z.record(resourceIdSchema, generationSchema),
  isLate: z.boolean().default(false),
  note: z.string().max(3).optional(),
  load: z.partialRecord(z.enum(['cpu', 'hits']), finiteSchema),
  kind: z.discriminatedUnion('of', [
    z.object({ of: z.literal('none') }),
    z.strictObject({ of: z.literal('one'), since: generationSchema }),
  ]),
});
type Value = z.output<typeof schema>;
const [VOL_1, VOL_2] = ['vol-1', 'vol-2'].map((name) => resourceIdSchema.parse(name)) as [
  z.output<typeof resourceIdSchema>,
  z.output<typeof resourceIdSchema>,
];
const VALUE: Value = {
  name: VOL_1,
  since: null,
  owned: [{ resource: VOL_2, since: GENERATION }],
  heard: { [VOL_1]: GENERATION },
  isLate: true,
  load: { cpu: 0.5 },
  kind: { of: 'one', since: GENERATION },
};

describe('encode', () => {
  it.each<readonly [string, Value]>([
    ['of all kinds of fields', VALUE],
    ['with a field that may be absent', { ...VALUE, note: 'abc', since: GENERATION }],
    ['with fields that nobody knows', { ...VALUE, more: 1 } as Value],
    ['of the other kind', { ...VALUE, kind: { of: 'none' } }],
  ])('writes a value %s as the schema does', (_what, value) => {
    const outside = encode(schema, value);
    expect(JSON.stringify(outside)).toBe(JSON.stringify(schema.encode(value)));
    expect(outside).not.toHaveProperty('more');
    expect(schema.parse(outside)).toEqual(schema.parse(schema.encode(value)));
  });

  it.each<[string, Partial<Record<keyof Value, unknown>>]>([
    ['no name', { name: '-/-' }],
    ['too few', { owned: [] }],
    ['too long', { note: 'abcd' }],
    ['not finite', { load: { cpu: Infinity } }],
    ['of no kind', { kind: { of: 'two' } }],
    ['with too much in it', { kind: { of: 'one', since: GENERATION, more: 1 } }],
    ['absent', { isLate: undefined }],
  ])('refuses what the schema refuses: %s', (_what, wrong) => {
    const value = { ...VALUE, ...wrong } as Value;
    expect(() => schema.encode(value)).toThrow();
    expect(() => encode(schema, value)).toThrow();
  });

  it('knows how each record and message is written', () => {
    for (const kind of RECORD_KINDS.values()) {
      expect(() => (kind as RecordKind<unknown>).encode(undefined)).toThrow(z.ZodError);
    }
    expect(() => encode(announcementSchema, undefined as never)).toThrow(z.ZodError);
    expect(() => encode(moveSchema, undefined as never)).toThrow(z.ZodError);
  });
});
