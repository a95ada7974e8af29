-- Makes an identifier lead to another profile, or nowhere, if it still leads
-- to a certain one.
--
-- KEYS  1 bucket of the index (hash)
-- ARGV  1 the identifier
--       2 the profile it must lead to
--       3 the profile it is to lead to; "" for nowhere
--
-- Answers 1 if it was changed, else 0.

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
