-- Removes entries of the outbox that were acknowledged, and no others.
--
-- KEYS  1 control of the partition (hash)
--       2 the partition's outbox (stream)
-- ARGV  1 the fencing token
--       2 and on: ids of the entries
--
-- Answers how many were removed; -1 if the lease was taken over.

if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then
  return -1
end
local n = 0
for i = 2, #ARGV do
  n = n + redis.call('XDEL', KEYS[2], ARGV[i])
end
return n
