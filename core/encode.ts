import { strict as assert } from 'node:assert';
import { z } from 'zod';

/** Of each schema that something was written by: made once. */
const written = new WeakMap<z.ZodType, z.ZodType>();

/**
 * The value as the schema has it outside, where it is text or bytes: a copy, checked, of its known fields only. What
 * `schema.encode` gives, which goes through everything twice below each check, and twice again below the next.
 * @throws z.ZodError: the value is not what its type says
 */
export function encode<Schema extends z.ZodType>(
  schema: Schema,
  value: z.output<Schema>,
): z.input<Schema> {
  let outside = written.get(schema);
  if (outside === undefined) written.set(schema, (outside = turned(schema)));
  return outside.parse(value) as z.input<Schema>;
}

/**
 * The schema whose parsing is the other's encoding: each codec in it is turned around. Checks stay where they are, so none
 * may look at something that a codec makes.
 */
function turned(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.def.shape);
    const shape = Object.fromEntries(
      fields.map(([key, field]) => [key, turned(field as z.core.$ZodType)]),
    );
    return z.core.clone(schema, { ...schema.def, shape });
  }
  if (schema instanceof z.ZodArray)
    return z.core.clone(schema, { ...schema.def, element: turned(schema.def.element) });
  if (schema instanceof z.ZodRecord)
    return z.core.clone(schema, { ...schema.def, valueType: turned(schema.def.valueType) });
  if (schema instanceof z.ZodUnion)
    return z.core.clone(schema, { ...schema.def, options: schema.def.options.map(turned) });
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    return z.core.clone(schema, { ...schema.def, innerType: turned(schema.def.innerType) });
  // The default is for what came in: what goes out has all its fields.
  if (schema instanceof z.ZodDefault) return turned(schema.def.innerType);
  if (schema instanceof z.ZodCodec) return z.invertCodec(schema);
  assert.ok(isPlain(schema), `nobody has said how ${schema._zod.def.type} is written`);
  return schema;
}

/** The same inside and outside. */
function isPlain(schema: z.core.$ZodType): schema is z.ZodType {
  return PLAIN.some((kind) => schema instanceof kind);
}

const PLAIN = [
  z.ZodString,
  z.ZodURL,
  z.ZodNumber,
  z.ZodBoolean,
  z.ZodEnum,
  z.ZodLiteral,
  z.ZodCustom,
  z.ZodNull,
];
