package payload

import (
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode/p2p"
)

// outline writes nodes as lines, with the places of those that have some.
func outline(nodes []Node, depth int) string {
	var sb strings.Builder
	for i := range nodes {
		n := &nodes[i]
		fmt.Fprintf(&sb, "%s%s = %s", strings.Repeat(" ", depth), n.Name, n.Value)
		if n.Meaning != "" {
			fmt.Fprintf(&sb, " (%s)", n.Meaning)
		}
		if n.End > n.Start {
			fmt.Fprintf(&sb, " %d-%d", n.Start, n.End)
		}
		sb.WriteString("\n" + outline(n.Children, depth+1))
	}
	return sb.String()
}

// Each packet of a direct connection is shown with the piece that ends it.
func TestDirect(t *testing.T) {
	const nonce = "\x10\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
	const ack = "\x10\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x09\x02\x04\x00\x00\x00\x07\x00\x00" // version 2
	for _, tt := range []struct{ name, before, raw, summary, nodes string }{
		{"part of a length", "", "\x04", "direct connection: 1 of 4 bytes of a packet's length", "begun = 1 of 4 bytes (the length of a packet; the rest comes later) 0-1\n"},
		{"a length", "", "\x04\x00\x00\x00", "direct connection: 4 of 8 bytes of a packet", "begun = 4 of 8 bytes (a packet with its length; the rest comes later) 0-4\n"},
		{"the rest of the greeting", "\x04\x00\x00\x00f", "oo\x00", "direct connection: greeting", "packet = 4 bytes (greeting)\n length = 4 (bytes)\n greeting = foo (of the client that connects)\n"},
		{"greeting and nonce", "", p2p.Greeting + nonce, "direct connection: greeting; nonce",
			"packet = 4 bytes (greeting) 0-8\n length = 4 (bytes) 0-4\n greeting = foo (of the client that connects) 4-8\n" +
				"packet = 16 bytes (nonce) 8-28\n length = 16 (bytes) 8-12\n Nonce = {04030201-0605-0807-090A-0B0C0D0E0F10} (lets in: a secret) 12-28\n"},
		{"an acknowledgement as long as a nonce", p2p.Greeting + nonce + ack[:2], ack[2:] + "\x00\x00\x00\x00\x05", "direct connection: P2P ACK of 7; keep-alive",
			"packet = 16 bytes (P2P ACK of 7)\n length = 16 (bytes)\n header = 16 bytes 2-18\n  HeaderLength = 16 (bytes) 2-3\n  OperationCode = 0 3-4\n  MessageLength = 0 (bytes of the data and their header) 4-6\n" +
				"  Identifier = 9 (sequence number) 6-10\n  AckIdentifier = 7 (what came, up to this sequence number) 12-16\n" +
				"packet = 0 bytes (keep-alive) 18-22\n length = 0 (bytes) 18-22\nbegun = 1 of 4 bytes (the length of a packet; the rest comes later) 22-23\n"},
		{"three of one kind", p2p.Greeting + nonce, "\x00\x00\x00\x00\x00\x00\x00\x00" + ack, "direct connection: keep-alive; P2P ACK of 7 and 1 more", ""},
		{"too long", p2p.Greeting, "\x01\x00\x01\x00abc", "direct connection: no packet", "packet =  (a packet of 65537 bytes is announced, and none has more than 65536)\nbytes = 7 bytes 0-7\n"},
		{"no packet", p2p.Greeting + nonce, "\x02\x00\x00\x00ab...", "direct connection: no packet",
			"packet = 2 bytes (no P2P packet: as version 1 it has 2 bytes, and a header has 48; as version 2 it has 2 bytes, and a header has 8) 0-6\n length = 2 (bytes) 0-4\n data = 2 bytes 4-6\nbytes = 3 bytes 6-9\n"},
		{"lost", "\x01\x00\x01\x00", "x", "1 byte of a direct connection, where packets begin is not known", "-"},
	} {
		var d p2p.Direct
		d.Feed([]byte(tt.before))
		for _, ok := d.Next(); ok; _, ok = d.Next() {
		}
		p := Direct(&d, []byte(tt.raw), int64(len(tt.before)))
		got := outline(p.Nodes, 0)
		if p.Kind != Packets || p.ContentType != "application/x-msnmsgrp2p" || p.Summary != tt.summary || tt.nodes != "" && strings.TrimPrefix(tt.nodes, "-") != got {
			t.Errorf("%s: %s\n%swant %s\n%s", tt.name, p.Summary, got, tt.summary, tt.nodes)
		}
		if strings.Contains(tt.summary, "no packet") != (len(p.Problems) > 0) {
			t.Errorf("%s: %q", tt.name, p.Problems)
		}
	}
	// However many, no more than 256 are shown.
	for n, problems := range map[int]int{256: 0, 257: 1} {
		p := Direct(new(p2p.Direct), make([]byte, 4*n), 0)
		if len(p.Nodes) != 256 || len(p.Problems) != problems || p.Summary != fmt.Sprintf("direct connection: keep-alive and %d more", n-1) {
			t.Errorf("%d: %d nodes, %q, %s", n, len(p.Nodes), p.Problems, p.Summary)
		}
	}
}
