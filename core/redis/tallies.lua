-- Tallies. A stored tally is what its parts are called, how long they are, and they:
--
--   u8 parts · u32 name … · u16 length … · bytes …
--
-- A name is what a part is (its highest byte) and for how many seconds it counts:
--   0      a window's sub-buckets: index (u32), count (u16)
--   1–253  a set: who (8 bytes), and the first and last second (u32) of a time in which
--          they were never away for longer than the window: so at any moment of it they
--          were there in the window before
--   254    a set of what counts once: a visit whose `who` is in it adds nothing
--   255    records: when (u48, milliseconds), what (8 bytes)
-- Each has the newest first. While a tally is at hand its parts are in `bodies`, and
-- what is now for each in `nows`.

local BUCKETS = 10
local FULL = 65535
local SETS, ONCE, RECORDS = 2 ^ 24, 254 * 2 ^ 24, 255 * 2 ^ 24
local BUCKET, ENTRY, RECORD = 6, 16, 14
local NOBODY = string.rep('\0', 8)
local bodies, nows = {}, {}

local function newest_s(name, body)
  if name < SETS then return unpack('<I4', body) * name / BUCKETS end
  if name < RECORDS then return unpack('<I4', body, 13) end
  return unpack('<I6', body) / 1000
end

local function read_shape()
  local shape = { names = {}, mosts = {}, nears = {}, place = {}, now = {} }
  shape.widths, shape.spans = {}, {}
  local parts, longest, windows = read_byte(), 0, 0
  for j = 1, parts do
    local name, most
    name, most, pos = unpack('<I4B', input, pos)
    local nears = {}
    for i = 1, read_byte() do nears[i], pos = unpack('<I4', input, pos) end
    shape.names[j], shape.mosts[j], shape.nears[j] = name, most, nears
    shape.place[name], shape.spans[j] = j, name % SETS
    shape.widths[j], shape.now[j] = ENTRY, now_s
    if name >= ONCE and name < RECORDS then shape.once = j end
    if name < SETS then
      windows = j
      shape.widths[j], shape.now[j] = BUCKET, floor(now_ms / (name * 100))
    elseif name >= RECORDS then
      shape.widths[j], shape.now[j] = RECORD, now_ms
    end
    longest = max(longest, name % SETS)
  end
  shape.parts, shape.windows, shape.longest = parts, windows, longest
  shape.head = pack('<B' .. rep('I4', parts), parts, unpack_list(shape.names))
  shape.lengths = '<' .. rep('I2', parts)
  return shape
end

-- Cut apart a tally that was stored by another shape; returns what else counts in it,
-- since rules of another version may ask for that. What is damaged counts nothing.
local function cut_other(shape, stored)
  local n = byte(stored, 1) or 0
  local at, others = 2 + 6 * n, {}
  if #stored < at - 1 then return others end
  for i = 1, n do
    local name = unpack('<I4', stored, 4 * i - 2)
    local length = unpack('<I2', stored, 2 * i + 4 * n)
    local body = sub(stored, at, at + length - 1)
    at = at + length
    local width = name < SETS and BUCKET or name < RECORDS and ENTRY or RECORD
    if #body < length or length % width ~= 0 then return others end
    local j = shape.place[name]
    if j then
      bodies[j] = body
    elseif length > 0 and newest_s(name, body) > now_s - name % SETS then
      others[#others + 1] = { name, body }
    end
  end
  return others
end

local function load_tally(shape, key)
  local parts = shape.parts
  for j = 1, parts do bodies[j], nows[j] = '', shape.now[j] end
  local stored = call('GET', key)
  if not stored then return nil end
  local at = 2 + 6 * parts
  if sub(stored, 1, #shape.head) ~= shape.head or #stored < at - 1 then
    return cut_other(shape, stored)
  end
  local lengths = { unpack(shape.lengths, stored, 2 + 4 * parts) }
  for j = 1, parts do
    local body = sub(stored, at, at + lengths[j] - 1)
    at = at + lengths[j]
    if #body < lengths[j] or #body % shape.widths[j] ~= 0 then return nil end
    bodies[j] = body
  end
  return nil
end

local function store_tally(shape, key, others)
  local parts, longest = shape.parts, shape.longest
  if not others or #others == 0 then
    local lengths = {}
    for j = 1, parts do lengths[j] = #bodies[j] end
    local whole = shape.head .. pack(shape.lengths, unpack_list(lengths))
    call('SET', key, whole .. concat(bodies, '', 1, parts), 'EX', longest)
    return
  end
  local names, lengths, all = {}, {}, {}
  for j = 1, parts do
    names[j], lengths[j] = pack('<I4', shape.names[j]), pack('<I2', #bodies[j])
    all[j] = bodies[j]
  end
  -- The newest stand first. One byte tells how many there are.
  for i = 1, min(#others, 255 - parts) do
    local other = others[i]
    names[parts + i], lengths[parts + i] = pack('<I4', other[1]), pack('<I2', #other[2])
    all[parts + i] = other[2]
    longest = max(longest, other[1] % SETS)
  end
  local whole = { char(#all), concat(names), concat(lengths), concat(all) }
  call('SET', key, concat(whole), 'EX', longest)
end

local function date_anew(body, width, field, by)
  local moved = {}
  for p = 1, #body, width do
    local at = unpack(field, body, p) - by
    local dated = pack(field, at < 0 and 0 or at)
    moved[#moved + 1] = dated .. sub(body, p + #dated, p + width - 1)
  end
  return concat(moved)
end

-- What is dated ahead of now was written before the clock went back. Up to a window, the
-- newest is taken for now; beyond, all age from here, and not from a time that may be
-- years ahead. Of sets nobody is known any more.
local function obey_clock(shape)
  for j = 1, shape.parts do
    local name, body, now = shape.names[j], bodies[j], nows[j]
    if body == '' then
      -- Nothing is dated.
    elseif name < SETS then
      local newest = unpack('<I4', body)
      if newest > now + BUCKETS then
        bodies[j] = date_anew(body, BUCKET, '<I4', newest - now)
      elseif newest > now then
        nows[j] = newest
      end
    elseif name < RECORDS then
      local newest = unpack('<I4', body, 13)
      if newest > now + name % SETS then
        bodies[j] = ''
      elseif newest > now then
        nows[j] = newest
      end
    else
      local newest = unpack('<I6', body)
      if newest > now then
        bodies[j] = date_anew(body, RECORD, '<I6', newest - now)
      end
    end
  end
end

-- Tell when it was for part `j`, `late` before now: a sub-bucket, a second, a ms.
local function moment_of(name, now, late)
  if name < SETS then
    local width = name * 100
    return now - floor(now_ms / width) + floor((now_ms - late) / width)
  elseif name < RECORDS then
    return now - now_s + floor((now_ms - late) / 1000)
  end
  return now - late
end

local function add_count(body, at, added, most)
  local p, size = 1, #body
  while p < size do
    local bucket, count = unpack('<I4I2', body, p)
    if bucket <= at then
      if bucket == at then
        added = min(added + count, FULL)
        return sub(body, 1, p + 3) .. pack('<I2', added) .. sub(body, p + BUCKET)
      end
      break
    end
    p = p + BUCKET
  end
  local entry = pack('<I4I2', at, min(added, FULL))
  if size == 0 then return entry end
  return sub(sub(body, 1, p - 1) .. entry .. sub(body, p), 1, BUCKET * most)
end

-- Add up the ten sub-buckets that end with `at`.
local function read_count(body, at)
  local total = 0
  for p = 1, #body, BUCKET do
    local bucket, count = unpack('<I4I2', body, p)
    if bucket <= at then
      if bucket <= at - BUCKETS then break end
      total = total + count
    end
  end
  return total
end

local function add_seen(body, at, who, window, most)
  local first, last = at, at
  local p = find(body, who, 1, true)
  if p == 1 then
    -- Whoever was here last is here again, as usual.
    local till = unpack('<I4', body, 13)
    if till == at then return body end
    if till < at and at <= till + window then
      return sub(body, 1, 12) .. pack('<I4', at) .. sub(body, 17)
    end
  end
  while p do
    local from = p + 1
    if p % ENTRY == 1 then
      local since, till = unpack('<I4I4', body, p + 8)
      if at >= since - window and at <= till + window then
        first, last = min(first, since), max(last, till)
        body = sub(body, 1, p - 1) .. sub(body, p + ENTRY)
        from = p
      end
    end
    p = find(body, who, from, true)
  end
  local entry = who .. pack('<I4I4', first, last)
  if body == '' then return entry end
  p = 1
  while p < #body and unpack('<I4', body, p + 12) > last do p = p + ENTRY end
  return sub(sub(body, 1, p - 1) .. entry .. sub(body, p), 1, ENTRY * most)
end

-- Count who was there in the window that ends with `at`; with `near`, only numbers less
-- than that far from `who`.
local function read_seen(body, at, who, window, near)
  local count = 0
  local number = near > 0 and unpack('<I8', who)
  for p = 1, #body, ENTRY do
    local first, last = unpack('<I4I4', body, p + 8)
    if last <= at - window then break end
    if first <= at
        and (near == 0 or abs(unpack('<I8', body, p) - number) < near) then
      count = count + 1
    end
  end
  return count
end

-- Find the first record that is not newer than `at`.
local function find_record(body, at)
  local p = 1
  while p < #body and unpack('<I6', body, p) > at do p = p + RECORD end
  return p
end

local function add_record(body, at, what, most)
  local p = find_record(body, at)
  body = sub(body, 1, p - 1) .. pack('<I6', at) .. what .. sub(body, p)
  return sub(body, 1, RECORD * most)
end

-- Tell whether a visit has been counted that counts once; its `who`s begin at `p`.
local function was_counted(shape, p)
  local j = shape.once
  if not j then return false end
  local from, body = p + 8 * (j - shape.windows - 1), bodies[j]
  local who = sub(input, from, from + 7)
  if who == NOBODY then return false end
  for at = 1, #body, ENTRY do
    if sub(body, at, at + 7) == who then return true end
  end
  return false
end

local function add_visit(shape, n, late, p)
  local names, mosts, windows = shape.names, shape.mosts, shape.windows
  for j = 1, shape.parts do
    local at = nows[j]
    if late > 0 then at = moment_of(names[j], at, late) end
    if j <= windows then
      bodies[j] = add_count(bodies[j], at, n, mosts[j])
    else
      local who = sub(input, p, p + 7)
      p = p + 8
      if names[j] >= RECORDS then
        bodies[j] = add_record(bodies[j], at, who, mosts[j])
      elseif who ~= NOBODY then
        bodies[j] = add_seen(bodies[j], at, who, shape.spans[j], mosts[j])
      end
    end
  end
end

local function read_visit(shape, n, late, p)
  local names, windows = shape.names, shape.windows
  for j = 1, shape.parts do
    local body, at = bodies[j], nows[j]
    if late > 0 then at = moment_of(names[j], at, late) end
    if j <= windows then
      -- What came later than all that is kept was forgotten at once.
      put_number(max(read_count(body, at), min(n, FULL)))
    else
      local who = sub(input, p, p + 7)
      p = p + 8
      if names[j] >= RECORDS then
        put_data(sub(body, find_record(body, at)))
      else
        local least, nears = n > 0 and who ~= NOBODY and 1 or 0, shape.nears[j]
        for i = 1, #nears do
          local seen = read_seen(body, at, who, shape.spans[j], nears[i])
          put_number(max(seen, least))
        end
      end
    end
  end
end

-- All of a key are added before any is read, so that a burst is judged as one.
local function tally_keys()
  local shape = read_shape()
  local keys, count = read_keys()
  local length = 8 + 8 * (shape.parts - shape.windows)
  for i = 1, count do
    local times
    times, pos = unpack('<I2', input, pos)
    local others, adds = load_tally(shape, keys[i]), false
    obey_clock(shape)
    for v = 0, times - 1 do
      local n, late, p = unpack('<I4I4', input, pos + v * length)
      if n > 0 and not was_counted(shape, p) then
        adds = true
        add_visit(shape, n, late, p)
      end
    end
    if adds then store_tally(shape, keys[i], others) end
    for _ = 1, times do
      local n, late, p = unpack('<I4I4', input, pos)
      read_visit(shape, n, late, p)
      pos = pos + length
    end
  end
end

local function tally_all()
  for _ = 1, read_byte() do tally_keys() end
end
