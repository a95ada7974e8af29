-- Stores one person, if nothing that the commit was judged with has changed.
--
-- KEYS  1 control of the partition (hash)
--       2 the person
--       3 his fields (hash)
--       4 the partition's moments (sorted set)
--       5 the partition's outbox (stream)
--       6 the partition's event log (stream)
--       7 his spilled marks of today (hash: mark -> payload), to be written too
--       8 his spilled marks of yesterday; both only if there are marks among
--         the arguments
--       the last: the partition's counts (hash: segment -> members), only if
--         some change
-- ARGV  1 state and version that he must have: "a" and 8 bytes; "" if he must not be there
--       2 the person to be stored, with state and version in front
--       3 the live release's number; "" if it does not matter
--       4 the version of the switches; "" if it does not matter
--       5 the fencing token of the partition's lease; "" if none is held
--       6 when he is due; "" to leave that as it is, "-" for never
--       7 his id
--       8 what is to be appended to the event log; "" for nothing
--       9 how many entries may wait in the event log with this one; "" if that
--         does not matter
--      10 how many fields are to be set, 11 how many to be deleted
--      12 how many reactions there are
--      13 how many marks must not have been seen, 14 how many are spilled
--      15 when today's spilled marks expire, in ms
--         (8 and on may be left out if there is nothing of all this, and so may
--         10 and on)
--      16 and on: name and data of each field to be set; name of each to be
--         deleted; each reaction; each mark that must not have been seen;
--         mark and payload of each that is spilled; name and difference of
--         each count that changes
--
-- Answers the number of the last reaction in the outbox (0 if there is none),
-- or why nothing was written:
--       {"MOVED", "m" or "f", id}  he is moving (m) or has moved (f) to another
--       {"CONFLICT"}               he is not as expected
--       {"RELEASE", number}        another release is live
--       {"SWITCHES", version}      the switches are others
--       {"FENCED"}                 the lease was taken over
--       {"LOGFULL"}                too many entries wait in the event log
--       {"SEEN", i, payload, …}    the i-th of the marks (from 1) was seen before

local head = redis.call('GETRANGE', KEYS[2], 0, 8)
if head ~= ARGV[1] then
  local state = string.sub(head, 1, 1)
  if state == 'm' or state == 'f' then
    local all = redis.call('GETRANGE', KEYS[2], 9, 9 + 255)
    return {'MOVED', state, string.sub(all, 2, 1 + string.byte(all, 1))}
  end
  return {'CONFLICT'}
end

local log = ARGV[8]
if log == '' then
  log = nil
end
local logged
if log or ARGV[3] ~= '' or ARGV[4] ~= '' or ARGV[5] ~= '' then
  local control = redis.call('HMGET', KEYS[1], 'live', 'switches', 'fence', 'log', 'logged')
  if ARGV[3] ~= '' and (control[1] or '0') ~= ARGV[3] then
    return {'RELEASE', control[1] or '0'}
  end
  if ARGV[4] ~= '' and (control[2] or '0') ~= ARGV[4] then
    return {'SWITCHES', control[2] or '0'}
  end
  if ARGV[5] ~= '' and control[3] ~= ARGV[5] then
    return {'FENCED'}
  end
  logged = tonumber(control[4] or '0')
  if log and ARGV[9] ~= '' and logged - tonumber(control[5] or '0') >= tonumber(ARGV[9]) then
    return {'LOGFULL'}
  end
end

local sets, dels, reactions, checks, spills = 0, 0, 0, 0, 0
if ARGV[10] then
  sets, dels, reactions = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
  checks, spills = tonumber(ARGV[13]), tonumber(ARGV[14])
end

local at = 15 + 2 * sets + dels + reactions
local seen
for i = 1, checks do
  for k = 7, 8 do
    local payload = redis.call('HGET', KEYS[k], ARGV[at + i])
    if payload then
      seen = seen or {'SEEN'}
      seen[#seen + 1] = i
      seen[#seen + 1] = payload
      break
    end
  end
end
if seen then
  return seen
end

-- From here on everything is written.

redis.call('SET', KEYS[2], ARGV[2])

at = 15
for i = 1, sets do
  redis.call('HSET', KEYS[3], ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
for i = 1, dels do
  at = at + 1
  redis.call('HDEL', KEYS[3], ARGV[at])
end

if ARGV[6] == '-' then
  redis.call('ZREM', KEYS[4], ARGV[7])
elseif ARGV[6] ~= '' then
  redis.call('ZADD', KEYS[4], ARGV[6], ARGV[7])
end

-- The ids of the outbox are counted here: those given from outside would
-- collide between processes.
local last = 0
for i = 1, reactions do
  at = at + 1
  last = redis.call('HINCRBY', KEYS[1], 'outbox', 1)
  redis.call('XADD', KEYS[5], string.format('%.0f-0', last), 'r', ARGV[at])
end

-- The log's too; trimming tells control how far it came.
if log then
  local id = string.format('%.0f', logged + 1)
  redis.call('HSET', KEYS[1], 'log', id)
  redis.call('XADD', KEYS[6], id .. '-0', 'r', log)
end

at = at + checks
for i = 1, spills do
  redis.call('HSET', KEYS[7], ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
if spills > 0 then
  redis.call('PEXPIREAT', KEYS[7], ARGV[15])
end

for i = at + 1, #ARGV, 2 do
  if redis.call('HINCRBY', KEYS[#KEYS], ARGV[i], ARGV[i + 1]) == 0 then
    redis.call('HDEL', KEYS[#KEYS], ARGV[i])
  end
end
return last
