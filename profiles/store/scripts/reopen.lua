-- Opens a person who was closed: one who is moving to nobody, and has not gone.
--
-- KEYS  1 the person
--       2 the partition's moments (sorted set)
--       3 the partition's counts (hash)
-- ARGV  1 his id
--       2 and on: the counts that he is in again
--
-- Answers 1; 0 if he is not closed. He becomes due at once, for time has gone
-- on meanwhile. One who was never stored is taken away.

local all = redis.call('GET', KEYS[1]) or ''
if string.sub(all, 1, 1) ~= 'm' or string.sub(all, 11, 11) ~= '!' then
  return 0
end
local body = string.sub(all, 11 + string.byte(all, 10))
if body == '' then
  redis.call('DEL', KEYS[1])
  return 1
end
-- One more than the version, as bytes: big endian, from the last.
local version = {string.byte(all, 2, 9)}
for i = 8, 1, -1 do
  if version[i] < 255 then
    version[i] = version[i] + 1
    break
  end
  version[i] = 0
end
redis.call('SET', KEYS[1], 'a' .. string.char(unpack(version)) .. body)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
for i = 2, #ARGV do
  redis.call('HINCRBY', KEYS[3], ARGV[i], 1)
end
return 1
