package proxy

import (
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/proxytest"
)

// What answers an injected command does not reach the client, nor the server what the
// client answers to one; everything else does.
func TestGateSend(t *testing.T) {
	type step struct {
		who  string // C, S: who says it; c, s: to whom it is injected
		line string
	}
	for _, tt := range []struct {
		name               string
		steps              []step
		toServer, toClient string
	}{
		{"a request", []step{{"C", "VER 7 MSNP7\r\n"}, {"s", "INF 1\r\n"}, {"S", "INF 100007 MD5\r\n"}, {"S", "VER 7 MSNP7\r\n"}},
			"VER 7 MSNP7\r\nINF 100007\r\n", "VER 7 MSNP7\r\n"},
		{"two", []step{{"C", "VER 7 MSNP7\r\n"}, {"s", "INF 1\r\n"}, {"s", "INF 1\r\n"}, {"S", "INF 100008 MD5\r\nINF 100007 MD5\r\nINF 8 MD5\r\n"}},
			"VER 7 MSNP7\r\nINF 100007\r\nINF 100008\r\n", "INF 8 MD5\r\n"},
		{"an error", []step{{"s", "SYN 1 0\r\n"}, {"S", "603 100000\r\n200 5\r\n"}}, "SYN 100000 0\r\n", "200 5\r\n"},
		{"without parameters", []step{{"s", "OUT\r\n"}, {"s", "XYZ\r\n"}, {"s", "CHG\r\n"}, {"c", "FLN\r\n"}, {"s", "INF 1\r\n"}},
			"OUT\r\nXYZ\r\nCHG\r\nINF 100000\r\n", "FLN\r\n"},
		{"in pieces", []step{{"C", "VER 7 MSNP7\r\n"}, {"s", "INF 1\r\n"}, {"S", "I"}, {"S", "NF 1000"}, {"S", "07 MD5\r\nVER 7 MSNP7\r\n"}},
			"VER 7 MSNP7\r\nINF 100007\r\n", "VER 7 MSNP7\r\n"},
		{"keep-alive", []step{{"C", "PNG\r\n"}, {"s", "PNG\r\n"}, {"C", "PNG\r\n"}, {"S", "QNG 1\r\n"}, {"S", "QNG 2\r\n"}, {"S", "QNG 3\r\n"}},
			"PNG\r\nPNG\r\nPNG\r\n", "QNG 1\r\nQNG 3\r\n"},
		{"a challenge", []step{{"S", "CHL 0 111\r\n"}, {"c", "CHL 0 222\r\n"}, {"C", "QRY 8 msmsgs@msnmsgr.com 32\r\n" + strings.Repeat("a", 32)},
			{"C", "QRY 9 msmsgs@msnmsgr.com 32\r\n" + strings.Repeat("b", 32)}, {"S", "QRY 8\r\n"}},
			"QRY 8 msmsgs@msnmsgr.com 32\r\n" + strings.Repeat("a", 32), "CHL 0 111\r\nCHL 0 222\r\nQRY 9\r\nQRY 8\r\n"},
		{"in the middle of a frame", []step{{"S", "MSG bob@example.com Bob 5\r\nhe"}, {"c", "OUT OTH\r\n"}, {"S", "llo"}},
			"", "MSG bob@example.com Bob 5\r\nhelloOUT OTH\r\n"},
		{"a call", []step{{"c", "RNG 17 127.0.0.1:1864 CKI 9.9 bob@example.com Bob\r\n"}}, "", "RNG 17 127.0.0.1:1863 CKI 9.9 bob@example.com Bob\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := gate.New(gate.Options{})
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				m.settle()
				for _, s := range tt.steps {
					switch s.who {
					case "C":
						m.say(client, s.line)
					case "S":
						m.say(server, s.line)
					case "c", "s":
						to := decode.Client
						if s.who == "s" {
							to = decode.Server
						}
						if _, err := g.Send(1, to, []byte(s.line), gate.SendOptions{By: "operator"}); err != nil {
							t.Fatal(err)
						}
					}
					time.Sleep(10 * time.Millisecond)
				}
				time.Sleep(time.Second)
				if got := m.got(server); got != tt.toServer {
					t.Errorf("the server got %q, want %q", got, tt.toServer)
				}
				if got := m.got(client); got != tt.toClient {
					t.Errorf("the client got %q, want %q", got, tt.toClient)
				}
				if err := g.End(2, decode.Either, false, "operator"); err == nil {
					t.Error("ended what is not open")
				}
			})
		})
	}
}

// Commands that are injected at random places of sign-ins and a chat leave what the clients
// get as it is.
func TestGateSendUnseen(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	without, n := gotByClients(t, 0, false)
	if n != 0 || len(without) < 5 {
		t.Fatalf("%d injected, %v", n, without)
	}
	for _, shift := range []bool{false, true} {
		with, n := gotByClients(t, 50, shift)
		if n < 50 {
			t.Errorf("shift %v: only %d were injected", shift, n)
		}
		if diff := cmp.Diff(without, with); diff != "" {
			t.Errorf("shift %v: %s", shift, diff)
		}
	}
}

var loopbackEnd = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// gotByClients has the scripted accounts sign in, meet and talk, through a gate by which
// so many commands are injected. It returns what each connection's client got, but for what
// is minted anew, and how many were.
func gotByClients(t *testing.T, inject int, shift bool) (got map[uint32]string, sent int) {
	t.Helper()
	g := gate.New(gate.Options{Shift: shift})
	s := proxytest.NewServer(proxytest.Config{Accounts: proxytest.DemoAccounts()})
	defer s.Close()
	type link struct {
		conn   uint32
		offset int64
	}
	var mu sync.Mutex
	lines, frames := map[uint32][]string{}, map[link]int{}
	rnd := rand.New(rand.NewPCG(1, uint64(inject)))
	var sending sync.WaitGroup
	o := ObserverFunc(func(r *capture.Record) {
		mu.Lock()
		defer mu.Unlock()
		if r.From == decode.Server && r.Kind == capture.Data && r.Fate != capture.Injected && r.Fate != capture.Withheld {
			at := link{r.Conn.ID, r.Frame.Offset}
			frames[at] = len(lines[r.Conn.ID])
			frame := r.Frame.Raw
			if r.Sent != nil {
				frame = r.Sent
			}
			frame = loopbackEnd.ReplaceAll(frame, []byte("ADDRESS"))
			lines[r.Conn.ID] = append(lines[r.Conn.ID], string(minted.ReplaceAll(frame, []byte("N"))))
		}
		if r.From == decode.Server && r.Kind == capture.Became && r.Fate == capture.Withheld {
			lines[r.Conn.ID][frames[link{r.Conn.ID, r.Frame.Offset}]] = ""
		}
		for range 3 {
			if r.Kind != capture.Data || r.Fate == capture.Injected || sent >= inject || rnd.IntN(2) == 0 {
				continue
			}
			sent++
			frame := []string{"PNG\r\n", "SYN 1 0\r\n", "URL 1 INBOX\r\n", "XYZ 1\r\n"}[rnd.IntN(4)]
			id := r.Conn.ID
			sending.Go(func() {
				_, _ = g.Send(id, decode.Server, []byte(frame), gate.SendOptions{By: "test"})
			})
		}
	})
	p, _ := start(t, Config{Upstream: s.DS, Allow: anyLoopback, Gate: g, Observer: o, Lossless: true})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := proxytest.RunScript(ctx, p.Addr().String(), s, nil); err != nil {
		t.Errorf("with %d injected: %v", inject, err)
	}
	_ = p.Shutdown(ctx)
	sending.Wait()
	mu.Lock()
	defer mu.Unlock()
	got = map[uint32]string{}
	for id, list := range lines {
		got[id] = strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" || strings.HasPrefix(s, "CHL ") }), "\n")
	}
	return got, sent
}
