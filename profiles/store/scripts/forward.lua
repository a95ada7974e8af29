-- Leaves of a person who was absorbed only where he went.
--
-- KEYS  1 the person
--       2 his fields (hash)
--       3 the partition's moments (sorted set)
--       4 his spilled marks of today
--       5 his spilled marks of yesterday
-- ARGV  1 the winner's id
--       2 his own id
--
-- Answers {"OK"}, also if it was done already; {"CONFLICT"} if he is not
-- moving to that winner.

local all = redis.call('GETRANGE', KEYS[1], 0, 9 + 255)
local state = string.sub(all, 1, 1)
if state == 'f' then
  return {'OK'}
end
if state ~= 'm' or string.sub(all, 11, 10 + string.byte(all, 10)) ~= ARGV[1] then
  return {'CONFLICT'}
end
redis.call('SET', KEYS[1], 'f' .. string.sub(all, 2, 10 + string.len(ARGV[1])))
redis.call('DEL', KEYS[2], KEYS[4], KEYS[5])
redis.call('ZREM', KEYS[3], ARGV[2])
return {'OK'}
