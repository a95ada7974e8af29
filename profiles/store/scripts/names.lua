-- Appends names to the list of names, those that it has not. A name's number
-- is its place, for ever.
--
-- KEYS  1 the names (list)
-- ARGV  1 how many there may be
--       2 and on: the names
--
-- Answers how many there are then.

local names = redis.call('LRANGE', KEYS[1], 0, -1)
local has = {}
for i = 1, #names do
  has[names[i]] = true
end
local n, most = #names, tonumber(ARGV[1])
for i = 2, #ARGV do
  if not has[ARGV[i]] and n < most then
    has[ARGV[i]] = true
    n = n + 1
    redis.call('RPUSH', KEYS[1], ARGV[i])
  end
end
return n
