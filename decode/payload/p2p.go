package payload

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// p2pHeader is the size of the header of a P2P packet (version 1, MSNP9).
const p2pHeader = 48

// p2pFields are its fields, all with the low byte first.
var p2pFields = [...]struct {
	name, meaning string
	size          int
}{
	{"SessionID", "", 4}, {"Identifier", "", 4}, {"DataOffset", "", 8}, {"TotalSize", "bytes", 8},
	{"MessageLength", "bytes in this packet", 4}, {"Flag", "", 4}, {"AckIdentifier", "", 4},
	{"AckUniqueID", "", 4}, {"AckDataSize", "bytes", 8},
}

// p2pFlags are the bits of Flag.
var p2pFlags = []struct {
	bit  uint64
	name string
}{
	{1, "out of order"}, {2, "acknowledges"}, {4, "waits for an acknowledgement"}, {8, "error"}, {0x10, "file"},
	{0x20, "data of an object"}, {0x40, "close"}, {0x80, "transport error"}, {0x100, "handshake"},
	{0x200, "encrypted"}, {0x1000000, "Windows Live 2009"},
}

// p2pApps are the applications that a packet's footer names.
var p2pApps = map[uint32]string{0: "session", 1: "object", 2: "file transfer", 4: "webcam", 11: "custom emoticon", 12: "display picture"}

// p2p opens a packet of version 1, which its lengths give away; of any other it
// returns nothing.
func (u *Payload) p2p(at int) []Node {
	b := u.raw[at:]
	if len(b) < p2pHeader {
		return nil
	}
	size := uint64(binary.LittleEndian.Uint32(b[24:]))
	rest := uint64(len(b) - p2pHeader)
	if rest != size && rest != size+4 {
		return nil
	}
	header := u.bytes("header", at, at+p2pHeader)
	values := make(map[string]uint64)
	for _, f := range p2pFields {
		raw := u.raw[at : at+f.size]
		n := Node{Name: f.name, Meaning: f.meaning, Start: at, End: at + f.size}
		v := uint64(binary.LittleEndian.Uint32(raw))
		if f.size == 8 {
			v = binary.LittleEndian.Uint64(raw)
		}
		n.Value = strconv.FormatUint(v, 10)
		if f.name == "Flag" {
			n.Value, n.Meaning = fmt.Sprintf("0x%x", v), p2pFlagNames(v)
		}
		values[f.name] = v
		header.Children = append(header.Children, n)
		at += f.size
	}
	end := at + int(size)
	nodes := []Node{header}
	switch {
	case size == 0:
	case values["SessionID"] == 0 && values["DataOffset"] == 0 && isSLP(u.raw[at:end]):
		nodes = append(nodes, u.slp(at, end)...)
	default:
		nodes = append(nodes, u.bytes("data", at, end))
	}
	if end < len(u.raw) {
		app := binary.BigEndian.Uint32(u.raw[end:])
		nodes = append(nodes, Node{Name: "AppID", Value: strconv.FormatUint(uint64(app), 10), Meaning: p2pApps[app], Start: end, End: end + 4})
	}
	return nodes
}

func p2pFlagNames(v uint64) string {
	var names []string
	for _, f := range p2pFlags {
		if v&f.bit != 0 {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

// bytes is a node of bytes that are no text.
func (u *Payload) bytes(name string, start, end int) Node {
	return Node{Name: name, Value: strconv.Itoa(end-start) + " bytes", Start: start, End: end}
}

// isSLP reports whether b begins as a message of MSNSLP does.
func isSLP(b []byte) bool {
	line, _, ok := bytes.Cut(b, []byte("\n"))
	return ok && len(line) < 1024 && bytes.Contains(line, []byte("MSNSLP/"))
}

// slp opens a message of MSNSLP: a start line, its headers, and a body that is
// another block of them, ended by a NUL.
func (u *Payload) slp(start, end int) []Node {
	stop := end
	for stop > start && u.raw[stop-1] == 0 {
		stop--
	}
	line := start + bytes.IndexByte(u.raw[start:stop], '\n')
	to := line
	if to > start && u.raw[to-1] == '\r' {
		to--
	}
	first := Node{Name: "slp", Value: u.cut(start, to), Start: start, End: to}
	var body []Node
	at := line + 1
	first.Children, at = u.blockIn(at, stop)
	if at < stop {
		body, _ = u.blockIn(at, stop)
	}
	if at < end {
		n := u.bytes("body", at, end)
		n.Meaning = (&Payload{Nodes: first.Children}).value("Content-Type")
		n.Children = u.open(body, 0)
		u.slpMeanings(n.Children)
		first.Children = append(first.Children, n)
	}
	return []Node{first}
}

// slpMeanings says what the keys of an invitation mean, and opens its context.
func (u *Payload) slpMeanings(nodes []Node) {
	for i := range nodes {
		n := &nodes[i]
		switch strings.ToLower(n.Name) {
		case "euf-guid":
			n.Meaning = slpPurposes[strings.ToUpper(strings.Trim(n.Value, "{}"))]
		case "appid":
			if app, err := strconv.ParseUint(n.Value, 10, 32); err == nil {
				n.Meaning = p2pApps[uint32(app)]
			}
		case "context":
			n.Children = u.context(n.Value)
		}
	}
}

// slpPurposes are what people are invited to.
var slpPurposes = map[string]string{
	"A4268EEC-FEC5-49E5-95C3-F126696BDBF6": "picture or the like",
	"5D3E02AB-6190-11D3-BBBB-00C04F795683": "file transfer",
	"4BD96FC0-AB17-4425-A14A-439185962DC8": "webcam, sending",
	"1C9AA97E-9C05-4583-A3BD-908A196F1E92": "webcam, receiving",
	"6A13AF9C-5308-4F35-923A-67E8DDA40C2F": "activity or game",
	"E073B06B-636E-45B7-ACA4-6D4B5978C93C": "wink",
	"41D3E74E-04A2-4B37-96F8-08ACDB610874": "photo sharing",
	"534142D5-1F2A-431F-A60C-B0CF723FDF7D": "shared folders",
}

// context opens what an invitation is to, in base64: a picture's description, or a
// file's size and name in a structure with the low bytes first.
func (u *Payload) context(v string) []Node {
	b, err := base64.StdEncoding.DecodeString(v)
	if err != nil {
		if b, err = base64.RawStdEncoding.DecodeString(v); err != nil {
			return nil
		}
	}
	if text := bytes.TrimRight(b, "\x00"); bytes.HasPrefix(text, []byte("<")) {
		return u.within(&Node{Value: valid(text)}, 0)
	}
	const name, nameEnd = 20, 540
	if len(b) < nameEnd {
		return nil
	}
	if version := binary.LittleEndian.Uint32(b[4:]); version != 2 && version != 3 {
		return nil
	}
	return []Node{
		{Name: "file size", Value: strconv.FormatUint(binary.LittleEndian.Uint64(b[8:]), 10), Meaning: "bytes"},
		{Name: "file name", Value: fromUTF16(b[name:nameEnd])},
	}
}
