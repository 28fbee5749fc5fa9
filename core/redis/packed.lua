-- One batch of small operations, packed into ARGV[1], answered by one string.
--
-- The layout of both is described in packed.py beside the code that writes the one
-- and reads the other. All integers are little-endian. KEYS[1] only routes the call:
-- the keys inside the batch share its hash tag's slot.

local call = redis.call
local byte, char, sub, rep = string.byte, string.char, string.sub, string.rep
local pack, unpack = struct.pack, struct.unpack
local floor = math.floor
local input = ARGV[1]
local pos = 1

local fixed, filled = {}, 0
local lengths = {}
local data = {}
local MISSING = char(2)
local BIT = { [0] = char(0), [1] = char(1) }

local BUCKETS = 10
local FULL = 65535
local TEN = '<HHHHHHHHHH'
local ZEROS = {}
for i = 0, BUCKETS do ZEROS[i] = rep('\0', 2 * i) end

local function put(text)
  filled = filled + 1
  fixed[filled] = text
end

local function read_keys()
  local n
  n, pos = unpack('<I4', input, pos)
  local keys = {}
  local start = pos + n
  for i = 1, n do
    local stop = start + byte(input, pos + i - 1)
    keys[i] = sub(input, start, stop - 1)
    start = stop
  end
  pos = start
  return keys, n
end

local function read_bits()
  local keys, n = read_keys()
  for i = 1, n do
    local offset = unpack('<I4', input, pos)
    pos = pos + 4
    local at = floor(offset / 8)
    -- One byte tells the bit and whether there is anything to tell it.
    local found = call('GETRANGE', keys[i], at, at)
    if found == '' then
      put(MISSING)
    else
      put(BIT[floor(byte(found) / 2 ^ (7 - offset % 8)) % 2])
    end
  end
end

local function read_slices()
  local keys, n = read_keys()
  for i = 1, n do
    local start, length = unpack('<I4I4', input, pos)
    pos = pos + 8
    local found = ''
    if length > 0 then
      found = call('GETRANGE', keys[i], start, start + length - 1)
    end
    lengths[#lengths + 1] = pack('<I4', #found)
    data[#data + 1] = found
  end
end

-- Counters with the same windows. A counter is four bytes that name its windows, then
-- for each window the index of its newest sub-bucket (u32) and ten u16, oldest first.
local function count_layout(now_ms)
  local width = byte(input, pos)
  local name = sub(input, pos + 1, pos + 4)
  local expiry
  expiry, pos = unpack('<I4', input, pos + 5)
  expiry = tostring(expiry)
  local now, heads = {}, {}
  for w = 1, width do
    local window_s
    window_s, pos = unpack('<I4', input, pos)
    now[w] = floor(now_ms / (window_s * 100))
    heads[w] = pack('<I4', now[w])
  end
  local size = 4 + 24 * width
  local empty = {}
  for w = 1, width do empty[w] = heads[w] .. ZEROS[BUCKETS] end
  local fresh = name .. table.concat(empty)

  local keys, n = read_keys()
  for i = 1, n do
    local added = unpack('<I4', input, pos)
    pos = pos + 4
    local stored = call('GET', keys[i])
    if not stored or #stored ~= size or sub(stored, 1, 4) ~= name then
      stored = fresh
    end
    local parts = { name }
    for w = 1, width do
      local p = 24 * w - 19
      local steps = now[w] - unpack('<I4', stored, p)
      local head, body, total, newest = heads[w], nil, 0, 0
      if steps >= BUCKETS then
        body = ZEROS[BUCKETS]
      else
        if steps > 0 then
          body = sub(stored, p + 4 + 2 * steps, p + 23) .. ZEROS[steps]
        else
          -- The same sub-bucket still, or the clock went back: count into the newest
          -- one and clear nothing. When it went back by more than a window, the
          -- buckets are dated anew, so that they age from here and not from a time
          -- that may be years ahead.
          if steps >= -BUCKETS then head = sub(stored, p, p + 3) end
          body = sub(stored, p + 4, p + 23)
        end
        local a, b, c, d, e, f, g, h, i
        a, b, c, d, e, f, g, h, i, newest = unpack(TEN, body)
        total = a + b + c + d + e + f + g + h + i
      end
      newest = newest + added
      if newest > FULL then newest = FULL end
      put(pack('<I4', total + newest))
      if added > 0 then
        parts[w + 1] = head .. sub(body, 1, 18) .. pack('<I2', newest)
      end
    end
    if added > 0 then
      call('SET', keys[i], table.concat(parts), 'EX', expiry)
    end
  end
end

local function count_all()
  local layouts = byte(input, pos)
  pos = pos + 1
  if layouts == 0 then return end
  -- The server's clock, so that workers' clocks do not matter.
  local t = call('TIME')
  local now_ms = t[1] * 1000 + floor(t[2] / 1000)
  for _ = 1, layouts do count_layout(now_ms) end
end

local function swap_values()
  local keys, n = read_keys()
  local at = pos + 8 * n
  for i = 1, n do
    local length, ttl_s = unpack('<I4I4', input, pos)
    pos = pos + 8
    local value = sub(input, at, at + length - 1)
    at = at + length
    local before = call('SET', keys[i], value, 'EX', ttl_s, 'GET') or ''
    lengths[#lengths + 1] = pack('<I4', #before)
    data[#data + 1] = before
  end
  pos = at
end

local function set_bits()
  local keys, n = read_keys()
  for i = 1, n do
    local offset = unpack('<I4', input, pos)
    pos = pos + 4
    if call('EXISTS', keys[i]) == 1 then
      put(BIT[call('SETBIT', keys[i], offset, 1)])
    else
      put(MISSING)
    end
  end
end

-- What only reads comes first, so that no operation sees half a batch.
read_bits()
read_slices()
count_all()
swap_values()
set_bits()
return table.concat(fixed) .. table.concat(lengths) .. table.concat(data)
