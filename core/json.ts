import { fail } from './errors.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** Own keys that turn into prototypes when an object is copied the naive way. */
const REFUSED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export interface JsonLimits {
  readonly bytesMax: number;
  readonly depthMax: number;
}

export const JSON_LIMITS: JsonLimits = { bytesMax: 1 << 20, depthMax: 32 };

/**
 * JSON from outside. @throws ERR_JSON_INVALID — too long, too deep, malformed, or with a key that names
 * a prototype. `what` names the source in the message.
 */
export function parseJson(text: string, what: string, limits: JsonLimits = JSON_LIMITS): Json {
  if (text.length > limits.bytesMax) {
    return fail('ERR_JSON_INVALID', { what, why: `longer than ${limits.bytesMax} bytes` });
  }
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    return fail('ERR_JSON_INVALID', { what, why: 'malformed' }, { cause });
  }
  const fault = faultIn(value, limits.depthMax);
  return fault === undefined ? value : fail('ERR_JSON_INVALID', { what, why: fault });
}

function faultIn(value: Json, depthLeft: number): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (depthLeft === 0) return 'nested too deeply';
  for (const [key, inner] of Object.entries(value) as [string, Json][]) {
    if (REFUSED_KEYS.has(key)) return `the key "${key}" is refused`;
    const fault = faultIn(inner, depthLeft - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
