package chat

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// play feeds lines to a tracker and what comes of them to a chat, one millisecond
// apart; rows count from 1. A line is "CONN C: command", "CONN open CLIENT SERVER",
// "CONN close" or "wait DURATION". " # " stands before a payload: the length of
// which is put in: "plain TEXT", "typing", "invite LINES", "type TYPE BODY" or
// "raw BYTES", with the escapes of Go.
func play(t testing.TB, script string) *Builder {
	t.Helper()
	b, tr := New(), decode.NewTracker()
	at, row := time.Unix(1000, 0), 0
	for _, line := range strings.Split(strings.Trim(script, "\n\t"), "\n") {
		at = at.Add(time.Millisecond)
		line = strings.TrimLeft(line, "\t")
		head, rest, _ := strings.Cut(line, " ")
		if head == "" {
			continue
		}
		if head == "wait" {
			d, err := time.ParseDuration(rest)
			if err != nil {
				t.Fatal(err)
			}
			at = at.Add(d)
			continue
		}
		id64, err := strconv.Atoi(head)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		id := uint32(id64)
		switch words := strings.Fields(rest); words[0] {
		case "open":
			tr.Open(id, words[1], words[2], at)
		case "close":
			b.Closed(0, tr.Connection(id), at)
			tr.Close(id)
		default:
			from := decode.Client
			if words[0] == "S:" {
				from = decode.Server
			}
			for fr := range frames(t, rest[3:]) {
				row++
				b.Message(row, tr.Frame(id, from, fr, at))
			}
		}
	}
	return b
}

// frames cuts a line of a script into frames: one, but for blocks.
func frames(t testing.TB, line string) func(func(*decode.Frame) bool) {
	raw := wire(t, line)
	return func(yield func(*decode.Frame) bool) {
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(raw))
		for f.Next(&fr) {
			if !yield(&fr) {
				return
			}
		}
	}
}

// wire is what a line of a script is on the wire.
func wire(t testing.TB, line string) string {
	raw := line + "\r\n"
	if block, ok := strings.CutPrefix(line, "block "); ok {
		raw = fmt.Sprintf("FIL %d\r\n\x00%c\x00%s", len(block), len(block), block)
	} else if cmd, body, ok := strings.Cut(line, " # "); ok {
		p := payloadOf(t, body)
		raw = fmt.Sprintf("%s %d\r\n%s", cmd, len(p), p)
	}
	return raw
}

// payloadOf is a payload, told in short.
func payloadOf(t testing.TB, s string) string {
	kind, rest, _ := strings.Cut(s, " ")
	rest, err := strconv.Unquote(`"` + strings.ReplaceAll(rest, `"`, `\"`) + `"`)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	const mime = "MIME-Version: 1.0\r\nContent-Type: "
	switch kind {
	case "plain":
		return mime + "text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0; CS=0; PF=22\r\n\r\n" + rest
	case "format":
		f, text, _ := strings.Cut(rest, "|")
		return mime + "text/plain; charset=UTF-8\r\nX-MMS-IM-Format: " + f + "\r\n\r\n" + text
	case "typing":
		return mime + "text/x-msmsgscontrol\r\nTypingUser: x@example.com\r\n\r\n\r\n"
	case "invite":
		return mime + "text/x-msmsgsinvite; charset=UTF-8\r\n\r\n" + strings.ReplaceAll(rest, "; ", "\r\n") + "\r\n\r\n"
	case "type":
		typ, body, _ := strings.Cut(rest, " ")
		return mime + typ + "\r\n\r\n" + body
	}
	return rest
}

// told is a chat in words, a string a line.
func told(b *Builder) (out []string) {
	for i := range b.Lines() {
		l := &b.Lines()[i]
		s := fmt.Sprintf("%s %s: %s", l.Kind, l.Who, l.Text)
		if l.Own {
			s = "own " + s
		}
		if d := l.Delivery; d.State != Unknown {
			s += " | " + d.State.String()
			if d.Row != 0 {
				s += fmt.Sprintf(" %d after %v", d.Row, d.Latency)
			}
		}
		for _, x := range l.Delivery.Seen {
			s += fmt.Sprintf(" | seen %s %d after %v", x.Who, x.Row, x.After)
		}
		if l.Superseded {
			s += " | superseded"
		}
		s += fmt.Sprintf(" | %d", l.Row)
		if len(l.Rows) > 0 {
			s += fmt.Sprint("+", l.Rows)
		}
		out = append(out, s)
	}
	return out
}

// both is the beginning of a chat of which both connections are recorded, in four
// lines of the chat and nine messages.
const both = `
	3 open 10.0.0.9:1040 10.0.1.200:1863
	3 C: USR 1 alice@example.com 17.1
	3 S: USR 1 OK alice@example.com Alice
	3 C: CAL 2 bob@example.com
	3 S: CAL 2 RINGING 11752013
	4 open 10.0.0.8:1041 10.0.1.200:1863
	4 C: ANS 1 bob@example.com 84.5 11752013
	4 S: IRO 1 1 1 alice@example.com Alice
	4 S: ANS 1 OK
	3 S: JOI bob@example.com Bob%20M%C3%BCller
`

var bothTold = []string{
	"own join alice@example.com: Alice opened the chat | 1+[2 6]",
	"own call alice@example.com: Alice called bob@example.com, ringing | 3+[4]",
	"own join bob@example.com: Bob Müller joined | 5+[7 8]",
}

// one is of the called side only.
const one = `
	4 C: ANS 1 bob@example.com 84.5 11752013
	4 S: IRO 1 1 2 alice@example.com Alice
	4 S: IRO 1 2 2 carol@example.com Carol
	4 S: ANS 1 OK
`

var oneTold = []string{
	"own join bob@example.com: bob@example.com joined | 1+[4]",
	"join alice@example.com: Alice is already here | 2",
	"join carol@example.com: Carol is already here | 3",
}

func TestChat(t *testing.T) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := told(play(t, tt.script))
			want := tt.want
			switch {
			case strings.HasPrefix(tt.script, both):
				want = append(append([]string(nil), bothTold...), want...)
			case strings.HasPrefix(tt.script, one):
				want = append(append([]string(nil), oneTold...), want...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
