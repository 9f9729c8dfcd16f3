package rule

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/gate/action"
)

// desk makes messages of lines: a tracker with a connection to a notification server, 1,
// and one to a switchboard, 2, both MSNP7; 8 and 9 are to others, MSNP15 and MSNP18.
type desk struct {
	t  *testing.T
	tr *decode.Tracker
}

func newDesk(t *testing.T) *desk {
	d := &desk{t, decode.NewTracker()}
	d.tr.Open(1, "10.0.0.9:1034", "10.0.0.5:1863", time.Time{})
	d.tr.Open(2, "10.0.0.9:1035", "10.0.0.6:1863", time.Time{})
	d.say(1, decode.Client, "VER 0 MSNP7 CVR0")
	d.say(1, decode.Server, "VER 0 MSNP7")
	d.say(1, decode.Client, "USR 3 MD5 I alice@example.com")
	d.say(2, decode.Client, "USR 1 alice@example.com 17262740.1050826919.32308")
	d.say(2, decode.Server, "USR 1 OK alice@example.com Alice")
	for conn, dialect := range map[uint32]string{8: "MSNP15", 9: "MSNP18"} {
		d.tr.Open(conn, "10.0.0.7:1034", "10.0.0.5:1863", time.Time{})
		d.say(conn, decode.Client, "VER 1 "+dialect+" CVR0")
		d.say(conn, decode.Server, "VER 1 "+dialect)
	}
	return d
}

// say makes the next message; a payload stands behind \r\n, and is counted.
func (d *desk) say(conn uint32, from decode.Sender, line string) *decode.Message {
	d.t.Helper()
	line, payload, _ := strings.Cut(line, "\r\n")
	var f decode.Framer
	fr := new(decode.Frame)
	f.Feed(decode.Assemble(line, []byte(payload)))
	if !f.Next(fr) {
		d.t.Fatalf("%q is no frame", line)
	}
	m := *d.tr.Frame(conn, from, fr, time.Time{})
	return &m
}

func (d *desk) look(s *Set, conn uint32, from decode.Sender, line string) *action.Effect {
	d.t.Helper()
	e := new(action.Effect)
	s.Look(d.say(conn, from, line), e)
	return e
}

// told is an effect in words.
func told(e *action.Effect) string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if e.Frame != nil {
		add("frame %q", e.Frame)
	}
	if e.Drop {
		add("drop")
	}
	if e.Delay+e.Postpone > 0 {
		add("delay %v postpone %v", e.Delay, e.Postpone)
	}
	if e.Hold {
		add("hold %v", e.HoldFor)
	}
	for _, s := range e.Sends {
		add("send %v %v later %v %q", s.When, s.To, s.Later, s.Frame)
	}
	if e.Repeat > 0 {
		add("repeat %d", e.Repeat)
	}
	for _, end := range e.Ends {
		add("end %v reset %v", end.Side, end.Reset)
	}
	for _, f := range e.Faults {
		add("fault %v", f)
	}
	if e.Mark+e.Remark != "" {
		add("mark %q remark %q", e.Mark, e.Remark)
	}
	if by := e.Deciders(); len(by) > 0 {
		add("by %s", strings.Join(by, ", "))
	}
	return strings.Join(list, "; ")
}

func parse(t *testing.T, text string) *Set {
	t.Helper()
	s, err := Parse(text, "rules.toml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The nine rules of the file, each on a message that it is meant for.
func TestNine(t *testing.T) {
	text, err := os.ReadFile("testdata/nine.toml")
	if err != nil {
		t.Fatal(err)
	}
	s := parse(t, string(text))
	if s.Seed() != 7 || s.Len() != 9 {
		t.Fatalf("seed %d, %d rules", s.Seed(), s.Len())
	}
	for _, r := range s.Rules() {
		if !r.Enabled {
			if err := s.Enable(r.Name, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	msg := "MSG 4 N 0\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nA nice colour"
	d := newDesk(t)
	for _, tt := range []struct {
		conn uint32
		from decode.Sender
		line string
		want string
	}{
		{1, decode.Client, "VER 0 MSNP8 MSNP7 CVR0", `frame "VER 0 MSNP7 MSNP7 CVR0\r\n"; by rule "rename MSNP8"`},
		{2, decode.Server, "ACK 2", ``},
		{2, decode.Server, "ACK 3", ``},
		{2, decode.Server, "ACK 4", `drop; by rule "every third ACK is lost"`},
		{2, decode.Server, "ACK 5", ``},
		{1, decode.Client, "QRY 22 msmsgs@msnmsgr.com 0\r\n8f2f5a91b72102cd28355e9fc9000d6e", `frame "QRY 22 msmsgs@msnmsgr.com 32\r\n00000000000000000000000000000000"; by rule "wrong answer to the challenge"`},
		{1, decode.Server, "RNG 11752013 10.0.1.200:1863 CKI 849102291.520491113 bob@example.com Bob", `delay 0s postpone 5s; by rule "late invitation"`},
		{1, decode.Server, "USR 3 OK alice@example.com Alice 1", `frame "911 3\r\n"; send after client later 10s "XFR 0 NS 10.0.0.6:1863 0 10.0.0.5:1863\r\n"; end client reset false; ` +
			`by rule "moved to another server", rule "gone right after sign-in", rule "911 instead of welcome"`},
		{1, decode.Server, "USR 3 OK alice@example.com Alice 1", `frame "911 3\r\n"; end client reset false; by rule "gone right after sign-in", rule "911 instead of welcome"`},
	} {
		got := told(d.look(s, tt.conn, tt.from, tt.line))
		got = strings.ReplaceAll(got, "end client reset false; end client reset false", "end client reset false")
		if got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.line, got, tt.want)
		}
	}
	got := told(d.look(s, 2, decode.Server, strings.Replace(msg, "4 N", "bob@example.com Bob", 1)))
	if want := `frame "MSG bob@example.com Bob 59\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nA nice color"; by rule "American"`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	dropped := 0
	for range 200 {
		switch got := told(d.look(s, 2, decode.Client, msg)); got {
		case `frame "MSG 4 N 59\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nA nice color"; by rule "American"`:
		case `frame "MSG 4 N 59\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nA nice color"; drop; send after client later 0s "NAK 4\r\n"; by rule "American", rule "one in ten is not delivered"`:
			dropped++
		default:
			t.Fatal(got)
		}
	}
	if dropped < 8 || dropped > 35 {
		t.Errorf("%d of 200 were dropped, with a chance of 0.1", dropped)
	}
	for _, r := range s.Rules() {
		if r.Applied == 0 || r.Failed != 0 {
			t.Errorf("%s: %+v", r.Name, r)
		}
	}
}

// counted says of which of the messages 1 to n that match a rule is applied to.
func counted(t *testing.T, options string, n int) (list []int) {
	t.Helper()
	s := parse(t, "seed = 7\n[[rule]]\nwhen='verb == \"ACK\"'\ndo=['drop']\n"+options)
	d := newDesk(t)
	for i := 1; i <= n; i++ {
		if d.look(s, 2, decode.Server, "ACK 2").Drop {
			list = append(list, i)
		}
	}
	return list
}

func TestCounting(t *testing.T) {
	for options, want := range map[string][]int{
		"":                               {1, 2, 3, 4, 5, 6, 7, 8, 9},
		"every = 1":                      {1, 2, 3, 4, 5, 6, 7, 8, 9},
		"every = 2":                      {2, 4, 6, 8},
		"every = 3":                      {3, 6, 9},
		"first = 1":                      {1},
		"first = 2":                      {1, 2},
		"skip = 0":                       {1, 2, 3, 4, 5, 6, 7, 8, 9},
		"skip = 1":                       {2, 3, 4, 5, 6, 7, 8, 9},
		"skip = 7":                       {8, 9},
		"skip = 2\nfirst = 1":            {3},
		"skip = 1\nevery = 3\nfirst = 2": {4, 7},
		"chance = 1":                     {1, 2, 3, 4, 5, 6, 7, 8, 9},
		"chance = 0.0":                   nil,
		"enabled = true\nfirst=1":        {1},
		"enabled = false":                nil,
		"per = 'all'\nfirst = 1":         {1},
	} {
		if got := counted(t, options, 9); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", options, got, want)
		}
	}
	half := counted(t, "chance = 0.5", 1000)
	if len(half) < 430 || len(half) > 570 || !slices.Equal(half, counted(t, "chance = 0.5", 1000)) {
		t.Errorf("a half is %d of 1000, or not the same twice", len(half))
	}
	if few := counted(t, "chance = 0.5\nfirst = 3", 1000); !slices.Equal(few, half[:3]) {
		t.Errorf("the first three of %v are not %v", half[:5], few)
	}
}

func TestPer(t *testing.T) {
	d := newDesk(t)
	d.tr.Open(3, "10.0.0.8:1034", "10.0.0.5:1863", time.Time{})
	d.tr.Open(4, "10.0.0.8:1035", "10.0.0.5:1863", time.Time{})
	d.say(3, decode.Client, "USR 3 MD5 I bob@example.com")
	for per, want := range map[string]string{"all": "1", "connection": "1 2 3 4", "account": "1 3 4", "session": "1 3 4"} {
		s := parse(t, "[[rule]]\nfirst = 1\ndo = ['mark a']\nper = '"+per+"'")
		var got []string
		for _, conn := range []uint32{1, 2, 3, 4, 1, 2, 3, 4} {
			if d.look(s, conn, decode.Client, "PNG").Mark != "" {
				got = append(got, fmt.Sprint(conn))
			}
		}
		if per == "session" && d.tr.Connection(2).Session != d.tr.Connection(1).Session {
			want = "1 2 3 4" // nothing joins the two
		}
		if strings.Join(got, " ") != want {
			t.Errorf("per %s: %v, want %s", per, got, want)
		}
	}
}

// Beyond the bound the counter of the oldest begins anew.
func TestMaxCounted(t *testing.T) {
	for _, beyond := range []int{0, 1} {
		tr := decode.NewTracker()
		s := parse(t, "[[rule]]\nfirst = 1\nper = 'connection'\ndo = ['mark a']")
		for i := range 4096 + beyond {
			tr.Open(uint32(i+1), "10.0.0.8:1", "10.0.0.5:1863", time.Time{})
			d := &desk{t, tr}
			if d.look(s, uint32(i+1), decode.Client, "PNG").Mark == "" {
				t.Fatalf("connection %d is not marked", i+1)
			}
		}
		if got := (&desk{t, tr}).look(s, 1, decode.Client, "PNG").Mark != ""; got != (beyond == 1) {
			t.Errorf("%d beyond: marked again: %v", beyond, got)
		}
	}
}

// Each rule has dice of its own: one more before it, or another place, changes nothing.
func TestDice(t *testing.T) {
	const a, b = "[[rule]]\nname='a'\nwhen='verb == \"ACK\"'\nchance=0.5\ndo=['mark a']\n", "[[rule]]\nname='b'\nchance=0.5\ndo=['remark \"b\"']\n"
	run := func(text string) (marks string) {
		s, d := parse(t, text), newDesk(t)
		for range 64 {
			marks += d.look(s, 2, decode.Server, "ACK 2").Mark + "."
		}
		return marks
	}
	alone := run("seed = 3\n" + a)
	if run("seed = 3\n"+b+a) != alone || run("seed = 3\n"+a+b) != alone {
		t.Error("another rule disturbs the dice")
	}
	if run("seed = 4\n"+a) == alone {
		t.Error("the seed changes nothing")
	}
	if strings.ReplaceAll(run("seed = 3\n"+strings.ReplaceAll(a, "'a'", "'c'")), "c", "a") == alone {
		t.Error("two rules throw the same")
	}
}

func TestOrder(t *testing.T) {
	for _, tt := range []struct{ text, line, want string }{
		{"[[rule]]\nname='a'\ndo=['replace \"NAK {trid}\"']\n[[rule]]\nname='b'\nwhen='verb == \"NAK\"'\ndo=['set trid = trid + 1']", "ACK 2",
			`frame "NAK 3\r\n"; by rule "a", rule "b"`},
		{"[[rule]]\nname='a'\nlast=true\ndo=['mark a']\n[[rule]]\nname='b'\ndo=['drop']", "ACK 2", `mark "a" remark ""`},
		{"[[rule]]\nname='a'\nlast=true\nskip=1\ndo=['mark a']\n[[rule]]\nname='b'\ndo=['drop']", "ACK 2", `drop; by rule "b"`},
		{"[[rule]]\nname='a'\ndo=['drop']\n[[rule]]\nname='b'\ndo=['mark b']", "ACK 2", `drop; by rule "a"`},
		{"[[rule]]\nname='a'\ndo=['raw \"no command\"']\n[[rule]]\nname='b'\ndo=['mark b']", "ACK 2", `frame "no command"; by rule "a"`},
		{"[[rule]]\nname='a'\ndo=['hold for 5s']\n[[rule]]\nname='b'\ndo=['slice 1']", "ACK 2", `hold 5s; fault slice 1; by rule "b"`},
		{"[[rule]]\nname='a'\nlast=true\ndo=['set cookie = \"1\"']\n[[rule]]\nname='b'\ndo=['drop']", "ACK 2", `drop; mark "" remark "rule \"a\" can't be carried out, and changes nothing: set cookie = \"1\": ACK has no cookie here: it is ACK TrID"; by rule "b"`},
		{"[[rule]]\nname='a'\nlast=true\nwhen='args[5] == \"x\"'\ndo=['mark a']\n[[rule]]\nname='b'\ndo=['drop']", "ACK 2", `drop; by rule "b"`},
		{"[[rule]]\nname='a'\nlast=true\nwhen='trid == 5'\ndo=['mark a']\n[[rule]]\nname='b'\ndo=['drop']", "ACK 2", `drop; by rule "b"`},
		{"[[rule]]\nname='a'\nlast=true\nwhen='verb == \"NAK\"'\ndo=['mark a']\n[[rule]]\nname='b'\ndo=['drop']", "ACK 2", `drop; by rule "b"`},
		// What fails leaves the message as it was.
		{"[[rule]]\nname='a'\nwhen='args[5] == \"x\"'\ndo=['drop']\n[[rule]]\nname='b'\ndo=['mark b']", "ACK 2", `mark "b" remark ""`},
		{"[[rule]]\nname='a'\ndo=['mark a', 'send client \"OUT\"', 'set cookie = \"1\"', 'drop']\n[[rule]]\nname='b'\ndo=['mark b']", "ACK 2", `mark "b" remark "rule \"a\" can't be carried out, and changes nothing: set cookie = \"1\": ACK has no cookie here: it is ACK TrID"`},
	} {
		s := parse(t, tt.text)
		if got := told(newDesk(t).look(s, 2, decode.Server, tt.line)); got != tt.want {
			t.Errorf("%s\n%s\nwant\n%s", tt.text, got, tt.want)
		}
		if a := s.Rules()[0]; strings.Contains(tt.text, "args[5]") && (a.Failed != 1 || a.Matched != 0 || !strings.Contains(a.Error, "out of range")) ||
			strings.Contains(tt.text, "cookie") && (a.Failed != 1 || a.Matched != 1 || a.Applied != 0 || !strings.Contains(a.Error, "cookie")) {
			t.Errorf("%+v", a)
		}
	}
}

// Injected messages pass the rules by that do not ask for them.
func TestAgain(t *testing.T) {
	s := parse(t, "[[rule]]\nname='a'\ndo=['mark a']\n[[rule]]\nname='b'\nagain=true\ndo=['remark \"b\"']")
	m := newDesk(t).say(2, decode.Server, "ACK 2")
	m.Fate = decode.Injected
	e := new(action.Effect)
	if s.Look(m, e); told(e) != `mark "" remark "b"` {
		t.Error(told(e))
	}
	e = &action.Effect{Drop: true}
	if s.Look(m, e); told(e) != "drop" {
		t.Errorf("what is dropped is seen: %s", told(e))
	}
}

func TestInterest(t *testing.T) {
	s := parse(t, "[[rule]]\nname='a'\nwhen='verb == \"ACK\" and from == \"server\"'\ndo=['drop']\n[[rule]]\nname='b'\nenabled=false\ndo=['drop']")
	if i := s.Interest(); !i.Client.None() || !slices.Equal(i.Server.List, []string{"ACK"}) {
		t.Errorf("%+v", i)
	}
	if err := s.Enable("b", true); err != nil || !s.Interest().Client.All {
		t.Error("a rule without a condition wants everything")
	}
	if err := s.Enable("c", true); err == nil || !strings.Contains(err.Error(), `there are "a", "b"`) {
		t.Error(err)
	}
	if err := New().Enable("c", true); err == nil || !strings.Contains(err.Error(), "there are none") {
		t.Error(err)
	}
	if i := New().Interest(); !i.Client.None() || !i.Server.None() {
		t.Errorf("no rules want %+v", i)
	}
}

func TestInherit(t *testing.T) {
	const text = "seed = 3\n[[rule]]\nname='a'\nwhen='verb == \"ACK\"'\nevery=3\ndo=['drop']\n[[rule]]\nname='c'\nchance=0.5\ndo=['mark c']\n"
	d := newDesk(t)
	drops := func(s *Set, n int) (got string) {
		for range n {
			e := d.look(s, 2, decode.Server, "ACK 2")
			got += fmt.Sprint(map[bool]string{true: "d"}[e.Drop], e.Mark, ".")
		}
		return got
	}
	whole := drops(parse(t, text), 20)
	s := parse(t, text)
	first := drops(s, 8)
	next := parse(t, strings.Replace(text, "name='c'", "name='c'\nwhen='size > 0'", 1)+"[[rule]]\nname='new'\nfirst=1\ndo=['remark \"x\"']")
	next.Inherit(s)
	next.Inherit(nil)
	if got := first + drops(next, 12); got != whole {
		t.Errorf("%s\n%s in one", got, whole)
	}
	if r := next.Rules(); r[0].Matched != 20 || r[0].Applied != 6 || r[2].Matched != 12-4 {
		t.Errorf("%+v", r)
	}
	other := parse(t, strings.Replace(text, "seed = 3", "seed = 5", 1))
	other.Inherit(next)
	fresh := parse(t, strings.Replace(text, "seed = 3", "seed = 5", 1))
	marks := func(s string) string { return strings.ReplaceAll(s, "d", "") }
	if a, b := marks(drops(other, 30)), marks(drops(fresh, 30)); a == "" || strings.Count(a, "c") == 0 {
		t.Errorf("%s, %s", a, b)
	}
	per := parse(t, strings.Replace(text, "every=3", "every=3\nper='connection'", 1))
	per.Inherit(other)
	if got := drops(per, 3); !strings.Contains(got[len(got)-3:], "d") {
		t.Errorf("counted by other keys now, it begins anew: %s", got)
	}
}
