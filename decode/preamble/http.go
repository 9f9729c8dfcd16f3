package preamble

import (
	"bytes"
	"encoding/base64"
	"net"
	"strconv"
	"strings"
)

// maxHead bounds the head of a CONNECT request, and of its answer.
const maxHead = 16 << 10

const connectMethod = "CONNECT "

// Head returns the length of a head of HTTP with the empty line at its end; 0: it is not
// whole. Line ends without CR are taken, too.
func Head(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		if line := b[at : at+i]; at > 0 && (len(line) == 0 || len(line) == 1 && line[0] == '\r') {
			return at + i + 1
		}
		at += i + 1
	}
}

// ReadCONNECT reads a client's request to an HTTP proxy to connect it with a server.
// User and Password are those of Proxy-Authorization.
func ReadCONNECT(b []byte) (r Request, n int, s State) {
	switch n := min(len(b), len(connectMethod)); {
	case string(b[:n]) != connectMethod[:n]:
		return r, 0, Foreign
	case n < len(connectMethod):
		return r, 0, Short
	}
	line, _, whole := bytes.Cut(b, []byte{'\n'})
	if !whole {
		if len(b) > maxHead {
			return r, 0, Foreign
		}
		return Request{Way: CONNECT}, 0, Short
	}
	words := strings.Fields(string(line))
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") {
		return r, 0, Foreign
	}
	r = Request{Way: CONNECT, Command: Connect, Proto: words[2]}
	if n = Head(b); n == 0 {
		if len(b) > maxHead {
			return Request{}, 0, Foreign
		}
		return r, 0, Short
	}
	host, port, err := net.SplitHostPort(words[1])
	number, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil {
		r.Host, r.Strange = words[1], true
		return r, n, Whole
	}
	r.Host, r.Port = host, uint16(number)
	r.basic(header(b[:n], "proxy-authorization"))
	return r, n, Whole
}

// header returns the value of a head's first field of that name, which is in lower case.
func header(head []byte, name string) string {
	_, rest, _ := bytes.Cut(head, []byte{'\n'})
	for line := range bytes.Lines(rest) {
		key, value, ok := strings.Cut(string(line), ":")
		if ok && strings.ToLower(strings.TrimSpace(key)) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// basic reads user name and password of a header of the Basic scheme.
func (r *Request) basic(value string) {
	scheme, code, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(code))
	if err != nil {
		return
	}
	user, password, _ := strings.Cut(string(plain), ":")
	r.User, r.Password = &user, password
}

// AppendHTTP appends an HTTP proxy's answer: code 200 means that the client is connected.
// Any other carries text, a line for people; header is one more line of the head, or empty.
func AppendHTTP(dst []byte, proto string, code int, phrase, header, text string) []byte {
	if proto != "HTTP/1.0" {
		proto = "HTTP/1.1"
	}
	dst = append(dst, proto+" "+strconv.Itoa(code)+" "+phrase+"\r\n"...)
	if code != 200 {
		text += "\n"
		dst = append(dst, "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: "+strconv.Itoa(len(text))+"\r\n"...)
		if header != "" {
			dst = append(dst, header+"\r\n"...)
		}
		return append(append(dst, "\r\n"...), text...)
	}
	return append(dst, "\r\n"...)
}
