package check

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"msnproxy/decode"
	"msnproxy/decode/address"
)

// conn is what is remembered of one connection.
type conn struct {
	info *decode.Connection
	// partial: the beginning was not seen. holes: something in between was not.
	partial, holes bool
	links          [2]link // by sender, its lowest bit: server 0, client 1
	said           map[string]bool

	// Requests and their replies.
	requests []request
	forgot   bool // there were more requests than are remembered
	early    []early
	waiting  []Located // findings that hold if the server was recorded, too
	lastTrID uint32
	hasTrID  bool
	pings    int // PNG without QNG; negative: QNG without PNG
	lastPing place

	// The sign-in.
	version     bool          // VER was sent
	speaks      place         // the server's VER that names dialects, but not CVR0; 0: it names it, too
	over        bool          // the client, or somebody not known, has ended the connection
	reset       bool          // the server has asked for a new sign-in on this connection
	offers      []string      // dialects that the client offers, in upper case
	offered     []string      // those that came to the server
	packs       []string      // authentication packages that the server named
	asked       string        // handle that wants in
	in          bool          // the server has let it in
	verTrID     uint32        // of VER
	cvr         bool          // the client has said which one it is
	nonce       bool          // the server has challenged it to show its key (SSO)
	proven      bool          // it has answered, or shown a ticket
	arrived     bool          // it was looked at where it comes from
	moved       bool          // XFR NS was seen
	hops        int           // how often it was sent on, by CVR, and 1; 0: it has not said
	machine     string        // the end point, as USR named it
	sentAway    bool          // XFR NS was the answer to the sign-in
	parted      bool          // OUT was said by somebody, or XFR NS sent the client away
	half        decode.Sender // who is done, before the connection is
	told        bool          // its end has said what had no reply
	watchedAs   string
	syns        int
	status      string // newest of CHG, either way
	statusTrID  uint32
	statusAsked string
	challenges  []place
	unjudged    bool // the newest wrong answer may be the right one to a challenge not seen
	busy        bool // it has made requests since the newest challenge

	lists lists
	room  room
	file  file
	given []string // cookies that came on this connection, the newest

	sent    map[string]int // on the first lists (ADL): 2 for AL, 4 for BL
	sentOdd bool           // they could not be read, or are too many
	deltas  bool           // a web service was asked only for what has changed
}

// whole reports whether everything on the connection was seen so far.
func (c *conn) whole() bool { return !c.partial && !c.holes }

// heard reports whether a command of the sender was seen on the connection: if not
// only the other direction may have been recorded.
func (c *conn) heard(from decode.Sender) bool { return c.links[from&1].commands > 0 }

// once reports whether this is the first time that it is asked on the connection
// for this key. It forgets nothing, but stops to learn, and says false, when it
// knows too many.
func (c *conn) once(key string) bool {
	const most = 256
	if c.said[key] || len(c.said) >= most {
		return false
	}
	if c.said == nil {
		c.said = make(map[string]bool)
	}
	c.said[key] = true
	return true
}

// switchboard reports whether the connection is one to a switchboard.
func (c *conn) switchboard() bool { return c.info.Role == decode.SB }

// blind notes that something was not seen: what was remembered may be wrong now.
func (k *Checker) blind(c *conn) {
	c.holes = true
	k.unwatch(c)
	k.unreachable(c)
	c.requests, c.challenges, c.waiting = nil, nil, nil
	c.speaks = place{}
	c.lists, c.room, c.file = lists{}, room{}, file{}
	c.pings, c.sentAway = 0, false
	c.links = [2]link{{commands: c.links[0].commands}, {commands: c.links[1].commands}}
}

// watch notes that this sign-in is seen whole: what cookies the account is given
// is known from here on.
func (k *Checker) watch(c *conn, account string) {
	if account != "" && c.whole() && c.watchedAs == "" {
		c.watchedAs = account + " " + clientHost(c)
		k.watched[c.watchedAs]++
	}
}

// clientHost returns the client's address without the port: an account may be signed
// in from several.
func clientHost(c *conn) string {
	host, _, err := net.SplitHostPort(c.info.Client)
	if err != nil {
		return c.info.Client
	}
	return host
}

func (k *Checker) unwatch(c *conn) {
	if c.watchedAs == "" {
		return
	}
	if k.watched[c.watchedAs]--; k.watched[c.watchedAs] <= 0 {
		delete(k.watched, c.watchedAs)
	}
	c.watchedAs = ""
}

// link is what is remembered of one sender on a connection.
type link struct {
	commands int64
	out      bool // it has said OUT
	gap      bool // the newest that was seen of it is a gap, or what that left over
	// Of the payload of the newest command: whether there is one, how many of its
	// bytes continue a character of UTF-8, and how many begin one of four bytes.
	paid        bool
	trails, big int
	// What was looked at last, as most of it comes again and again.
	name, format []byte
}

func (l *link) remember(m *decode.Message) {
	l.commands++
	l.gap = false
	p := m.Frame.Payload()
	l.paid = len(p) > 0
	l.trails, l.big = trails(p)
}

// trails counts the bytes of b that continue a character of UTF-8, and those
// that begin a character of four bytes.
func trails(b []byte) (trails, big int) {
	const high = 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		if w := binary.LittleEndian.Uint64(b); w&high != 0 {
			trails += bits.OnesCount64(w &^ (w << 1) & high)
			big += bits.OnesCount64(w & (w << 1) & (w << 2) & (w << 3) & high)
		}
	}
	for _, c := range b {
		if c < utf8.RuneSelf {
			continue
		}
		if c < 0xc0 {
			trails++
		} else if c >= 0xf0 {
			big++
		}
	}
	return trails, big
}

// between looks at what stands where a command should: an empty line, opaque
// bytes, or a block of a file.
func (k *Checker) between(c *conn, m *decode.Message) {
	l := &c.links[m.From&1]
	switch m.Frame.Kind {
	case decode.Block:
		c.file.got += int64(len(m.Frame.Payload()))
		return
	case decode.Blank:
		if l.paid {
			k.instead(c, m, "frame.blank", "", "payload.length",
				"an empty line after a payload: its length is probably %d too small", len(m.Frame.Raw))
		}
	case decode.Opaque, decode.Web:
		if l.paid {
			more, big := trails(m.Frame.Raw)
			if n := len(m.Frame.Raw); n == l.trails+more || n == l.trails+more-l.big-big {
				k.instead(c, m, "frame.opaque", "", "payload.characters",
					"these %d bytes belong to the payload before: its length counts characters, not bytes", n)
			}
		}
		k.blind(c)
	}
	l.paid = false
}

// again reports whether a value is the one that was looked at last, and keeps it.
func again(last *[]byte, value []byte) bool {
	const most = 1024
	if bytes.Equal(*last, value) {
		return true
	}
	if *last = (*last)[:0]; len(value) <= most {
		*last = append(*last, value...)
	}
	return false
}

// account makes handles comparable.
func account(handle []byte) string {
	return address.Identity(head(handle))
}

// lower returns a handle, a cookie or the like in lower case, to be remembered:
// not more of it than any peer that means well would send.
func lower(b []byte) string { return strings.ToLower(head(b)) }

func head(b []byte) string {
	const most = 512
	return string(b[:min(len(b), most)])
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func hasPrefix(s, prefix string) bool { return strings.HasPrefix(s, prefix) }

// number reads an unsigned decimal number of at most 18 digits.
func number(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
