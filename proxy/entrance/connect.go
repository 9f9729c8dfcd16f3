package entrance

import (
	"context"
	"fmt"
	"net/http"

	"msnproxy/decode"
	"msnproxy/decode/preamble"
)

// CONNECT returns the way in by a request to an HTTP proxy to connect the client with a
// server. need is the login (Proxy-Authorization, Basic) without which nobody comes in;
// nil: any will do, or none.
func CONNECT(need *Login) Entrance { return connect{need} }

type connect struct{ need *Login }

// Asks reports whether a value of Proxy-Authorization is the login that is asked for.
func (w connect) Asks(value string) bool {
	r := http.Request{Header: http.Header{"Authorization": {value}}}
	user, password, ok := r.BasicAuth()
	return ok && w.need != nil && w.need.is(&user, password)
}

func (connect) Name() string { return "connect" }

func (connect) Takes(c *Caller) decode.Guess {
	b := c.Buffered()
	switch {
	case c.Asked != nil:
		return decode.No
	case len(b) == 0:
		return decode.Maybe
	case b[0] != 'C':
		return decode.No
	}
	return guess(preamble.ReadCONNECT(b))
}

// Greets implements Greeter: a verb of MSNP has three letters.
func (connect) Greets(c *Caller) bool { return len(c.Buffered()) > len("CON") }

func (w connect) Enter(_ context.Context, c *Caller) (*Wish, error) {
	c.Hurry()
	var r preamble.Request
	err := await(c, "a CONNECT request", func(b []byte) (n int, s preamble.State) {
		r, n, s = preamble.ReadCONNECT(b)
		return n, s
	})
	if err != nil {
		return nil, err
	}
	say := func(code int, phrase, header, text string) error {
		_, err := c.Write(preamble.AppendHTTP(nil, r.Proto, code, phrase, header, text))
		return err
	}
	switch {
	case r.Strange:
		err := fmt.Errorf("refused a CONNECT request for %.100q: want host:port", r.Host)
		_ = say(400, "Bad Request", "", err.Error())
		return nil, err
	case !w.need.is(r.User, r.Password):
		err := fmt.Errorf("refused a CONNECT request for %s: a user name and a password are asked for (--socks-user)", shown(&r))
		_ = say(407, "Proxy Authentication Required", `Proxy-Authenticate: Basic realm="msnproxy"`, "a user name and a password are asked for")
		return nil, err
	}
	return wish(&r, func(err error) error {
		if err == nil {
			return say(200, "Connection established", "", "")
		}
		code, phrase := 502, "Bad Gateway"
		switch ReasonOf(err) {
		case Forbidden:
			code, phrase = 403, "Forbidden"
		case TimedOut:
			code, phrase = 504, "Gateway Timeout"
		}
		return say(code, phrase, "", err.Error())
	}), nil
}
