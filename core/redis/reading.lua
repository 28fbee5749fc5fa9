-- One batch of small operations, packed into ARGV[1], answered by one string.
--
-- The script is reading.lua, tallies.lua and packed.lua, one behind the other. The layout
-- of request and answer is described in packed.py beside the code that writes the one
-- and reads the other. All integers are little-endian. KEYS[1] only routes the call:
-- the keys inside the batch share its hash tag's slot.

local call = redis.call
local byte, char, sub, rep = string.byte, string.char, string.sub, string.rep
local find, unpack_list = string.find, unpack
local pack, unpack, concat = struct.pack, struct.unpack, table.concat
local floor, min, max, abs = math.floor, math.min, math.max, math.abs
local input = ARGV[1]
local pos = 1

local fixed, filled = {}, 0
local numbers, count = {}, 0
local lengths = {}
local data = {}
-- The server's clock, so that workers' clocks do not matter. What comes late says by how
-- many milliseconds.
local time = call('TIME')
local now_s = tonumber(time[1])
local now_ms = now_s * 1000 + floor(time[2] / 1000)

local function put(text)
  filled = filled + 1
  fixed[filled] = text
end

-- Numbers are many, and packed in one go.
local function put_number(number)
  count = count + 1
  numbers[count] = number
end

local function put_data(text)
  lengths[#lengths + 1] = pack('<I4', #text)
  data[#data + 1] = text
end

local function pack_numbers()
  local packed = {}
  for from = 1, count, 100 do
    local to = min(from + 99, count)
    local format = '<' .. rep('I4', to - from + 1)
    packed[#packed + 1] = pack(format, unpack_list(numbers, from, to))
  end
  return concat(packed)
end

local function read_byte()
  pos = pos + 1
  return byte(input, pos - 1)
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
