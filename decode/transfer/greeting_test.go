package transfer_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// The greeting of a direct connection may come in pieces, and with what follows it.
func TestDirectGreetingInPieces(t *testing.T) {
	frame := func(b []byte) []byte { return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...) }
	nonce := frame([]byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"))
	all := append([]byte(p2p.Greeting), nonce...)
	for _, size := range []int{1, 2, 3, 4, 5, 7, 8, 9, 11, len(all)} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := newStage(t)
			s.tracker.Open(3, "192.0.2.1:5", "192.0.2.7:4000", s.at)
			for b := all; len(b) > 0; b = b[min(size, len(b)):] {
				s.direct(3, b[:min(size, len(b))])
			}
			s.directFrom(3, decode.Server, frame(v1(7, 60, p2p.FlagObject, 0, 10, picture(10), -1)))
			if list := s.k.Transfers(); len(list) != 1 || list[0].State != transfer.Complete || list[0].Path != transfer.Direct {
				t.Errorf("%+v", list)
			}
		})
	}
	// Something that begins like it is none.
	s := newStage(t)
	s.tracker.Open(3, "192.0.2.1:5", "192.0.2.7:4000", s.at)
	s.direct(3, []byte(p2p.Greeting[:4]))
	s.direct(3, []byte("bar\x00"))
	s.direct(3, []byte(p2p.Greeting[4:]))
	s.directFrom(3, decode.Server, frame(v1(7, 60, p2p.FlagObject, 0, 10, picture(10), -1)))
	if list := s.k.Transfers(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
