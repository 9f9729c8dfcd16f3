package transfer_test

import (
	"fmt"
	"testing"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
)

// FuzzTracker: whatever packets two people send, nothing fails, no more comes than was
// sent, and the content is what its hash says.
func FuzzTracker(f *testing.F) {
	f.Add(string(v1(7, 60, p2p.FlagFile, 0, 10, make([]byte, 4), 2)), string(v1(7, 60, p2p.FlagFile, 4, 10, make([]byte, 6), 2)))
	f.Add(string(v1(0, 60, 0, 0, 38, []byte("BYE MSNMSGR:bob@example.com MSNSLP/1.0\r\n"), 0)), string(ack(60, 67, 38)))
	f.Add("\x08\x00\x00\x0c\x00\x00\x00\x07\x08\x05\x00\x01\x00\x00\x00\x09abcd\x00\x00\x00\x01", "Invitation-Command: INVITE\r\nApplication-File: a\r\n\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		s := newStage(t)
		s.k.MSNFTP = true
		s.offers(7, "{C}", "a.txt", 10)
		for range 2 {
			s.sends(alice, []byte(a))
			s.sends(bob, []byte(b))
			s.sends(alice, []byte(b))
		}
		s.say(1, decode.Client, fmt.Sprintf("SDG 5 %d\r\n%s", len(a), a))
		s.k.Finish(s.at)
		for _, x := range s.k.Transfers() {
			if x.Received() > uint64(4*(len(a)+len(b))) {
				t.Fatalf("%d bytes of %d", x.Received(), len(a)+len(b))
			}
			if c := s.content[x.Number]; c != nil && uint64(c.Len()) > x.Received() {
				t.Fatalf("%d bytes came out, %d in", c.Len(), x.Received())
			}
		}
	})
}
