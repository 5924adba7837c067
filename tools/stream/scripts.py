"""The Lua scripts. Each is one atomic step: written to the append-only file whole or not at all."""

from __future__ import annotations

# KEYS: stream, once-key of each item. ARGV: longest stream allowed, then for each item: ttl in ms, lead id, fingerprint,
# submission id, accept key, payload. Answers one line an item: "new", "full", or the once-value that was found.
ACCEPT = """
local answers = {}
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
for i = 2, #KEYS do
  local a = 2 + (i - 2) * 6
  local found = redis.call('GET', KEYS[i])
  if found then
    answers[i - 1] = found
  elseif room <= 0 then
    answers[i - 1] = 'full'
  else
    redis.call('XADD', KEYS[1], '*', 's', ARGV[a + 3], 'k', ARGV[a + 4], 'd', ARGV[a + 5])
    redis.call('SET', KEYS[i], 'q|' .. ARGV[a + 1] .. '|' .. ARGV[a + 2] .. '|' .. ARGV[a + 3], 'PX', ARGV[a])
    room = room - 1
    answers[i - 1] = 'new'
  end
end
return answers
"""

# KEYS: stream, once-key of each entry. ARGV: group, done channel, announcement, then the entry ids.
# Only here does an entry leave the stream; it was committed before.
FINISH = """
local ids = {}
for i = 2, #KEYS do
  ids[i - 1] = ARGV[i + 2]
  local found = redis.call('GET', KEYS[i])
  if found and string.sub(found, 1, 1) == 'q' then
    redis.call('SET', KEYS[i], 'd' .. string.sub(found, 2), 'KEEPTTL')
  end
end
redis.call('XACK', KEYS[1], ARGV[1], unpack(ids))
redis.call('XDEL', KEYS[1], unpack(ids))
redis.call('PUBLISH', ARGV[2], ARGV[3])
return #ids
"""

# KEYS: stream. ARGV: group. Milliseconds for which the oldest entry waits that nobody has taken yet; -1 without one.
# After a clock went back, by how much: it may have waited for so long.
WAITING = """
local last = nil
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err then
  return -1
end
for _, group in ipairs(groups) do
  local found = {}
  for i = 1, #group, 2 do
    found[group[i]] = group[i + 1]
  end
  if found['name'] == ARGV[1] then
    last = found['last-delivered-id']
  end
end
local oldest = last and redis.call('XRANGE', KEYS[1], '(' .. last, '+', 'COUNT', 1)[1]
if not oldest then
  return -1
end
local now = redis.call('TIME')
return math.floor(math.abs(now[1] * 1000 + now[2] / 1000 - tonumber(string.match(oldest[1], '%d+'))))
"""

# KEYS: stream, later. ARGV: group, entry id, due in ms, member. The entry moves from the stream to the retries in one step.
POSTPONE = """
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[4])
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
"""

# KEYS: stream, later. ARGV: now in ms, at most. Retries that are due go back to the stream, attempts included.
RESUME = """
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, member in ipairs(due) do
  local entry = cjson.decode(member)
  redis.call('XADD', KEYS[1], '*', 's', entry.s, 'k', entry.k, 'd', entry.d, 'a', entry.a)
  redis.call('ZREM', KEYS[2], member)
end
return #due
"""
