package capture

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// said makes records of one connection.
type said struct {
	conn *Conn
	list []*Record
}

func (s *said) add(kind Kind, from decode.Sender, line string, edit func(*Record)) {
	r := &Record{Conn: s.conn, Kind: kind, From: from, Time: time.Unix(1700000000+int64(len(s.list)), 0)}
	if line != "" {
		var f decode.Framer
		if !strings.Contains(line, "\n") { // no payload
			line += "\n"
		}
		f.Feed([]byte(strings.Replace(line, "\n", "\r\n", 1)))
		if !f.Next(&r.Frame) || len(f.Pending()) > 0 {
			panic(line)
		}
	}
	if edit != nil {
		edit(r)
	}
	s.list = append(s.list, r)
}

func (s *said) client(line string) { s.add(Data, decode.Client, line, nil) }
func (s *said) server(line string) { s.add(Data, decode.Server, line, nil) }
func fated(f Fate) func(*Record)   { return func(r *Record) { r.Fate = f } }
func edited(line string) func(*Record) {
	return func(r *Record) { r.Sent = []byte(line + "\r\n") }
}

// signedIn is a connection up to its first CHG.
func signedIn() *said {
	s := &said{conn: &Conn{ID: 1, Client: "192.0.2.1:1040", Server: "192.0.2.9:1863"}}
	s.add(Opened, 0, "", nil)
	for _, line := range []string{"C VER 1 MSNP7 CVR0", "S VER 1 MSNP7", "C USR 2 MD5 I alice@example.com", "S USR 2 MD5 S 1.2",
		"C USR 3 MD5 S 00000000000000000000000000000000", "S USR 3 OK alice@example.com Alice 1", "C CHG 4 NLN", "S CHG 4 NLN"} {
		from := decode.Client
		if line[0] == 'S' {
			from = decode.Server
		}
		s.add(Data, from, line[2:], nil)
	}
	return s
}

// follow returns the findings as "number rule", and the messages as "number verb
// reply".
func follow(records []*Record) (findings, messages []string) {
	f := NewFollower(FollowOptions{Check: true})
	for _, r := range records {
		e := f.Record(r)
		for _, l := range f.Findings(e) {
			findings = append(findings, fmt.Sprint(l.Number, " ", l.Rule))
		}
		if r.Kind == Data {
			messages = append(messages, fmt.Sprint(e.Message.Number, " ", e.Message.Name(), " ", e.Message.ReplyTo))
		}
	}
	for _, l := range f.Finish() {
		findings = append(findings, fmt.Sprint(l.Number, " ", l.Rule))
	}
	return findings, messages
}

// What a proxy does to frames is nobody's fault, and what a peer never got asks
// nothing of it. Each has what is found where the frames pass as they are.
func TestFollowerFates(t *testing.T) {
	client, server := decode.Client, decode.Server
	later := func(s *said) { s.client("CHG 90 AWY"); s.server("CHG 90 AWY") }
	for _, tt := range []struct {
		name   string
		say    func(s *said, fate func(*Record))
		fate   func(*Record)
		passed string // a finding that there is without the proxy; "": none
		want   string
	}{
		{"a request", func(s *said, f func(*Record)) { s.add(Data, client, "CHG 5 BSY", f); later(s) },
			fated(Withheld), "9 trid.unanswered", ""},
		{"a request that is malformed", func(s *said, f func(*Record)) { s.add(Data, client, "CHG x BSY", f); later(s) },
			fated(Withheld), "9 trid.form", "9 trid.form"},
		{"a request that is made", func(s *said, f func(*Record)) { s.add(Data, client, "CHG x BSY", f); later(s) },
			fated(Injected), "9 trid.form", ""},
		{"an answer to a made request", func(s *said, f func(*Record)) {
			s.add(Data, client, "CHG 80 BSY", f)
			s.server("CHG 80 BSY")
			s.client("CHG 80 NLN")
			s.server("CHG 80 NLN")
		}, fated(Injected), "11 trid.order", ""},
		{"an answer", func(s *said, f func(*Record)) { s.client("CHG 5 BSY"); s.add(Data, server, "CHG 5 BSY", f); later(s) },
			fated(Withheld), "", ""},
		{"an answer that is made", func(s *said, f func(*Record)) { s.add(Data, server, "CHG 50 BSY", f); later(s) },
			fated(Injected), "9 trid.unknown", ""},
		{"a challenge", func(s *said, f func(*Record)) {
			s.add(Data, server, "CHL 0 15570131571988941333", f)
			for n := range 60 {
				s.client(fmt.Sprint("CHG ", n+10, " NLN"))
				s.server(fmt.Sprint("CHG ", n+10, " NLN"))
			}
		}, fated(Withheld), "9 challenge.unanswered", ""},
		{"a challenge that is made", func(s *said, f func(*Record)) {
			s.add(Data, server, "CHL 0 15570131571988941333", f)
			s.client("QRY 5 msmsgs@msnmsgr.com 32\n8f2f5a91b72102cd28355e9fc9000d6e")
			s.server("QRY 5")
		}, fated(Injected), "", ""},
		{"a ping", func(s *said, f func(*Record)) {
			s.add(Data, client, "PNG", f)
			s.client("PNG")
			s.server("QNG")
		}, fated(Withheld), "9 session.ping", ""},
		{"a pong", func(s *said, f func(*Record)) {
			for range 2 {
				s.add(Data, server, "QNG", f)
			}
		}, fated(Injected), "10 session.pong", ""},
		{"a cookie", func(s *said, f func(*Record)) {
			s.client("XFR 5 SB")
			s.add(Data, server, "XFR 5 SB 192.0.2.9:1863 CKI 1.2.3", f)
		}, edited("XFR 5 SB 192.0.2.9:1863 CKI 4.5.6"), "10 switchboard.unused", "10 switchboard.unused"},
		{"a cookie", func(s *said, f func(*Record)) {
			s.client("XFR 5 SB")
			s.add(Data, server, "XFR 5 SB 192.0.2.9:1863 CKI 1.2.3", f)
		}, fated(Withheld), "10 switchboard.unused", ""},
		{"leaving", func(s *said, f func(*Record)) { s.add(Data, client, "OUT", f); later(s) },
			fated(Injected), "10 session.after-out", ""},
		{"who is let in", func(s *said, f func(*Record)) { s.add(Data, server, "USR 0 OK carol@example.com Carol 1", f) },
			fated(Withheld), "9 signin.other", ""},
		{"the offer", func(s *said, f func(*Record)) { s.add(Data, client, "VER 5 MSNP2 CVR0", f); s.server("VER 5 MSNP2") },
			fated(Injected), "9 version.repeated", ""},
		{"the offer", func(s *said, f func(*Record)) {
			s.list = s.list[:1]
			s.add(Data, client, "VER 1 MSNP9 CVR0", f)
			s.server("VER 1 MSNP7 CVR0")
		}, edited("VER 1 MSNP7 CVR0"), "2 version.choice", ""},
		{"a TrID", func(s *said, f func(*Record)) {
			s.add(Data, client, "CHG 5 BSY", f)
			s.server("CHG 50 BSY")
			later(s)
		}, edited("CHG 50 BSY"), "10 trid.unknown", ""},
	} {
		for i, fate := range []func(*Record){nil, tt.fate} {
			s := signedIn()
			tt.say(s, fate)
			s.add(Closed, client, "", nil)
			got, numbers := follow(s.list)
			got = slices.DeleteFunc(got, func(f string) bool { return strings.Contains(f, " end.") })
			if len(numbers) != len(s.list)-2 || !strings.HasPrefix(numbers[len(numbers)-1], fmt.Sprint(len(numbers), " ")) {
				t.Errorf("%s: %d messages, numbered %v", tt.name, len(s.list)-2, numbers)
			}
			want := []string{tt.passed, tt.want}[i]
			if want != "" && !slices.Contains(got, want) || want == "" && len(got) > 0 {
				t.Errorf("%s, %s: %v, want %q", tt.name, []string{"passed", "by the proxy"}[i], got, want)
			}
		}
	}
}

// A reply finds its request by what the server got.
func TestFollowerPairs(t *testing.T) {
	s := signedIn()
	s.add(Data, decode.Client, "CHG 5 BSY", fated(Withheld))
	s.add(Data, decode.Server, "CHG 5 BSY", fated(Injected))
	s.add(Data, decode.Client, "CHG 6 BSY", fated(Injected))
	s.server("CHG 6 BSY")
	s.add(Data, decode.Client, "CHG 7 BSY", edited("CHG 8 BSY"))
	s.server("CHG 8 BSY")
	s.server("CHG 7 BSY")
	_, got := follow(s.list)
	want := []string{"9 CHG 0", "10 CHG 0", "11 CHG 0", "12 CHG 11", "13 CHG 0", "14 CHG 13", "15 CHG 0"}
	if !slices.Equal(got[8:], want) {
		t.Errorf("pairs are %q, want %q", got[8:], want)
	}
}

// An answer to a challenge is judged by the challenge that the client got.
func TestFollowerEditedChallenge(t *testing.T) {
	for _, tt := range []struct {
		edit func(*Record)
		want string
	}{{nil, "right"}, {edited("CHL 0 1"), "wrong"}, {fated(Withheld), "no challenge"}, {fated(Injected), "right"}} {
		s := signedIn()
		s.add(Data, decode.Server, "CHL 0 15570131571988941333", tt.edit)
		s.client("QRY 5 msmsgs@msnmsgr.com 32\n8f2f5a91b72102cd28355e9fc9000d6e")
		f := NewFollower(FollowOptions{})
		var m *decode.Message
		for _, r := range s.list {
			m = f.Record(r).Message
		}
		if m.Challenge == nil || m.Challenge.Result.String() != tt.want {
			t.Errorf("the verdict is %v, want %s", m.Challenge, tt.want)
		}
	}
}

func TestFollowerInjectedFile(t *testing.T) {
	in, err := Open(filepath.Join("testdata", "relayed", "injected.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f := NewFollower(FollowOptions{Check: true})
	var found []string
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range f.Findings(f.Record(r)) {
			found = append(found, fmt.Sprint(l.Number, " ", l.Rule))
		}
	}
	if f.Messages() != 11 || !slices.Contains(found, "9 trid.form") || slices.ContainsFunc(found, func(s string) bool { return s[0] < '9' && s[0] > '1' }) {
		t.Errorf("%d messages, findings %v", f.Messages(), found)
	}
}

// A connection begins with its first record, and ends when another has its number.
func TestFollowerConnections(t *testing.T) {
	conn := &Conn{ID: 7}
	f := NewFollower(FollowOptions{Check: true})
	event := func(kind Kind, conn *Conn) (e *Event) {
		r := &Record{Kind: kind, Conn: conn, From: decode.Client}
		if kind == Data {
			var fr decode.Framer
			fr.Feed([]byte("VER 1 MSNP7 CVR0\r\n"))
			fr.Next(&r.Frame)
		}
		return f.Record(r)
	}
	if e := event(Remark, nil); e.Conn != nil || e.New || e.Message != nil {
		t.Error("a remark on everything is about no connection")
	}
	if e := event(Remark, conn); e.Conn != nil || e.New {
		t.Error("a remark opens no connection")
	}
	if e := event(Data, conn); !e.New || e.Again || e.Conn == nil || e.Conn.ID != 7 || e.Message.Number != 1 {
		t.Errorf("the first record is %+v", e)
	}
	first := f.Connection(7)
	if e := event(Remark, conn); e.Conn != first {
		t.Error("a remark is about the connection")
	}
	if e := event(Data, conn); e.New || e.Conn != first {
		t.Error("the second record is of the same connection")
	}
	if e := event(Opened, conn); !e.New || !e.Again || e.Conn == first {
		t.Errorf("a connection of the same number is another one: %+v", e)
	}
	if e := event(Closed, conn); e.New || e.Again || e.Conn == nil || f.Connection(7) != nil {
		t.Errorf("the end is %+v", e)
	}
	if e := event(Opened, conn); !e.New || e.Again {
		t.Errorf("after the end it is a new one: %+v", e)
	}
	if e := event(Lost, &Conn{ID: 8}); !e.New || e.Message.Occurrence != decode.Lost || len(e.Message.Findings) != 1 {
		t.Errorf("bytes are lost on a new connection: %+v", e)
	}
}

// Rules and severities are chosen for messages and for connections alike.
func TestFollowerWanted(t *testing.T) {
	count := func(o FollowOptions) (n int) {
		o.Check = true
		f := NewFollower(o)
		s := signedIn()
		s.client("CHG x NLN")
		s.client("PNG extra")
		s.client("XFR 9 SB")
		s.server("XFR 9 SB 10.0.0.1:1863 CKI 1.2.3")
		s.add(Closed, decode.Client, "", nil)
		for _, r := range s.list {
			for _, l := range f.Findings(f.Record(r)) {
				if !strings.HasPrefix(l.Rule, "end.") {
					n++
				}
			}
		}
		return n
	}
	form := func(rule string) bool { return rule == "trid.form" }
	none := func(string) bool { return false }
	if all, warnings, errs := count(FollowOptions{}), count(FollowOptions{Least: decode.Warning}), count(FollowOptions{Least: decode.Error}); all <= warnings || warnings != 2 || errs != 0 {
		t.Errorf("%d findings, %d warnings, %d errors", all, warnings, errs)
	}
	if a, b := count(FollowOptions{Wanted: form}), count(FollowOptions{Wanted: none}); a != 1 || b != 0 {
		t.Errorf("%d of one rule, %d of none", a, b)
	}
}

// Nothing is allocated for a message as long as no rules are asked.
func TestFollowerAllocates(t *testing.T) {
	f := NewFollower(FollowOptions{})
	for _, r := range signedIn().list {
		f.Record(r)
	}
	r := signedIn().list[8]
	if n := testing.AllocsPerRun(100, func() { f.Record(r) }); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}
