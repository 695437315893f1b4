import { createHash } from 'node:crypto';

/** A Lua script: carried out as one, or not at all if its first write is refused. Arguments are never part of its text. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export function scriptOf(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
