import { TOKEN, isAll, isBlank } from './characters.js';
import type { HttpFault } from './fault.js';
import { FAULTS } from './fault.js';

/** What a Connection header asks for. */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** Header names that must not be passed on, lower-case. */
  readonly named: readonly string[];
}

const NONE: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, named: [] };
const KEEP_ALIVE: ConnectionOptions = { ...NONE, keepAlive: true };
const CLOSE: ConnectionOptions = { ...NONE, close: true };

/** More than any honest client names; each costs a comparison with each header. */
const NAMED_MAX = 32;

/** `value`: all Connection headers as one list. Empty elements are allowed (RFC 9110 §5.6.1.2). */
export function connectionOptions(value: string): ConnectionOptions | HttpFault {
  if (value === '') return NONE;
  if (value === 'keep-alive') return KEEP_ALIVE;
  if (value === 'close') return CLOSE;
  const options = new Set(value.toLowerCase().split(',').map(withoutBlanks));
  options.delete('');
  for (const option of options) {
    if (!isAll(TOKEN, option)) return FAULTS.connectionInvalid;
  }
  const close = options.delete('close');
  const keepAlive = options.delete('keep-alive');
  const upgrade = options.delete('upgrade');
  if (options.size > NAMED_MAX) return FAULTS.connectionInvalid;
  return { close, keepAlive, upgrade, named: [...options] };
}

/** Spaces and tabs only, and in linear time: a pattern for the end would try every beginning. */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
