package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
)

const (
	// by is how the API is named where it says who changed a message.
	by = "api"
	// numberTime is how long the number of what was sent is waited for, maxWait how long a
	// reply may be.
	numberTime = time.Second
	maxWait    = time.Minute
)

// endpoint is one thing that can be asked for.
type endpoint struct {
	method, path string
	serve        http.HandlerFunc
}

func (s *Server) endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "/v1/events", s.events},
		{http.MethodGet, "/v1/conns", s.conns},
		{http.MethodPost, "/v1/conns/{conn}/close", s.end(false)},
		{http.MethodPost, "/v1/conns/{conn}/reset", s.end(true)},
		{http.MethodPost, "/v1/conns/{conn}/send", s.send},
		{http.MethodGet, "/v1/held", s.held},
		{http.MethodPost, "/v1/held/{number}", s.decide},
		{http.MethodGet, "/v1/rules", s.rules},
		{http.MethodPut, "/v1/rules", s.setRules},
		{http.MethodPatch, "/v1/rules/{name}", s.switchRule},
		{http.MethodPost, "/v1/marks", s.mark},
		{http.MethodGet, "/v1/stats", s.stats},
		{http.MethodGet, "/v1/recording", s.recording},
		{http.MethodGet, "/metrics", s.metrics},
	}
}

// query refuses parameters that are not known, as one that is misspelt would do nothing.
func query(w http.ResponseWriter, r *http.Request, known ...string) (url.Values, bool) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		fail(w, http.StatusBadRequest, "what stands behind the ? can't be read", "percent-encode it (curl -G --data-urlencode)")
		return nil, false
	}
	for name := range q {
		if !contains(known, name) {
			how := "there are " + strings.Join(known, ", ")
			if len(known) == 0 {
				how = "there are none here"
			}
			fail(w, http.StatusBadRequest, fmt.Sprintf("there is no parameter %q", name), how)
			return nil, false
		}
	}
	return q, true
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// pathNumber reads a number in the path.
func pathNumber(w http.ResponseWriter, r *http.Request, name string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(r.PathValue(name), 10, bits)
	if err != nil {
		fail(w, http.StatusBadRequest, fmt.Sprintf("%q is no number of a %s", r.PathValue(name), map[string]string{"conn": "connection", "number": "message"}[name]),
			map[string]string{"conn": "GET /v1/conns lists the connections", "number": "GET /v1/held lists what is held"}[name])
	}
	return n, err == nil
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	q, ok := query(w, r, "filter", "from")
	if !ok {
		return
	}
	want := func(*Event) bool { return true }
	if src := q.Get("filter"); src != "" {
		f, err := filter.Compile(src)
		if err != nil {
			fail(w, http.StatusBadRequest, "filter: "+err.Error(), "\"msnproxy explain filter\" describes filters")
			return
		}
		want = func(e *Event) bool { return e.wanted(f) }
	}
	from := int64(-1)
	if src := q.Get("from"); src != "" {
		n, err := strconv.ParseInt(src, 10, 64)
		if err != nil || n < 0 {
			fail(w, http.StatusBadRequest, fmt.Sprintf("from: %q is no number of a message", src), "leave it out for what comes from now on, 0 stands for all that is kept")
			return
		}
		from = n
	}
	select {
	case s.readers <- struct{}{}:
		defer func() { <-s.readers }()
	default:
		fail(w, http.StatusServiceUnavailable, fmt.Sprintf("%d readers follow events", maxReaders), "ask again when one of them is over")
		return
	}
	reader := s.o.Feed.Read(want)
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{})
	write := func(b []byte) bool {
		_ = out.SetWriteDeadline(time.Now().Add(writeTime))
		_, err := w.Write(b)
		return err == nil
	}
	w.WriteHeader(http.StatusOK)
	if from >= 0 {
		if first := reader.From(from); first > 0 && !write(missing("messages before this number are not kept any more", "number", first)) {
			return
		}
	}
	if out.Flush() != nil {
		return
	}
	for {
		lines, missed, ok := reader.Next(r.Context())
		if !ok {
			return
		}
		if missed > 0 && !write(missing("this reader was too slow for so many events", "events", missed)) {
			return
		}
		for _, line := range lines {
			if !write(line) {
				return
			}
		}
		_ = out.SetWriteDeadline(time.Now().Add(writeTime))
		if out.Flush() != nil {
			return
		}
	}
}

// wanted asks a filter, which is for one goroutine. The feed's lock is held.
func (e *Event) wanted(f *filter.Filter) bool {
	if e.Everybody || e.Message == nil || e.Kind == AFinding && !f.AsksFindings() {
		return e.Everybody
	}
	ok, err := f.Match(e.Message)
	return ok && err == nil
}

// missing is the event that a reader is not told of something.
func missing(text, name string, n int64) []byte {
	return fmt.Appendf(nil, "{\"v\":1,\"event\":\"dropped\",%q:%d,\"text\":%q}\n", name, n, text)
}

// A connection as JSON.
type connection struct {
	Conn     uint32         `json:"conn"`
	Client   string         `json:"client"`
	Server   string         `json:"server,omitempty"`
	Role     string         `json:"role,omitempty"`
	Dialect  string         `json:"dialect,omitempty"`
	Account  string         `json:"account,omitempty"`
	SignedIn bool           `json:"signed_in"`
	Opened   *time.Time     `json:"opened,omitempty"`
	LastTrID uint32         `json:"last_trid,omitempty"`
	Waiting  map[string]int `json:"waiting,omitempty"`
}

func (s *Server) conns(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	list := []connection{}
	for _, c := range s.o.Gate.Conns() {
		n := connection{Conn: c.ID, Client: c.Client, Server: c.Server, Role: c.Role.String(), Account: strings.ToValidUTF8(c.Account, "\ufffd"),
			Dialect: dialect(c.Dialect), SignedIn: c.SignedIn, LastTrID: c.LastTrID}
		if !c.Opened.IsZero() {
			at := c.Opened.UTC()
			n.Opened = &at
		}
		if c.FromClient > 0 || c.FromServer > 0 {
			n.Waiting = map[string]int{"client": c.FromClient, "server": c.FromServer}
		}
		list = append(list, n)
	}
	answer(w, http.StatusOK, map[string]any{"conns": list})
}

func dialect(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("MSNP%d", n)
}

// side reads which end of a connection is meant.
func side(s string) (decode.Sender, bool) {
	switch s {
	case "client":
		return decode.Client, true
	case "server":
		return decode.Server, true
	}
	return decode.Either, s == ""
}

func (s *Server) end(reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, ok := query(w, r, "side")
		if !ok {
			return
		}
		id, ok := pathNumber(w, r, "conn", 32)
		if !ok {
			return
		}
		of, ok := side(q.Get("side"))
		if !ok {
			fail(w, http.StatusBadRequest, fmt.Sprintf("side is %q", q.Get("side")), "it is client or server; without it both ends are meant")
			return
		}
		if err := s.o.Gate.End(uint32(id), of, reset, by); err != nil {
			fail(w, http.StatusNotFound, err.Error(), "GET /v1/conns lists those that are")
			return
		}
		answer(w, http.StatusOK, map[string]any{"conn": id, "ended": true})
	}
}

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

// A held message as JSON.
type heldMessage struct {
	Number    int64      `json:"number"`
	Conn      uint32     `json:"conn"`
	From      string     `json:"from"`
	Verb      string     `json:"verb,omitempty"`
	Summary   string     `json:"summary"`
	Since     *time.Time `json:"since,omitempty"`
	Why       string     `json:"why"`
	ForMS     float64    `json:"for_ms,omitempty"`
	Frame     string     `json:"frame"`
	Base64    string     `json:"frame_base64,omitempty"`
	Behind    int        `json:"behind,omitempty"`
	First     bool       `json:"first"`
	Gone      bool       `json:"gone,omitempty"`
	ChangedBy []string   `json:"changed_by,omitempty"`
}

func (s *Server) held(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	list := []heldMessage{}
	for _, h := range s.o.Gate.Held() {
		if s.o.Mask {
			h.Frame, h.Message = masked(h.Message)
		}
		b := asBytes(h.Frame)
		m := heldMessage{Number: h.Number, Conn: h.Conn, From: h.From.String(), Summary: h.Message.Summary(), Why: h.Why,
			ForMS: float64(h.For) / 1e6, Frame: b.Text, Base64: b.Base64, Behind: h.Behind, First: h.First, Gone: h.Gone, ChangedBy: h.ChangedBy}
		if h.Message.Frame.Kind == decode.Command {
			m.Verb = h.Message.Name()
		}
		if !h.Since.IsZero() {
			at := h.Since.UTC()
			m.Since = &at
		}
		list = append(list, m)
	}
	answer(w, http.StatusOK, map[string]any{"held": list})
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	number, ok := pathNumber(w, r, "number", 63)
	if !ok {
		return
	}
	var in struct {
		Do []string `json:"do"`
	}
	if !body(w, r, &in) {
		return
	}
	do, err := Actions(in.Do)
	if err != nil {
		fail(w, http.StatusBadRequest, "do: "+err.Error(), "docs/rules.md lists the actions; an empty list forwards")
		return
	}
	m := s.shown(int64(number))
	out, err := s.o.Gate.DecideForeign(int64(number), do, by)
	if err != nil {
		how := "it is held as before; GET /v1/held shows it"
		if errors.Is(err, gate.ErrNotHeld) {
			how = "GET /v1/held lists what is held"
		} else if errors.Is(err, action.ErrHides) {
			how = wholeCommands + "; it is held as before"
		}
		fail(w, http.StatusConflict, err.Error(), how)
		return
	}
	answer(w, http.StatusOK, struct {
		Number uint64 `json:"number"`
		*bytesOf
		Withheld bool `json:"withheld,omitempty"`
		Waiting  bool `json:"waiting,omitempty"`
		Held     bool `json:"held,omitempty"`
	}{number, asBytes(s.conceal(m, out.Sent)), out.Sent == nil, out.Waiting, out.Held})
}

// Actions reads a list of texts of actions.
func Actions(list []string) (do []action.Action, err error) {
	for _, text := range list {
		more, err := action.ParseList(text)
		if err != nil {
			return nil, err
		}
		do = append(do, more...)
	}
	return do, nil
}

// A rule as JSON.
type ruleStatus struct {
	Name    string `json:"name"`
	Rule    string `json:"rule"`
	Enabled bool   `json:"enabled"`
	Matched int64  `json:"matched"`
	Applied int64  `json:"applied"`
	Failed  int64  `json:"failed,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (s *Server) rules(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); ok {
		s.tellRules(w)
	}
}

func (s *Server) tellRules(w http.ResponseWriter) {
	all, err := s.o.Gate.Rules()
	if err != nil {
		fail(w, http.StatusConflict, err.Error(), "")
		return
	}
	list := []ruleStatus{}
	for _, st := range all {
		list = append(list, ruleStatus{st.Name, st.Text, st.Enabled, st.Matched, st.Applied, st.Failed, st.Error})
	}
	answer(w, http.StatusOK, map[string]any{"rules": list})
}

func (s *Server) setRules(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	text, ok := read(w, r)
	if !ok {
		return
	}
	set, err := rule.Parse(string(text), "rules")
	if err == nil {
		err = s.o.Gate.SetForeignRules(set)
	}
	if err != nil {
		fail(w, http.StatusConflict, err.Error(), "the rules that were in force still are; docs/rules.md describes the file")
		return
	}
	s.tellRules(w)
}

func (s *Server) switchRule(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	var in struct {
		Enabled *bool `json:"enabled"`
	}
	if !body(w, r, &in) {
		return
	}
	if in.Enabled == nil {
		fail(w, http.StatusBadRequest, "the body does not say what is to change", `write {"enabled": true} or {"enabled": false}`)
		return
	}
	if err := s.o.Gate.EnableRule(r.PathValue("name"), *in.Enabled); err != nil {
		fail(w, http.StatusNotFound, err.Error(), "GET /v1/rules lists the rules")
		return
	}
	s.tellRules(w)
}

func (s *Server) mark(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	var in struct {
		Number int64  `json:"number"`
		Mark   string `json:"mark"`
		Text   string `json:"text"`
	}
	if !body(w, r, &in) {
		return
	}
	one := len(in.Mark) == 1 && ('a' <= in.Mark[0]|0x20 && in.Mark[0]|0x20 <= 'z')
	switch {
	case in.Mark != "" && !one:
		fail(w, http.StatusBadRequest, fmt.Sprintf("mark is %q", in.Mark), "it is one letter")
		return
	case in.Number == 0 && (in.Mark != "" || in.Text == ""):
		fail(w, http.StatusBadRequest, "the body does not say what to mark", `write the message's "number" with a "mark" or a "text"; "text" alone is a remark on the recording`)
		return
	case strings.ContainsAny(in.Text, "\r\n") || len(in.Text) > 4096 || !utf8.ValidString(in.Text):
		fail(w, http.StatusBadRequest, "text is not one line of at most 4096 bytes", "")
		return
	}
	rec := capture.Record{Time: time.Now(), Kind: capture.Remark, Text: in.Text}
	if in.Number != 0 {
		about, ok := s.o.Feed.about(in.Number)
		if !ok {
			fail(w, http.StatusNotFound, fmt.Sprintf("message %d is none that is kept", in.Number), "the newest ones are; GET /v1/events?from=0 shows them")
			return
		}
		about.Mark = in.Mark
		rec.About = &about
	}
	s.o.Annotate(rec)
	answer(w, http.StatusOK, map[string]any{"number": in.Number, "mark": in.Mark, "text": in.Text})
}

// about says where the message of that number is in its link.
func (f *Feed) about(number int64) (capture.About, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.find(number)
	if e == nil || e.Message.Fate == decode.Injected {
		return capture.About{}, false
	}
	return e.About, true
}

func (s *Server) recording(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	rec, ok := s.o.Recording()
	if !ok {
		fail(w, http.StatusNotFound, "nothing is recorded", "start msnproxy with --record FILE")
		return
	}
	answer(w, http.StatusOK, rec)
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	x, t := s.o.Stats(), s.o.Totals()
	f := s.o.Feed
	f.mu.Lock()
	missed, kept := f.dropped, len(f.events)-f.head
	f.mu.Unlock()
	answer(w, http.StatusOK, struct {
		Open          int64 `json:"open"`
		Accepted      int64 `json:"accepted"`
		OverLimit     int64 `json:"over_limit"`
		DialErrors    int64 `json:"dial_errors"`
		Resets        int64 `json:"resets"`
		FromClients   int64 `json:"bytes_from_clients"`
		FromServers   int64 `json:"bytes_from_servers"`
		Frames        int64 `json:"frames"`
		Redirects     int64 `json:"redirects"`
		Refused       int64 `json:"redirects_refused"`
		Lost          int64 `json:"lost"`
		Remarks       int64 `json:"remarks"`
		Dropped       int64 `json:"not_shown"`
		Messages      int   `json:"messages"`
		Sessions      int   `json:"sessions"`
		Conversations int   `json:"conversations"`
		Held          int   `json:"held"`
		Kept          int   `json:"events_kept"`
		Missed        int64 `json:"events_dropped"`
	}{x.Open, x.Accepted, x.OverLimit, x.DialErrors, x.Resets, x.FromClients, x.FromServers, x.Frames, x.Redirects, x.Refused, x.Lost, x.Remarks, x.Dropped,
		t.Messages, t.Sessions, t.Conversations, len(s.o.Gate.Held()), kept, missed})
}

func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	var x exposition
	open := make(map[[2]string]int)
	for _, c := range s.o.Gate.Conns() {
		open[[2]string{c.Role.String(), dialect(c.Dialect)}]++
	}
	x.connections(open)
	st := s.o.Stats()
	x.family("bytes_total", "counter", "Bytes received, by sender.")
	x.sample("bytes_total", float64(st.FromClients), "from", "client")
	x.sample("bytes_total", float64(st.FromServers), "from", "server")
	f := s.o.Feed
	f.mu.Lock()
	f.metrics.write(&x)
	missed := f.dropped
	f.mu.Unlock()
	x.one("redirects_refused_total", "counter", "Redirects that led where the rules do not allow.", float64(st.Refused))
	x.one("dial_failures_total", "counter", "Servers that could not be reached.", float64(st.DialErrors))
	rules, _ := s.o.Gate.Rules()
	x.family("rule_hits_total", "counter", "Messages that a gate rule was applied to.")
	for _, st := range rules {
		x.sample("rule_hits_total", float64(st.Applied), "rule", st.Name)
	}
	x.one("held", "gauge", "Messages that are held.", float64(len(s.o.Gate.Held())))
	rec, _ := s.o.Recording()
	x.one("recorder_dropped_total", "counter", "Messages that were not recorded.", float64(rec.Dropped))
	x.one("display_dropped_total", "counter", "Messages that were relayed and not shown, counted or told to readers of events.", float64(st.Dropped))
	x.one("events_dropped_total", "counter", "Events that readers were too slow for, and messages that came too fast to be told.", float64(missed))
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	send(w, http.StatusOK, []byte(x.String()))
}
