package proxy

import (
	"bytes"
	"fmt"
	"strconv"

	"msnproxy/decode"
)

// rosterName is looked for in all that servers send, so it begins with a rare
// letter.
var rosterName = []byte("Roster:")

// rosterAddr finds the address in the header "Roster: session-id;host:port" of a
// switchboard's MSG. It returns the session id and where in the payload the
// address is.
func rosterAddr(payload []byte) (session string, at decode.Token, ok bool) {
	i := bytes.Index(payload, rosterName)
	if i < 1 || payload[i-1] != '\n' {
		return "", at, false
	}
	if end := bytes.Index(payload, []byte("\r\n\r\n")); end >= 0 && end < i {
		return "", at, false
	}
	start := i + len(rosterName)
	end := bytes.IndexByte(payload[start:], '\n')
	if end < 0 {
		end = len(payload) - start
	}
	value := bytes.TrimRight(payload[start:start+end], "\r ")
	semi := bytes.IndexByte(value, ';')
	if semi < 0 || semi+1 == len(value) {
		return "", at, false
	}
	return string(bytes.TrimSpace(value[:semi])), decode.Token{Start: start + semi + 1, End: start + len(value)}, true
}

// rewriteRoster rewrites the address of a Roster header, and the payload's length
// in the command line. It is done only while no byte of the MSG has been sent:
// payloads are not held.
func (l *link) rewriteRoster(w *work, fr *decode.Frame) []byte {
	payload := fr.Payload()
	session, at, ok := rosterAddr(payload)
	if !ok {
		return nil
	}
	addr := string(payload[at.Start:at.End])
	to, err := parseAddress(addr, DefaultPort)
	line := fr.Line()
	length := bytes.LastIndexByte(line, ' ') + 1
	if n, nerr := strconv.Atoi(string(line[length:])); err != nil || nerr != nil || n != len(payload) {
		l.remark(w, fmt.Sprintf("a Roster header with %q passed as it came: it cannot be rewritten", addr))
		return nil
	}
	if fr.Offset < w.cursor {
		l.remark(w, fmt.Sprintf("a Roster header with %q passed as it came: part of its MSG had been sent", addr))
		return nil
	}
	c := l.c
	rt := l.judge(w, "Roster", to)
	told, register := c.told(w, l, rt)
	if register {
		c.p.routes.admit(c.clientIP, sessionKey(session), rt)
	}
	c.p.count.redirects.Add(1)
	grown := len(payload) + len(told) - len(addr)
	out := make([]byte, 0, len(fr.Raw)+len(told)+4)
	out = append(out, line[:length]...)
	out = strconv.AppendInt(out, int64(grown), 10)
	out = append(out, fr.Raw[fr.LineLen:fr.LineLen+fr.EOL]...)
	out = append(append(out, payload[:at.Start]...), told...)
	return append(out, payload[at.End:]...)
}
