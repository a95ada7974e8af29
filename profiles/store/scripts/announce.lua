-- Keeps a broadcast that is to be made, unless there is one with its id.
--
-- KEYS  1 the broadcasts (hash: id -> broadcast)
--       2 the ids of those that are to be made (set)
-- ARGV  1 its id
--       2 the broadcast
--
-- Answers the one that is kept: this one, or the earlier one. An id is in the
-- set as long as its broadcast is running, and never again.

if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
  redis.call('SADD', KEYS[2], ARGV[1])
end
return redis.call('HGET', KEYS[1], ARGV[1])
