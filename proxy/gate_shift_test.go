package proxy

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
)

// With dense numbers the server sees one request after the other, wherever requests are
// injected, held or in pieces; the client gets what it gets without, byte for byte.
func TestGateShift(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			g := gate.New(gate.Options{Shift: true})
			if seed%2 == 1 {
				g.Add(stage(t, `verb == "URL" && from == "client"`, "delay 20ms"))
			}
			inMemory(t, Config{Gate: g}, func(m *memory) {
				client, server := m.pair()
				var want, said string
				injected := 0
				inject := func() {
					verb := []string{"URL 1 INBOX\r\n", "SYN 1 0\r\n", "XYZ 1\r\n"}[rnd.IntN(3)]
					if _, err := g.Send(1, decode.Server, []byte(verb), gate.SendOptions{By: "test"}); err != nil {
						t.Fatal(err)
					}
					injected++
				}
				for n := 1; n <= 30; n++ {
					frame := fmt.Sprintf("%s %d %s\r\n", []string{"URL", "CVR", "REA"}[rnd.IntN(3)], n, strings.Repeat("x", rnd.IntN(5)+1))
					if rnd.IntN(6) == 0 {
						frame += "PNG\r\n"
					}
					if cut := rnd.IntN(len(frame)); rnd.IntN(2) == 0 {
						m.say(client, frame[:cut])
						inject()
						frame = frame[cut:]
					}
					m.say(client, frame)
					if rnd.IntN(3) == 0 {
						inject()
					}
					said += m.answer(server, rnd)
					want += fmt.Sprintf("ANY %d\r\n", n)
				}
				for range 40 {
					time.Sleep(25 * time.Millisecond)
					said += m.answer(server, rnd)
				}
				last := 0
				for line := range strings.Lines(said) {
					if words := strings.Fields(line); len(words) > 1 {
						if n, _ := strconv.Atoi(words[1]); n != last+1 {
							t.Fatalf("the server got %q after %d", line, last)
						}
						last++
					}
				}
				if last != 30+injected {
					t.Errorf("the server got %d requests, want 30 and %d", last, injected)
				}
				var got string
				for line := range strings.Lines(m.got(client)) {
					if words := strings.Fields(line); len(words) > 1 {
						got += "ANY " + words[1] + "\r\n"
					}
				}
				if got != want {
					t.Errorf("the client got\n%s", got)
				}
			})
		})
	}
}

// answer has the server answer what it has got since, with some lines of its own between,
// and returns that.
func (m *memory) answer(server *memoryConn, rnd *rand.Rand) string {
	got := m.got(server)
	for line := range strings.Lines(got) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if words[0] == "XYZ" {
			words[0] = "200"
		}
		m.say(server, words[0]+" "+words[1]+" 1 2\r\n")
		if rnd.IntN(3) == 0 {
			m.say(server, "FLN\r\n")
		}
	}
	return got
}

// What is held keeps the number that it had when it came, what is said raw any number, and
// without something injected nothing is another.
func TestGateShiftHeld(t *testing.T) {
	g := gate.New(gate.Options{Shift: true})
	if _, err := g.Break(gate.Breakpoint{When: `verb == "CHG" && from == "client"`}); err != nil {
		t.Fatal(err)
	}
	inMemory(t, Config{Gate: g}, func(m *memory) {
		client, server := m.pair()
		send := func(line string, raw bool) gate.Sent {
			t.Helper()
			sent, err := g.Send(1, decode.Server, []byte(line), gate.SendOptions{By: "operator", Raw: raw})
			if err != nil {
				t.Fatal(err)
			}
			return sent
		}
		m.say(client, "CVR 7 a\r\nCHG 8 NLN\r\nURL 9 INBOX\r\n")
		if sent := send("SYN 1 0\r\n", false); sent.TrID != 10 || string(sent.Frame) != "SYN 10 0\r\n" {
			t.Errorf("sent %d, %q", sent.TrID, sent.Frame)
		}
		m.say(client, "REA 10 a b\r\n")
		if got := m.got(server); got != "CVR 7 a\r\n" {
			t.Errorf("before: %q", got)
		}
		if sent := send("OUT 3\r\n", true); sent.TrID != 0 {
			t.Errorf("raw: %d", sent.TrID)
		}
		g.Release(true)
		time.Sleep(time.Second)
		if got := m.got(server); got != "OUT 3\r\nCHG 8 NLN\r\nURL 9 INBOX\r\nSYN 10 0\r\nREA 11 a b\r\n" {
			t.Errorf("after: %q", got)
		}
		m.say(server, "CHG 8 NLN\r\nSYN 10 5\r\nREA 11 5 a b\r\n200 12\r\nRNG 12 127.0.0.1:1863 CKI 1.1 b c\r\n")
		if got := m.got(client); got != "CHG 8 NLN\r\nREA 10 5 a b\r\n200 11\r\nRNG 12 127.0.0.1:1863 CKI 1.1 b c\r\n" {
			t.Errorf("the client got %q", got)
		}
	})
}
