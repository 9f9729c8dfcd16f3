package compare

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

var demo = filepath.Join("..", "..", "cmd", "msnproxy", "internal", "chat", "testdata", "demo.pcapng")

func testdata(name string) string { return filepath.Join("..", "testdata", name) }

func recordings() []string {
	return []string{demo, testdata("msnp6-sign-in.txt"), testdata("escargot-amsn082-msnp7.pcap"), testdata("escargot-twisted-msnp7.pcap"),
		testdata("goserver-amsn052-msnp2-ds-ns-sb.pcap"), testdata("javaserver-amsn082-msnp7.pcap")}
}

func open(t testing.TB, path string) *story.Story {
	t.Helper()
	s, err := story.Open(path, story.Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// lines writes the differences of a report, one a line.
func lines(r *Report) (out []string) {
	for _, s := range r.Sessions {
		if s.Kind() != Same {
			out = append(out, fmt.Sprintf("session %s %s", s.Account(), s.Kind()))
			continue
		}
		for _, c := range s.Conns {
			if c.Kind() != Same {
				out = append(out, fmt.Sprintf("connection %s %s", c.Role(), c.Kind()))
				continue
			}
			for _, st := range c.Steps {
				if st.Kind != Same {
					out = append(out, c.Role().String()+" "+stepLine(&st))
				}
			}
			if c.EndA != c.EndB {
				out = append(out, fmt.Sprintf("%s ended: %s, %s", c.Role(), c.EndA, c.EndB))
			}
		}
	}
	return out
}

func stepLine(st *Step) string {
	m := st.A
	if m == nil {
		m = st.B
	}
	l := st.Kind.String() + " " + m.Name
	for _, f := range st.Fields {
		l += " " + f.Name + ":"
		if f.A != nil {
			l += " -" + *f.A
		}
		if f.B != nil {
			l += " +" + *f.B
		}
		if f.Broken {
			l += " broken"
		}
	}
	return l
}

func report(t testing.TB, a, b *story.Story, o Options) *Report {
	t.Helper()
	r, err := Stories(a, b, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A recording differs from itself in nothing, with noise, too.
func TestSelf(t *testing.T) {
	for _, path := range recordings() {
		a, b := open(t, path), open(t, path)
		for _, noise := range []bool{false, true} {
			if r := report(t, a, b, Options{Noise: noise}); !r.Equal() {
				t.Errorf("%s: %q", path, lines(r))
			}
		}
	}
}

// What is not asked for is not compared, and an account may go by another name.
func TestOptions(t *testing.T) {
	original := records(t, demo)
	a := write(t, original)
	e := &edit{t, slices.Clone(original)}
	e.everywhere(func(s string) string { return strings.ReplaceAll(s, "alice@", "clara@") })
	e.replace("LST 8 FL", 1, "Bob", "Rob")
	e.remove("QNG", 1)
	b := write(t, e.list)
	rules := func(accounts map[string]string, ignore ...string) *Rules {
		r, err := NewRules(ignore)
		if err != nil {
			t.Fatal(err)
		}
		r.Accounts = accounts
		return r
	}
	alice := map[string]string{"alice@example.com": "clara@example.com"}
	tests := []struct {
		o    Options
		want int
	}{
		{Options{Rules: rules(nil)}, -1},
		{Options{Rules: rules(alice)}, 1},
		{Options{Rules: rules(alice), Noise: true}, 2},
		{Options{Rules: rules(alice, "friendly")}, 0},
		{Options{Rules: rules(alice, "LST.friendly")}, 0},
		{Options{Rules: rules(alice, "lst.*")}, 0},
		{Options{Rules: rules(alice, "verb:LST")}, 0},
		{Options{Rules: rules(alice, "NLN.friendly")}, 1},
		{Options{Rules: rules(alice), Keep: func(m *decode.Message) bool { return m.Name() != "LST" }}, 0},
	}
	for i, tt := range tests {
		r := report(t, a, b, tt.o)
		if n := r.Differences(); n != tt.want && (tt.want >= 0 || n < 2) {
			t.Errorf("%d: %d differences, want %d: %q", i, n, tt.want, lines(r))
		}
	}
	for _, s := range []string{"", "verb:", "verb:NO", "QQQ.text", "verb:QQQ"} {
		if _, err := NewRules([]string{s}); err == nil {
			t.Errorf("%q can be ignored", s)
		}
	}
}

// Different recordings differ, and the same way round.
func TestAcross(t *testing.T) {
	for i, x := range recordings() {
		for _, y := range recordings()[i+1:] {
			a, b := open(t, x), open(t, y)
			there, back := report(t, a, b, Options{}), report(t, b, a, Options{})
			if there.Equal() || back.Equal() {
				t.Errorf("%s and %s are equal", x, y)
			}
		}
	}
}
