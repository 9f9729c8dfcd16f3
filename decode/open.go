package decode

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"msnproxy/decode/payload"
)

// Within returns what parameter i, counted from 0, holds by name, where values of its kind
// hold something: the description of a picture, a hop string, the parts of a ticket. Nodes
// have their places in the value, where they stand there as such. What is in a secret value
// is secret.
func (m *Message) Within(i int) []payload.Node {
	f := m.Field(i)
	if f.Param == nil {
		return nil
	}
	return f.Param.Kind.within(f.Raw)
}

func (k *Kind) within(raw []byte) []payload.Node {
	if k.open == nil {
		return nil
	}
	return k.open(raw)
}

// fromBase64 decodes a value, with or without the = at its end.
func fromBase64(raw []byte) ([]byte, bool) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(string(raw), "="))
	return b, err == nil && len(b) > 0
}

// openHop opens a hop string (MSNP21): "Key: value" lines in base64.
func openHop(raw []byte) []payload.Node {
	b, ok := fromBase64(raw)
	if !ok || !strings.Contains(string(b), ":") {
		return nil
	}
	var nodes []payload.Node
	payload.Walk(b, func(name, value []byte) bool {
		n := payload.Node{Name: validText(name), Value: validText(value)}
		switch n.Name {
		case "XfrCount":
			n.Meaning = "times that the client was sent on"
		case "XfrSentUTCTime":
			n.Meaning = ticks(n.Value)
		}
		nodes = append(nodes, n)
		return len(nodes) < 32
	})
	return nodes
}

// ticks says which moment a number of 100 ns since the year 1 is.
func ticks(v string) string {
	const perSecond, unix = 10_000_000, 62_135_596_800
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return ""
	}
	return time.Unix(n/perSecond-unix, n%perSecond*100).UTC().Format("2006-01-02 15:04:05 UTC")
}

func hopMeans(v string) string {
	if v == "0" {
		return "was not sent on yet"
	}
	for _, n := range openHop([]byte(v)) {
		if n.Name == "XfrCount" {
			if n.Value == "1" {
				return "sent on once"
			}
			return "sent on " + n.Value + " times"
		}
	}
	return ""
}

// openXML opens XML in base64, as a circle ticket is (MSNP18).
func openXML(raw []byte) []payload.Node {
	b, ok := fromBase64(raw)
	if !ok {
		return nil
	}
	p := payload.Decode(payload.XML, b)
	nodes, _ := p.Unfold()
	unplace(nodes)
	return nodes
}

// openEncoded opens XML that is percent-encoded, as a list of contacts is that some servers
// put into the line.
func openEncoded(raw []byte) []payload.Node {
	p := payload.Decode(payload.XML, []byte(Unescape(raw)))
	nodes, _ := p.Unfold()
	unplace(nodes)
	return nodes
}

func encodedMeans(v string) string {
	return payload.Decode(payload.XML, []byte(Unescape([]byte(v)))).Summary
}

// unplace takes the places away from nodes that do not stand on the wire as they are.
func unplace(nodes []payload.Node) {
	for i := range nodes {
		nodes[i].Start, nodes[i].End = 0, 0
		unplace(nodes[i].Children)
	}
}

// proofMark is how the answer to a single sign-on challenge begins: 28, 1, 0x6603,
// 0x8004, with the low byte first, in base64.
const proofMark = "HAAAAAEAAAADZgAABIAA"

// openTicket opens a ticket: "t=...&p=..." (MSNP8). Some have the answer to the
// challenge in the same token.
func openTicket(raw []byte) []payload.Node {
	s := string(raw)
	if !strings.HasPrefix(s, "t=") || !utf8.Valid(raw) {
		return nil
	}
	end := len(s)
	if i := strings.Index(s, proofMark); i > 0 {
		end = i
	}
	nodes := pairs(s[:end], '&', map[string]string{"t": "ticket", "p": "profile"})
	if end < len(s) {
		nodes = append(nodes, payload.Node{Name: "blob", Value: s[end:], Start: end, End: len(s), Children: openProof(raw[end:])})
	}
	return nodes
}

// openPolicy opens what a ticket service is to be told (MSNP8 to 14): "lc=1033,id=507".
func openPolicy(raw []byte) []payload.Node {
	s := string(raw)
	if !strings.Contains(s, "=") || !utf8.Valid(raw) {
		return nil
	}
	nodes := pairs(s, ',', map[string]string{"id": "site", "ru": "where to return to", "tw": "seconds that a ticket is good for"})
	for i := range nodes {
		n := &nodes[i]
		switch n.Name {
		case "lc":
			n.Meaning = localeMeans(n.Value)
		case "ct":
			if sec, err := strconv.ParseInt(n.Value, 10, 40); err == nil && sec > 1e8 {
				n.Meaning = time.Unix(sec, 0).UTC().Format("2006-01-02 15:04:05 UTC")
			}
		}
		n.Value = Unescape([]byte(n.Value))
	}
	return nodes
}

// openServices opens the value of SBS (MSNP11): "SC=...;SI=1".
func openServices(raw []byte) []payload.Node {
	s := string(raw)
	if !strings.Contains(s, "=") || !utf8.Valid(raw) {
		return nil
	}
	return pairs(s, ';', nil)
}

// pairs parts "a=1,b=2" at the separator; a piece without = has no name but its own.
func pairs(s string, sep byte, meanings map[string]string) []payload.Node {
	const most = 64
	var nodes []payload.Node
	for at := 0; at < len(s) && len(nodes) < most; {
		end := len(s)
		if i := strings.IndexByte(s[at:], sep); i >= 0 {
			end = at + i
		}
		name, value, _ := strings.Cut(s[at:end], "=")
		n := payload.Node{Name: name, Value: value, Start: end - len(value), End: end, Meaning: meanings[name]}
		if name != "" || value != "" {
			nodes = append(nodes, n)
		}
		at = end + 1
	}
	return nodes
}

// openProof opens the answer to a single sign-on challenge (MSNP15): seven numbers of 32
// bits with the low byte first, then what they are the lengths of. Nothing can be checked
// here: the key was given to the client over TLS.
func openProof(raw []byte) []payload.Node {
	const numbers = 7
	b, ok := fromBase64(raw)
	if !ok || len(b) < numbers*4 {
		return nil
	}
	names := [numbers]string{"header size", "cipher mode", "cipher", "hash", "IV length", "hash length", "cipher text length"}
	meanings := [numbers]map[uint32]string{1: {1: "CBC"}, 2: {0x6603: "3DES"}, 3: {0x8004: "SHA-1"}}
	var nodes []payload.Node
	var value [numbers]uint32
	for i := range value {
		value[i] = binary.LittleEndian.Uint32(b[i*4:])
		n := payload.Node{Name: names[i], Value: strconv.FormatUint(uint64(value[i]), 10), Meaning: meanings[i][value[i]]}
		switch {
		case n.Meaning != "":
			n.Value = fmt.Sprintf("0x%04x", value[i])
		case i != 1 && i != 2 && i != 3:
			n.Meaning = "bytes"
		}
		nodes = append(nodes, n)
	}
	at := min(uint64(value[0]), uint64(len(b)))
	for i, name := range []string{"IV", "HMAC of the nonce", "nonce, enciphered"} {
		end := min(at+uint64(value[4+i]), uint64(len(b)))
		n := payload.Node{Name: name, Value: hex.EncodeToString(b[at:end])}
		if want := uint64(value[4+i]); end-at < want {
			n.Meaning = fmt.Sprintf("%d of %d bytes", end-at, want)
		}
		nodes = append(nodes, n)
		at = end
	}
	if at < uint64(len(b)) {
		nodes = append(nodes, payload.Node{Name: "rest", Value: hex.EncodeToString(b[at:])})
	}
	return nodes
}
