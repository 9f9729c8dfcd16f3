package proxy

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/offer"
	"msnproxy/proxy/proxytest"
)

// offers makes a gate that narrows what clients offer.
func offers(t *testing.T, names string, anyway bool) *gate.Gate {
	t.Helper()
	l, err := offer.Parse([]string{names}, anyway)
	if err != nil {
		t.Fatal(err)
	}
	return gate.New(gate.Options{Offer: l, Follow: capture.FollowOptions{Check: true}, Alone: true})
}

// judged are the findings on what was observed.
func judged(records []capture.Record) (list []string) {
	f := capture.NewFollower(capture.FollowOptions{Check: true})
	for i := range records {
		for _, l := range f.Findings(f.Record(&records[i])) {
			list = append(list, l.Finding.String())
		}
	}
	return list
}

func TestOfferIsNarrowed(t *testing.T) {
	const nothing = "--offer MSNP7 leaves nothing of what the client offers (MSNP9): it was not forwarded, and the client is told that no dialect is in common; name one that it offers"
	for _, tt := range []struct {
		name, list, say, server, client string
		fates, remarks                  []string
	}{
		{"less", "MSNP9,MSNP8", "VER 1 MSNP10 MSNP9 MSNP8 CVR0\r\nCVR 2 x\r\n", "VER 1 MSNP9 MSNP8 CVR0\r\nCVR 2 x\r\n", "", nil, nil},
		{"all", "MSNP9,MSNP8", "VER 1 msnp9 CVR0\nCVR 2 x\n", "VER 1 msnp9 CVR0\nCVR 2 x\n", "", nil, nil},
		{"again", "MSNP8", "VER 1 MSNP9 MSNP8\r\nVER 2 MSNP9 MSNP8\r\n", "VER 1 MSNP8\r\nVER 2 MSNP8\r\n", "", nil, nil},
		{"nothing", "MSNP7", "VER 1 MSNP9 CVR0\r\nCVR 2 x\r\n", "CVR 2 x\r\n", "VER 1 0\r\n", []string{"C held VER 1 MSNP9 CVR0", "S injected VER 1 0", "C withheld"}, []string{nothing}},
		{"no offer", "MSNP7", "VER MSNFTP\r\nMSG 1 N 3\r\nVER", "VER MSNFTP\r\nMSG 1 N 3\r\nVER", "", nil, nil},
	} {
		for _, size := range []int{1, 5, 1 << 10} {
			inMemory(t, Config{Gate: offers(t, tt.list, false)}, func(m *memory) {
				c, s := m.pair()
				for at := 0; at < len(tt.say); at += size {
					fmt.Fprint(c, tt.say[at:min(at+size, len(tt.say))])
					m.settle()
				}
				fates := m.fates()
				if got := m.got(s); got != tt.server {
					t.Errorf("%s, %d bytes at a time: the server got %q; want %q", tt.name, size, got, tt.server)
				}
				if got := m.got(c); got != tt.client {
					t.Errorf("%s, %d bytes at a time: the client got %q; want %q", tt.name, size, got, tt.client)
				}
				if diff := cmp.Diff(tt.fates, fates); diff != "" {
					t.Errorf("%s, %d bytes at a time: %s", tt.name, size, diff)
				}
				if diff := cmp.Diff(tt.remarks, m.j.remarks()); diff != "" {
					t.Errorf("%s: %s", tt.name, diff)
				}
			})
		}
	}
}

// What rules make of an offer is narrowed, too; who wants bytes as they are gets them.
func TestOfferBehindRules(t *testing.T) {
	for _, tt := range []struct{ do, server string }{
		{`replace "VER 1 MSNP7 MSNP9 MSNP8"`, "VER 1 MSNP8\r\n"},
		{`raw "VER 1 MSNP7\n"`, "VER 1 MSNP7\n"},
		{"drop", ""},
		{"repeat 1", "VER 1 MSNP8 CVR0\r\nVER 1 MSNP8 CVR0\r\n"},
	} {
		g := offers(t, "MSNP8", false)
		g.Add(stage(t, `verb == "VER"`, tt.do))
		inMemory(t, Config{Gate: g}, func(m *memory) {
			c, s := m.pair()
			m.say(c, "VER 1 MSNP9 MSNP8 CVR0\r\n")
			time.Sleep(time.Second)
			if got := m.got(s); got != tt.server {
				t.Errorf("%s: the server got %q; want %q", tt.do, got, tt.server)
			}
		})
	}
}

// What people have held and edited is narrowed when they let it go.
func TestOfferOfWhatWasHeld(t *testing.T) {
	l, err := offer.Parse([]string{"MSNP8"}, false)
	if err != nil {
		t.Fatal(err)
	}
	g := gate.New(gate.Options{Offer: l})
	if _, err := g.Break(gate.Breakpoint{When: `verb == "VER"`}); err != nil {
		t.Fatal(err)
	}
	inMemory(t, Config{Gate: g}, func(m *memory) {
		c, s := m.pair()
		for i, edit := range []string{"", `replace "VER 1 MSNP9 msnp8"`} {
			m.say(c, "VER 1 MSNP9 MSNP8 CVR0\r\n")
			time.Sleep(time.Second)
			held := g.Held()
			if len(held) != 1 {
				t.Fatalf("held: %+v", held)
			}
			do, err := action.ParseList(edit)
			if edit == "" {
				do, err = nil, nil
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.Decide(held[0].Number, do, "operator"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			want := []string{"VER 1 MSNP8 CVR0\r\n", "VER 1 msnp8\r\n"}[i]
			if got := m.got(s); got != want {
				t.Errorf("%q: the server got %q; want %q", edit, got, want)
			}
		}
	})
}

// Nobody is blamed for what was done on purpose.
func TestOfferIsNoFault(t *testing.T) {
	for _, tt := range []struct {
		list, answer, client string
		anyway               bool
		findings, remarks    []string
	}{
		{"MSNP7", "", "VER 1 0\r\n", false, nil, []string{"--offer MSNP7 leaves nothing of what the client offers (MSNP10, MSNP9): it was not forwarded, and the client is told that no dialect is in common; name one that it offers"}},
		{"MSNP9", "VER 1 MSNP9 CVR0\r\n", "VER 1 MSNP9 CVR0\r\n", false, nil, []string{"the client left after VER: the answer is one that it offered, so the reason is its own"}},
		{"MSNP12", "VER 1 MSNP12 CVR0\r\n", "VER 1 MSNP12 CVR0\r\n", true, nil, []string{"--offer-anyway: the server is offered MSNP12, which the client does not offer: it will misread what comes"}},
		{"MSNP9", "VER 1 MSNP10 CVR0\r\n", "VER 1 MSNP10 CVR0\r\n", false, []string{`error version.choice: the server chooses "MSNP10", which was taken out of what the client offers`}, nil},
		{"MSNP9", "VER 1 0\r\n", "VER 1 0\r\n", false, nil, nil},
		{"MSNP9,MSNP10", "VER 1 0\r\n", "VER 1 0\r\n", false, []string{"warning version.refused: the server speaks none of the dialects that the client offers"}, nil},
	} {
		inMemory(t, Config{Gate: offers(t, tt.list, tt.anyway)}, func(m *memory) {
			c, s := m.pair()
			m.say(c, "VER 1 MSNP10 MSNP9 CVR0\r\n")
			time.Sleep(time.Second)
			if tt.answer != "" {
				m.say(s, tt.answer)
			}
			time.Sleep(time.Second)
			if got := m.got(c); got != tt.client {
				t.Errorf("the client got %q; want %q", got, tt.client)
			}
			c.Close()
			m.settle()
			s.Close()
			time.Sleep(time.Minute)
			if diff := cmp.Diff(tt.findings, judged(m.j.all())); diff != "" {
				t.Errorf("%s, %q: findings: %s", tt.list, tt.answer, diff)
			}
			if diff := cmp.Diff(tt.remarks, m.j.remarks()); diff != "" {
				t.Errorf("%s, %q: remarks: %s", tt.list, tt.answer, diff)
			}
		})
	}
}

// A server that hangs up before anything was said to it is not called wordless.
func TestOfferWithheldAndServerGone(t *testing.T) {
	for _, list := range []string{"MSNP7", "MSNP9"} {
		inMemory(t, Config{Gate: offers(t, list, false)}, func(m *memory) {
			c, s := m.pair()
			m.say(c, "VER 1 MSNP9 CVR0\r\n")
			time.Sleep(time.Second)
			m.got(s)
			s.Close()
			time.Sleep(time.Second)
			c.Close()
			time.Sleep(time.Minute)
			wordless := strings.Contains(strings.Join(m.j.remarks(), "\n"), "closed the connection without a word")
			if want := list == "MSNP9"; wordless != want {
				t.Errorf("%s: called wordless: %v: %q", list, wordless, m.j.remarks())
			}
		})
	}
}

// A client that offers MSNP8 to MSNP12 is forced to each: it is spoken, there is a chat, and
// nothing is to be said of it.
func TestForcedToEachDialect(t *testing.T) {
	every := []string{"MSNP12", "MSNP11", "MSNP10", "MSNP9", "MSNP8", "CVR0"}
	later := []string{"MSNP21", "MSNP18", "MSNP17", "MSNP16", "MSNP15", "MSNP14", "MSNP13", "CVR0"}
	early := []string{"MSNP7", "MSNP6", "MSNP5", "MSNP4", "MSNP3", "MSNP2", "CVR0"}
	for _, offered := range [][]string{every, early, later} {
		for _, dialect := range offered[:len(offered)-1] {
			t.Run(dialect, func(t *testing.T) { forced(t, offered, dialect) })
		}
	}
}

func forced(t *testing.T, offered []string, dialect string) {
	synctest.Test(t, func(t *testing.T) {
		var host proxytest.MemoryNetwork
		server, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts(), Seed: 7, Listen: host.Listen, Dialects: offered})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		front, _ := host.Listen()
		cfg := Config{Listener: front.(*memoryListener), Dialer: host.Dial, Upstream: server.DS, Allow: []string{server.NS, server.SB}, Gate: offers(t, strings.ToLower(dialect), false)}
		inBubble(t, cfg, func(m *memory) {
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			err := proxytest.Script{Dial: host.Dial, Dialects: offered, Agreed: dialect}.Run(ctx, front.Addr().String(), server)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			records := m.j.all()
			if diff := cmp.Diff([]string(nil), judged(records)); diff != "" {
				t.Errorf("findings: %s", diff)
			}
			narrowed, chats := 0, 0
			for _, r := range records {
				switch act := decode.ActAt(r.Frame.Raw); {
				case act == decode.ActVersion && r.From == decode.Client:
					narrowed++
					if offered := strings.Fields(string(r.Sent)); len(offered) != 4 || offered[2] != dialect || offered[3] != "CVR0" || cmp.Diff([]string{"--offer"}, r.ChangedBy) != "" {
						t.Errorf("%q goes on as %q by %q", r.Frame.Raw, r.Sent, r.ChangedBy)
					}
				case act == decode.ActVersion && string(r.Frame.Line()) != fmt.Sprintf("VER %s %s", strings.Fields(string(r.Frame.Raw))[1], dialect):
					t.Errorf("the server says %q", r.Frame.Raw)
				case (act == decode.ActSay || act == decode.ActRoute) && r.From == decode.Client:
					chats++
				}
			}
			if narrowed < 4 || chats == 0 {
				t.Errorf("%d offers narrowed, %d messages in conversations", narrowed, chats)
			}
		})
	})
}
