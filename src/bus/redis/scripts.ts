/**
 * What Redis does in one step, in its own language. A log is a stream with ids `0-1`, `0-2`, …, so that sequences are plain
 * numbers (Redis 7), and a hash that says which log it is. When the two do not agree, something was lost, and it is
 * another log from then on. `fresh` is an identity for that case.
 */

/** Both are made when they are first asked for. */
const openLog = `
local function lastOf(stream)
  if redis.call('EXISTS', stream) == 0 then return 0 end
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return tonumber(string.match(info[i + 1], '%-(%d+)$')) end
  end
end
local function openLog(meta, stream, fresh)
  local known = redis.call('HMGET', meta, 'id', 'newest')
  local newest = lastOf(stream)
  if known[1] and tonumber(known[2]) == newest then return known[1], newest end
  redis.call('HSET', meta, 'id', fresh, 'newest', newest)
  return fresh, newest
end
`;

/** Drops events from before `atMs`, some at a time: a log that is published to is rid of them faster than they come. */
const dropAged = `
local function dropAged(stream, atMs)
  local kept = '0-0'
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)) do
    if tonumber(entry[2][4]) >= atMs then return end
  end
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 2000)) do
    kept = entry[1]
    if tonumber(entry[2][4]) >= atMs then break end
  end
  redis.call('XTRIM', stream, 'MINID', kept)
end
`;

/** Bytes of events that a bell brings along. More of them are read from the log, page by page. */
const carriedBytes = 64 * 1024;

/**
 * KEYS: what was sent last, then two for each log. ARGV: fresh, batch, bells, events to keep, now, time of the oldest to
 * keep, number of logs, their names, then for each event the number of its log and its text. Returns identity and last
 * sequence before for each log. The same batch a second time changes nothing. Rings as `bell.ts` reads it.
 */
export const publish = `${openLog}${dropAged}
local done = redis.call('GET', KEYS[1])
if done then
  local was = cjson.decode(done)
  if was[1] == ARGV[2] then return was[2] end
end
local logs = tonumber(ARGV[7])
local result, streams, newest, texts = {}, {}, {}, {}
for n = 1, logs do
  local meta, stream = KEYS[2 * n], KEYS[2 * n + 1]
  local id, before = openLog(meta, stream, ARGV[1])
  result[2 * n - 1], result[2 * n] = id, before
  streams[n], newest[n], texts[n] = stream, before, {}
end
for i = 8 + logs, #ARGV, 2 do
  local n = tonumber(ARGV[i])
  newest[n] = newest[n] + 1
  local id = '0-' .. string.format('%d', newest[n])
  redis.call('XADD', streams[n], 'MAXLEN', '~', ARGV[4], id, 'e', ARGV[i + 1], 'a', ARGV[5])
  table.insert(texts[n], ARGV[i + 1])
end
for n = 1, logs do
  dropAged(streams[n], tonumber(ARGV[6]))
  redis.call('HSET', KEYS[2 * n], 'newest', string.format('%d', newest[n]))
  local bell = 'log\\n' .. ARGV[7 + n]
  local events = table.concat(texts[n], '\\n')
  if #events <= ${carriedBytes} then
    bell = bell .. '\\n' .. result[2 * n - 1] .. '\\n' .. string.format('%d', result[2 * n]) .. '\\n' .. events
  end
  redis.call('PUBLISH', ARGV[3] .. ':log:' .. ARGV[7 + n], bell)
end
redis.call('SET', KEYS[1], cjson.encode({ ARGV[2], result }), 'EX', 300)
return result
`;

/** KEYS: a log's two. ARGV: fresh, after (or `last`: the newest alone), limit. Returns identity, oldest, newest, entries as XRANGE gives them. */
export const read = `${openLog}
local id, newest = openLog(KEYS[1], KEYS[2], ARGV[1])
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
local oldest = first and tonumber(string.match(first[1], '%-(%d+)$')) or newest + 1
local entries = {}
if ARGV[2] == 'last' then
  entries = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
elseif tonumber(ARGV[3]) > 0 then
  entries = redis.call('XRANGE', KEYS[2], '(0-' .. ARGV[2], '+', 'COUNT', ARGV[3])
end
return { id, oldest, newest, entries }
`;

/**
 * KEYS: a log's two. ARGV: the identity that it still has, fresh, bells, name. Returns the identity that it has now. Wakes those
 * who follow it, so that they learn of it.
 */
export const renew = `
local id = redis.call('HGET', KEYS[1], 'id')
if id ~= ARGV[1] then return id end
redis.call('HSET', KEYS[1], 'id', ARGV[2])
redis.call('PUBLISH', ARGV[3] .. ':log:' .. ARGV[4], 'log\\n' .. ARGV[4])
return ARGV[2]
`;

/** A view is a hash, a hash with its identity and revision, and a stream of its last changes. */
const openView = `
local function openView(meta, values, changes, fresh)
  local known = redis.call('HMGET', meta, 'id', 'revision')
  if known[1] then return known[1], tonumber(known[2]) end
  redis.call('UNLINK', values, changes)
  redis.call('HSET', meta, 'id', fresh, 'revision', 0)
  return fresh, 0
end
`;

/**
 * KEYS: a view's three. ARGV: fresh, bells, name, key, expected revision or nothing, changes to keep, the value unless the key
 * is to be deleted. Returns the new revision, or nothing when another one was expected.
 */
export const put = `${openView}
local id, revision = openView(KEYS[1], KEYS[2], KEYS[3], ARGV[1])
local before = redis.call('HGET', KEYS[2], ARGV[4])
local held = before and tonumber(string.match(before, '^%d+')) or 0
if ARGV[5] ~= '' and tonumber(ARGV[5]) ~= held then return false end
if not ARGV[7] and held == 0 then return revision end
revision = redis.call('HINCRBY', KEYS[1], 'revision', 1)
local at = '0-' .. string.format('%d', revision)
if ARGV[7] then
  redis.call('HSET', KEYS[2], ARGV[4], string.format('%d', revision) .. ' ' .. ARGV[7])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[6], at, 'k', ARGV[4], 'v', ARGV[7])
else
  redis.call('HDEL', KEYS[2], ARGV[4])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[6], at, 'k', ARGV[4])
end
redis.call('PUBLISH', ARGV[2] .. ':view:' .. ARGV[3], 'view\\n' .. ARGV[3])
return revision
`;

/** KEYS: a view's three. ARGV: fresh, bells, name, changes to keep, then a key and a value for each. */
export const putAll = `${openView}
openView(KEYS[1], KEYS[2], KEYS[3], ARGV[1])
for n = 5, #ARGV, 2 do
  local revision = string.format('%d', redis.call('HINCRBY', KEYS[1], 'revision', 1))
  redis.call('HSET', KEYS[2], ARGV[n], revision .. ' ' .. ARGV[n + 1])
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], '0-' .. revision, 'k', ARGV[n], 'v', ARGV[n + 1])
end
redis.call('PUBLISH', ARGV[2] .. ':view:' .. ARGV[3], 'view\\n' .. ARGV[3])
return 0
`;

/**
 * KEYS: a view's three. ARGV: fresh, known identity, known revision, cursor of HSCAN or nothing, most of each, bytes beyond which
 * there are no more changes. Returns identity,
 * revision, whether the changes since then are known, whether there are more of them, these as XRANGE gives them, the next cursor or
 * nothing, keys and values as HSCAN gives them. HSCAN gives every key that is there all the time, some perhaps twice.
 */
export const step = `${openView}
local id, revision = openView(KEYS[1], KEYS[2], KEYS[3], ARGV[1])
local since = tonumber(ARGV[3])
local changed, cursor = {}, ARGV[4]
local isKnown = id == ARGV[2] and since <= revision
if isKnown and since < revision then
  local first = redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 1)[1]
  isKnown = first and tonumber(string.match(first[1], '%-(%d+)$')) <= since + 1
  if isKnown then
    local left = tonumber(ARGV[6])
    for _, change in ipairs(redis.call('XRANGE', KEYS[3], '(0-' .. ARGV[3], '+', 'COUNT', ARGV[5])) do
      if left <= 0 then break end
      left = left - string.len(change[2][4] or '')
      changed[#changed + 1] = change
    end
  end
end
if isKnown and #changed > 0 then
  local last = tonumber(string.match(changed[#changed][1], '%-(%d+)$'))
  if last < revision then return { id, last, 1, 1, changed, cursor, {} } end
end
if not isKnown then cursor = '0' end
if cursor == '' then return { id, revision, 1, 0, changed, '', {} } end
local page = redis.call('HSCAN', KEYS[2], cursor, 'COUNT', ARGV[5])
return { id, revision, isKnown and 1 or 0, 0, changed, page[1] ~= '0' and page[1] or '', page[2] }
`;
