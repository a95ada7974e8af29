-- Gives the lease of a partition back before its time. The fencing token is
-- raised, so that nothing more is done under it.
--
-- KEYS  1 control of the partition (hash)
-- ARGV  1 the fencing token
--
-- Answers 1, or 0 if somebody else has the lease.

if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return 0
end
redis.call('HDEL', KEYS[1], 'holder', 'until')
redis.call('HINCRBY', KEYS[1], 'fence', 1)
return 1
