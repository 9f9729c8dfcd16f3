package inspector

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/rule"
)

// stand is an inspector of a gate that conversations go through which the test makes up:
// what is held, sent and recorded there is what it would be with sockets.
type stand struct {
	*bench
	g     *gate.Gate
	conns map[uint32]*gate.Conn
	recs  map[uint32]*capture.Conn
	at    map[way]int64

	mu    sync.Mutex
	sent  map[way]string // what went out, by connection and who had said it
	ended []string
	over  bool
	came  map[int64]time.Time // of frames, by their place
}

func openStand(t *testing.T, w, h int, rules ...string) *stand {
	t.Helper()
	s := &stand{conns: make(map[uint32]*gate.Conn), recs: make(map[uint32]*capture.Conn), at: make(map[way]int64), sent: make(map[way]string), came: make(map[int64]time.Time)}
	o := gate.Options{Follow: capture.FollowOptions{Check: true}}
	if len(rules) > 0 {
		o.Rules = rule.New()
		for _, r := range rules {
			parsed, err := rule.ParseLine(r)
			if err != nil {
				t.Fatal(err)
			}
			o.Rules.Add(parsed)
		}
	}
	s.g = gate.New(o)
	s.bench = openBench(t, "", w, h, Options{Gate: s.g})
	t.Cleanup(func() {
		s.mu.Lock()
		s.over = true
		s.mu.Unlock()
	})
	return s
}

// exit is one way out of a connection.
type exitTo struct {
	s *stand
	w way
}

func (e exitTo) Send(b []byte) error {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	e.s.sent[e.w] += string(b)
	return nil
}

func (e exitTo) Redirected([]byte, bool) ([]byte, []capture.Record) { return nil, nil }

func (e exitTo) Tell(records ...capture.Record) {
	for i := range records {
		if !records[i].Time.IsZero() {
			records[i].Time = e.s.bench.now
			if records[i].HeldFor > 0 { // by the clock of the test
				records[i].HeldFor = e.s.bench.now.Sub(e.s.came[records[i].Frame.Offset])
			}
		}
	}
	e.s.g.Tell(records, func() { e.s.add(records) })
}

func (exitTo) Exact(frame []byte) []byte { return frame }

func (exitTo) Finish(string) {}

func (e exitTo) End(side decode.Sender, reset bool, by string) {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	e.s.ended = append(e.s.ended, fmt.Sprintf("%s %v %s", side, reset, by))
}

func (s *stand) add(records []capture.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for i := range records {
		r := records[i]
		r.Frame = r.Frame.Clone()
		if err := s.x.Add(&r); err != nil {
			s.t.Error(err)
		}
	}
}

// open opens a connection.
func (s *stand) open(id uint32) {
	rec := &capture.Conn{ID: id, Client: fmt.Sprintf("192.0.2.1:%d", 1000+id), Via: "192.0.2.5:1863", Server: "192.0.2.9:1863"}
	s.recs[id] = rec
	s.conns[id] = s.g.Conn(rec, exitTo{s, way{id, decode.Client}}, exitTo{s, way{id, decode.Server}})
	s.tell(capture.Record{Time: s.bench.now, Conn: rec, Kind: capture.Opened})
}

func (s *stand) tell(r capture.Record) {
	records := []capture.Record{r}
	s.g.Tell(records, func() { s.add(records) })
}

// say has one end of a connection say something: lines as "C: VER 1 MSNP7", with \n
// before a payload. A tenth of a second passes before each.
func (s *stand) say(id uint32, lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		s.bench.now = s.bench.now.Add(100 * time.Millisecond)
		from := decode.Client
		if strings.HasPrefix(line, "S:") {
			from = decode.Server
		}
		head, payload, _ := strings.Cut(line[3:], "\n")
		s.pass(id, from, []byte(head+"\r\n"+strings.ReplaceAll(payload, "\n", "\r\n")))
	}
	s.settle()
}

// pass sends a frame through the gate, as a link does.
func (s *stand) pass(id uint32, from decode.Sender, b []byte) {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(b)
	if !f.Next(&fr) || len(fr.Raw) != len(b) {
		s.t.Fatalf("%q is not one frame", b)
	}
	w := way{id, from}
	fr.Offset = s.at[w]
	s.at[w] += int64(len(b))
	lane := s.conns[id].Lane(from)
	r := capture.Record{Time: s.bench.now, Conn: s.recs[id], Kind: capture.Data, From: from, Frame: fr}
	if !lane.Wants(fr.Raw) {
		s.tell(r)
		s.write(lane, fr.Raw)
		return
	}
	s.came[fr.Offset] = r.Time
	records := []capture.Record{r}
	v := lane.Decide(&records[0], func() { s.add(records) })
	if !v.Simple {
		if err := lane.Enter(v); err != nil {
			s.t.Error(err)
		}
		return
	}
	for _, remark := range v.Remarks {
		s.tell(remark)
	}
	sent := v.Sent
	if sent == nil {
		sent = fr.Raw
	}
	s.write(lane, sent)
}

// write writes a frame, ahead of what people hold if it is keep-alive.
func (s *stand) write(lane *gate.Lane, b []byte) {
	err := error(nil)
	if decode.MayBeAct(b, decode.ActPing, decode.ActPong) && lane.KeepsApart() {
		err = lane.Overtake(b)
	} else {
		err = lane.Write(b, false, 1)
	}
	if err != nil {
		s.t.Error(err)
	}
}

// went waits until what has gone out one way is want.
func (s *stand) went(id uint32, from decode.Sender, want string) {
	s.t.Helper()
	var got string
	for range 500 {
		s.mu.Lock()
		got = s.sent[way{id, from}]
		s.mu.Unlock()
		if got == want {
			s.settle()
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	s.t.Fatalf("the %s said %q to the other end, not %q\n%s", from, got, want, s.text())
}

// out is what has gone out one way.
func (s *stand) out(id uint32, from decode.Sender) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent[way{id, from}]
}

func (s *stand) keys(names ...string) {
	s.t.Helper()
	for _, n := range names {
		s.key(n)
	}
}

// enter types a text into the prompt, and Enter.
func (s *stand) enter(text string) {
	s.t.Helper()
	for _, r := range text {
		n := string(r)
		if r == ' ' {
			n = "Space"
		}
		s.key(n)
	}
	s.key("Enter")
}

// command types a command.
func (s *stand) command(text string) {
	s.t.Helper()
	s.key(":")
	s.enter(text)
}

// clear empties the prompt.
func (s *stand) clear() {
	s.t.Helper()
	s.key("Ctrl-U")
}

func (s *stand) sees(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		for range 500 { // lanes have goroutines of their own
			if strings.Contains(s.text(), text) {
				break
			}
			time.Sleep(2 * time.Millisecond)
			s.settle()
		}
		if !strings.Contains(s.text(), text) {
			s.t.Fatalf("%q is not on the screen:\n%s", text, s.text())
		}
	}
}

func (s *stand) lacks(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		for range 500 {
			if !strings.Contains(s.text(), text) {
				break
			}
			time.Sleep(2 * time.Millisecond)
			s.settle()
		}
		if strings.Contains(s.text(), text) {
			s.t.Fatalf("%q is on the screen:\n%s", text, s.text())
		}
	}
}

const typed = "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n\n"

// chatting opens a switchboard session in which both have said something.
func (s *stand) chatting() {
	s.t.Helper()
	s.open(1)
	s.say(1, "C: USR 1 alice@example.com 17262740.1050826919.32308", "S: USR 1 OK alice@example.com Alice",
		"C: CAL 2 bob@example.com", "S: CAL 2 RINGING 11752013", "S: JOI bob@example.com Bob",
		"C: MSG 3 A 67\n"+typed+"hello", "S: ACK 3")
}

func TestHoldFromMessage(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	before, server := s.out(1, decode.Client), s.out(1, decode.Server)
	s.keys("G", "k") // the MSG
	s.key("b")
	if got := s.ins.prompt.input.GetText(); got != `verb == "MSG" && from == "client" && role == "SB"` {
		t.Fatalf("b asks for %s", got)
	}
	s.key("Enter")
	s.sees("breakpoint 1 holds")
	sel := s.ins.sel
	s.say(1, "C: MSG 4 A 68\n"+typed+"second", "C: OUT", "S: BYE bob@example.com")
	if s.ins.sel != sel || s.ins.focus != mainPane {
		t.Error("the selection or the focus moved as a message was held")
	}
	s.sees("held: MSG 4 of the client, #1 (K goes there, A forwards, X drops, e edits)", "[held 0 s]", "[waiting (1)]")
	s.went(1, decode.Client, before)
	s.went(1, decode.Server, server+"BYE bob@example.com\r\n")
	s.bench.now = s.bench.now.Add(12 * time.Second)
	s.settle()
	s.sees("[held 12 s]", "1 HELD 12 s", "1 breakpoint")
	s.key("2")
	s.sees("held 12 s ", "waiting (1)")
	s.key("1")
	s.lacks("held: MSG 4") // told once
	s.key("A")
	s.sees("the selected message is not held: K goes to one that is")
	s.keys("K", "A")
	s.went(1, decode.Client, before+"MSG 4 A 68\r\n"+strings.ReplaceAll(typed, "\n", "\r\n")+"secondOUT\r\n")
	s.sees("MSG 4 was forwarded as it came", "held 12.2 s")
	s.lacks("HELD", "waiting (")
}

func TestDropSaysWhoWaits(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	server := s.out(1, decode.Server)
	s.command(`hold next 1 verb == "CAL" && from == "server"`)
	s.say(1, "C: CAL 5 carol@example.com", "S: CAL 5 RINGING 11752013", "S: JOI carol@example.com Carol")
	s.keys("K", "X")
	s.sees("CAL 5 was not sent; the client waits for TrID 5 (CAL)", "withheld by operator")
	s.went(1, decode.Server, server+"JOI carol@example.com Carol\r\n")
	if n := len(s.g.Breakpoints()); n != 0 {
		t.Errorf("next 1 leaves %d breakpoints", n)
	}
	s.key("K")
	s.sees("nothing is held")
	s.key("X")
	s.sees("nothing is held: b holds")
}

func TestVocabularyAtThePrompt(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	client, server := s.out(1, decode.Client), s.out(1, decode.Server)
	s.command(`hold verb == "MSG"`)
	s.say(1, "C: MSG 4 A 67\n"+typed+"hello")
	s.key("K")
	s.command(`set text = "good day"`)
	client += "MSG 4 A 70\r\n" + strings.ReplaceAll(typed, "\n", "\r\n") + "good day"
	s.went(1, decode.Client, client)
	s.sees("MSG 4 was forwarded, changed: 82 bytes (79 came)", "changed by operator")
	s.say(1, "C: MSG 5 A 67\n"+typed+"hello")
	s.key("K")
	s.command(`set nothing = 1`)
	s.sees(`"nothing" can't be set`)
	s.command(`reply "NAK {trid}"`)
	s.went(1, decode.Server, server+"NAK 5\r\n")
	s.went(1, decode.Client, client)
	s.say(1, "C: MSG 6 A 67\n"+typed+"hello")
	s.key("K")
	s.command(`drop, send client "NAK {trid}"`)
	s.went(1, decode.Server, server+"NAK 5\r\nNAK 6\r\n")
	s.sees("MSG 6 was not sent")
	// Beside one that has passed.
	s.keys("G")
	s.command(`send client "BYE {conn}"`)
	s.went(1, decode.Server, server+"NAK 5\r\nNAK 6\r\nBYE 1\r\n")
	s.command(`set text = "late"`)
	s.sees("the selected message is not held, so that set can't be done")
	s.command(`reset client`)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ended) != 1 || s.ended[0] != "client true operator" {
		t.Errorf("reset client ended %q", s.ended)
	}
}

func TestHoldGrammar(t *testing.T) {
	s := openStand(t, 80, 24)
	for _, c := range []struct {
		text string
		want gate.Breakpoint
		mute time.Duration
		err  string
	}{
		{"", gate.Breakpoint{}, 0, ""},
		{"next 3", gate.Breakpoint{Next: 3}, 0, ""},
		{"next 1", gate.Breakpoint{Next: 1}, 0, ""},
		{"next 0", gate.Breakpoint{}, 0, "next how many"},
		{"next", gate.Breakpoint{}, 0, "next how many"},
		{"for 30s", gate.Breakpoint{For: 30 * time.Second}, 0, ""},
		{"for 0s", gate.Breakpoint{}, 0, "a time is missing"},
		{"for ever", gate.Breakpoint{}, 0, "a time is missing"},
		{"keep-alive too", gate.Breakpoint{KeepAlive: true}, 0, ""},
		{`next 2 for 1m keep-alive too verb == "RNG"`, gate.Breakpoint{Next: 2, For: time.Minute, KeepAlive: true, When: `verb == "RNG"`}, 0, ""},
		{`keep-alive verb == "RNG"`, gate.Breakpoint{KeepAlive: true, When: `verb == "RNG"`}, 0, ""},
		{"on error", gate.Breakpoint{When: "error > 0"}, 0, ""},
		{"next 2 on finding", gate.Breakpoint{Next: 2, When: "severity >= 2"}, 0, ""},
		{"on silence 10s", gate.Breakpoint{}, 10 * time.Second, ""},
		{"on silence", gate.Breakpoint{}, 0, "a time is missing"},
		{"next 2 on silence 10s", gate.Breakpoint{}, 0, "on silence stands alone"},
		{"on error twice", gate.Breakpoint{}, 0, "too much"},
		{"on Sunday", gate.Breakpoint{}, 0, "hold on what?"},
		{`verb = "RNG"`, gate.Breakpoint{}, 0, "unexpected"},
		{"@nothing", gate.Breakpoint{}, 0, "no filter is saved"},
	} {
		b, err := s.ins.parseHold(c.text)
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("hold %s: %v, not %q", c.text, err, c.err)
		case c.err == "" && (b.Breakpoint != c.want || b.silence != c.mute):
			t.Errorf("hold %s: %+v", c.text, b)
		}
	}
}

func TestForwardAll(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	client := s.out(1, decode.Client)
	s.key("B")
	s.key("Enter") // everything
	s.say(1, "C: PNG", "S: QNG", "C: CAL 7 bob@example.com", "C: CAL 8 bob@example.com", "C: PNG")
	s.key("Esc")
	s.sees("2 HELD", "[held 0 s, waiting (1)]", "[passed a hold]")
	s.went(1, decode.Client, client+"PNG\r\nPNG\r\n")
	s.key("Z")
	s.sees("2 messages forwarded, 1 breakpoint switched off")
	s.went(1, decode.Client, client+"PNG\r\nPNG\r\nCAL 7 bob@example.com\r\nCAL 8 bob@example.com\r\n")
	s.say(1, "C: CAL 9 bob@example.com")
	s.lacks("HELD")
	s.keys("7", "Enter") // on again
	s.say(1, "C: CAL 10 bob@example.com")
	s.key("Esc")
	s.sees("1 HELD")
	s.keys("7", "U")
	s.sees("breakpoint 1 is gone; 1 message still held")
	s.command("unhold 5")
	s.sees("there is no breakpoint 5")
	s.command("unhold")
	s.sees("there is no breakpoint; 1 message still held")
}

func TestSilence(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	s.say(1, "C: CAL 4 early@example.com")
	s.command("hold on silence 10s")
	s.say(1, "C: CAL 5 bob@example.com", "C: CAL 6 carol@example.com", "S: CAL 6 RINGING 1")
	s.bench.now = s.bench.now.Add(9700 * time.Millisecond)
	s.settle()
	if n := s.ins.holds.silence.hits; n != 0 {
		t.Errorf("%d hits before 10 s", n)
	}
	s.bench.now = s.bench.now.Add(100 * time.Millisecond)
	s.settle()
	s.sees("silence: message 9 (CAL) has no reply for 10s (mark s)")
	s.key("Esc")
	s.sees("silence 10s")
	if n := s.ins.holds.silence.hits; n != 1 {
		t.Errorf("%d hits, not 1", n)
	}
	if len(s.g.Held()) > 0 {
		t.Error("silence holds something")
	}
	s.command("unhold")
	s.lacks("silence 10s")
}

func TestLeaving(t *testing.T) {
	for _, c := range []struct {
		key, sent string
	}{{"f", "OUT\r\n"}, {"d", ""}} {
		s := openStand(t, 120, 40)
		s.chatting()
		client := s.out(1, decode.Client)
		s.command(`hold verb == "OUT"`)
		s.say(1, "C: OUT")
		s.keys("q")
		s.sees("1 message held. Leave and f forward all, d drop all? Esc stays")
		s.key("Esc")
		if s.quit || len(s.g.Held()) != 1 {
			t.Fatal("Esc does not stay")
		}
		s.keys("q", c.key)
		if !s.quit {
			t.Errorf("%s does not leave", c.key)
		}
		s.went(1, decode.Client, client+c.sent)
	}
}

func TestRuleList(t *testing.T) {
	s := openStand(t, 80, 24, `mark a if verb == "MSG"`, `drop if verb == "ACK"`)
	s.chatting()
	s.sees("2 rules")
	s.command("rules")
	s.sees("1 matched, 1 applied", `on  drop if verb == "ACK"`)
	s.keys("j", "Enter")
	s.sees(`off drop if verb == "ACK"`, `on  mark a if verb == "MSG"`)
	s.key("Esc")
	s.bench.now = s.bench.now.Add(time.Second)
	s.settle()
	s.sees("1 rule ")
	server := s.out(1, decode.Server)
	s.say(1, "S: ACK 9")
	s.went(1, decode.Server, server+"ACK 9\r\n")
	none := openStand(t, 80, 24)
	none.command("rules")
	none.sees("no gate rule is in force")
}

// TestNoGate has the keys say why they do nothing on a recording.
func TestNoGate(t *testing.T) {
	b := openBench(t, find(t, "demo"), 80, 24, Options{})
	for _, key := range []string{"b", "B", "A", "X", "K", "Z", "U"} {
		b.key(key)
		if got := b.statusLine(); !strings.Contains(got, "there is nothing to hold here") {
			t.Errorf("%s: %s", key, got)
		}
	}
	b.key("7")
	if !strings.Contains(b.text(), "A recording holds nothing") {
		t.Errorf("7 shows\n%s", b.text())
	}
	b.key("?")
	if strings.Contains(b.text(), ":forward-all") {
		t.Error("help lists keys that do nothing")
	}
}

// TestHoldsScreens compares the view Holds, and the messages, with a chat going on.
func TestHoldsScreens(t *testing.T) {
	for _, size := range []struct{ w, h int }{{80, 24}, {160, 48}} {
		s := openStand(t, size.w, size.h, `every 3: mark a if verb == "MSG"`)
		s.chatting()
		s.open(2)
		s.command(`hold verb == "MSG" && from == "client"`)
		s.command(`hold next 2 for 30s verb == "CHL"`)
		s.command("hold on silence 10s")
		s.say(2, "C: USR 1 TWN I alice@example.com", "S: USR 1 OK alice@example.com", "S: CHL 0 20881396011094013213")
		s.say(1, "C: MSG 4 A 68\n"+typed+"second", "S: MSG bob@example.com Bob 70\n"+typed+"hi there", "C: CAL 5 carol@example.com", "C: PNG")
		s.bench.now = s.bench.now.Add(12 * time.Second)
		s.keys("G", "K", "K")
		compareGolden(t, fmt.Sprintf("held-messages-%dx%d", size.w, size.h), frame(s.text(), size.w))
		s.key("7")
		compareGolden(t, fmt.Sprintf("held-holds-%dx%d", size.w, size.h), frame(s.text(), size.w))
		if size.w == 80 {
			s.resize(120, 30)
			goldenFile(t, filepath.Join("..", "..", "..", "..", "docs", "inspector", "holds.svg"), SVG(s.screen, "msnproxy run", false))
		}
	}
}

func TestHoldsExport(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	s.command(`hold next 2 verb == "MSG"`)
	s.command(`hold for 5s keep-alive too verb == "OUT"`)
	s.say(1, "C: MSG 4 A 68\n"+typed+"second", "C: CAL 5 bob@example.com")
	s.keys("7", "g", "Enter", "Enter", "j", "Enter")
	s.bench.now = s.bench.now.Add(time.Second)
	s.settle()
	var out strings.Builder
	said, err := s.ins.writeHolds(&out)
	if err != nil {
		t.Fatal(err)
	}
	want := `breakpoint 1, on, 1 hit: the next 1 of verb == "MSG"
breakpoint 2, off, 0 hits: verb == "OUT", for 5s, keep-alive too
held: message 8 of the client, #1, for 1 s, 1 waiting behind, by breakpoint verb == "MSG": MSG 4 A 68
`
	if out.String() != want || said != "2 breakpoints, 1 held" {
		t.Errorf("%s:\n%s", said, out.String())
	}
}

// What waits behind is counted anew after a while, though the gate has no news.
func TestBehindGrows(t *testing.T) {
	s := openStand(t, 160, 40)
	s.chatting()
	s.command(`hold verb == "MSG"`)
	s.say(1, "C: MSG 4 A 68\n"+typed+"second")
	s.key("7")
	for n := 1; n <= 3; n++ {
		s.say(1, fmt.Sprintf("C: CAL %d bob@example.com", 4+n))
		s.bench.now = s.bench.now.Add(100 * time.Millisecond) // 200 with the one before it was said
		s.settle()
		s.sees(fmt.Sprintf("%d waiting behind", n))
	}
}

func TestUnholdSilence(t *testing.T) {
	s := openStand(t, 80, 24)
	s.chatting()
	s.command("hold on silence 10s")
	s.command(`hold verb == "MSG"`)
	s.keys("7", "G", "U")
	s.sees("silence is not told any more")
	if n := len(s.g.Breakpoints()); n != 1 || s.ins.holds.silence.after != 0 {
		t.Errorf("%d breakpoints are left, silence %v", n, s.ins.holds.silence.after)
	}
}

func TestCompletesActions(t *testing.T) {
	s := openStand(t, 80, 24)
	for text, want := range map[string]string{"post": "postpone", "rep": "replay", "hold on er": "error", "hold ne": "next 1"} {
		from, words := s.ins.completeCommand(text)
		if len(words) == 0 || words[0] != want {
			t.Errorf("%q at %d: %q", text, from, words)
		}
	}
	b := openBench(t, find(t, "demo"), 80, 24, Options{})
	if _, words := b.ins.completeCommand("post"); len(words) > 0 {
		t.Errorf("a recording completes %q", words)
	}
}

// A message that a rule holds names it.
func TestHeldByRule(t *testing.T) {
	s := openStand(t, 160, 40, `hold if verb == "MSG"`)
	s.command(`hold verb == "MSG"`)
	s.chatting()
	if held := s.g.Held(); len(held) != 1 || held[0].Why != `rule "hold if verb == \"MSG\""` {
		t.Errorf("held: %+v", held)
	}
	s.keys("K", "A") // the breakpoint behind the rule holds it once more
	s.sees("MSG 3 is held again")
	if held := s.g.Held(); len(held) != 1 || held[0].Why != `breakpoint verb == "MSG"` {
		t.Errorf("held again: %+v", held)
	}
}

// TestKeysOverHeld presses keys as they come while messages are held: whatever they are,
// the screen stays right, and what was said goes in order or not at all.
func TestKeysOverHeld(t *testing.T) {
	keys := strings.Split("A X K Z S e i I b B U 7 1 2 3 j k g G Enter Esc Tab u U p h E : c s h o l d Backspace a / n f t", " ")
	went := 0
	for seed := range uint64(4) {
		s := openStand(t, 80, 24)
		s.ins.runEditor = func(string) error { return nil }
		s.chatting()
		s.command(`hold from == "client"`)
		dice := rand.New(rand.NewPCG(seed, 1))
		for i := range 120 {
			if i%10 == 0 {
				s.say(1, fmt.Sprintf("C: MSG %d A 67\n%shello", 10+i, typed), "C: PNG", fmt.Sprintf("S: ACK %d", 10+i))
			}
			s.key(keys[dice.IntN(len(keys))])
		}
		s.keys("Esc", "Esc", "Esc")
		last := 0
		for _, m := range regexp.MustCompile(`MSG (\d{1,3}) A 67`).FindAllStringSubmatch(s.out(1, decode.Client), -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil || n < last {
				t.Errorf("seed %d: MSG %s went after %d", seed, m[1], last)
			}
			last = n
		}
		went += last
	}
	if went == 0 {
		t.Error("nothing was let go")
	}
}
