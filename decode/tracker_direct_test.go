package decode

import (
	"testing"
	"time"

	"msnproxy/decode/p2p"
)

// The length of a direct connection's greeting may come by itself: it is no finding,
// but what comes next says whether it was one.
func TestGreetingInPieces(t *testing.T) {
	for _, tt := range []struct {
		next   string
		direct bool
	}{{p2p.Greeting[4:], true}, {"bar\x00", false}} {
		tr := NewTracker()
		tr.Open(1, "192.0.2.1:5", "192.0.2.7:4000", time.Time{})
		m := tr.Frame(1, Client, &Frame{Kind: Opaque, Raw: []byte(p2p.Greeting[:4])}, time.Time{})
		if m.Opening == nil || !m.Opening.Direct() || len(m.Findings) != 0 {
			t.Errorf("the length: %+v %+v", m.Opening, m.Findings)
		}
		m = tr.Frame(1, Client, &Frame{Kind: Opaque, Raw: []byte(tt.next), Offset: 4}, time.Time{})
		if direct := m.Opening != nil && m.Opening.Direct(); direct != tt.direct || (len(m.Findings) == 0) != tt.direct {
			t.Errorf("%q: %+v %+v", tt.next, m.Opening, m.Findings)
		}
	}
}
