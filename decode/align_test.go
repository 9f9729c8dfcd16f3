package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A parameter that is missing shifts none of the others: one finding, and a summary
// that is right in all that is there.
func TestMissingParameter(t *testing.T) {
	for _, tt := range []struct {
		from    Sender
		role    Role
		dialect int
		line    string
		want    string // name=value of all parameters
		missing string
		summary string
	}{
		{Server, NS, 7, "ADD 12 FL bob@example.com Bob", "trid=12 list=FL handle=bob@example.com friendly=Bob", "listver is", "bob@example.com is on FL"},
		{Server, NS, 7, "ADD 12 FL bob@example.com Bob 2", "trid=12 list=FL handle=bob@example.com friendly=Bob group=2", "listver is", "bob@example.com is on FL, group 2"},
		{Server, NS, 7, "LST 8 FL 1 2 bob@example.com Bob", "trid=8 list=FL index=1 total=2 handle=bob@example.com friendly=Bob", "listver is", "FL 1/2: bob@example.com (Bob)"},
		{Server, NS, 7, "LST 8 FL 9 1 2 bob@example.com", "trid=8 list=FL listver=9 index=1 total=2 handle=bob@example.com", "friendly is", "FL 1/2: bob@example.com (?)"},
		{Server, NS, 7, "NLN bob@example.com Bob", "handle=bob@example.com friendly=Bob", "status is", "bob@example.com (Bob) is ?"},
		{Server, NS, 7, "ILN 9 bob@example.com Bob", "trid=9 handle=bob@example.com friendly=Bob", "status is", "bob@example.com (Bob) is ?"},
		{Server, NS, 7, "ILN AWY bob@example.com Bob", "status=AWY handle=bob@example.com friendly=Bob", "TrID is", "bob@example.com (Bob) is away"},
		{Server, NS, 7, "RNG 4711 CKI 84.5 bob@example.com Bob", "session=4711 package=CKI cookie=84.5 handle=bob@example.com friendly=Bob", "address is", "bob@example.com (Bob) is calling"},
		{Server, NS, 7, "XFR 3 10.0.0.5:1863 0 10.0.0.1:1863", "trid=3 address=10.0.0.5:1863 word=0 current=10.0.0.1:1863", "NS is", "go to 10.0.0.5:1863"},
		{Server, SB, 7, "IRO 1 1 bob@example.com Bob", "", "", ""},
		{Client, NS, 7, "CHG NLN", "status=NLN", "TrID is", "online"},
		{Client, SB, 7, "ANS alice@example.com 84.5 4711", "handle=alice@example.com cookie=84.5 session=4711", "TrID is", "alice@example.com answers the call"},
		{Server, SB, 7, "MSG bob@example.com 0", "handle=bob@example.com length=0", "friendly is", "bob@example.com: "},
		{Server, NS, 7, "NLN BSY", "status=BSY", "handle, friendly are", "? (?) is busy"},
	} {
		fr := cut(&Framer{}, []byte(tt.line+"\r\n"))[0]
		var m Message
		m.Decode(&fr, tt.from, tt.role, tt.dialect)
		if tt.want == "" {
			continue // what is missing can't be told; it must not panic
		}
		var got []string
		for _, f := range m.Fields() {
			got = append(got, f.Name+"="+string(f.Raw))
			if f.Name == "word" {
				continue // there are several of that name
			}
			if v := string(m.Raw(f.Name)); v != string(f.Raw) {
				t.Errorf("%s: Raw(%s) is %q", tt.line, f.Name, v)
			}
			if v, ok := m.Value(f.Name); !ok || v != string(f.Raw) {
				t.Errorf("%s: Value(%s) is %q, %v", tt.line, f.Name, v, ok)
			}
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.line, s, tt.want)
		}
		found := m.frameFindings(nil)
		if len(found) != 1 || found[0].Rule != "line.missing" || !strings.HasPrefix(found[0].Text, tt.missing+" missing in "+m.Verb.Name) {
			t.Errorf("%s: %v, want one finding: %s missing", tt.line, found, tt.missing)
		}
		if s := m.Summary(); s != tt.summary {
			t.Errorf("%s: %q, want %q", tt.line, s, tt.summary)
		}
		for _, p := range m.Form.Params {
			if _, ok := m.Value(p.Name); p.Name != "word" && ok != strings.Contains(" "+tt.want, " "+p.Name+"=") {
				t.Errorf("%s: there is a value of %s: %v", tt.line, p.Name, ok)
			}
		}
	}
}

// Too many parameters to align are read from left to right.
func TestAlignBound(t *testing.T) {
	for n := maxAligned - 1; n <= maxAligned+1; n++ {
		// A ticket of many pieces, without the TrID: n arguments in all.
		line := "USR TWN S" + strings.Repeat(" x", n-2)
		fr := cut(&Framer{}, []byte(line+"\r\n"))[0]
		var m Message
		m.Decode(&fr, Client, NS, 8)
		if got, want := m.Raw("trid") == nil, n <= maxAligned; got != want {
			t.Errorf("%d arguments: the TrID is taken for missing: %v", n, got)
		}
	}
}

// A redirect without its address is none: nothing of it is rewritten.
func TestRedirectWithoutAddress(t *testing.T) {
	for _, line := range []string{"RNG 4711 CKI 84.5 bob@example.com Bob", "XFR 5 SB CKI 17.1"} {
		fr := cut(&Framer{}, []byte(line+"\r\n"))[0]
		if r, ok := ParseRedirect(&fr); ok {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// BenchmarkSignIns reports the cost of one sign-in, with 100 and with 10,000 others
// from the same machine: it must not depend on that.
func BenchmarkSignIns(b *testing.B) {
	for _, others := range []int{100, 10_000} {
		b.Run(fmt.Sprint(others), func(b *testing.B) {
			tr := NewTracker()
			id, at := uint32(0), time.Unix(1000, 0)
			say := func(from Sender, line string) {
				fr := cut(&Framer{}, []byte(line+"\r\n"))[0]
				tr.Frame(id, from, &fr, at)
			}
			signIn := func(n int) {
				id++
				tr.Open(id, "10.0.0.9:1", "10.0.0.1:1863", at)
				say(Client, "VER 1 MSNP7 CVR0")
				say(Client, fmt.Sprintf("USR 3 MD5 I user%d@example.com", n))
				say(Server, "XFR 3 NS 10.0.0.5:1863 0 10.0.0.1:1863")
				tr.Close(id)
				id++
				tr.Open(id, "10.0.0.9:1", "10.0.0.5:1863", at)
				say(Client, "VER 1 MSNP7 CVR0")
				say(Client, fmt.Sprintf("USR 3 MD5 I user%d@example.com", n))
				say(Server, fmt.Sprintf("USR 4 OK user%d@example.com U 1", n))
				say(Server, fmt.Sprintf("XFR 5 SB 10.0.1.2:1863 CKI 17.%d", id))
			}
			for n := range others {
				signIn(n)
			}
			n := others
			for b.Loop() {
				n++
				signIn(n)
				tr.Close(id)
			}
		})
	}
}
