import { fail } from './errors.js';

/**
 * Which state of the assignment table: written `incarnation.epoch`, compared as two integers.
 * The epoch grows with every reservation; the incarnation grows when a store came back older than what
 * somebody had already seen. A generation never falls at any observer.
 */
export interface Generation {
  readonly incarnation: number;
  readonly epoch: number;
}

export const NO_GENERATION: Generation = Object.freeze({ incarnation: 0, epoch: 0 });

/** Negative, zero or positive as `a` is older than, the same as or newer than `b`. */
export function compareGenerations(a: Generation, b: Generation): number {
  return a.incarnation - b.incarnation || a.epoch - b.epoch;
}

export function isSameGeneration(a: Generation, b: Generation): boolean {
  return a.epoch === b.epoch && a.incarnation === b.incarnation;
}

export function newestGeneration(a: Generation, b: Generation): Generation {
  return compareGenerations(a, b) >= 0 ? a : b;
}

export function nextEpoch(after: Generation): Generation {
  return { incarnation: after.incarnation, epoch: after.epoch + 1 };
}

export function nextIncarnation(after: Generation): Generation {
  return { incarnation: after.incarnation + 1, epoch: after.epoch + 1 };
}

export function formatGeneration(generation: Generation): string {
  return `${generation.incarnation}.${generation.epoch}`;
}

const WRITTEN = /^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,14})$/;

/** Reads `incarnation.epoch`; undefined if the text is not one. */
export function readGeneration(text: string): Generation | undefined {
  const parts = WRITTEN.exec(text);
  if (parts === null) return undefined;
  return { incarnation: Number(parts[1]), epoch: Number(parts[2]) };
}

/** @throws ERR_GENERATION_INVALID */
export function parseGeneration(value: unknown): Generation {
  const generation = typeof value === 'string' ? readGeneration(value) : undefined;
  return generation ?? fail('ERR_GENERATION_INVALID', { value: String(value) });
}
