package proxy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// What is forwarded untouched comes out as it came in, in order, however it was cut and
// whatever was held meanwhile.
func TestGateOrder(t *testing.T) {
	frames := []string{"VER 1 MSNP7 CVR0\r\n", "MSG bob@example.com Bob 5\r\nhello", "NLN NLN bob@example.com Bob\r\n",
		"MSG bob@example.com Bob 0\r\n", "OUT OTH\n", "\r\n", "XYZ 1 2 3\r\n", "NOT 3000\r\n" + strings.Repeat("x", 3000),
		"ILN 5 NLN bob@example.com Bob\r\n", "MSG x y 99999999\r\n", "\x00\xff\x01 nothing\n", "SYN 8 1\r\n"}
	stages := []string{`hold for 3ms if verb == "MSG"`, `hold for 1s if verb in ["NLN", "ILN"]`, `delay 2ms if verb == "NOT"`,
		`forward if true`, `hold for 1ms if verb == "OUT" || verb == "SYN"`}
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 12))
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g := gate.New(gate.Options{})
			for _, s := range stages {
				if rnd.IntN(2) == 0 {
					do, when, _ := strings.Cut(s, " if ")
					g.Add(stage(t, when, do))
				}
			}
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				var sent, got [3]strings.Builder
				ends := [3]*memoryConn{decode.Client: client, decode.Server: server}
				for range 30 {
					from := decode.Client << rnd.IntN(2)
					var piece strings.Builder
					for range rnd.IntN(4) {
						piece.WriteString(frames[rnd.IntN(len(frames))])
					}
					sent[from].WriteString(piece.String())
					for rest := piece.String(); rest != ""; {
						n := 1 + rnd.IntN(len(rest))
						m.say(ends[from], rest[:n])
						rest = rest[n:]
						if rnd.IntN(3) == 0 {
							time.Sleep(time.Duration(rnd.IntN(1500)) * time.Microsecond)
						}
					}
				}
				time.Sleep(time.Minute)
				client.CloseWrite()
				server.CloseWrite()
				time.Sleep(time.Minute)
				got[decode.Client].WriteString(m.got(server))
				got[decode.Server].WriteString(m.got(client))
				for _, from := range []decode.Sender{decode.Client, decode.Server} {
					if got, want := got[from].String(), sent[from].String()+"<EOF>"; got != want {
						t.Errorf("from the %s:\n%q\nwant\n%q", from, got, want)
					}
				}
			})
		})
	}
}
