package proxy

import (
	"bytes"
	"fmt"

	"msnproxy/decode"
	"msnproxy/decode/payload"
)

// rosterName is looked for in all that servers send, so it begins with a rare
// letter.
var rosterName = []byte("Roster:")

// fromService begins a MSG of the service itself, which no user can send.
var fromService = []byte("MSG Hotmail ")

// roster is the header "Roster: session-id;host:port" of a system message.
type roster struct {
	session string
	at      decode.Token // of the address, in the payload
}

// rosters finds the Roster headers of a message.
func rosters(message []byte) (list []roster) {
	payload.Walk(message, func(name, value []byte) bool {
		if !bytes.EqualFold(name, rosterName[:len(rosterName)-1]) {
			return true
		}
		session, addr, found := bytes.Cut(value, []byte{';'})
		if addr = bytes.TrimSpace(addr); found && len(addr) > 0 {
			// The address is a window into the message.
			start := cap(message) - cap(addr)
			list = append(list, roster{string(bytes.TrimSpace(session)), decode.Token{Start: start, End: start + len(addr)}})
		}
		return true
	})
	return list
}

// rewriteRoster rewrites the addresses of Roster headers, and the payload's length in
// the command line. It is done only in system messages of the service, which come
// from a notification server, and only while no byte of the MSG has been sent:
// payloads are not held.
func (l *link) rewriteRoster(w *work, fr *decode.Frame) []byte {
	message := fr.Payload()
	list := rosters(message)
	if len(list) == 0 {
		return nil
	}
	what := fmt.Sprintf("a Roster header with %q", message[list[0].at.Start:list[0].at.End])
	switch {
	case !l.trusted():
		l.passing(w, what)
		return nil
	case !bytes.HasPrefix(fr.Raw, fromService) || l.c.onSwitchboard() || !payload.System(message):
		l.misplaced(w, what)
		return nil
	case fr.Offset < w.cursor:
		l.remark(w, what+" passed as it came: part of its MSG had been sent")
		return nil
	}
	var body []byte
	done := 0
	for _, r := range list {
		addr := string(message[r.at.Start:r.at.End])
		to, err := parseAddress(addr, DefaultPort)
		if err != nil {
			l.remark(w, fmt.Sprintf("a Roster header with an address that cannot be followed passed as it came: %v", err))
			continue
		}
		rt := l.judge(w, "Roster", to)
		if l.c.asIs {
			l.leaves(w, "Roster", rt)
			continue
		}
		told, register := l.c.told(w, l, rt)
		if register {
			l.c.p.routes.admit(l.c.clientIP, sessionKey(r.session), rt)
		}
		l.c.p.count.redirects.Add(1)
		body = append(append(body, message[done:r.at.Start]...), told...)
		done = r.at.End
	}
	if done == 0 {
		return nil
	}
	body = append(body, message[done:]...)
	var m decode.Message
	m.Decode(fr, decode.Server, decode.NS, 0)
	return m.Splice(make([]byte, 0, len(fr.Raw)+len(body)), func(int, decode.Field) ([]byte, bool) { return nil, false }, body, true)
}

// misplaced remarks, once for a link, on a Roster header where none belongs.
func (l *link) misplaced(w *work, what string) {
	if l.footing.rosters {
		return
	}
	l.footing.rosters = true
	l.remark(w, what+" passed as it came: only a system message of a notification server may move a client; that is not remarked on again for this connection")
}
