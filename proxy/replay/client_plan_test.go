package replay

import (
	"testing"
	"time"

	"msnproxy/capture/story"
)

// A connection is closed behind the last message before its end, be that on another
// connection; one whose end was not recorded when all is said.
func TestEnds(t *testing.T) {
	at := func(seconds int) time.Time { return time.Date(2026, 1, 1, 0, 0, seconds, 0, time.UTC) }
	var order []*story.Message
	for i := range 4 {
		order = append(order, &story.Message{Number: int64(i + 1), Time: at(10 * i)})
	}
	for _, tt := range []struct {
		name   string
		ended  bool
		closed time.Time
		own    []*story.Message
		order  []*story.Message
		want   int64
	}{
		{"no end recorded", false, time.Time{}, order[:1], order, 4},
		{"no end recorded, nothing in order", false, time.Time{}, order[:1], nil, 0},
		{"an end of unknown time", true, time.Time{}, order[:2], order, 2},
		{"before all", true, at(-1), order[:1], order, 1},
		{"after another's message", true, at(25), order[:1], order, 3},
		{"at the moment of a message", true, at(20), order[:1], order, 3},
		{"just before it", true, at(20).Add(-1), order[:1], order, 2},
		{"before its own last", true, at(5), order[:3], order, 3},
		{"after all", true, at(99), order[:1], order, 4},
	} {
		k := &clientConn{recorded: &story.Conn{Messages: tt.own}}
		k.recorded.Ended, k.recorded.Closed = tt.ended, tt.closed
		first := &clientConn{recorded: &story.Conn{Messages: order[:1]}}
		first.recorded.Ended = true
		p := &performance{order: tt.order, played: []*clientConn{k, first}}
		p.ends()
		if k.endsAfter != tt.want {
			t.Errorf("%s: closed behind message %d, want %d", tt.name, k.endsAfter, tt.want)
		}
		if inOrder := p.closings[0].endsAfter <= p.closings[1].endsAfter; !inOrder || len(p.closings) != 2 {
			t.Errorf("%s: closings in the order %d, %d", tt.name, p.closings[0].endsAfter, p.closings[1].endsAfter)
		}
	}
}
