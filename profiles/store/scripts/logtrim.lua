-- Removes entries of the event log that are safe in a segment.
--
-- KEYS  1 control of the partition (hash)
--       2 the partition's event log (stream)
-- ARGV  1 the fencing token
--       2 number of the last entry that is safe; "0": none is, and only the
--         plan is dropped
--
-- Answers how many were removed; -1 if the lease was taken over.

if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return -1
end
redis.call('HDEL', KEYS[1], 'logging', 'logging_to')
local last = tonumber(ARGV[2])
if last <= tonumber(redis.call('HGET', KEYS[1], 'logged') or '0') then
  return 0
end
redis.call('HSET', KEYS[1], 'logged', ARGV[2])
return redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', last + 1))
