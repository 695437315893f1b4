import { TOKEN, isAll } from './characters.js';
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

/** `value`: all Connection headers as one list. Empty elements are allowed (RFC 9110 §5.6.1.2). */
export function connectionOptions(value: string): ConnectionOptions | HttpFault {
  if (value === '') return NONE;
  if (value === 'keep-alive') return KEEP_ALIVE;
  if (value === 'close') return CLOSE;
  const tokens = value
    .toLowerCase()
    .split(',')
    .map((token) => token.replaceAll(/^[\t ]+|[\t ]+$/g, ''))
    .filter((token) => token !== '');
  if (!tokens.every((token) => isAll(TOKEN, token))) return FAULTS.connectionInvalid;
  const options = new Set(tokens);
  return {
    close: options.delete('close'),
    keepAlive: options.delete('keep-alive'),
    upgrade: options.delete('upgrade'),
    named: [...options],
  };
}
