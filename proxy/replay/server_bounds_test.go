package replay

import (
	"crypto/md5"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// Random numbers have as many digits as asked for, all of them, and begin with no 0.
func TestNumber(t *testing.T) {
	first, others := make(map[byte]int), make(map[byte]int)
	for range 300 {
		s := number(5)
		if len(s) != 5 {
			t.Fatalf("%q", s)
		}
		first[s[0]]++
		for i := range s[1:] {
			others[s[1+i]]++
		}
	}
	if len(first) != 9 || first['0'] > 0 || first['9'] == 0 || len(others) != 10 || others['0'] == 0 || others['9'] == 0 {
		t.Errorf("first %v, others %v", first, others)
	}
}

// Of what a client said its commands are waited for, not blank lines, nor what a proxy
// withheld.
func TestWhatIsWaitedFor(t *testing.T) {
	p := newPart(&story.Conn{Messages: []*story.Message{
		{From: decode.Client, Kind: decode.Blank},
		{From: decode.Client, Kind: decode.Command, Name: "PNG"},
		{From: decode.Server, Kind: decode.Blank},
		{From: decode.Server, Kind: decode.Command, Name: "QNG"},
		{From: decode.Client, Kind: decode.Command, Name: "PNG", Fate: capture.Withheld},
	}})
	for i, done := range []bool{true, false, false, false, true} {
		if p.done.has(int32(i)) != done {
			t.Errorf("message %d: %v", i, !done)
		}
	}
	if got := p.queues["PNG"]; !slices.Equal(got, []int32{1}) {
		t.Errorf("queue %v", got)
	}
}

// All is said when the recording is at its end and nothing that was asked is owed.
func TestPartOver(t *testing.T) {
	for _, tt := range []struct {
		next  int32
		asked bool
		want  bool
	}{{0, false, false}, {1, false, false}, {2, false, true}, {2, true, false}, {1, true, false}} {
		p := newPart(&story.Conn{Messages: []*story.Message{{From: decode.Client, Kind: decode.Command}, {From: decode.Server, Kind: decode.Command}}})
		p.done.set(0)
		p.done.set(1)
		p.next, p.newest = tt.next, 1
		if tt.asked {
			p.asked[0] = &asked{}
		}
		if got := p.over(); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// A server that several connections led to is one.
func TestServersOnce(t *testing.T) {
	got := newScript(tell(t, demo)).servers
	for i, s := range got {
		if slices.Contains(got[:i], s) {
			t.Errorf("%s twice in %q", s, got)
		}
	}
	if len(got) < 3 {
		t.Errorf("%q", got)
	}
}

// What the table does not know may stand amid the replies to a request; what it knows
// without TrID belongs to them, but for presence, calls and what has a payload.
func TestAmidReplies(t *testing.T) {
	st := transcript(t, "C: SYN 1 0", "S: SYN 1 9", "S: GTC 1 9 A", "S: ZZZ 5", "S: BPR 9 bob@example.com PHH 1", "S: NLN NLN bob@example.com Bob",
		"S: RNG 17 192.0.2.1:1863 CKI 1.2 bob@example.com Bob", "S: BLP 1 9 AL", "S: BPR 9 bob@example.com PHW 1")
	x := newScript(st)
	var got []string
	for _, m := range st.Conns[0].Messages {
		if x.within[m] != nil {
			got = append(got, fmt.Sprintf("%d %s", m.Number, m.Name))
		}
	}
	if want := []string{"5 BPR"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Each challenge that was posed may be answered, not only the newest.
func TestOlderChallengeAnswered(t *testing.T) {
	const one, two, product = "15570131571988941333", "22192303283098519539", "msmsgs@msnmsgr.com"
	right := func(posed string) string { return fmt.Sprintf("%x", md5.Sum([]byte(posed+"Q1P7W2E4J9R8U3S5"))) }
	for answer, want := range map[string]bool{right(one): true, right(two): true, strings.Repeat("0", 32): false} {
		bubbled(t, answer, func(t *bubble) {
			s, e := serve(t, ServerConfig{Story: transcript(t, append(hungUp[:len(hungUp):len(hungUp)], "S: CHL 0 "+one, "S: CHL 0 "+two, "C: CHG 5 NLN", "S: CHG 5 NLN")...)})
			p := visit(t, s.Addr().String())
			p.ask("VER 1 MSNP7\r\nUSR 2 MD5 I alice@example.com\r\n", "USR 2 MD5 S ")
			p.ask("USR 3 MD5 S 0123456789abcdef0123456789abcdef\r\nCHG 4 BSY\r\n", "CHL 0 "+two+"\r\n")
			p.send("QRY 6 " + product + " 32\r\n" + answer)
			if want {
				p.ask("CHG 5 NLN\r\n", "CHG 5 NLN\r\n")
			} else {
				p.want("540 6\r\n")
			}
			if got := e.of(Wrong); (got == nil) != want {
				t.Errorf("%q", got)
			}
		})
	}
}

// A password in clear is compared as it is, an answer to a challenge without regard to
// the case of its digits.
func TestPasswordJudged(t *testing.T) {
	st := transcript(t, "C: VER 1 MSNP2", "S: VER 1 MSNP2", "C: INF 2", "S: INF 2 CTP", "C: USR 3 CTP I alice@example.com", "S: USR 3 CTP S", "C: USR 4 CTP S secret", "S: USR 4 OK alice@example.com Alice")
	for password, want := range map[string]string{"secret": "USR 4 OK ", "Secret": "911 4\r\n", "other": "911 4\r\n"} {
		bubbled(t, password, func(t *bubble) {
			s, e := serve(t, ServerConfig{Story: st, Passwords: map[string]string{"alice@example.com": "secret"}})
			p := visit(t, s.Addr().String())
			p.ask("VER 1 MSNP2\r\nINF 2\r\nUSR 3 CTP I alice@example.com\r\n", "USR 3 CTP S")
			p.ask("USR 4 CTP S "+password+"\r\n", want)
			if got := e.of(Wrong); (got != nil) != (password != "secret") {
				t.Errorf("%q", got)
			}
		})
	}
}

// A client that the server hangs up on gets all that was said, and may say something
// for two seconds more without being reset for that.
func TestHangUpIsDrained(t *testing.T) {
	st := transcript(t, hungUp...)
	for _, tt := range []struct {
		after time.Duration
		open  bool
	}{{0, true}, {2*time.Second - 1, true}, {2*time.Second + 1, false}} {
		inMemory(t, func(t *bubble) {
			s, _ := serve(t, ServerConfig{Story: st, Passwords: map[string]string{"alice@example.com": "secret"}})
			p := visit(t, s.Addr().String())
			p.ask("VER 1 MSNP7\r\nUSR 2 MD5 I alice@example.com\r\n", "USR 2 MD5 S ")
			p.ask("USR 3 MD5 S 0123456789abcdef0123456789abcdef\r\n", "911 3\r\n")
			p.end()
			synctest.Wait()
			time.Sleep(tt.after)
			synctest.Wait()
			if _, err := p.nc.Write([]byte("PNG\r\n")); (err == nil) != tt.open {
				t.Errorf("after %v: %v", tt.after, err)
			}
		})
	}
}
