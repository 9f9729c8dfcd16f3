package chat

import (
	"strings"
	"testing"

	"msnproxy/decode"
)

const gapBoth = `
	1 C: USR 1 alice@example.com 17.1
	1 S: USR 1 OK alice@example.com Alice
	1 S: JOI bob@example.com Bob
`

// Whether an acknowledgement came a recording with a gap does not tell, nor one without
// anything of the server.
func TestNotAcknowledged(t *testing.T) {
	state := func(b *Builder, want DeliveryState, text string) {
		t.Helper()
		l := &b.Lines()[len(b.Lines())-1]
		var out strings.Builder
		if err := b.WriteText(&out, l.Time.Location()); err != nil {
			t.Fatal(err)
		}
		if l.Delivery.State != want || strings.Contains(out.String(), "[not acknowledged]") != (want == Waiting) {
			t.Errorf("%s: %v\n%s", text, l.Delivery.State, out.String())
		}
	}
	state(play(t, gapBoth+"1 C: MSG 3 A # plain hi"), Waiting, "all of it is there")
	state(play(t, "1 C: USR 1 alice@example.com 17.1\n1 C: MSG 3 A # plain hi"), Unheard, "one direction only")
	b := play(t, "1 C: USR 1 alice@example.com 17.1\n1 C: MSG 3 A # plain hi\n1 S: JOI bob@example.com Bob")
	if l := &b.Lines()[1]; l.Delivery.State != Waiting {
		t.Errorf("the server is there after all: %v", l.Delivery.State)
	}
	b = play(t, gapBoth+"1 C: MSG 3 A # plain hi")
	b.Lost(&decode.Connection{ID: 2})
	state(b, Waiting, "a gap elsewhere")
	b.Lost(&decode.Connection{ID: 1})
	state(b, Unheard, "a gap")
	state(play(t, gapBoth+"1 C: MSG 3 A # plain hi\n1 S: ACK 3"), Delivered, "it came")
}
