package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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

// copiesOf returns copies of all records of a recording.
func copiesOf(t *testing.T, b []byte, name string) (list []*Record) {
	t.Helper()
	in, err := OpenReader(bytes.NewReader(b), name)
	if err != nil {
		t.Fatal(err)
	}
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		c := *r
		c.Frame.Raw, c.Sent = bytes.Clone(r.Frame.Raw), bytes.Clone(r.Sent)
		list = append(list, &c)
	}
}

// heldUp is a connection on which frames are held, and all that may become of them.
func heldUp() *said {
	s := signedIn()
	offset := [2]int64{}
	for _, r := range s.list {
		if r.Kind == Data {
			r.Frame.Offset = offset[index(r.From)]
			offset[index(r.From)] += int64(len(r.Frame.Raw))
		}
	}
	var held []*Record
	hold := func(from decode.Sender, line string) {
		s.add(Data, from, line, fated(Held))
		r := s.list[len(s.list)-1]
		r.Frame.Offset = offset[index(from)]
		offset[index(from)] += int64(len(r.Frame.Raw))
		held = append(held, r)
	}
	became := func(n int, fate Fate, sent []byte, by ...string) {
		of := held[n]
		s.add(Became, of.From, "", func(r *Record) {
			r.Frame.Offset, r.Fate, r.Sent, r.ChangedBy, r.HeldFor = of.Frame.Offset, fate, sent, by, r.Time.Sub(of.Time)+1234567
		})
	}
	hold(decode.Client, "CHG 5 AWY")
	hold(decode.Client, "CHG 6 BSY")
	hold(decode.Server, "NLN NLN bob@example.com Bob")
	hold(decode.Client, "REA 7 alice@example.com Alice")
	became(0, Passed, nil)
	became(1, Withheld, nil, "operator")
	became(2, Passed, []byte("NLN AWY bob@example.com Bob\r\n"), `rule "colour"`, "operator")
	became(3, Passed, bytes.Repeat([]byte("0123456789abcdef"), 10_000), "api")
	hold(decode.Client, "CHG 8 NLN")
	became(4, Passed, []byte{}, "api")
	hold(decode.Client, "CHG 9 NLN")
	s.add(Data, decode.Server, "QNG 50", func(r *Record) {
		r.Fate, r.ChangedBy, r.Frame.Offset = Injected, []string{"operator"}, offset[index(decode.Server)]
	})
	s.add(Data, decode.Server, "QNG 49", func(r *Record) {
		r.ChangedBy, r.Sent, r.Frame.Offset = []string{`rule "x"`}, []byte("QNG 48\r\n"), offset[index(decode.Server)]
	})
	s.add(Closed, decode.Client, "", nil)
	return s
}

func TestHeldWritten(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, "")
	if err != nil {
		t.Fatal(err)
	}
	want := heldUp().list
	places := make([]int64, len(want))
	for i, r := range want {
		if err := w.WriteRecord(r); err != nil {
			t.Fatal(err)
		}
		places[i] = w.place
	}
	got := copiesOf(t, file.Bytes(), "held.pcapng")
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if x, y := plainly(want[i]), plainly(got[i]); x != y {
			t.Errorf("record %d:\nwrote %s\nread  %s", i, x, y)
		}
	}
	p := NewPlaces(bytes.NewReader(file.Bytes()), "held.pcapng")
	for i, r := range want {
		one, err := p.Record(places[i])
		if err != nil {
			t.Fatalf("record %d at %d: %v", i, places[i], err)
		}
		if one.Kind != r.Kind || one.Fate != r.Fate || !bytes.Equal(one.Sent, r.Sent) || one.HeldFor != r.HeldFor || !slices.Equal(one.ChangedBy, r.ChangedBy) {
			t.Errorf("record %d by its place: %+v, want %+v", i, one, r)
		}
		if r.Kind == Became && (one.Frame.Offset != r.Frame.Offset || one.From != r.From) {
			t.Errorf("record %d by its place is of byte %d of the %v", i, one.Frame.Offset, one.From)
		}
	}
}

// plainly is all of a record but the connection's address.
func plainly(r *Record) string {
	c := *r
	id := c.Conn.ID
	c.Conn = nil
	return fmt.Sprintf("#%d %d %v %+v, sent %t", id, c.Time.UnixNano(), c.Kind, c, c.Sent != nil)
}

// What became of frames without one, frames of which nothing became, and what became of
// them when the connection is over: nothing of it is an error, and memory is bounded.
func TestHeldForGood(t *testing.T) {
	c := &Conn{ID: 1}
	f := NewFollower(FollowOptions{})
	raw := bytes.Repeat([]byte("x"), 1<<20)
	undecided, n := 0, int64(0)
	hold := func() *Event {
		fr := decode.Frame{Kind: decode.Opaque, Raw: raw, Offset: n << 20}
		n++
		return f.Record(&Record{Kind: Data, Conn: c, From: decode.Client, Fate: Held, Frame: fr})
	}
	for range 100 {
		e := hold()
		undecided += len(e.Undecided)
		for _, u := range e.Undecided {
			if u.Message.Fate != Held || u.Message.Number != int64(undecided) || len(u.Record.Frame.Raw) != len(raw) {
				t.Fatalf("message %d given up as %v", u.Message.Number, u.Message.Fate)
			}
		}
	}
	// 64 MiB: one costs its bytes and 2 KiB.
	if undecided != 37 || f.held.all.Len() != 63 || len(f.held.frames) != 63 {
		t.Errorf("%d given up, %d kept", undecided, f.held.all.Len())
	}
	if e := f.Record(&Record{Kind: Became, Conn: c, From: decode.Client, Frame: decode.Frame{Offset: 5}}); e.Became || e.Message != nil {
		t.Error("something became of a frame that was never seen")
	}
	if e := f.Record(&Record{Kind: Became, Conn: c, From: decode.Client, Frame: decode.Frame{Offset: 99 << 20}, HeldFor: 3}); !e.Became || e.Message.Number != 100 || e.Message.HeldFor != 3 {
		t.Error("the last is not known")
	}
	if list := f.Held(); len(list) != 62 || list[0].Message.Number != 38 {
		t.Errorf("%d are held", len(list))
	}
	if e := f.Record(&Record{Kind: Closed, Conn: c}); len(e.Undecided) != 62 || f.held.bytes != 0 {
		t.Errorf("%d held at the end, %d bytes", len(e.Undecided), f.held.bytes)
	}
	if e := f.Record(&Record{Kind: Became, Conn: c, From: decode.Client, Frame: decode.Frame{Offset: 50 << 20}}); e.Became || e.New {
		t.Error("something became of a frame whose connection is over")
	}
}

// A request that is held owes no reply before it went, and none if it was withheld; the
// reply's time counts from when it went; its number may be given.
func TestHeldRequests(t *testing.T) {
	s := heldUp()
	s.list = s.list[:len(s.list)-1] // not closed
	f := NewFollower(FollowOptions{Check: true})
	wants := map[string]bool{}
	for _, r := range s.list {
		e := f.Record(r)
		if r.Fate == Held && e.Message.WantsReply() {
			t.Errorf("%s wants a reply while it is held", r.Frame.Raw)
		}
		if e.Became {
			wants[string(e.Message.Frame.Line())] = e.Message.WantsReply()
		}
	}
	if !wants["CHG 5 AWY"] || wants["CHG 6 BSY"] {
		t.Errorf("waiting: %v", wants)
	}
	reply := *s.list[8]
	reply.Frame.Raw, reply.Time, reply.Number = []byte("CHG 5 AWY\r\n"), s.list[13].Time.Add(3e9), 77
	var framer decode.Framer
	reply.Frame = reframe(&framer, "", reply.Frame.Raw)
	e := f.Record(&reply)
	if m := e.Message; m.ReplyTo != 9 || m.Number != 77 || m.Latency != 3e9-1234567 {
		t.Errorf("message %d replies to %d after %v", m.Number, m.ReplyTo, m.Latency)
	}
	for _, l := range f.Finish() {
		if l.Number == 10 {
			t.Errorf("withheld, and found fault with: %v", l)
		}
	}
}
