import { scriptOf } from '../redis/script.js';

/*
 * The table store inside Redis. Keys, all with one hash tag:
 *   head     hash    storeId; revision; run: the server process that wrote last; forgotten: readers from before
 *                    this revision read everything again
 *   entries  hash    key → "REVISION JSON"
 *   written  sorted  key by the revision that wrote it: what is new for a reader
 *   removed  sorted  key by the revision that removed it; so many are remembered
 *
 * A process of Redis that begins – started again, promoted, or given a backup – may have less than was shown before,
 * and nobody can tell. So what readers see as the store's id contains the run id of the server, and a writer in a
 * new run leaps: a revision that was lost is never given again to something else.
 *
 * Each script looks at all its keys before its first write, and publishes before it: whatever Redis refuses, it
 * refuses with nothing changed. Numbers go through string.format, since Lua writes large ones with an exponent.
 */

/** More than one run can write; so many runs fit beneath 2^53 that nobody sees the last. */
const REVISIONS_PER_RUN = 2 ** 32;
const REMOVED_MAX = 20_000;

const BEGIN = `
local head, entries, written, removed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local known = redis.call('HMGET', head, 'storeId', 'revision', 'run', 'forgotten')
local storeId, revision = known[1], tonumber(known[2] or '0')
local function whole(number) return string.format('%.0f', number) end
`;

/** Sees to it that there is a store; and that this user may do what the others do. ARGV: an id to give, a channel. */
export const MAKE = scriptOf(`${BEGIN}
local trial = KEYS[5]
redis.call('HLEN', entries)
redis.call('ZCARD', written)
redis.call('ZCARD', removed)
redis.call('PUBLISH', ARGV[2], '')
redis.call('DEL', trial)
redis.call('HSET', trial, 'a', '1')
redis.call('HDEL', trial, 'a')
redis.call('ZADD', trial, 1, 'a')
redis.call('ZREM', trial, 'a')
redis.call('ZPOPMIN', trial, 1)
redis.call('DEL', trial)
if not storeId then
  redis.call('HSET', head, 'storeId', ARGV[1], 'revision', '0', 'run', run, 'forgotten', '0')
end
return 1
`);

/**
 * ARGV: an id to give if there is no store, a channel, how many checks; for each its key and revision; then for each
 * write its key and JSON, '' to remove it. Answers {1, revision}, or {0, the key of the check that does not hold}.
 */
export const TRANSACT = scriptOf(`${BEGIN}
redis.call('HLEN', entries)
redis.call('ZCARD', removed)
local firstWrite = 4 + 2 * tonumber(ARGV[3])
for at = 4, firstWrite - 1, 2 do
  local found = redis.call('ZSCORE', written, ARGV[at])
  if tonumber(found or '0') ~= tonumber(ARGV[at + 1]) then return { 0, ARGV[at] } end
end
if storeId and known[3] ~= run then revision = revision + ${REVISIONS_PER_RUN} end
revision = revision + 1
storeId = storeId or ARGV[1]
redis.call('PUBLISH', ARGV[2], '')
redis.call('HSET', head, 'storeId', storeId, 'revision', whole(revision), 'run', run)
for at = firstWrite, #ARGV, 2 do
  local key, value = ARGV[at], ARGV[at + 1]
  if value ~= '' then
    redis.call('HSET', entries, key, whole(revision) .. ' ' .. value)
    redis.call('ZADD', written, whole(revision), key)
    redis.call('ZREM', removed, key)
  elseif redis.call('HDEL', entries, key) == 1 then
    redis.call('ZREM', written, key)
    redis.call('ZADD', removed, whole(revision), key)
  end
end
local surplus = redis.call('ZCARD', removed) - ${REMOVED_MAX}
if surplus > 0 then
  local gone = redis.call('ZPOPMIN', removed, surplus)
  redis.call('HSET', head, 'forgotten', gone[#gone])
end
return { 1, whole(revision) }
`);

/**
 * A page of what is new: Redis does nothing else meanwhile, so it is short. ARGV: the revision from which on, and so
 * many entries a page, though never a part of a revision. Answers {storeId, revision, 1 if it begins from nothing,
 * the revision up to which this page goes, what was written, the keys that were removed}; entries as key,
 * "REVISION JSON", removed keys as key, revision.
 */
export const READ = scriptOf(`${BEGIN}
local after, pageMax = tonumber(ARGV[1]), tonumber(ARGV[2])
local isAnew = after == 0 or after < tonumber(known[4] or '0') or after > revision
local from = '(' .. whole(isAnew and 0 or after)
local upTo = whole(revision)
local keys = redis.call('ZRANGEBYSCORE', written, from, '+inf', 'LIMIT', 0, pageMax)
if #keys == pageMax then
  upTo = redis.call('ZSCORE', written, keys[#keys])
  keys = redis.call('ZRANGEBYSCORE', written, from, upTo)
end
local found = {}
for first = 1, #keys, 1000 do
  local last = math.min(first + 999, #keys)
  local values = redis.call('HMGET', entries, unpack(keys, first, last))
  for at = first, last do
    found[2 * at - 1] = keys[at]
    found[2 * at] = values[at - first + 1]
  end
end
local gone = {}
if not isAnew then gone = redis.call('ZRANGEBYSCORE', removed, from, upTo, 'WITHSCORES') end
return { (storeId or '') .. '@' .. run, whole(revision), isAnew and 1 or 0, upTo, found, gone }
`);
