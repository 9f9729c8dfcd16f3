package proxy

import (
	"bytes"
	"testing"

	"msnproxy/capture"
)

// FuzzRelay feeds a stream in pieces to a link from the server and to one from the
// client. The client's comes out as it went in. The server's differs by what the
// observer is told was sent instead, and by nothing else.
func FuzzRelay(f *testing.F) {
	for _, l := range redirectLines {
		f.Add([]byte("VER 1 MSNP7\r\n"+l.in+"PNG\r\n"), uint8(7))
	}
	f.Add([]byte("\x00\xffXFR 3 NS 65.54.239.9:1863\r\nXFR 3 NS 65.54.239.9:1863\r\n"), uint8(200))
	f.Add([]byte("XFR 1 NS :\r\nRNG 1 [:1 CKI 1\r\nXFR 0 NS 0\r\nMSG a b 10\r\nRoster: 1;"), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		o := &sentLog{}
		p, err := New(Config{Upstream: "ns.example.com", Recorder: o})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		p.cfg.advertiseHost, p.cfg.advertisePort = "192.0.2.1", 1863
		b := newBare(t, p, "65.54.239.5")
		for _, l := range []*link{&b.up, &b.down} {
			o.out = nil
			for rest := stream; len(rest) > 0; {
				n := min(len(rest), int(size)+1)
				b.feed(t, l, string(rest[:n]))
				rest = rest[n:]
			}
			if err := l.flush(); err != nil {
				t.Fatal(err)
			}
			if l == &b.down {
				if got := b.toClient.all(); got != string(o.out) {
					t.Errorf("the client got %q, recorded was %q", got, o.out)
				}
				continue
			}
			if got := b.toServer.all(); got != string(stream) || !bytes.Equal(o.out, stream) {
				t.Errorf("the server got %q, recorded was %q; want %q", got, o.out, stream)
			}
		}
	})
}

// sentLog joins what was sent, as recorded.
type sentLog struct{ out []byte }

func (s *sentLog) Put(records []capture.Record) uint64 {
	for i := range records {
		switch r := &records[i]; {
		case r.Kind != capture.Data:
		case r.Sent != nil:
			s.out = append(s.out, r.Sent...)
		default:
			s.out = append(s.out, r.Frame.Raw...)
		}
	}
	return 0
}

func (s *sentLog) Commit(uint64) {}
