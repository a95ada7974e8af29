-- Says which segment entries of the event log are about to be written to.
--
-- KEYS  1 control of the partition (hash)
-- ARGV  1 the fencing token
--       2 the segment's name
--       3 number of the last entry that it will hold
--
-- Answers 1; -1 if the lease was taken over.

if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return -1
end
redis.call('HSET', KEYS[1], 'logging', ARGV[2], 'logging_to', ARGV[3])
return 1
