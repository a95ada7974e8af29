-- Marks a person as moving into another: commits on him are refused from then
-- on. What he is stays readable until the other one has absorbed it.
--
-- KEYS  1 the person
--       2 the partition's moments (sorted set)
--       3 his fields (hash)
--       4 the partition's counts (hash)
-- ARGV  1 state and version that he must have; "" if he must not be there
--       2 state "m" and the new version
--       3 the winner's id
--       4 his own id
--       5 the field for the cause of the merge
--       6 the cause
--       7 and on: the counts that he is in, and leaves
--
-- Answers {"OK", version}, also if he is moving or has moved to that winner
-- already; {"MOVED", "m" or "f", id} if it is another one; {"CONFLICT"}.
--
-- He becomes due at once, so that the partition's owner finishes a merge that
-- was interrupted here.

local function target(all)
  return string.sub(all, 11, 10 + string.byte(all, 10))
end

local all = redis.call('GET', KEYS[1]) or ''
local state = string.sub(all, 1, 1)
if state == 'm' or state == 'f' then
  local to = target(all)
  if to == ARGV[3] then
    return {'OK', string.sub(all, 2, 9)}
  end
  return {'MOVED', state, to}
end
if string.sub(all, 1, 9) ~= ARGV[1] then
  return {'CONFLICT'}
end
redis.call('SET', KEYS[1], ARGV[2] .. string.char(string.len(ARGV[3])) .. ARGV[3] .. string.sub(all, 10))
redis.call('HSET', KEYS[3], ARGV[5], ARGV[6])
redis.call('ZADD', KEYS[2], 0, ARGV[4])
for i = 7, #ARGV do
  if redis.call('HINCRBY', KEYS[4], ARGV[i], -1) == 0 then
    redis.call('HDEL', KEYS[4], ARGV[i])
  end
end
return {'OK', string.sub(ARGV[2], 2, 9)}
