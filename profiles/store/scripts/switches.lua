-- Replaces the switches, if they are those that were read.
--
-- KEYS  1 the switches (hash: version, data)
-- ARGV  1 the version they must have; "0" if there are none
--       2 the new data
--
-- Answers the new version; 0 if they are others.

if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'data', ARGV[2])
return redis.call('HINCRBY', KEYS[1], 'version', 1)
