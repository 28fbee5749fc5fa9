-- Bits, slices and swaps, and the batch as a whole: see reading.lua.

local MISSING = char(2)
local BIT = { [0] = char(0), [1] = char(1) }

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
    put_data(found)
  end
end

local function swap_values()
  local keys, n = read_keys()
  local at = pos + 12 * n
  for i = 1, n do
    local length, ttl_s, is_dated = unpack('<I4I4I4', input, pos)
    pos = pos + 12
    local value = sub(input, at, at + length - 1)
    at = at + length
    local before = call('SET', keys[i], value, 'EX', ttl_s, 'GET') or ''
    -- Both end with their time: what comes late does not take a newer one's place.
    if is_dated == 1 and #before == length and length >= 4
      and unpack('<I4', before, length - 3) > unpack('<I4', value, length - 3) then
      call('SET', keys[i], before, 'EX', ttl_s)
    end
    put_data(before)
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
local bits = concat(fixed)
fixed, filled = {}, 0
read_slices()
tally_all()
swap_values()
set_bits()
return bits .. pack_numbers() .. concat(fixed) .. concat(lengths) .. concat(data)
