package capture

import (
	"context"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// slowly is an input that comes bit by bit.
type slowly struct {
	parts chan []byte
	left  []byte
	over  bool
}

func (s *slowly) Await(atMost time.Duration) bool {
	if len(s.left) > 0 || s.over {
		return true
	}
	select {
	case b, ok := <-s.parts:
		s.left, s.over = b, !ok
		return true
	case <-time.After(atMost):
		return false
	}
}

func (s *slowly) Read(b []byte) (int, error) {
	s.Await(time.Hour)
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.left)
	s.left = s.left[n:]
	return n, nil
}

// What a live capture holds back comes when time has passed, also if no packet does.
func TestLive(t *testing.T) {
	const tick = 250 * time.Millisecond
	for _, tt := range []struct {
		name string
		old  bool // the packets are of another time
		busy bool // others talk
		ng   bool
		talk func(k *talk)
		want map[string]time.Duration // when lines come at the latest
		not  time.Duration            // and earliest, those that are held back
	}{
		{name: "nothing is missing", talk: func(k *talk) { k.open(); k.C(ver); k.S(ver) }, want: map[string]time.Duration{ver: 0}},
		{name: "one side", talk: func(k *talk) { k.C(inf); k.C(usr) }, want: map[string]time.Duration{inf: time.Second + tick, usr: time.Second + tick}, not: time.Second - tick},
		{name: "one side in pcapng", ng: true, talk: func(k *talk) { k.C(inf); k.C(usr) }, want: map[string]time.Duration{inf: time.Second + tick, usr: time.Second + tick}, not: time.Second - tick},
		{name: "one side, of old", old: true, talk: func(k *talk) { k.C(inf) }, want: map[string]time.Duration{inf: time.Second + tick}, not: time.Second - tick},
		{name: "one side, while others talk", busy: true, talk: func(k *talk) { k.C(inf) }, want: map[string]time.Duration{inf: time.Second + tick}, not: time.Second - tick},
		{name: "a hole that is acknowledged", talk: func(k *talk) { k.open(); k.C(ver); k.s += 7; k.ack(decode.Client); k.S(infMD5) }, want: map[string]time.Duration{ver: 0, infMD5: 2 * tick}},
		{name: "a hole that is not", talk: func(k *talk) { k.open(); k.C(ver); k.S(ver); k.c += 7; k.C(inf) }, want: map[string]time.Duration{ver: 0, inf: 3*time.Second + tick}, not: 3*time.Second - tick},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire(t)
				if !tt.old {
					w.now = time.Now()
				}
				k := w.talk(aliceAt, nsAt)
				tt.talk(k)
				b, head := w.pcap(), pcapHeader
				if tt.ng {
					b = w.pcapng(binary.LittleEndian, layers.LinkTypeRaw)
				}
				in := &slowly{parts: make(chan []byte, 100)}
				begun := time.Now()
				go func() {
					// Half a packet of another waits behind, as block-wise writers leave it.
					in.parts <- b
					o := w.talk(bobAt, nsAt)
					for range 20 {
						time.Sleep(tick * 2)
						if !tt.busy {
							continue
						}
						w.packets, w.now = nil, time.Now()
						o.C("PNG\r\n")
						in.parts <- w.pcap()[head:]
					}
					if !tt.ng && !tt.busy {
						in.parts <- make([]byte, 7)
					}
					close(in.parts)
				}()
				r, err := OpenReader(in, "x")
				if err != nil {
					t.Fatal(err)
				}
				seen := map[string]time.Duration{}
				for {
					rec, err := r.Next()
					if err != nil {
						break
					}
					if rec.Kind == Data && rec.Conn.Client == aliceAt {
						if _, again := seen[string(rec.Frame.Raw)]; !again {
							seen[string(rec.Frame.Raw)] = time.Since(begun)
						}
					}
				}
				for line, latest := range tt.want {
					at, ok := seen[line]
					if !ok || at > latest || latest >= time.Second && at < tt.not {
						t.Errorf("%q came after %v, wanted between %v and %v (%v)", line, at, tt.not, latest, ok)
					}
				}
			})
		})
	}
}

// Packets are of now if they are no older, and no newer, than a minute.
func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for age, want := range map[time.Duration]bool{time.Minute - 1: true, time.Minute: false, 1 - time.Minute: true, -time.Minute: false} {
			p := newPackets(&pcap{f: &file{live: &slowly{}}})
			if p.isLive(&packet{time: time.Now().Add(-age)}); p.live != want {
				t.Errorf("%v: live %v", age, p.live)
			}
		}
		p := newPackets(&pcap{f: &file{}})
		if p.isLive(&packet{time: time.Now()}); p.live {
			t.Error("a file is live")
		}
	})
}

// A file that grows is waited for no longer than that.
func TestTailAwaits(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.pcap")
	if err := os.WriteFile(name, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		ctx, cancel := context.WithCancel(t.Context())
		in := &tail{f: &following{ctx: ctx, idle: func() {}}, file: file, name: name}
		begun := time.Now()
		if !in.Await(time.Second) || time.Since(begun) != 0 {
			t.Error("what is there is waited for")
		}
		in.Read(make([]byte, 10))
		if in.Await(time.Second) || time.Since(begun) != time.Second {
			t.Errorf("nothing came, after %v", time.Since(begun))
		}
		if err := os.WriteFile(name, []byte("abcd"), 0o600); err != nil {
			t.Fatal(err)
		}
		if !in.Await(time.Second) {
			t.Error("what came is not seen")
		}
		in.at = 4
		cancel()
		if !in.Await(time.Second) {
			t.Error("the end is not seen")
		}
	})
}
