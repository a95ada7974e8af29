-- Takes somebody out of the moments who is not stored in the partition, or is
-- closed.
--
-- KEYS  1 the person
--       2 the partition's moments (sorted set)
-- ARGV  1 his id
--
-- Answers 1 if he was taken out, else 0.

local head = redis.call('GETRANGE', KEYS[1], 0, 10)
local state = string.sub(head, 1, 1)
local closed = state == 'm' and string.sub(head, 11, 11) == '!'
if state ~= '' and state ~= 'f' and not closed then
  return 0
end
return redis.call('ZREM', KEYS[2], ARGV[1])
