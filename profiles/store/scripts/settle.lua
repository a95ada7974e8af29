-- Writes down the layout at first start.
--
-- KEYS  1 settings (hash)
-- ARGV  1 number of partitions, 2 buckets of the identifier index
--       3 the key of the index's hashes
--
-- Answers what is written there, now or since an earlier start; the key is
-- empty where the index was begun before there was one.

if redis.call('HSETNX', KEYS[1], 'partitions', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'index_key', ARGV[3])
end
redis.call('HSETNX', KEYS[1], 'buckets', ARGV[2])
return redis.call('HMGET', KEYS[1], 'partitions', 'buckets', 'index_key')
