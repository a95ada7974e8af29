-- Writes down how far a broadcast is, if it is running still.
--
-- KEYS  1 the broadcasts (hash: id -> broadcast)
--       2 the ids of those that are to be made (set)
-- ARGV  1 its id
--       2 the broadcast
--       3 "1" if it is over with that
--
-- Answers 1; 0 if it was over before, and nothing was written.

if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] == '1' then
  redis.call('SREM', KEYS[2], ARGV[1])
end
return 1
