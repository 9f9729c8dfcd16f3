package preamble

import (
	"bytes"
	"strconv"
	"strings"
)

// Answer is what a proxy answers a client's request.
type Answer struct {
	// Way is as that of a [Request]; SOCKS4 stands for 4a, too.
	Way string
	// Granted says that the client is connected: what follows is the server's.
	Granted bool
	// Code is the reply of SOCKS, or the status of HTTP.
	Code int
}

// ReadAnswer reads what a proxy says to a client that asked it in the given way, from its
// first byte to the end of its answer. n is its length.
func ReadAnswer(b []byte, way string) (a Answer, n int, s State) {
	switch way {
	case SOCKS4, SOCKS4a:
		return readAnswer4(b)
	case SOCKS5:
		return readAnswer5(b)
	case CONNECT:
		return readAnswerHTTP(b)
	}
	return a, 0, Foreign
}

func readAnswer4(b []byte) (a Answer, n int, s State) {
	c := cutter{b: b}
	if v := c.byte(); !c.short && v != 0 {
		return a, 0, Foreign
	}
	code := c.byte()
	if !c.short && (code < Reply4Granted || code > reply4Last) {
		return a, 0, Foreign
	}
	if c.take(6); c.short {
		return a, 0, Short
	}
	return Answer{SOCKS4, code == Reply4Granted, code}, c.n, Whole
}

// readAnswer5 reads the choice of a method, the answer to a login, and that to the request.
func readAnswer5(b []byte) (a Answer, n int, s State) {
	c := cutter{b: b}
	if v := c.byte(); !c.short && v != socks5Version {
		return a, 0, Foreign
	}
	a.Way = SOCKS5
	method := c.byte()
	if !c.short && method == NoMethod {
		a.Code = NoMethod
		return a, c.n, Whole
	}
	if method == Login {
		if v := c.byte(); !c.short && v != loginVersion {
			return a, 0, Foreign
		}
		if status := c.byte(); !c.short && status != 0 {
			a.Code = NoMethod
			return a, c.n, Whole
		}
	}
	if v := c.byte(); !c.short && v != socks5Version {
		return a, 0, Foreign
	}
	a.Code = c.byte()
	c.byte()
	kind := c.byte()
	if c.short {
		return Answer{}, 0, Short
	}
	_, strange := c.host(kind)
	c.port()
	switch {
	case strange:
		return Answer{}, 0, Foreign
	case c.short:
		return Answer{}, 0, Short
	}
	a.Granted = a.Code == Reply5Granted
	return a, c.n, Whole
}

// readAnswerHTTP reads the head of an answer, and of a refusal the page that follows if its
// length is given.
func readAnswerHTTP(b []byte) (a Answer, n int, s State) {
	const begin = "HTTP/1."
	switch n := min(len(b), len(begin)); {
	case string(b[:n]) != begin[:n]:
		return a, 0, Foreign
	case n < len(begin):
		return a, 0, Short
	}
	if n = Head(b); n == 0 {
		if len(b) > maxHead {
			return a, 0, Foreign
		}
		return a, 0, Short
	}
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	words := strings.Fields(string(line))
	if len(words) < 2 {
		return a, 0, Foreign
	}
	code, err := strconv.Atoi(words[1])
	if err != nil {
		return a, 0, Foreign
	}
	a = Answer{CONNECT, code >= 200 && code < 300, code}
	if size, err := strconv.ParseUint(header(b[:n], "content-length"), 10, 31); err == nil && !a.Granted {
		if uint64(len(b)-n) < size {
			return Answer{}, 0, Short
		}
		n += int(size)
	}
	return a, n, Whole
}
