package chat

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"msnproxy/decode"
)

// split ends each piece of a fuzzed chat. The first byte of a piece says, by its
// lowest bits, on which of four connections it comes and from whom, and whether
// the connection is closed before that.
const split = 0xff

// FuzzChat: whatever comes, nothing panics, what is kept is counted and valid,
// and nothing of the wire reaches the paper as a control character.
func FuzzChat(f *testing.F) {
	for _, tt := range tests {
		f.Add(pieces(f, tt.script))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 16<<10 {
			return
		}
		b, tr := New(), decode.NewTracker()
		framers := map[uint32]*[2]decode.Framer{}
		at, row := time.Unix(1000, 0), 0
		for _, piece := range bytes.Split(in, []byte{split}) {
			if len(piece) == 0 {
				continue
			}
			head := piece[0]
			id := uint32(head&3) + 2
			if c := tr.Connection(id); c != nil && head&8 != 0 {
				b.Closed(row, c, at)
				tr.Close(id)
				delete(framers, id)
			}
			if framers[id] == nil {
				framers[id] = new([2]decode.Framer)
				tr.Open(id, "10.0.0.8:1050", "10.0.0.9:6891", at)
			}
			from, side := decode.Client, head>>2&1
			if side == 1 {
				from = decode.Server
			}
			fr, framer := decode.Frame{}, &framers[id][side]
			framer.Feed(piece[1:])
			for framer.Next(&fr) {
				row++
				at = at.Add(time.Millisecond)
				b.Message(row, tr.Frame(id, from, &fr, at))
			}
		}
		sane(t, b)
	})
}

// pieces makes the input of the fuzzer of a script.
func pieces(t testing.TB, script string) (out []byte) {
	for _, line := range strings.Split(script, "\n") {
		head, rest, _ := strings.Cut(strings.TrimLeft(line, "\t"), " ")
		if len(head) != 1 || strings.HasPrefix(rest, "open") {
			continue
		}
		c := '@' + head[0] - '2'
		switch {
		case rest == "close":
			out = append(out, c|8, split)
			continue
		case rest[0] == 'S':
			c |= 4
		}
		out = append(append(append(out, c), wire(t, rest[3:])...), split)
	}
	return out
}

func sane(t *testing.T, b *Builder) {
	size := 0
	for i := range b.Lines() {
		l := &b.Lines()[i]
		size += len(l.Text) + len(l.Name) + len(l.Who)
		if l.Kind == 0 || l.Kind.String() == "" || (l.Invitation != nil) != (l.Kind == File || l.Kind == Invite) {
			t.Errorf("%+v", l)
		}
		for _, s := range []string{l.Text, l.Name, l.Who, l.Sentence(), l.Format.Font} {
			if !utf8.ValidString(s) {
				t.Errorf("%q is not UTF-8", s)
			}
		}
	}
	if size != b.size {
		t.Errorf("%d bytes are kept, %d counted", size, b.size)
	}
	text, md := write(t, b)
	for _, r := range text + md {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e' {
			t.Fatalf("%q in %q", r, text)
		}
	}
}
