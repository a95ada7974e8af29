-- Takes or renews the lease of a partition. It runs out by the times given
-- here, not by an expiry, so that the answer depends on nothing else.
--
-- KEYS  1 control of the partition (hash)
-- ARGV  1 who wants it
--       2 the time now, in ms
--       3 until when, in ms
--
-- Answers the fencing token, which is higher for every new holder; 0 if
-- somebody else has the lease.

local lease = redis.call('HMGET', KEYS[1], 'holder', 'until', 'fence')
if lease[1] == ARGV[1] then
  redis.call('HSET', KEYS[1], 'until', ARGV[3])
  return tonumber(lease[3])
end
if lease[1] and tonumber(lease[2]) > tonumber(ARGV[2]) then
  return 0
end
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', ARGV[3])
return fence
