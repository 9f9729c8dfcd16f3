package tally

import (
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
)

// TestUnanswered: what has no reply counts where the reply would have been recorded.
func TestUnanswered(t *testing.T) {
	c := func(line string) *capture.Record { return said(decode.Client, line) }
	s := func(line string) *capture.Record { return said(decode.Server, line) }
	lost := &capture.Record{Kind: capture.Lost, From: decode.Server, Lost: 9}
	for _, tt := range []struct {
		name           string
		records        []*capture.Record
		wanted, answer int64
	}{
		{"both directions", []*capture.Record{s("QNG\r\n"), c("INF 1\r\n"), c("INF 2\r\n")}, 2, 0},
		{"the server is heard later", []*capture.Record{c("INF 1\r\n"), c("INF 2\r\n"), s("INF 2 MD5\r\n")}, 2, 1},
		{"one direction", []*capture.Record{c("INF 1\r\n"), c("INF 2\r\n")}, 0, 0},
		{"lost", []*capture.Record{s("QNG\r\n"), c("INF 1\r\n"), lost, c("INF 2\r\n")}, 1, 0},
		{"lost before anything is heard", []*capture.Record{c("INF 1\r\n"), lost, c("INF 2\r\n"), s("QNG\r\n")}, 1, 0},
		{"the reply comes behind what is lost", []*capture.Record{s("QNG\r\n"), c("INF 1\r\n"), lost, s("INF 1 MD5\r\n")}, 1, 1},
		{"the reply to the one before what is lost", []*capture.Record{s("QNG\r\n"), c("INF 1\r\n"), lost, c("INF 2\r\n"), s("INF 1 MD5\r\n")}, 2, 1},
		{"lost before the first one", []*capture.Record{s("QNG\r\n"), lost, c("INF 1\r\n")}, 1, 0},
		{"the request has no end", []*capture.Record{s("QNG\r\n"), c("INF 1")}, 0, 0},
		{"no MSNP in between", []*capture.Record{s("QNG\r\n"), c("INF 1\r\n"), s("what is this?\r\n")}, 0, 0},
	} {
		ta, f := New(), capture.NewFollower(capture.FollowOptions{})
		conn := &capture.Conn{ID: 1}
		for _, r := range tt.records {
			r := *r
			r.Conn = conn
			ta.Event(f.Record(&r))
		}
		for _, ta := range []*Tally{ta, ta.Clone()} {
			for _, x := range ta.Commands() {
				if x.Verb == "INF" && x.From == decode.Client && (x.Wanted != tt.wanted || x.Answered != tt.answer) {
					t.Errorf("%s: wanted %d, answered %d; want %d, %d", tt.name, x.Wanted, x.Answered, tt.wanted, tt.answer)
				}
			}
		}
	}
}

func said(from decode.Sender, line string) *capture.Record {
	var framer decode.Framer
	var fr decode.Frame
	framer.Feed([]byte(line))
	if !framer.Next(&fr) {
		framer.Flush(&fr)
	}
	return &capture.Record{Kind: capture.Data, From: from, Frame: fr.Clone()}
}
