package transfer_test

import (
	"bytes"
	"fmt"
	"testing"

	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// What is accepted and ends without a byte is incomplete, unless it has none, or may have
// gone by a direct connection that was not recorded.
func TestEndsWithoutData(t *testing.T) {
	for _, size := range []int{0, 1, 100} {
		for _, bye := range []bool{false, true} {
			for _, how := range []string{"asked", "accepted", "direct"} {
				s := newStage(t)
				s.offers(7, "{C}", "a.txt", size)
				if how != "asked" {
					s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "sessionreqbody", "")
				}
				if how == "direct" {
					s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "transrespbody", "Listening: true\r\nIPv4Internal-Addrs: 192.0.2.7\r\nIPv4Internal-Port: 1\r\n")
				}
				if bye {
					s.answers(alice, "BYE MSNMSGR:x MSNSLP/1.0", "{C}", "sessionclosebody", "")
				}
				s.k.Finish(s.at)
				want := map[string]transfer.State{"asked": transfer.Offered, "accepted": transfer.Incomplete, "direct": transfer.Unrecorded}[how]
				switch {
				case how == "asked" && bye:
					want = transfer.Cancelled
				case how != "asked" && size == 0:
					want = transfer.Complete
				}
				x := s.only()
				if x.State != want || x.Broken() != (want == transfer.Incomplete) {
					t.Errorf("%d bytes, %s, BYE %v: %v, broken %v", size, how, bye, x.State, x.Broken())
				}
				if empty := want == transfer.Complete; empty != (x.SHA1 == "2jmj7l5rSw0yVb/vlWAYkK/YBwk=") || empty != (s.content[1] != nil) {
					t.Errorf("%d bytes, %s: SHA-1 %q, content %v", size, how, x.SHA1, s.content[1])
				}
			}
		}
	}
}

// A direct connection that was recorded, and on which nothing came, is no excuse.
func TestDirectRecorded(t *testing.T) {
	for _, server := range []string{"192.0.2.7:4000", "192.0.2.7:4001"} {
		s := newStage(t)
		s.offers(7, "{C}", "a.txt", 100)
		s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "transrespbody", "Listening: true\r\nIPv4Internal-Addrs: 192.0.2.7\r\nIPv4Internal-Port: 4000\r\n")
		s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "sessionreqbody", "")
		s.tracker.Open(3, "192.0.2.1:5", server, s.at)
		s.direct(3, []byte(p2p.Greeting))
		s.k.Finish(s.at)
		want := transfer.Incomplete
		if server != "192.0.2.7:4000" {
			want = transfer.Unrecorded
		}
		if x := s.only(); x.State != want {
			t.Errorf("%s: %v", server, x.State)
		}
	}
}

// Content is compared however it is cut in its first 64 KiB, behind them piece by piece.
func TestAltered(t *testing.T) {
	const edge = 64 << 10
	data := picture(edge + 3000)
	for _, tt := range []struct {
		at, size, change int
		want             bool
	}{
		{0, 10, 3, true}, {5, 1000, 900, true}, {1000, 100, 0, true}, {edge - 1, 1, 0, true}, {edge - 10, 20, 9, true},
		{edge, 1000, 500, true}, {edge, 999, 500, false}, {0, 10, -1, false}, {700, 900, -1, false}, {edge, 1000, -1, false},
	} {
		s := newStage(t)
		s.offers(7, "{C}", "a.bin", len(data))
		for at := 0; at < len(data); at += 1000 {
			end := min(at+1000, len(data))
			if at < edge && end > edge {
				end = edge
			}
			s.sendsOn(alice, v1(7, 60, p2p.FlagFile, at, len(data), data[at:end], 2), false)
			if end == edge {
				at = edge - 1000
			}
		}
		again := bytes.Clone(data[tt.at : tt.at+tt.size])
		if tt.change >= 0 {
			again[tt.change] ^= 1
		}
		s.sendsOn(alice, v1(7, 60, p2p.FlagFile, tt.at, len(data), again, 2), false)
		if s.last.Altered != tt.want || tt.want && s.last.AlteredAt != uint64(tt.at+max(tt.change, 0)) && tt.at+tt.change < edge {
			t.Errorf("%s: %v at %d", fmt.Sprint(tt), s.last.Altered, s.last.AlteredAt)
		}
	}
}
