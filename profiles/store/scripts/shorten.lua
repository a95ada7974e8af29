-- Makes a forward pointer lead further, if it still is what was read.
--
-- KEYS  1 the person
-- ARGV  1 the id it leads to
--       2 the id it is to lead to
--
-- Answers 1 if it was changed, else 0.

local all = redis.call('GETRANGE', KEYS[1], 0, 9 + 255)
if string.sub(all, 1, 1) ~= 'f' or string.sub(all, 11) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], string.sub(all, 1, 9) .. string.char(string.len(ARGV[2])) .. ARGV[2])
return 1
