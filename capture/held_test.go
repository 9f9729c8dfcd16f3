package capture

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"msnproxy/decode"
	"msnproxy/decode/check"
)

// meaning is all that a follower knows of a message.
func meaning(e *Event) string {
	m := e.Message
	got := "nothing"
	if a := m.Arrived(); a != nil {
		got = string(a.Frame.Raw)
	}
	session, talk := 0, 0
	if m.Conn.Session != nil {
		session = m.Conn.Session.Number
	}
	if v := m.Conversation(); v != nil {
		talk = v.Number
	}
	return fmt.Sprintf("%d %v #%d %v %d %q %v %d/%d fate %v by %q held %v reply to %d %s %v %v, %v, delivery %+v %v, %v %v, noise %v, got %q, found %v",
		m.Number, m.Time, m.Conn.ID, m.Conn.Role, m.Conn.Dialect, m.Conn.Account, m.Conn.SignedIn, session, talk, m.Fate, m.ChangedBy, m.HeldFor,
		m.ReplyTo, m.ReplyVerb, m.Latency, m.FirstReply, m.Opening, m.Delivery, m.Ahead, m.Challenge, m.SignIn, m.Noise, got, m.Findings)
}

// A frame that is held, and told of at once, means the same as one of which that was
// known when it came.
func TestHeldAndTold(t *testing.T) {
	names, _ := filepath.Glob("testdata/*.pcap*")
	more, _ := filepath.Glob("testdata/*.txt")
	frames := 0
	for n, name := range slices.Repeat(append(names, more...), 8) {
		rng := rand.New(rand.NewPCG(7, uint64(n)))
		in, err := Open(name)
		if err != nil {
			continue
		}
		one, two := NewFollower(FollowOptions{Check: true}), NewFollower(FollowOptions{Check: true})
		for {
			r, err := in.Next()
			if err != nil {
				break
			}
			if r.Kind == Data {
				frames++
				switch rng.IntN(12) {
				case 0:
					r.Fate = Withheld
				case 1:
					r.Sent = append([]byte("X"), r.Frame.Raw...)
				case 2:
					if r.Frame.Kind == decode.Command && len(r.Frame.Line()) > 6 {
						r.Sent = []byte(string(r.Frame.Raw[:4]) + "77 " + string(r.Frame.Raw[4:]))
					}
				case 3:
					r.ChangedBy = []string{"operator"}
				}
			}
			a := one.Record(r)
			if r.Kind != Data {
				b := two.Record(r)
				if x, y := fmt.Sprint(a.Located), fmt.Sprint(b.Located); x != y {
					t.Fatalf("%s: %v:\n%s\n%s", name, r.Kind, x, y)
				}
				continue
			}
			var located []check.Located
			held := *r
			held.Fate, held.Sent, held.ChangedBy = Held, nil, nil
			e := two.Record(&held)
			located = append(located, e.Located...)
			if e.Message.Fate != Held || e.Became || e.Message.Number != a.Message.Number {
				t.Fatalf("%s: came as %v, became %v, number %d", name, e.Message.Fate, e.Became, e.Message.Number)
			}
			e = two.Record(&Record{Kind: Became, Conn: r.Conn, From: r.From, Frame: decode.Frame{Offset: r.Frame.Offset},
				Time: r.Time, Fate: r.Fate, Sent: r.Sent, ChangedBy: r.ChangedBy})
			located = append(located, e.Located...)
			if !e.Became || e.Message == nil {
				t.Fatalf("%s: nothing became of %q", name, r.Frame.Raw)
			}
			if x, y := meaning(a), meaning(e); x != y {
				t.Fatalf("%s:\n%s\n%s", name, x, y)
			}
			if x, y := fmt.Sprint(a.Located), fmt.Sprint(located); x != y {
				t.Fatalf("%s: message %d:\n%s\n%s", name, a.Message.Number, x, y)
			}
		}
		if x, y := fmt.Sprint(one.Finish()), fmt.Sprint(two.Finish()); x != y {
			t.Fatalf("%s: at the end:\n%s\n%s", name, x, y)
		}
	}
	if frames < 7000 {
		t.Fatalf("only %d frames", frames)
	}
}
