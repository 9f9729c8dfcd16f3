package api

import (
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
