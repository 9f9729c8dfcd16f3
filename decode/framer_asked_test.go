package decode

import (
	"fmt"
	"strings"
	"testing"
)

// exchange has two framers that know of one another read a connection.
func exchange(asks, answers string) (frames []Frame) {
	a := new(Asked)
	up, down := Framer{Asked: a}, Framer{Asked: a}
	var fr Frame
	up.Feed([]byte(asks))
	for up.Next(&fr) {
	}
	for _, b := range []byte(answers) {
		down.Feed([]byte{b})
		for down.Next(&fr) {
			frames = append(frames, fr.Clone())
		}
	}
	return frames
}

const (
	asksHead = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
	asksGet  = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	aGet     = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

// The answer to a HEAD is its head, whatever that announces.
func TestAnswerToHead(t *testing.T) {
	for _, announced := range []string{"Content-Length: 4000\r\n", "Transfer-Encoding: chunked\r\n", "Content-Type: text/html\r\n", ""} {
		head := "HTTP/1.1 200 OK\r\n" + announced + "\r\n"
		got := exchange(asksGet+asksHead+asksGet, aGet+"HTTP/1.1 102 Wait\r\n\r\n"+head+aGet)
		if len(got) != 4 || string(got[2].Raw) != head || string(got[3].Raw) != aGet || got[2].Missing != 0 {
			t.Errorf("%q: %d frames", announced, len(got))
		}
		for i := range got {
			var m Message
			m.Decode(&got[i], Server, 0, 0)
			if f := m.frameFindings(nil); len(f) > 0 {
				t.Errorf("%q: %v", announced, f)
			}
		}
	}
	a := new(Asked)
	a.ask("GET")
	a.ask("HEAD")
	a.Withdraw()
	a.answered()
	a.answered()
	if a.bodiless() {
		t.Error("what was withdrawn is answered")
	}
}

func TestAskedBound(t *testing.T) {
	for n, want := range map[int]bool{maxAsked: true, maxAsked + 1: false} {
		a := new(Asked)
		for range n {
			a.ask("HEAD")
		}
		if a.bodiless() != want {
			t.Errorf("%d requests: %v", n, !want)
		}
	}
}

// A body that is too long, whatever says where it ends, follows its head, and the framer
// stays in step.
func TestLongBodies(t *testing.T) {
	body := strings.Repeat("GET / HTTP/1.1\r\n\r\n", 10000)
	for head, sent := range map[string]string{
		"POST / HTTP/1.1\r\nContent-Length: 180000\r\n\r\n":                               body[:180000],
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n":                           "3\r\nabc\r\n" + fmt.Sprintf("%x;a=b\r\n%s\r\n", 179000, body[:179000]) + "0\r\nTr: x\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: text/xml\r\n\r\n": strings.Repeat("3\r\nabc\r\n", 20000) + "0\r\n\r\n",
	} {
		for _, piece := range []int{1 << 20, 1000, 7} {
			f := Framer{MaxPayload: 1000}
			var fr Frame
			var got strings.Builder
			first, last := true, Frame{}
			all := head + sent + asksGet
			for at := 0; at < len(all); at += piece {
				f.Feed([]byte(all[at:min(len(all), at+piece)]))
				for f.Next(&fr) {
					if first && (fr.Kind != Web || !fr.Apart || fr.Missing == 0 || string(fr.Raw) != head) {
						t.Fatalf("%q in %d: %v %q", head, piece, fr.Kind, fr.Raw[:min(len(fr.Raw), 100)])
					}
					var m Message
					m.Decode(&fr, Client, 0, 0)
					if list := m.frameFindings(nil); first != (len(list) == 1) || first && (list[0].Rule != "frame.cut" || list[0].Severity != Note) {
						t.Fatalf("%q in %d: %v", head, piece, list)
					}
					first, last = false, fr
					got.Write(fr.Raw)
				}
				if n := len(f.Pending()); n > 1000+(64<<10)+piece {
					t.Fatalf("%d bytes are kept", n)
				}
			}
			if got.String() != all || last.Kind != Web || string(last.Raw) != asksGet || last.Resync {
				t.Errorf("%q in %d: %d of %d bytes, the last %v %q", head, piece, got.Len(), len(all), last.Kind, last.Raw[:min(len(last.Raw), 60)])
			}
		}
	}
}
