package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"msnproxy/capture"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/api"
	"msnproxy/proxy/proxytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "0123456789abcdef"

// kit is a proxy with an API, in front of a server, and a client that is signed in.
type kit struct {
	t      testing.TB
	gate   *gate.Gate
	server *api.Server
	at     string
	client *proxytest.Client
	feed   *api.Feed
	follow *capture.Follower
	noted  []capture.Record
}

// Observe implements proxy.Observer.
func (k *kit) Observe(r *capture.Record) {
	k.feed.Do(func() {
		e := k.follow.Record(r)
		out := api.Event{Line: []byte("{}\n"), Message: e.Message}
		if e.Message != nil {
			out.Number = e.Message.Number
			out.Line = fmt.Appendf(nil, "{\"number\":%d,\"verb\":%q}\n", e.Message.Number, e.Message.Name())
		}
		switch {
		case r.Kind == capture.Remark:
			out.Everybody, out.Line = true, []byte("{\"event\":\"remark\"}\n")
		case e.Message == nil || r.Kind != capture.Data && !e.Became:
		case e.Record.Fate == capture.Held:
			out.Kind = api.AHeld
			out.About = capture.About{Conn: r.Conn.ID, From: r.From, Offset: e.Record.Frame.Offset}
		default:
			out.Kind = api.AMessage
			out.About = capture.About{Conn: r.Conn.ID, From: r.From, Offset: e.Record.Frame.Offset}
			if r.Fate == capture.Injected {
				out.Injected = r.Frame.Raw
			}
		}
		k.feed.Put(out)
	})
}

func newKit(t testing.TB, signIn bool) *kit {
	t.Helper()
	server, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	k := &kit{t: t, feed: api.NewFeed(), follow: capture.NewFollower(capture.FollowOptions{Check: true}), gate: gate.New(gate.Options{})}
	p, err := proxy.New(proxy.Config{Gate: k.gate, Upstream: server.DS, Listen: "127.0.0.1:0", Allow: []string{server.NS, server.SB}, Observer: k})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.Serve(context.Background()) }()
	t.Cleanup(func() { p.Close(); <-served })
	l, err := api.Listen(api.Address{Network: "tcp", Where: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	k.at = l.Addr().String()
	k.server = api.New(l, api.Options{Token: token, Gate: k.gate, Feed: k.feed, Stats: p.Stats, Totals: func() api.Totals { return api.Totals{Messages: 7} },
		Annotate:  func(r capture.Record) { k.noted = append(k.noted, r) },
		Recording: func() (api.Recording, bool) { return api.Recording{}, false }})
	k.server.Start()
	t.Cleanup(k.close)
	if signIn {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		account := proxytest.DemoAccounts()[0]
		if k.client, err = proxytest.Dial(ctx, p.Addr().String(), proxytest.Options{Account: account.Handle, Password: account.Password}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { k.client.Close() })
	}
	return k
}

func (k *kit) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	k.server.Close(ctx)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// ask sends a request, "GET /v1/held", and returns the answer.
func (k *kit) ask(request, body string) (status int, answer map[string]any) {
	k.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequest(method, "http://"+k.at+path, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		k.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	if json.Unmarshal(b, &answer) != nil {
		answer = map[string]any{"text": string(b)}
	}
	return resp.StatusCode, answer
}

// wait waits until something is held, and returns its number.
func (k *kit) held() string {
	k.t.Helper()
	for range 200 {
		if h := k.gate.Held(); len(h) > 0 {
			return fmt.Sprint(h[0].Number)
		}
		time.Sleep(10 * time.Millisecond)
	}
	k.t.Fatal("nothing is held")
	return ""
}

// conn is the number of the connection that is signed in.
func (k *kit) conn() string {
	for _, c := range k.gate.Conns() {
		if c.SignedIn {
			return fmt.Sprint(c.ID)
		}
	}
	k.t.Fatal("nobody is signed in")
	return ""
}

// What can't be done is said with what to do about it, and changes nothing.
func TestRefused(t *testing.T) {
	k := newKit(t, true)
	conn := k.conn()
	for _, tt := range []struct {
		request, body string
		status        int
		says          string
	}{
		{"GET /", "", 404, "there is no /"},
		{"GET /v1/nothing", "", 404, "there is no /v1/nothing"},
		{"POST /v1/conns", "", 405, "POST can't be done"},
		{"GET /v1/conns?x=1", "", 400, `there is no parameter "x"`},
		{"GET /v1/conns?%zz", "", 400, "can't be read"},
		{"GET /v1/events?filter=verb+%3D%3D+1", "", 400, "filter:"},
		{"GET /v1/events?from=x", "", 400, `from: "x"`},
		{"GET /v1/events?from=-1", "", 400, `from: "-1"`},
		{"POST /v1/conns/x/close", "", 400, `"x" is no number of a connection`},
		{"POST /v1/conns/4294967296/close", "", 400, "is no number"},
		{"POST /v1/conns/99/close", "", 404, "connection 99 is not open"},
		{"POST /v1/conns/" + conn + "/close?side=both", "", 400, `side is "both"`},
		{"POST /v1/conns/" + conn + "/send", "", 400, "it is empty"},
		{"POST /v1/conns/" + conn + "/send", "{", 400, "it ends in the middle"},
		{"POST /v1/conns/" + conn + "/send", `{"to":1}`, 400, "to can't be a number"},
		{"POST /v1/conns/" + conn + "/send", `{"two":"client"}`, 400, `unknown field "two"`},
		{"POST /v1/conns/" + conn + "/send", `{"to":"client"} {}`, 400, "something follows it"},
		{"POST /v1/conns/" + conn + "/send", `{"to":"","transcript":"OUT"}`, 400, `to is ""`},
		{"POST /v1/conns/" + conn + "/send", `{"to":"client","transcript":""}`, 400, "there is nothing to send"},
		{"POST /v1/conns/" + conn + "/send", `{"to":"client","transcript":"hello there"}`, 400, "is no command"},
		{"POST /v1/conns/" + conn + "/send", `{"to":"client","transcript":"OUT \\q"}`, 400, "no such escape"},
		{"POST /v1/conns/" + conn + "/send?wait=61s", `{"to":"client","transcript":"OUT"}`, 400, "wait:"},
		{"POST /v1/conns/" + conn + "/send?wait=-1s", `{"to":"client","transcript":"OUT"}`, 400, "wait:"},
		{"POST /v1/conns/" + conn + "/send", `{"to":"client","raw":true,"transcript":"XFR 0 NS 10.9.8.7:1863"}`, 409, "these raw bytes may send the client past --allow"},
		{"POST /v1/conns/99/send", `{"to":"client","transcript":"OUT"}`, 409, "connection 99 is not open"},
		{"POST /v1/held/1", `{"do":["forward"]}`, 409, "it is not held"},
		{"POST /v1/held/1", `{"do":["explode"]}`, 400, "explode"},
		{"POST /v1/held/x", `{"do":[]}`, 400, "is no number of a message"},
		{"PUT /v1/rules", "[[rule]]\nname = 1", 409, "line 2"},
		{"PATCH /v1/rules/x", `{}`, 400, "does not say what is to change"},
		{"PATCH /v1/rules/x", `{"enabled":true}`, 404, `there is no rule "x"`},
		{"POST /v1/marks", `{}`, 400, "does not say what to mark"},
		{"POST /v1/marks", `{"mark":"a"}`, 400, "does not say what to mark"},
		{"POST /v1/marks", `{"number":1,"mark":"ab"}`, 400, `mark is "ab"`},
		{"POST /v1/marks", `{"number":1,"mark":"1"}`, 400, `mark is "1"`},
		{"POST /v1/marks", `{"number":1,"text":"a\nb"}`, 400, "not one line"},
		{"POST /v1/marks", `{"number":99999,"text":"a"}`, 404, "none that is kept"},
		{"GET /v1/recording", "", 404, "nothing is recorded"},
	} {
		status, answer := k.ask(tt.request, tt.body)
		if status != tt.status || !strings.Contains(fmt.Sprint(answer["error"]), tt.says) {
			t.Errorf("%s %s: %d %v, want %d %s", tt.request, tt.body, status, answer, tt.status, tt.says)
		}
	}
	if len(k.gate.Conns()) == 0 || len(k.noted) > 0 {
		t.Error("something happened all the same")
	}
	for _, n := range []int{1 << 20, 1<<20 + 1} { // the bound of a body, and one beyond
		status, _ := k.ask("PUT /v1/rules", "#"+strings.Repeat(" ", n-1))
		if want := map[bool]int{true: 413, false: 200}[n > 1<<20]; status != want {
			t.Errorf("a body of %d bytes: %d, want %d", n, status, want)
		}
	}
}

// Who does not know the token, or comes by way of a browser, is told nothing.
func TestGuard(t *testing.T) {
	k := newKit(t, false)
	_, port, _ := net.SplitHostPort(k.at)
	for _, tt := range []struct {
		name   string
		change func(r *http.Request)
		status int
	}{
		{"as it should be", func(r *http.Request) {}, 200},
		{"localhost", func(r *http.Request) { r.Host = "localhost:" + port }, 200},
		{"LOCALHOST", func(r *http.Request) { r.Host = "LOCALHOST:" + port }, 200},
		{"a small bearer", func(r *http.Request) { r.Header.Set("Authorization", "bearer "+token) }, 200},
		{"typed into a browser", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, 200},
		{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"another token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer 0123456789abcdeF") }, 401},
		{"a part of it", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token[:15]) }, 401},
		{"more than it", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token+"0") }, 401},
		{"an empty one", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401},
		{"another scheme", func(r *http.Request) { r.Header.Set("Authorization", "Basic "+token) }, 401},
		{"a token in the address", func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "token=" + token }, 401},
		{"a foreign host", func(r *http.Request) { r.Host = "evil.example.com:" + port }, 403},
		{"a foreign host that begins so", func(r *http.Request) { r.Host = "127.0.0.1.example.com:" + port }, 403},
		{"another port", func(r *http.Request) { r.Host = "127.0.0.1:1" }, 403},
		{"no port", func(r *http.Request) { r.Host = "127.0.0.1" }, 403},
		{"a page", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") }, 403},
		{"a page of its own", func(r *http.Request) { r.Header.Set("Origin", "http://"+k.at) }, 403},
		{"a page without a name", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		{"an empty origin", func(r *http.Request) { r.Header["Origin"] = []string{""} }, 403},
		{"an image of a page", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"what a page asks before", func(r *http.Request) { r.Method = "OPTIONS"; r.Header.Set("Origin", "https://evil.example.com") }, 403},
	} {
		r, err := http.NewRequest("GET", "http://"+k.at+"/v1/conns", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		tt.change(r)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %s %s, want %d", tt.name, resp.Status, b, tt.status)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" || tt.status != 200 && strings.Contains(string(b), token) {
			t.Errorf("%s: %v %s", tt.name, resp.Header, b)
		}
	}
}

// A message is held, shown, changed, and goes on; a decision is made once.
func TestHeld(t *testing.T) {
	k := newKit(t, true)
	status, answer := k.ask("PUT /v1/rules", "[[rule]]\nname = \"stop\"\nwhen = 'verb == \"REA\" && from == \"client\"'\ndo = [\"hold\"]\n")
	if status != 200 || fmt.Sprint(answer["rules"].([]any)[0].(map[string]any)["name"]) != "stop" {
		t.Fatalf("%d %v", status, answer)
	}
	conn := k.conn()
	if status, answer := k.ask("POST /v1/conns/"+conn+"/send?wait=50ms", `{"to":"server","transcript":"PNG"}`); status != 200 || answer["reply"] == nil {
		t.Fatalf("%d %v", status, answer)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := k.client.Write(ctx, []byte("REA 90 alice@example.com Alice\r\n")); err != nil {
		t.Fatal(err)
	}
	number := k.held()
	if status, answer := k.ask("GET /v1/held", ""); status != 200 || !strings.Contains(fmt.Sprint(answer), "REA ") {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := k.ask("POST /v1/held/"+number, `{"do":["set nosuch = \"x\""]}`); status != 400 {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := k.ask("POST /v1/held/"+number, `{"do":["set text = \"x\""]}`); status != 409 || len(k.gate.Held()) != 1 {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := k.ask("POST /v1/held/"+number, `{"do":["send client raw \"XFR 0 NS 10.\""]}`); status != 409 || len(k.gate.Held()) != 1 || !strings.Contains(fmt.Sprint(answer["do"]), "send a redirect as a whole command") {
		t.Errorf("%d %v", status, answer)
	}
	status, answer = k.ask("POST /v1/held/"+number, `{"do":["set friendly = \"Al ice\"","forward"]}`)
	if status != 200 || !strings.Contains(fmt.Sprint(answer["sent"]), "Al%20ice\r\n") {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := k.ask("POST /v1/held/"+number, `{"do":[]}`); status != 409 || !strings.Contains(fmt.Sprint(answer["do"]), "GET /v1/held") {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := k.ask("PATCH /v1/rules/stop", `{"enabled":false}`); status != 200 || strings.Contains(fmt.Sprint(answer), "enabled:true") {
		t.Errorf("%d %v", status, answer)
	}
	for _, path := range []string{"/v1/stats", "/v1/conns", "/metrics"} {
		if status, answer := k.ask("GET "+path, ""); status != 200 || len(answer) == 0 {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	// The feed is told of a message outside the relay's path, and so maybe a moment later.
	late := time.Now().Add(10 * time.Second)
	for status = 404; status == 404 && time.Now().Before(late); {
		status, _ = k.ask("POST /v1/marks", `{"number":`+number+`,"mark":"b","text":"here"}`)
	}
	if status != 200 || len(k.noted) != 1 ||
		k.noted[0].About == nil || k.noted[0].About.Mark != "b" || k.noted[0].About.Offset == 0 || k.noted[0].Text != "here" {
		t.Errorf("%d %+v", status, k.noted)
	}
	if status, answer := k.ask("POST /v1/conns/"+conn+"/reset", ""); status != 200 {
		t.Errorf("%d %v", status, answer)
	}
	for range 200 {
		if len(k.gate.Conns()) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the connection is still open")
}

// Who follows events gets what comes, what a filter wants of it, and the end.
func TestEvents(t *testing.T) {
	k := newKit(t, true)
	open := func(query string) *bufio.Scanner {
		r, _ := http.NewRequest("GET", "http://"+k.at+"/v1/events"+query, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return bufio.NewScanner(resp.Body)
	}
	all, pings := open("?from=0"), open("?filter=verb+%3D%3D+%22PNG%22")
	if !all.Scan() || all.Text() != "{}" { // opened
		t.Errorf("%q", all.Text())
	}
	if status, answer := k.ask("POST /v1/conns/"+k.conn()+"/send?wait=5s", `{"to":"server","transcript":"PNG"}`); status != 200 || answer["number"] == nil || !strings.Contains(fmt.Sprint(answer["reply"]), "QNG") {
		t.Errorf("%d %v", status, answer)
	}
	if !pings.Scan() || !strings.Contains(pings.Text(), `"verb":"PNG"`) {
		t.Errorf("%q", pings.Text())
	}
	k.close()
	if pings.Scan() {
		t.Errorf("%q", pings.Text())
	}
	var got bytes.Buffer
	for all.Scan() {
		got.WriteString(all.Text())
	}
	if s := got.String(); !strings.Contains(s, `"number":1,"verb":"VER"`) || !strings.Contains(s, `"verb":"QNG"`) || all.Err() != nil {
		t.Errorf("%s %v", s, all.Err())
	}
}

func FuzzRequest(f *testing.F) {
	k := newKit(f, false)
	for _, s := range []string{"GET /v1/events?from=99999999", "POST /v1/conns/1/send?wait=1ms", "POST /v1/held/1", "PUT /v1/rules", "PATCH /v1/rules/x",
		"POST /v1/marks", "POST /v1/conns/1/close?side=client", "GET /metrics", "GET //v1/../v1/conns"} {
		f.Add(s, `{"do":["forward"],"to":"client","transcript":"OUT","number":1,"text":"x"}`, k.at, "", true)
		f.Add(s, "[[rule]]\nname=\"x\"", "x", "http://x", false)
	}
	f.Fuzz(func(t *testing.T, request, body, host, origin string, known bool) {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequest(method, "http://"+k.at+path, strings.NewReader(body))
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		r = r.WithContext(ctx)
		r.Host = host
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		if known {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := &answerer{header: http.Header{}}
		k.server.ServeHTTP(w, r)
		allowed := known && origin == "" && strings.EqualFold(host, k.at)
		switch {
		case w.status < 400 && !allowed:
			t.Errorf("%s: %d %s", request, w.status, w.body.String())
		case w.status >= 500:
			t.Errorf("%s: %d %s", request, w.status, w.body.String())
		case w.status >= 400:
			var e struct{ Error string }
			if method != "HEAD" && (json.Unmarshal(w.body.Bytes(), &e) != nil || e.Error == "") {
				t.Errorf("%s: %d %s", request, w.status, w.body.String())
			}
		}
	})
}

// answerer is an http.ResponseWriter with deadlines.
type answerer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answerer) Header() http.Header              { return w.header }
func (w *answerer) WriteHeader(status int)           { w.status = status }
func (w *answerer) Write(b []byte) (int, error)      { return w.body.Write(b) }
func (w *answerer) Flush()                           {}
func (w *answerer) SetReadDeadline(time.Time) error  { return nil }
func (w *answerer) SetWriteDeadline(time.Time) error { return nil }
