package chat

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func write(t testing.TB, b *Builder) (text, md string) {
	t.Helper()
	var x, y bytes.Buffer
	if err := b.WriteText(&x, time.UTC); err != nil {
		t.Fatal(err)
	}
	if err := b.WriteMarkdown(&y, time.UTC); err != nil {
		t.Fatal(err)
	}
	return x.String(), y.String()
}

// Nothing that somebody sends can look like a line of its own, be markup or
// reach the terminal.
func TestWriteHostile(t *testing.T) {
	text, md := write(t, play(t, `
		4 S: JOI alice@example.com Alice
		4 S: JOI mallory@example.com Alice
		4 S: JOI dave@example.com %0a00:16:40%20%20*%20Eve%20joined%1b[31m%e2%80%ae_*<b>
		4 S: MSG mallory@example.com Alice 0 # plain hi\r\n00:16:40  Alice: I quit\r# head\n- [x](http://a.b) \u202egnp.exe \x1b[2J
		4 S: MSG alice@example.com Alice # plain `+"שלום 👩‍🚀 `code` 1. www.example.com\\\\x"+`
		4 S: NAK 3`))
	wantText := `Chat of Alice <alice@example.com>, Alice <mallory@example.com> and \n00:16:40  * Eve joined\x1b[31m\u202e_*<b> <dave@example.com>

Thursday, 1 January 1970
00:16:40  * Alice joined
00:16:40  * Alice joined
00:16:40  * \n00:16:40  * Eve joined\x1b[31m\u202e_*<b> joined
00:16:40  Alice <mallory@example.com>: hi
            00:16:40  Alice: I quit
            # head
            - [x](http://a.b) \u202egnp.exe \x1b[2J
00:16:40  Alice <alice@example.com>: שלום 👩\u200d🚀 ` + "`code` 1. www.example.com" + `\\x
`
	if diff := cmp.Diff(wantText, text); diff != "" {
		t.Error(diff)
	}
	wantMD := `# Chat of Alice \<alice\@example.com\>, Alice \<mallory\@example.com\> and \\n00\:16\:40  \* Eve joined\\x1b\[31m\\u202e\_\*\<b\> \<dave\@example.com\>

## Thursday, 1 January 1970

- 00:16:40 *Alice joined*
- 00:16:40 *Alice joined*
- 00:16:40 *\\n00\:16\:40  \* Eve joined\\x1b\[31m\\u202e\_\*\<b\> joined*
- 00:16:40 **Alice \<mallory\@example.com\>:** hi\
  00\:16\:40  Alice: I quit\
  \# head\
  \- \[x\](http\://a.b) \\u202egnp.exe \\x1b\[2J
- 00:16:40 **Alice \<alice\@example.com\>:** שלום 👩\\u200d🚀 ` + "\\`code\\` 1\\. www\\.example.com" + `\\\\x
`
	if diff := cmp.Diff(wantMD, md); diff != "" {
		t.Error(diff)
	}
}

func TestWriteRemarks(t *testing.T) {
	text, _ := write(t, play(t, `
		3 C: USR 1 alice@example.com 17.1
		3 S: USR 1 OK alice@example.com Alice
		3 C: MSG 2 N # plain lost
		3 S: NAK 2
		3 C: MSG 3 A # plain open
		3 C: MSG 4 U # typing
		3 C: MSG 5 U # typing
		wait 24h
		3 C: MSG 6 A # type text/x-msnmsgr-datacast ID: 1\r\n`))
	want := `Chat of Alice <alice@example.com>

Thursday, 1 January 1970
00:16:40  * Alice opened the chat
00:16:40  Alice: lost [not delivered]
00:16:40  Alice: open [not acknowledged]
00:16:40  * Alice is typing (x2)

Friday, 2 January 1970
00:16:40  * Alice sent a nudge [not acknowledged]
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Error(diff)
	}
	if text, md := write(t, New()); text != "Chat\n" || md != "# Chat\n" {
		t.Errorf("of nobody: %q, %q", text, md)
	}
}

func TestFormat(t *testing.T) {
	for header, want := range map[string]Format{
		"FN=MS%20Sans%20Serif; EF=BI; CO=ff; CS=0; PF=22":  {Font: "MS Sans Serif", Color: "#ff0000", Bold: true, Italic: true},
		"FN=Arial; EF=SU; CO=0; CS=b1; PF=22; RL=1":        {Font: "Arial", Color: "#000000", Underline: true, Strike: true, RightToLeft: true},
		"nonsense; CO=red; EF":                             {},
		"FN=" + strings.Repeat("x", 3000) + "; CO=1234567": {Font: strings.Repeat("x", maxName) + "…"},
	} {
		b := play(t, "4 S: MSG alice@example.com Alice # format "+header+"|hi")
		if l := b.Lines()[0]; l.Format != want || l.Text != "hi" {
			t.Errorf("%.60s: %+v, %q", header, l.Format, l.Text)
		}
	}
}

// What a chat keeps has bounds, and what it says after lines were let go still
// finds its line.
func TestBounds(t *testing.T) {
	var script strings.Builder
	script.WriteString("3 C: USR 1 alice@example.com 17.1\n")
	for i := range maxLines + 10 {
		fmt.Fprintf(&script, "4 S: JOI u%d@example.com U%d\n", i, i)
	}
	for i := range maxCopies + 10 {
		fmt.Fprintf(&script, "4 S: MSG u@example.com U # plain %d\n", i%(maxCopies-1))
	}
	script.WriteString("3 C: MSG 9 A # plain last\n3 S: ACK 9\n3 S: USR 1 OK alice@example.com Alice")
	b := play(t, script.String())
	if n := len(b.Lines()) + b.Dropped(); b.Dropped() == 0 || len(b.Lines()) > maxLines || n != maxLines+10+maxCopies+10+2 {
		t.Errorf("%d lines, %d dropped", len(b.Lines()), b.Dropped())
	}
	if l := b.Lines()[len(b.Lines())-1]; l.Text != "last" || l.Delivery.State != Delivered {
		t.Errorf("last is %+v", l)
	}
	if len(b.people) > maxPeople || len(b.order) > maxPeople || len(b.requests.m) > maxRequests || len(b.sent.order) != maxCopies || len(b.sent.m) > maxCopies {
		t.Errorf("%d people, %d requests, %d copies", len(b.people), len(b.requests.m), len(b.sent.order))
	}
	text, _ := write(t, b)
	if !strings.Contains(text, fmt.Sprintf("\n(%d earlier lines were not kept)\n", b.Dropped())) {
		t.Errorf("nothing of what is missing: %.300s", text)
	}
	long := New()
	for range 3 * maxBytes / maxText {
		long.add(Line{Text: strings.Repeat("é", maxText)})
	}
	size := 0
	for _, l := range long.Lines() {
		size += len(l.Text)
	}
	if size != long.size || size > maxBytes+maxText+8 || size < maxBytes/2 {
		t.Errorf("%d bytes are kept, %d counted", size, long.size)
	}
}

// The requests, copies, invitations and parts that are remembered are the newest.
func TestRing(t *testing.T) {
	r := ring[int, int]{most: 2}
	for i := range 5 {
		r.put(i, i*10)
		r.put(i, i*10+1)
	}
	if len(r.m) != 2 || r.get(4) != 41 || r.get(3) != 31 || r.get(2) != 0 {
		t.Errorf("%v", r.m)
	}
}
