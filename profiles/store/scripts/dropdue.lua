-- Takes somebody out of the moments who is not stored in the partition.
--
-- KEYS  1 the person
--       2 the partition's moments (sorted set)
-- ARGV  1 his id
--
-- Answers 1 if he was taken out, else 0.

local state = redis.call('GETRANGE', KEYS[1], 0, 0)
if state ~= '' and state ~= 'f' then
  return 0
end
return redis.call('ZREM', KEYS[2], ARGV[1])
