-- A Wireshark dissector for the MSN Messenger protocol, MSNP2 to MSNP21 and
-- MSNFTP. Written by "msnproxy dissector" from its command table; don't edit it.
--
-- Put it into Wireshark's folder for plugins (Help, About, Folders), or:
--   tshark -X lua_script:msnp.lua -r FILE

local msnp = Proto("msnp", "MSN Messenger Protocol")

-- TABLE --
local most_line = 8192
local most_payload = 1048576

local fields = {}
local list = {}
local function field(id, f)
  fields[id] = f
  table.insert(list, f)
end
field(".verb", ProtoField.string("msnp.verb", "Verb"))
field(".line", ProtoField.string("msnp.line", "Command line"))
field(".sender", ProtoField.string("msnp.sender", "Sender"))
field(".meaning", ProtoField.string("msnp.meaning", "Meaning"))
field(".extra", ProtoField.string("msnp.extra", "Further parameter"))
field(".header", ProtoField.string("msnp.header", "Header"))
field(".payload", ProtoField.bytes("msnp.payload", "Payload"))
field(".text", ProtoField.string("msnp.payload_text", "Text", base.UNICODE))
field(".node", ProtoField.string("msnp.node", "Holds", base.UNICODE))
field(".data", ProtoField.bytes("msnp.data", "No command"))
for name, about in pairs(parameters) do
  field(name, ProtoField.string("msnp." .. name, name, base.NONE, about))
end
for name, about in pairs({endpoint = "one of the places where the account is signed in", via = "circle or gateway that the account comes by"}) do
  if not fields[name] then field(name, ProtoField.string("msnp." .. name, name, base.NONE, about)) end
end
-- The parts of a packet of P2P, in both versions, by the names that they have elsewhere.
for _, f in ipairs({
  {"SessionID", "uint32", "0 is MSNSLP"}, {"Identifier", "uint32", "of the blob; in version 2 the sequence number"},
  {"DataOffset", "uint64", "of the data in the blob"}, {"TotalSize", "uint64", "of the blob"}, {"MessageLength", "uint32", "bytes in this packet"},
  {"Flag", "uint32", "what it is", base.HEX}, {"AckIdentifier", "uint32"}, {"AckUniqueID", "uint32"}, {"AckDataSize", "uint64"},
  {"NakIdentifier", "uint32"}, {"Nonce", "bytes", "lets in to a direct connection"}, {"AppID", "uint32", "0 session, 1 object, 2 file, 4 webcam, 11 emoticon, 12 picture"},
  {"HeaderLength", "uint8"}, {"OperationCode", "uint8", "1 first packet, 2 waits for an acknowledgement"}, {"DataHeaderLength", "uint8"},
  {"TFCombination", "uint8", "4 object, 6 file, 1 more: first packet"}, {"PackageNumber", "uint16"}, {"DataRemaining", "uint64", "bytes of the blob behind these"},
  {"PeerInfo", "bytes", "what the sender can do"}, {"TLV", "bytes", "type, length and value"}, {"Length", "uint32", "of what follows, on a direct connection"},
  {"Greeting", "string", "of who makes a direct connection"}, {"Data", "bytes"},
}) do
  local name, kind, about, how = f[1], f[2], f[3], f[4]
  if kind == "bytes" or kind == "string" then
    field("p2p." .. name, ProtoField[kind]("msnp.p2p." .. name:lower(), name, base.NONE, about))
  else
    field("p2p." .. name, ProtoField[kind]("msnp.p2p." .. name:lower(), name, how or base.DEC, nil, nil, about))
  end
end
msnp.fields = list

-- tokens parts a line at its blanks, with the place of each token.
local function tokens(line)
  local out = {}
  for at, word in line:gmatch("()([^ ]+)") do
    table.insert(out, {at = at - 1, word = word})
  end
  return out
end

-- namespaced says whether a line ends as those of MSNP24 do: after the verb there is a
-- number or not, a namespace, and the length of the payload.
local function namespaced(words)
  if #words ~= 3 and #words ~= 4 or #words == 4 and not words[2].word:match("^%d+$") then return false end
  local name = words[#words - 1].word:match("^[^\\]*")
  return name == "CON" or name == "MSGR"
end

-- payload_length says how many bytes follow the line: the last token of a verb
-- that can have a payload, if there are tokens enough.
local function payload_length(verb, words)
  local last = words[#words]
  local n = last and last.word:match("^%d+$") and tonumber(last.word)
  if not n then return 0 end
  if verb:match("^%d%d%d$") then
    if #words == 3 and words[2].word:match("^%d+$") or namespaced(words) then return n end
    return 0
  end
  local c = commands[verb]
  if c and c.payload > 0 and #words >= c.payload then return n end
  if c and c.payload == 0 and c.namespaced and namespaced(words) then return n end
  return 0
end

-- value is a word without the prefix of its parameter, and how long that is; nil if the
-- word should have one and has not.
local function value(p, word)
  if not p.prefix then return word, 0 end
  if word:sub(1, #p.prefix) ~= p.prefix then return nil, 0 end
  return word:sub(#p.prefix + 1), #p.prefix
end

-- keyed finds the word that begins with the prefix of a parameter, of those not taken.
local function keyed(p, words, out)
  for i = 2, #words do
    if not out[i] and value(p, words[i].word) then return i end
  end
  return nil
end

-- assign says which parameter each word stands for, and how many are missing. Those that
-- are told apart by a prefix may be missing although others follow, and stand in any order.
local function assign(form, words)
  local out, missing, at = {}, 0, 2
  for _, p in ipairs(form.params) do
    while out[at] do at = at + 1 end
    local own = p.prefix and keyed(p, words, out)
    if own then
      out[own] = p
    elseif at > #words then
      if not p.optional then missing = missing + 1 end
    elseif not (p.prefix and p.optional and not value(p, words[at].word)) then
      repeat
        out[at] = p
        at = at + 1
      until not p.rest or at > #words
    end
  end
  return out, missing
end

-- misfit says how badly the words fit a form: 0 is a perfect fit.
local function misfit(form, words)
  local params, missing = assign(form, words)
  local cost = 3 * missing
  for i = 2, #words do
    local p = params[i]
    local word = p and value(p, words[i].word)
    if not p then
      cost = cost + 3
    elseif not word then
      cost = cost + 8
    else
      if p.only then
        if not p.only[word] then cost = cost + 8 end
      elseif p.pattern and not word:match(p.pattern) and word ~= "Hotmail" then
        cost = cost + 2
      end
    end
  end
  return cost
end

-- choose finds the form that fits best, of those that the sender has if it is
-- known who that is.
local function choose(verb, words, sender)
  local forms = error_forms
  if commands[verb] then forms = commands[verb].forms
  elseif not verb:match("^%d%d%d$") then return nil end
  local best, least
  for _, form in ipairs(forms) do
    if sender == nil or form[sender] then
      local cost = misfit(form, words)
      if not least or cost < least then best, least = form, cost end
    end
  end
  return best
end

-- sender_of tells the server by its port; nil: not known.
local function sender_of(pinfo)
  local server = {[1863] = true, [1864] = true}
  if server[pinfo.src_port] and not server[pinfo.dst_port] then return "server" end
  if server[pinfo.dst_port] and not server[pinfo.src_port] then return "client" end
  return nil
end

-- utf8 is how text goes over the wire.
local utf8 = ENC_UTF_8 + ENC_STRING

-- clip shortens a text to so many bytes, between two characters, and takes out what
-- can't be shown in a column.
local function clip(s, most)
  s = s:gsub("%c", " ")
  if #s <= most then return s end
  local e = most
  while e > 0 and s:byte(e + 1) >= 0x80 and s:byte(e + 1) < 0xc0 do e = e - 1 end
  return s:sub(1, e) .. "…"
end

-- unescape undoes the percent-encoding of names, for people.
local function unescape(s)
  return (s:gsub("%%(%x%x)", function(x) return string.char(tonumber(x, 16)) end))
end

-- brief is a command in a few words, for the Info column: its line, and what somebody
-- wrote.
local function brief(line, sender, raw, form)
  local s = clip(unescape(line), 70)
  if sender then s = (sender == "server" and "S: " or "C: ") .. s end
  if form and form.mime then
    local e, from = raw:find("\r?\n\r?\n")
    local kind = raw:sub(1, e or #raw):lower():match("content%-type:%s*([^;%s]+)")
    if kind == "text/plain" and from and from < #raw then
      s = s .. ' "' .. clip(raw:sub(from + 1), 60) .. '"'
    elseif kind then
      s = s .. " (" .. clip(kind, 50) .. ")"
    end
  end
  return s
end

-- info joins what is in one packet.
local function info(list)
  local out = {}
  for i = 1, math.min(#list, 4) do out[i] = list[i] end
  local s = table.concat(out, " | ")
  if #list > 4 then s = s .. " | and " .. (#list - 4) .. " more" end
  return s
end

-- address_parts takes an address apart: the name of each part, where it begins, counted
-- from 0, and its length.
local function address_parts(s)
  local out, at = {}, 0
  local function part(name, from, size) table.insert(out, {name = name, at = from, size = size}) end
  local head = s:match("^[^;]*")
  local net = head:match("^(%d%d?):.")
  if net then
    part("network", 0, #net)
    at = #net + 1
  end
  local account = head:sub(at + 1)
  local user, guid = account:match("^([^@]*@[^:]*):({?%x+%-%x+%-%x+%-%x+%-%x+}?)$")
  part("handle", at, #(user or account))
  if guid then part("endpoint", at + #user + 1, #guid) end
  local pos = #head + 1
  while pos < #s do
    local piece = s:match("^[^;]*", pos + 1)
    local name, value = piece:match("^(%a+)=(.*)$")
    local key = name and name:lower()
    if piece ~= "" and not name then
      part("endpoint", pos, #piece)
    elseif key == "epid" then
      part("endpoint", pos + 5, #value)
    elseif key == "via" then
      part("via", pos + 4, #value)
    end
    pos = pos + 1 + #piece
  end
  return out
end

-- add_address adds an address: the account by the name given, and what else it says below.
local function add_address(tree, name, tvb, at, s)
  local parts, item = address_parts(s), nil
  for _, p in ipairs(parts) do
    if p.name == "handle" then item = tree:add_packet_field(fields[name], tvb(at + p.at, p.size), utf8) end
  end
  for _, p in ipairs(parts) do
    if p.name ~= "handle" then item:add_packet_field(fields[p.name], tvb(at + p.at, p.size), utf8) end
  end
end

local entities = {["&lt;"] = "<", ["&gt;"] = ">", ["&quot;"] = '"', ["&apos;"] = "'", ["&amp;"] = "&"}
local function unxml(s) return (s:gsub("&%a+;", entities)) end

local most_nodes, most_nested = 512, 4

-- add_xml adds the attributes and texts of XML, and of XML that is a text in it. at says
-- where it stands; nil: what it was made from is the range.
local function add_xml(tree, tvb, at, s, range, depth)
  depth = depth or 1
  local pos, count = 1, 0
  local function node(name, value, from)
    count = count + 1
    local r = range or tvb(at + from - 1, #value)
    local plain = unxml(value)
    local item = tree:add(fields[".node"], r, name .. ": " .. plain)
    plain = unxml(plain)
    if depth < most_nested and plain:match("^%s*<%a.*>%s*$") then add_xml(item, tvb, nil, plain, r, depth + 1) end
  end
  while count < most_nodes do
    local a, b, close, name, attributes = s:find("<(/?)([%w:_.-]+)([^<>]*)>", pos)
    if not a then break end
    if close == "" then
      local base = a + 1 + #name
      for key, _, from, value in attributes:gmatch("([%w:_.-]+)%s*=%s*([\"'])()(.-)%2") do
        if value ~= "" and count < most_nodes then node(name .. "@" .. key, value, base + from - 1) end
      end
      local text = s:sub(b + 1, (s:find("<", b + 1, true) or #s + 1) - 1)
      if text:match("%S") then node(name, text, b + 1) end
    end
    pos = b + 1
  end
end

-- addressed are the headers whose values are addresses.
local addressed = {to = true, from = true, ["p2p-dest"] = true, ["p2p-src"] = true, typinguser = true, recordinguser = true}

-- add_header adds a header, and what its value holds.
local function add_header(tree, tvb, at, line)
  local item = tree:add_packet_field(fields[".header"], tvb(at, #line), utf8)
  local name, from, value = line:match("^([^:]+):%s*()(.-)%s*$")
  if not name then return end
  if addressed[name:lower()] and value:match("^[^%s<>]+@[^%s<>]+$") then
    add_address(item, "handle", tvb, at + from - 1, value)
  elseif value:match("^<.*>$") then
    add_xml(item, tvb, at + from - 1, value)
  end
end

local function add_line(tree, tvb, at, words, form)
  local params = form and assign(form, words) or {}
  for i = 2, #words do
    local w, p, skip = words[i], params[i], 0
    if p then _, skip = value(p, w.word) end
    local from, word = at + w.at + skip, w.word:sub(skip + 1)
    if p and p.address and #word > 0 then
      add_address(tree, p.name, tvb, from, word)
    else
      local item = tree:add_packet_field(fields[p and p.name or ".extra"], tvb(from, #word), utf8)
      if p and p.name == "msnobj" and #word > 0 then add_xml(item, tvb, nil, unescape(word), tvb(from, #word)) end
    end
  end
end

-- add_headers adds a block of headers that begins at from, counted from 1. It returns
-- where what follows it begins, and the first header's name.
local function add_headers(item, tvb, at, raw, from)
  local first
  while from <= #raw do
    local e = raw:find("\n", from, true) or #raw + 1
    local line = raw:sub(from, e - 1):gsub("\r$", "")
    if line == "" then return e + 1, first end
    first = first or line:match("^[^:]*"):lower()
    add_header(item, tvb, at + from - 1, line)
    from = e + 1
  end
  return from, first
end

-- add_slp adds a message of MSNSLP: its start line, its headers, its body.
local function add_slp(tree, tvb, at, size)
  local raw = tvb:raw(at, size)
  local from = add_headers(tree, tvb, at, raw, 1)
  add_headers(tree, tvb, at, (raw:gsub("%z+$", "")), from)
end

local function is_slp(raw)
  return raw:match("^MSNSLP/") or raw:match("^%a+ +[^ \r\n]+:[^ \r\n]+ +MSNSLP/")
end

-- numbers adds numbers that stand one behind the other; low: the low byte first.
local function numbers(tree, tvb, at, low, list)
  for _, n in ipairs(list) do
    local r = tvb(at, n[2])
    if low then tree:add_le(fields["p2p." .. n[1]], r) else tree:add(fields["p2p." .. n[1]], r) end
    at = at + n[2]
  end
end

-- add_tlvs adds the pieces of a header of version 2, from a place to an end. names are
-- those of types, with the length that the value must have.
local function add_tlvs(tree, tvb, at, stop, names)
  while at + 2 <= stop and tvb(at, 1):uint() ~= 0 do
    local kind, size = tvb(at, 1):uint(), tvb(at + 1, 1):uint()
    if at + 2 + size > stop then return end
    local known = names[kind]
    if known and known[2] == size then
      tree:add(fields["p2p." .. known[1]], tvb(at + 2, size))
    else
      tree:add(fields["p2p.TLV"], tvb(at, 2 + size))
    end
    at = at + 2 + size
  end
end

-- add_data adds what a packet carries.
local function add_data(tree, tvb, at, size, session)
  if size == 0 then return end
  if session == 0 and is_slp(tvb:raw(at, size)) then return add_slp(tree, tvb, at, size) end
  tree:add(fields["p2p.Data"], tvb(at, size))
end

-- add_packet adds a packet of P2P; footer: with the application id behind it, as on a
-- switchboard. It returns what it is in a few words, or nil: it is none.
local function add_packet(tree, tvb, at, size, footer)
  local tail = footer and 4 or 0
  local what
  if size >= 48 + tail and tvb(at + 24, 4):le_uint() + 48 + tail == size then
    local flag, length, session = tvb(at + 28, 4):le_uint(), size - 48 - tail, tvb(at, 4):le_uint()
    numbers(tree, tvb, at, true, {{"SessionID", 4}, {"Identifier", 4}, {"DataOffset", 8}, {"TotalSize", 8}, {"MessageLength", 4}, {"Flag", 4}})
    if math.floor(flag / 0x100) % 2 == 1 then
      tree:add(fields["p2p.Nonce"], tvb(at + 32, 16))
      what = "handshake"
    else
      numbers(tree, tvb, at + 32, true, {{"AckIdentifier", 4}, {"AckUniqueID", 4}, {"AckDataSize", 8}})
    end
    add_data(tree, tvb, at + 48, length, session)
    what = what or length == 0 and "acknowledgement" or session == 0 and "MSNSLP" or length .. " bytes of session " .. session
  else
    if size < 8 + tail then return nil end
    local header, length = tvb(at, 1):uint(), tvb(at + 2, 2):uint()
    if header < 8 or header % 4 ~= 0 or tvb(at + 1, 1):uint() > 3 or header + length + tail ~= size then return nil end
    numbers(tree, tvb, at, false, {{"HeaderLength", 1}, {"OperationCode", 1}, {"MessageLength", 2}, {"Identifier", 4}})
    add_tlvs(tree, tvb, at + 8, at + header, {{"PeerInfo", 12}, {"AckIdentifier", 4}, {"NakIdentifier", 4}})
    what = "acknowledgement"
    if length >= 8 then
      local own = tvb(at + header, 1):uint()
      if own < 8 or own > length then return nil end
      local session = tvb(at + header + 4, 4):uint()
      numbers(tree, tvb, at + header, false, {{"DataHeaderLength", 1}, {"TFCombination", 1}, {"PackageNumber", 2}, {"SessionID", 4}})
      add_tlvs(tree, tvb, at + header + 8, at + header + own, {{"DataRemaining", 8}})
      add_data(tree, tvb, at + header + own, length - own, session)
      what = session == 0 and "MSNSLP" or (length - own) .. " bytes of session " .. session
    end
  end
  if footer then tree:add(fields["p2p.AppID"], tvb(at + size - 4, 4)) end
  return "P2P " .. what
end

local function add_payload(tree, tvb, at, size, form)
  local item = tree:add(fields[".payload"], tvb(at, size))
  local raw = tvb:raw(at, size)
  local from = 1
  if form and form.mime then
    -- Routed payloads (MSNP18) have a block on the way, one on delivery, and then their own.
    for _ = 1, 4 do
      local first
      from, first = add_headers(item, tvb, at, raw, from)
      if first ~= "routing" and first ~= "reliability" then break end
    end
  end
  if from > #raw then return end
  local body = raw:sub(from)
  if form and form.mime and raw:sub(1, from - 1):lower():find("content%-type:%s*application/x%-msnmsgrp2p") and
    add_packet(item, tvb, at + from - 1, #body, true) then return end
  local text = item:add_packet_field(fields[".text"], tvb(at + from - 1, #body), utf8)
  if body:match("^%s*<%a") then
    add_xml(text, tvb, at + from - 1, body)
  else
    for pos, name, start, value in body:gmatch("()([%w-]+):%s*()(<%a[^\r\n]*>)") do
      add_xml(text, tvb, at + from + start - 2, value)
    end
  end
end

-- command dissects one command at an offset. It returns how many bytes it took; or
-- nil and how many more it needs, 0 if that is not known; or false if there is none.
local function command(tvb, pinfo, tree, at, briefs)
  local rest = tvb:raw(at)
  local blank = rest:match("^\r?\n")
  if blank then return #blank end
  if not rest:match("^%u%u%u[ \r\n]") and not rest:match("^%d%d%d[ \r\n]") then
    if #rest < 4 and (rest:match("^%u+$") or rest:match("^%d+$") or rest == "\r") then return nil, 0 end
    return false
  end
  local e = rest:find("\n", 1, true)
  if not e then
    if #rest > most_line then return false end
    return nil, 0
  end
  local line = rest:sub(1, e - 1):gsub("\r$", "")
  local words = tokens(line)
  local verb = words[1].word
  local size = payload_length(verb, words)
  if size > most_payload then return false end
  if #rest < e + size then return nil, e + size - #rest end
  local sender = sender_of(pinfo)
  local form = choose(verb, words, sender) or choose(verb, words, nil)
  table.insert(briefs, brief(line, sender, tvb:raw(at + e, size), form))
  local item = tree:add(msnp, tvb(at, e + size))
  item:append_text(": " .. verb)
  item:add(fields[".verb"], tvb(at, 3))
  item:add_packet_field(fields[".line"], tvb(at, #line), utf8)
  if sender then item:add(fields[".sender"], sender):set_generated() end
  local meaning = form and form.meaning
  if verb:match("^%d%d%d$") then meaning = errors[verb] or "error " .. verb end
  if meaning then
    item:add(fields[".meaning"], meaning):set_generated()
    item:append_text(", " .. meaning)
  end
  add_line(item, tvb, at, words, form)
  if size > 0 then add_payload(item, tvb, at + e, size, form) end
  return e + size
end

function msnp.dissector(tvb, pinfo, tree)
  local at, size, briefs = 0, tvb:len(), {}
  pinfo.cols.protocol = "MSNP"
  while at < size do
    local took, more = command(tvb, pinfo, tree, at, briefs)
    if took then
      at = at + took
    elseif took == nil then
      pinfo.desegment_offset = at
      pinfo.desegment_len = more > 0 and more or DESEGMENT_ONE_MORE_SEGMENT
      break
    else
      tree:add(msnp, tvb(at)):add(fields[".data"], tvb(at))
      at = size
    end
  end
  if #briefs > 0 then pinfo.cols.info = info(briefs) end
  return size
end

-- On other ports a connection is taken if what begins a segment is a command that
-- fits a form of the table.
local function heuristic(tvb, pinfo, tree)
  local line = tvb:raw():match("^([%u%d]%w%w[^\r\n]*)\r?\n")
  if not line or #line > most_line then return false end
  local words = tokens(line)
  if #words == 0 or not commands[words[1].word] then return false end
  local form = choose(words[1].word, words, nil)
  if not form or misfit(form, words) > 0 then return false end
  msnp.dissector(tvb, pinfo, tree)
  pinfo.conversation = msnp
  return true
end

-- A direct connection between two clients: each packet has its length before it.
local direct = Proto("msnp_direct", "MSN Messenger direct connection (P2P)")
local greeting = "\4\0\0\0foo\0"
local longest = 65536

local function direct_length(tvb, _, at) return 4 + math.min(tvb(at, 4):le_uint(), longest) end

local function direct_packet(tvb, pinfo, tree)
  pinfo.cols.protocol = "MSNP2P"
  local size = tvb:len() - 4
  local item = tree:add(direct, tvb())
  item:add_le(fields["p2p.Length"], tvb(0, 4))
  local what
  if size == 0 then
    what = "keep-alive"
  elseif tvb:raw() == greeting then
    item:add(fields["p2p.Greeting"], tvb(4, 3))
    what = "greeting"
  else
    what = add_packet(item, tvb, 4, size, false)
    if not what and size == 16 then
      item:add(fields["p2p.Nonce"], tvb(4, 16))
      what = "nonce"
    elseif not what then
      item:add(fields[".data"], tvb(4))
      what = "no packet"
    end
  end
  item:append_text(": " .. what)
  pinfo.cols.info = what
  return tvb:len()
end

function direct.dissector(tvb, pinfo, tree)
  if tvb:len() >= 4 and tvb:raw(0, 4) == greeting:sub(5) then
    -- Its length came by itself: what is found by looking is not put together.
    pinfo.cols.protocol, pinfo.cols.info = "MSNP2P", "greeting"
    tree:add(direct, tvb(0, 4)):append_text(": greeting"):add(fields["p2p.Greeting"], tvb(0, 3))
    if tvb:len() == 4 then return 4 end
    tvb = tvb(4):tvb()
  end
  dissect_tcp_pdus(tvb, tree, 4, direct_length, direct_packet)
  return tvb:len()
end

local function greets(tvb, pinfo, tree)
  local n = math.min(tvb:len(), #greeting)
  if n ~= 4 and n ~= #greeting or tvb:raw(0, n) ~= greeting:sub(1, n) then return false end
  pinfo.conversation = direct
  if n == #greeting then direct.dissector(tvb, pinfo, tree) end
  return true
end
direct:register_heuristic("tcp", greets)

local ports = DissectorTable.get("tcp.port")
ports:add(1863, msnp)
ports:add(1864, msnp)
msnp:register_heuristic("tcp", heuristic)
