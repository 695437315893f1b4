import { scriptOf } from '../redis/script.js';
import { SESSION_KINDS } from './port.js';

/*
 * The session store inside Redis: for each kind a hash of id → JSON, and for each writer the number of its last
 * group. KEYS: the hashes in the order of SESSION_KINDS, then that number.
 */

const KINDS = SESSION_KINDS.length;
/** A writer that has been silent for longer is gone, and so is what it sent. */
const WRITER_LIFE_S = 86_400;

/** Tries what a group does, so that a user who may not do it is told at the start. KEYS: a key for the trial. */
export const TRY = scriptOf(`
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'a', '1')
redis.call('HDEL', KEYS[1], 'a')
redis.call('SET', KEYS[1], '1', 'EX', 1)
redis.call('DEL', KEYS[1])
return 1
`);

/**
 * A group of writes in their order. ARGV: its number, records a kind at most; then for each write its kind (from 1),
 * id and JSON, '' to remove it. Answers for each 1, or 0: its kind was full; and nothing at all to a group that
 * comes after a later one of its writer, from a connection that was given up.
 */
export const WRITE = scriptOf(`
local writer = KEYS[${KINDS + 1}]
for kind = 1, ${KINDS} do redis.call('HLEN', KEYS[kind]) end
if tonumber(redis.call('GET', writer) or '0') >= tonumber(ARGV[1]) then return {} end
redis.call('SET', writer, ARGV[1], 'EX', ${WRITER_LIFE_S})
local recordsMax = tonumber(ARGV[2])
local results = {}
for at = 3, #ARGV, 3 do
  local records, id, value = KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2]
  local result = 1
  if value == '' then
    redis.call('HDEL', records, id)
  elseif redis.call('HLEN', records) < recordsMax or redis.call('HEXISTS', records, id) == 1 then
    redis.call('HSET', records, id, value)
  else
    result = 0
  end
  results[#results + 1] = result
end
return results
`);
