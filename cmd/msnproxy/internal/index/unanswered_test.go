package index

import (
	"slices"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
)

// TestUnanswered: a request has no reply where that would have been recorded. Each case
// is a connection of its own.
func TestUnanswered(t *testing.T) {
	const client, server = decode.Client, decode.Server
	s := newStory()
	var want [][]int64 // by connection, the numbers among its messages
	about := func(numbers ...int64) {
		want = append(want, numbers)
		s.open(uint32(len(want)))
	}
	lost := func(from decode.Sender) { s.put(capture.Record{Kind: capture.Lost, From: from, Lost: 9}) }
	about(2)
	s.say(server, "QNG\r\n")
	s.say(client, "INF 1\r\n")
	about() // the client only
	s.say(client, "INF 1\r\n")
	s.say(client, "INF 2\r\n")
	about(2) // the server is heard late
	s.say(client, "INF 1\r\n")
	s.say(client, "INF 2\r\n")
	s.say(server, "INF 1 MD5\r\n")
	about(3) // the gap lies between the two
	s.say(server, "QNG\r\n")
	s.say(client, "INF 1\r\n")
	lost(server)
	s.say(client, "INF 2\r\n")
	about(3) // the same of the other side
	s.say(server, "QNG\r\n")
	s.say(client, "INF 1\r\n")
	lost(client)
	s.say(client, "INF 2\r\n")
	about() // the gap is over, and the reply comes behind it
	s.say(server, "QNG\r\n")
	lost(server)
	s.say(client, "INF 1\r\n")
	lost(server)
	s.say(server, "INF 1 MD5\r\n")
	about() // no MSNP
	s.say(server, "QNG\r\n")
	s.say(client, "INF 1\r\n")
	s.put(capture.Record{Kind: capture.Data, From: server, Frame: decode.Frame{Kind: decode.Opaque, Raw: []byte{0}}})
	x := opened(t, written(t, s.list), "s.pcapng")
	got := make([][]int64, len(want))
	first := make([]int64, len(want))
	for i := range x.Len() {
		r := x.Row(i)
		if r.Conn == nil || r.Kind != Message {
			if r.Unanswered {
				t.Errorf("row %d is no request", i)
			}
			continue
		}
		c := r.Conn.Index - 1
		if first[c] == 0 {
			first[c] = r.Number
		}
		if r.Unanswered {
			got[c] = append(got[c], r.Number-first[c]+1)
		}
	}
	for c := range want {
		if !slices.Equal(got[c], want[c]) {
			t.Errorf("connection %d: %v, want %v", c+1, got[c], want[c])
		}
	}
}
