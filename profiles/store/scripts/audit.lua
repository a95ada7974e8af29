-- Appends an entry to the audit log, if nobody else has appended one since.
--
-- KEYS  1 the audit log (list)
-- ARGV  1 how many entries there are
--       2 the entry
--
-- Answers 1; 0 if there are others by now.

if redis.call('LLEN', KEYS[1]) ~= tonumber(ARGV[1]) then
  return 0
end
redis.call('RPUSH', KEYS[1], ARGV[2])
return 1
