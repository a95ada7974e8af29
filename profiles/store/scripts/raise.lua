-- Raises the number of the live release, or the version of the switches, in a
-- partition; a higher one stays.
--
-- KEYS  1 control of the partition (hash)
-- ARGV  1 "live" or "switches"
--       2 the number
--
-- Answers 1 if it was raised, else 0.

if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') >= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
