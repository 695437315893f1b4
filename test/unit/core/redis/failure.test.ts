import { describe, expect, it } from '@jest/globals';
import { ForeshiftError } from '../../../../core/errors.js';
import { isSurelyNotDone, isUnknownScript, reasonOf } from '../../../../core/redis/failure.js';

/** An error answer of the server, as the client gives it. */
function answered(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

const REFUSALS = [
  ['NOAUTH Authentication required.', 'ERR_REDIS_LOGIN'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'ERR_REDIS_LOGIN'],
  ["NOPERM this user has no permissions to run the 'hset' command", 'ERR_REDIS_FORBIDDEN'],
  ["READONLY You can't write against a read only replica.", 'ERR_REDIS_READ_ONLY'],
  ['NOREPLICAS Not enough good replicas to write.', 'ERR_REDIS_READ_ONLY'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'ERR_REDIS_FULL'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'ERR_REDIS_FULL'],
  ['MOVED 3999 127.0.0.1:6381', 'ERR_REDIS_CLUSTER'],
  ['LOADING Redis is loading the dataset in memory', 'ERR_REDIS_LOADING'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'ERR_REDIS_DATA'],
] as const;

describe('a failure of Redis', () => {
  it.each(REFUSALS)('%s is a refusal with a code of its own', (message, code) => {
    const reason = reasonOf(answered(message), 'Redis here');
    expect(reason).toMatchObject({ code, facts: { redis: 'Redis here' } });
    expect(isSurelyNotDone(answered(message))).toBe(true);
  });

  it('of any other kind may have come in the middle of a script', () => {
    const error = answered('ERR user_script:3: something else');
    expect(reasonOf(error, 'Redis here').code).toBe('ERR_REDIS_REFUSED');
    expect(isSurelyNotDone(error)).toBe(false);
  });

  it.each([
    'Command timed out',
    'Connection is closed.',
    'read ECONNRESET',
    'MOVED 1 said by no server',
  ])('of the connection (%s) leaves open whether the call was carried out', (message) => {
    expect(reasonOf(new Error(message), 'Redis here').code).toBe('ERR_REDIS_UNREACHABLE');
    expect(isSurelyNotDone(new Error(message))).toBe(false);
  });

  it('of a command that was never written is a refusal', () => {
    const error = new Error("Stream isn't writeable and enableOfflineQueue options is false");
    expect(isSurelyNotDone(error)).toBe(true);
  });

  it('that has a code of ours keeps it', () => {
    const error = new ForeshiftError('ERR_LIMIT_REACHED', { limit: 1, what: 'calls' });
    expect(reasonOf(error, 'Redis here')).toBe(error);
  });

  it('shows nothing of an answer that is not text for people', () => {
    const { facts } = reasonOf(answered(`OOM \n\u001b[31m${'x'.repeat(1000)}`), 'Redis here');
    expect(String(facts.why)).toMatch(/^[\x20-\x7e]{1,80}$/);
  });

  it('is an unknown script only by the word of the server', () => {
    expect(isUnknownScript(answered('NOSCRIPT No matching script.'))).toBe(true);
    expect(isUnknownScript(new Error('NOSCRIPT No matching script.'))).toBe(false);
    expect(isUnknownScript(answered('ERR NOSCRIPT'))).toBe(false);
  });
});
