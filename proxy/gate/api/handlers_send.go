package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
)

// bytesOf is how bytes of the wire are told: as text, and exactly where that is none.
type bytesOf struct {
	Text   string `json:"sent"`
	Base64 string `json:"sent_base64,omitempty"`
}

func asBytes(b []byte) *bytesOf {
	if b == nil {
		return nil
	}
	o := &bytesOf{Text: strings.ToValidUTF8(string(b), "\ufffd")}
	if !utf8.Valid(b) {
		o.Base64 = base64.StdEncoding.EncodeToString(b)
	}
	return o
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	q, ok := query(w, r, "wait")
	if !ok {
		return
	}
	id, ok := pathNumber(w, r, "conn", 32)
	if !ok {
		return
	}
	var wait time.Duration
	if src := q.Get("wait"); src != "" {
		var err error
		if wait, err = time.ParseDuration(src); err != nil || wait < 0 || wait > maxWait {
			fail(w, http.StatusBadRequest, fmt.Sprintf("wait: %q is no time from 0 to %v", src, maxWait), "write it with its unit, such as 5s")
			return
		}
	}
	var in struct {
		To         string `json:"to"`
		Transcript string `json:"transcript"`
		Raw        bool   `json:"raw"`
	}
	if !body(w, r, &in) {
		return
	}
	to, ok := side(in.To)
	if !ok || to == decode.Either {
		fail(w, http.StatusBadRequest, fmt.Sprintf("to is %q", in.To), "it is client or server: who gets it")
		return
	}
	frame, err := action.Frame(in.Transcript, in.Raw)
	if err != nil {
		fail(w, http.StatusBadRequest, "transcript: "+err.Error(), "write a command line, and behind \\r\\n its payload, whose length is counted")
		return
	}
	reader := s.o.Feed.Read(nil)
	reader.one = true
	sent, err := s.o.Gate.Send(uint32(id), to, frame, gate.SendOptions{By: by, Raw: in.Raw, Untrusted: true})
	if err != nil {
		how := "GET /v1/conns lists the connections that are open"
		if errors.Is(err, action.ErrHides) {
			how = wholeCommands
		}
		fail(w, http.StatusConflict, err.Error(), how)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), max(numberTime, wait))
	defer cancel()
	stop := context.AfterFunc(s.ctx, cancel)
	defer stop()
	number, reply := reader.reply(ctx, uint32(id), to, sent, wait > 0)
	answer(w, http.StatusOK, struct {
		*bytesOf
		Conn   uint64          `json:"conn"`
		Number int64           `json:"number,omitempty"`
		TrID   uint32          `json:"trid,omitempty"`
		Reply  json.RawMessage `json:"reply,omitempty"`
		Waited string          `json:"waited,omitempty"`
	}{asBytes(sent.Frame), id, number, sent.TrID, reply, waited(wait, reply)})
}

// wholeCommands is what to do about [action.ErrHides].
const wholeCommands = "send a redirect as a whole command, with its line end, so that its address can be rewritten; raw of --rules, the editor and the composer sends any bytes"

// waited tells that a reply was waited for, and none came.
func waited(wait time.Duration, reply []byte) string {
	if wait == 0 || reply != nil {
		return ""
	}
	return fmt.Sprintf("no reply within %v", wait)
}

// reply finds what was injected among the events, and, if that is wanted, what answers it.
func (r *Reader) reply(ctx context.Context, conn uint32, to decode.Sender, sent gate.Sent, answered bool) (number int64, line []byte) {
	if number = r.find(ctx, func(e *Event) bool {
		return e.Message.Fate == decode.Injected && e.Message.Conn.ID == conn && e.Message.From == to.Peer() && string(e.Injected) == string(sent.Frame)
	}, &line); number == 0 || !answered {
		return number, nil
	}
	line = nil
	r.find(ctx, func(e *Event) bool {
		m := e.Message
		if m.Conn.ID != conn || m.From != to || m.Fate == decode.Injected {
			return false
		}
		n, ok := m.TrID()
		return m.ReplyTo == number || sent.TrID != 0 && ok && n == sent.TrID
	}, &line)
	return number, line
}

// find waits for the event of a message that fits.
func (r *Reader) find(ctx context.Context, fits func(e *Event) bool, line *[]byte) (number int64) {
	r.want = func(e *Event) bool {
		if number != 0 || e.Kind != AMessage || e.Message.Conn == nil || !fits(e) {
			return false
		}
		number = e.Number
		return true
	}
	for {
		lines, _, ok := r.Next(ctx)
		if len(lines) > 0 {
			*line = lines[0]
			return number
		}
		if !ok {
			return 0
		}
	}
}
