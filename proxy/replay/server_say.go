package replay

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// say makes a recorded message live and adds it to what is to be written.
func (c *conn) say(m *story.Message) {
	x := c.s.script
	q := x.request(m)
	id := ""
	if q != nil {
		if a := c.part.asked[q.Index]; a != nil {
			id = a.trid
		}
	}
	came := c.came
	c.part.sent(x, m)
	d, rec, err := c.s.reader.Decode(m)
	if err != nil {
		c.report(Trouble, m.Number, "%v", err)
		return
	}
	if rec.Frame.Missing > 0 || m.Gap {
		c.report(Trouble, m.Number, "the recording has a hole at %s: it is sent as far as it is known", name(m))
	}
	if q == nil && came.of == m && came.told.m != nil {
		q = came.told.m
	}
	c.live(d, m, q, id)
}

// live appends a recorded message with the values of this session: q is the request
// that it answers or that it came of, nil: none. With an id that is its TrID.
func (c *conn) live(d *decode.Message, m *story.Message, q *story.Message, id string) {
	var said decode.Message
	echoes := q != nil && c.s.said.get(q, &said)
	var recorded *decode.Message
	if echoes {
		var err error
		if recorded, _, err = c.s.other.Decode(q); err != nil {
			echoes = false
		}
	}
	// What answers a request with other values has these; what others are told of it,
	// too. A different verb that answers it speaks of something else.
	echoes = echoes && (q.Conn != m.Conn || q.Name == m.Name)
	c.values(d, m)
	payload, replace := []byte(nil), d.Frame.Missing > 0
	if replace { // it is as long as what is known of it, or the client would wait for the rest
		payload, d.Frame.Missing = d.Frame.Payload(), 0
	}
	if p := d.Frame.Payload(); echoes && len(p) > 0 && bytes.Equal(p, recorded.Frame.Payload()) && c.s.stands(q, p) {
		payload, replace = said.Frame.Payload(), true
	} else if p, changed := c.forPeer(d); changed && d.Frame.Missing == 0 {
		payload, replace = p, true
	}
	c.out = d.Splice(c.out, func(_ int, f decode.Field) ([]byte, bool) {
		if f.Param == nil {
			return nil, false
		}
		if f.Param.Kind.Name == "trid" && id != "" {
			return []byte(id), true
		}
		if echoes && f.Param.Kind.Name != "length" && !f.Param.Kind.Volatile && len(f.Param.Literals) == 0 {
			if v := said.Raw(f.Name); v != nil && bytes.Equal(recorded.Raw(f.Name), f.Raw) {
				return v, true
			}
		}
		s, ok := c.known.Live(f.Param.Kind.Name, string(f.Raw))
		return []byte(s), ok
	}, payload, replace)
}

// values finds or makes what takes the place of the message's volatile values, and
// remembers what they are good for.
func (c *conn) values(d *decode.Message, m *story.Message) {
	redirect, redirects := d.Redirect()
	cookie := ""
	for i := range d.Len() {
		f := d.Field(i)
		if f.Param == nil {
			continue
		}
		kind, raw := f.Param.Kind, string(f.Raw)
		switch {
		case kind.Address && redirects:
			c.known.Set(kind.Name, raw, c.s.address(c, raw))
		case kind.Name == "cookie":
			cookie = number(9) + "." + number(10) + "." + number(5)
			c.known.Set(kind.Name, raw, cookie)
		case kind.Name == "session":
			if _, ok := c.s.values.Live(kind.Name, raw); !ok {
				c.s.values.Set(kind.Name, raw, number(8))
			}
		case kind.Name == "nonce":
			c.salt = newNonce()
			c.known.Set(kind.Name, raw, c.salt)
		case kind.Name == "challenge":
			c.pose(f, m)
		}
	}
	switch {
	case !redirects:
	case redirect.Kind == decode.RedirectNS:
		c.sendNS(m)
	case cookie == "":
		c.report(Trouble, m.Number, "%s has no cookie: whoever follows it is turned away", name(m))
	case c.run != nil:
		c.s.cookies.add(cookie, admission{run: c.run, account: c.account, via: m})
	}
	if redirect.Gateway {
		c.report(Trouble, m.Number, "%s sends the client to an HTTP gateway, which this is not", name(m))
	}
}

// pose poses a challenge, and remembers it for the verdict on the answer.
func (c *conn) pose(f decode.Field, m *story.Message) {
	text := string(f.Raw)
	if c.s.cfg.FreshChallenge {
		text = strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return rune(number(1)[0])
			}
			return r
		}, text)
		if text == string(f.Raw) {
			text = number(20)
		}
		c.known.Set(f.Param.Kind.Name, string(f.Raw), text)
	}
	c.posedLive(text, c.part != nil && c.s.script.request(m) != nil)
}

// posedLive remembers a challenge: of the sign-in if it answers a request.
func (c *conn) posedLive(text string, signIn bool) {
	if signIn {
		c.salt = text
		return
	}
	const most = 4 // a client may answer an older one
	if c.posed = append(c.posed, text); len(c.posed) > most {
		c.posed = c.posed[1:]
	}
}

// newNonce makes a nonce for a sign-in by SSO: 48 random bytes in base64.
func newNonce() string {
	b := make([]byte, 48)
	rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// number returns so many random digits, the first of which is no 0.
func number(digits int) string {
	b := make([]byte, digits)
	for i := range b {
		first := int64(0)
		if i == 0 {
			first = 1
		}
		n, err := rand.Int(rand.Reader, big.NewInt(10-first))
		if err != nil {
			panic(fmt.Sprintf("no random numbers: %v", err)) // never happens
		}
		b[i] = byte('0' + first + n.Int64())
	}
	return string(b)
}

// line says a line of our own. Empty parameters are left out.
func (c *conn) line(verb string, params ...string) {
	c.out = append(c.out, verb...)
	for _, p := range params {
		if p != "" {
			c.out = append(append(c.out, ' '), p...)
		}
	}
	c.out = append(c.out, "\r\n"...)
}
