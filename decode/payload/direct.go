package payload

import (
	"strconv"
	"strings"

	"msnproxy/decode/p2p"
)

// maxFrames is how many frames of a direct connection are shown of one piece.
const maxFrames = 256

// peerType is the content type that packets of P2P have on a switchboard.
const peerType = "application/x-msnmsgrp2p"

// Direct decodes a piece of one side of a direct connection between two clients (P2P),
// which begins at offset, in bytes from the beginning of that side. from is what came
// before it; nothing is fed to that. A frame is shown with the piece that ends it.
func Direct(from *p2p.Direct, raw []byte, offset int64) *Payload {
	p := &Payload{Kind: Packets, ContentType: peerType, ReadAs: peerType, raw: raw}
	if from.Lost() {
		p.Summary = byteCount(len(raw)) + " of a direct connection, where packets begin is not known"
		return p
	}
	d := from.Fork()
	d.Feed(raw)
	var said []string
	count := 0
	for f, ok := d.Next(); ok; f, ok = d.Next() {
		if count++; count > maxFrames {
			continue
		}
		n, what := p.direct(&f)
		place(&n, int(f.At-offset))
		p.Nodes = append(p.Nodes, n)
		const most = 2
		if len(said) < most && (what != "keep-alive" || len(said) == 0 || said[0] != what) {
			said = append(said, what)
		}
		if end := n.End; d.Lost() && end < len(raw) {
			p.Nodes = append(p.Nodes, p.bytes("bytes", max(end, 0), len(raw)))
		}
	}
	if have, want := d.Begun(); have > 0 && !d.Lost() {
		n := Node{Name: "begun", Value: strconv.Itoa(have) + " of " + byteCount(want), Meaning: "a packet with its length; the rest comes later", Start: max(0, len(raw)-have), End: len(raw)}
		what := n.Value + " of a packet"
		if want == 0 {
			n.Value, n.Meaning = strconv.Itoa(have)+" of 4 bytes", "the length of a packet; the rest comes later"
			what = n.Value + " of a packet's length"
		}
		p.Nodes = append(p.Nodes, n)
		if count == 0 {
			said = append(said, what)
		}
	}
	if more := count - maxFrames; more > 0 {
		p.problem("%d more packets are not shown", more)
	}
	p.Summary = "direct connection: " + strings.Join(said, "; ")
	if more := count - len(said); more > 0 {
		p.Summary += " and " + strconv.Itoa(more) + " more"
	}
	return p
}

// direct makes a node of a frame, whose places count from its length.
func (p *Payload) direct(f *p2p.DirectFrame) (n Node, what string) {
	const length = 4
	b := f.Raw
	n = Node{Name: "packet", Value: byteCount(len(b)), Start: 0, End: length + len(b)}
	n.Children = []Node{{Name: "length", Value: strconv.Itoa(len(b)), Meaning: "bytes", End: length}}
	inner := &Payload{raw: b}
	var nodes []Node
	switch {
	case f.Err != nil:
		what = "no packet"
		p.problem("%v", f.Err)
		n.Meaning = f.Err.Error()
		if len(b) > 0 {
			nodes = []Node{inner.bytes("data", 0, len(b))}
		} else {
			n.Value, n.Children, n.End = "", nil, 0
		}
	case f.Greeting:
		what = "greeting"
		nodes = []Node{{Name: "greeting", Value: valid(b[:len(b)-1]), Meaning: "of the client that connects", End: len(b)}}
	case len(b) == 0:
		what = "keep-alive"
	case f.Packet == nil:
		what = "nonce"
		nodes = []Node{{Name: "Nonce", Value: f.Nonce, Meaning: "lets in: a secret", End: len(b)}}
	default:
		what = peerSummary(f.Packet)
		nodes = inner.p2p(0, true)
		for _, problem := range inner.Problems {
			p.problem("%s", problem)
		}
	}
	if n.Meaning == "" {
		n.Meaning = what
	}
	for i := range nodes {
		place(&nodes[i], length)
	}
	n.Children = append(n.Children, nodes...)
	return n, what
}

// place moves the places of a node, and of those in it; what begins before the first byte
// has none.
func place(n *Node, by int) {
	if n.End > n.Start {
		if n.Start, n.End = n.Start+by, n.End+by; n.Start < 0 {
			n.Start, n.End = 0, 0
		}
	}
	for i := range n.Children {
		place(&n.Children[i], by)
	}
}

func byteCount(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}
