package replay

import (
	"testing"
	"time"

	"msnproxy/capture/story"
	"msnproxy/decode"
)

// A client that does not go on is said to stall: after ten seconds more than it took
// when it was recorded, once, and not where something else is waited for.
func TestStall(t *testing.T) {
	st := transcript(t, "C: VER 1 MSNP7", "S: VER 1 MSNP7", "C: INF 2", "S: INF 2 MD5")
	on, server := st.Conns[0].Messages[2], st.Conns[0].Messages[3]
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	hour := start.Add(time.Hour)
	timed := *on
	timed.Time, timed.Index = start.Add(2*time.Second), 1
	before := &story.Message{Time: start}
	timed.Conn = &story.Conn{Messages: []*story.Message{before, &timed}}
	for _, test := range []struct {
		what  string
		on    *story.Message
		speed float64
		after time.Duration
		conn  conn
		wake  time.Time
		said  int
	}{
		{"just before", on, 0, 10*time.Second - 1, conn{}, start.Add(10 * time.Second), 0},
		{"then", on, 0, 10 * time.Second, conn{}, hour, 1},
		{"at the recorded pace, just before", &timed, 1, 12*time.Second - 1, conn{}, start.Add(12 * time.Second), 0},
		{"at the recorded pace", &timed, 1, 12 * time.Second, conn{}, hour, 1},
		{"said already", on, 0, 10 * time.Second, conn{stalled: true}, hour, 0},
		{"it leaves", on, 0, 10 * time.Second, conn{leaving: true}, hour, 0},
		{"it is being closed", on, 0, 10 * time.Second, conn{closing: true}, hour, 0},
		{"nothing is waited for", nil, 0, 10 * time.Second, conn{}, hour, 0},
		{"others are waited for", server, 0, 10 * time.Second, conn{}, hour, 0},
	} {
		e := &events{}
		c := test.conn
		c.s, c.last = &Server{cfg: ServerConfig{Report: e.add, Speed: test.speed}}, start
		if wake := c.stall(test.on, start.Add(test.after), hour); !wake.Equal(test.wake) {
			t.Errorf("%s: wakes after %v, want %v", test.what, wake.Sub(start), test.wake.Sub(start))
		}
		if got := e.of(Stalled); len(got) != test.said || c.stalled != (test.said > 0 || test.conn.stalled) {
			t.Errorf("%s: said %q", test.what, got)
		}
	}
	if on.From != decode.Client || server.From != decode.Server {
		t.Error("the recording is not as thought")
	}
}
