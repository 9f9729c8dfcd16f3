package proxytest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLaterScript: the script of each later dialect runs from beginning to end.
func TestLaterScript(t *testing.T) {
	for _, dialect := range []string{"MSNP8", "MSNP9", "MSNP10", "MSNP11", "MSNP12", "MSNP13", "MSNP14", "MSNP15", "MSNP16", "MSNP17", "MSNP18", "MSNP21"} {
		t.Run(dialect, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			s := NewServer(Config{Accounts: DemoAccounts(), Dialects: []string{dialect, "CVR0"}})
			defer s.Close()
			steps := 0
			err := Script{Dialects: []string{dialect, "CVR0"}, Progress: func(string) { steps++ }}.Run(ctx, s.DS, s)
			if err != nil {
				t.Fatal(err)
			}
			want := 11
			switch {
			case dialect == "MSNP21":
				want = 5
			case dialect == "MSNP8":
				want = 13
			case slices.Contains([]string{"MSNP9", "MSNP10", "MSNP11", "MSNP12"}, dialect):
				want = 14
			}
			if steps != want {
				t.Errorf("%d steps, want %d", steps, want)
			}
		})
	}
}

// What MSNP13 and 14 say on the wire, and how they differ from those before and after.
func TestFirstMemberships(t *testing.T) {
	s := start(t, Config{Dialects: []string{"MSNP15", "MSNP14", "MSNP13"}, Seed: 3})
	const policies = "GCF 0 "
	for dialect, way := range map[int]string{13: " U messenger.msn.com", 14: " U messenger.msn.com 1"} {
		ds := dialWire(t, s.DS)
		ds.send(fmt.Sprintf("VER 1 MSNP%d CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.0 msmsgs alice@example.com\r\nUSR 3 TWN I alice@example.com\r\n", dialect))
		ds.want(fmt.Sprintf("VER 1 MSNP%d\r\nCVR 2 8.0 8.0 8.0 http://dl.example/setup.exe http://info.example\r\nXFR 3 NS %s U D\r\n", dialect, s.NS))
		ds.closed()

		c := signOn(t, s, Options{Account: "alice@example.com", Dialects: []string{fmt.Sprintf("MSNP%d", dialect), "CVR0"}})
		if ev, err := c.Expect(soon(t), "GCF"); err != nil || !strings.HasPrefix(string(ev.Payload), "<Policies>") {
			t.Errorf("MSNP%d: %v %q", dialect, err, ev.Payload)
		}
		if err := c.GoOnline(soon(t), "Alice", "hello", "", Members{{"bob@example.com", 3}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Expect(soon(t), "QRY"); err != nil {
			t.Fatal(err)
		}
		xfr, err := c.Do(soon(t), "XFR", "SB")
		if err != nil || !strings.HasSuffix(strings.Join(xfr.Args, " "), way) {
			t.Errorf("MSNP%d: %v %q", dialect, err, xfr.Args)
		}
		for _, gone := range []string{"SYN", "ADC", "LST", "GTC", "ADG"} {
			if _, err := c.Do(soon(t), gone, "0"); err == nil || !strings.Contains(err.Error(), "200") {
				t.Errorf("MSNP%d %s: %v", dialect, gone, err)
			}
		}
		_, err = c.DoPayload(soon(t), "FQY", []byte(`<ml><d n="example.com"><c n="bob"/></d></ml>`))
		if (err == nil) != (dialect == 14) {
			t.Errorf("MSNP%d FQY: %v", dialect, err)
		}
		if err := c.RemoveMembers(soon(t), Members{{"bob@example.com", 2}}); err != nil {
			t.Errorf("MSNP%d RML: %v", dialect, err)
		}
		c.Close()
	}
	w := dialWire(t, s.NS)
	w.send("VER 1 MSNP13 CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.0 msmsgs bob@example.com\r\nUSR 3 SSO I bob@example.com\r\n")
	w.want("VER 1 MSNP13\r\nCVR 2 8.0 8.0 8.0 http://dl.example/setup.exe http://info.example\r\n715 3\r\n")
	w.closed()
	w = dialWire(t, s.NS)
	w.send("VER 1 MSNP13 CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.0 msmsgs bob@example.com\r\nUSR 3 TWN I bob@example.com\r\n")
	w.want("VER 1 MSNP13\r\nCVR 2 8.0 8.0 8.0 http://dl.example/setup.exe http://info.example\r\n")
	if l := w.line(); !strings.HasPrefix(l, policies) {
		t.Errorf("%q", l)
	}
}

// A picture that wants several packets, in both versions; its numbers are what they are
// told to be, and what came otherwise is an error.
func TestPictureInPieces(t *testing.T) {
	for _, dialect := range []string{"MSNP9", "MSNP15", "MSNP18"} {
		s := start(t, Config{Dialects: []string{dialect, "CVR0"}, NoChallenge: true})
		a := signOn(t, s, Options{Account: "alice@example.com", Dialects: []string{dialect, "CVR0"}, EndPoint: machine[alice]})
		b := signOn(t, s, Options{Account: "bob@example.com", Dialects: []string{dialect, "CVR0"}, EndPoint: machine[bob], Answer: true})
		for _, c := range []*Client{a, b} {
			if err := c.SetStatus(soon(t), "NLN"); err != nil {
				t.Fatal(err)
			}
		}
		hers, err := a.OpenSwitchboard(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hers.Call(soon(t), bob); err != nil {
			t.Fatal(err)
		}
		rng, err := b.Expect(soon(t), "RNG")
		if err != nil || rng.Err != nil {
			t.Fatal(err, rng.Err)
		}
		big := Picture{Data: bytes.Repeat([]byte("\x89PNG, as far as anybody is to know \x00"), 100), Object: DemoPicture().Object}
		n := Numbers{Session: 1<<32 - 1, Asks: 1<<32 - 2, Owns: 7, Call: "11111111-AAAA-4B5E-9F00-0123456789AB", Branch: "22222222-AAAA-4B5E-9F00-0123456789AB", Close: "33333333-AAAA-4B5E-9F00-0123456789AB"}
		if err := fetchPicture(soon(t), rng.Switchboard, hers, big, n); err != nil {
			t.Errorf("%s: %v", dialect, err)
		}
		shown := make(chan error, 1)
		go func() {
			shown <- hers.ShowPicture(soon(t), b.handle(), Picture{Data: []byte("another one\x00"), Object: big.Object}, n)
		}()
		if err := rng.Switchboard.FetchPicture(soon(t), a.handle(), Picture{Data: []byte("the right one"[:12]), Object: big.Object}, n); err == nil || !strings.Contains(err.Error(), "another one") {
			t.Errorf("%s: %v", dialect, err)
		}
		rng.Switchboard.Leave(soon(t))
		b.Close()
		a.Close()
		<-shown
	}
}
