-- Appends to the list of releases. A release's number is its place.
--
-- KEYS  1 the releases (list)
--       2 the sources of the program (string)
-- ARGV  1 the release
--
-- Answers its number; 0 if the sources are not there.

if redis.call('EXISTS', KEYS[2]) == 0 then
  return 0
end
return redis.call('RPUSH', KEYS[1], ARGV[1])
