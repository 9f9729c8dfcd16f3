package compare

import (
	"fmt"
	"path/filepath"
	"testing"

	"msnproxy/capture/story"
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
				m := st.A
				if m == nil {
					m = st.B
				}
				if st.Kind == Same {
					continue
				}
				l := fmt.Sprintf("%s %s %s", c.Role(), st.Kind, m.Name)
				for _, f := range st.Fields {
					l += " " + f.Name
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
				out = append(out, l)
			}
			if c.EndA != c.EndB {
				out = append(out, fmt.Sprintf("%s ended: %s, %s", c.Role(), c.EndA, c.EndB))
			}
		}
	}
	return out
}

// A recording differs from itself in nothing, with noise, too.
func TestSelf(t *testing.T) {
	for _, path := range recordings() {
		a := open(t, path)
		for _, noise := range []bool{false, true} {
			r, err := Stories(a, a, Options{Noise: noise})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Equal() {
				t.Errorf("%s: %q", path, lines(r))
			}
		}
	}
}
func TestX(t *testing.T) {
	r, _ := Stories(open(t, recordings()[2]), open(t, recordings()[5]), Options{})
	for _, l := range lines(r) {
		t.Log(l)
	}
}
