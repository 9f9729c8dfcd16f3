package proxytest

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSync(t *testing.T) {
	s := start(t, Config{})
	c := signOn(t, s, Options{Account: alice})
	if c.Dialect != "MSNP7" || c.Name != "Alice" || c.Server != s.NS {
		t.Errorf("dialect %s, name %s, server %s", c.Dialect, c.Name, c.Server)
	}
	got, err := c.Sync(soon(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := Lists{
		Version: 27, Privacy: "AL", Prompt: "A",
		Properties: map[string]string{"PHH": "555 0100", "PHW": "", "PHM": "", "MOB": "N", "MBE": "N"},
		Groups:     map[int]string{0: "Other Contacts", 1: "Friends"},
		Forward: []Entry{{Handle: bob, Name: "Bob", Groups: []int{1},
			Properties: map[string]string{"PHH": "", "PHW": "", "PHM": "555 0199", "MOB": "Y"}}},
		Allow:   []Entry{{Handle: bob, Name: "Bob"}},
		Reverse: []Entry{{Handle: bob, Name: "Bob Müller"}, {Handle: carol, Name: "Carol"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lists (-want +got):\n%s", d)
	}
	got, err = c.Sync(soon(t), 27)
	if err != nil || got.Version != 27 || got.Forward != nil {
		t.Errorf("the same version gives %+v, %v", got, err)
	}
	c = signOn(t, s, Options{Account: carol, Dialects: []string{"MSNP4"}})
	if got, err = c.Sync(soon(t), 0); err != nil || len(got.Forward) != 1 || got.Forward[0].Properties != nil || got.Reverse != nil {
		t.Errorf("MSNP4: %+v, %v", got, err)
	}
}

func TestClientErrors(t *testing.T) {
	s := start(t, Config{})
	_, err := Dial(soon(t), s.DS, Options{Account: alice, Password: "looking-glass"})
	var refused *ServerError
	if !errors.As(err, &refused) || refused.Code != 911 || refused.Verb != "USR" || refused.Account != alice {
		t.Errorf("wrong password: %v", err)
	}
	if _, err = Dial(soon(t), s.DS, Options{Account: alice, Dialects: []string{"MSNP9"}}); err == nil ||
		!strings.Contains(err.Error(), "speaks none of MSNP9") {
		t.Errorf("no dialect: %v", err)
	}

	c := signOn(t, s, Options{Account: alice})
	if _, err = c.Do(soon(t), "ADD", "FL", "nobody@example.com", "N"); err == nil ||
		err.Error() != "alice@example.com: ADD: the NS "+s.NS+" answered 205 (no such account)" {
		t.Errorf("ADD: %v", err)
	}
	if _, err = c.Do(soon(t), "REA", "a\r\nb"); err == nil || !strings.Contains(err.Error(), "line break") {
		t.Errorf("line break: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err = c.Do(ctx, "PAG", bob, "0"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "PAG") {
		t.Errorf("no reply: %v", err)
	}
	if _, err = c.Expect(ctx, "FLN", bob); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "FLN "+bob) {
		t.Errorf("no event: %v", err)
	}
	if _, err = c.Do(soon(t), "GTC", "X"); !errors.Is(err, errClosed) || !strings.Contains(err.Error(), alice) {
		t.Errorf("closed: %v", err)
	}
	<-c.Done()
	if _, err = c.OpenSwitchboard(soon(t)); !errors.Is(err, errClosed) {
		t.Errorf("after the end: %v", err)
	}
	if !errors.Is(c.Err(), errClosed) {
		t.Errorf("Err: %v", c.Err())
	}
}

func TestDialNobody(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	if _, err := Dial(soon(t), addr, Options{Account: alice}); err == nil || !strings.HasPrefix(err.Error(), "alice@example.com: connecting to the DS: ") {
		t.Errorf("error: %v", err)
	}
}

func TestRedirectLoop(t *testing.T) {
	var loop tap
	loop.listen(t)
	s := start(t, Config{AnnounceNS: loop.addr()})
	loop.relay(t, s.DS)
	_, err := Dial(soon(t), s.DS, Options{Account: alice})
	if err == nil || !strings.Contains(err.Error(), "redirected more than 5 times") {
		t.Errorf("error: %v", err)
	}
	loop.listener.Close()
	loop.work.Wait()
}

// TestStrangeServers signs in to servers that say what makes no sense.
func TestStrangeServers(t *testing.T) {
	for _, tt := range []struct{ name, say, want string }{
		{"silent, then gone", "", "connection closed by the server"},
		{"garbage", "\x00\x01\x02garbage\r\n", "no command"},
		{"endless line", "VER 1 " + strings.Repeat("x", 9<<10), "no command"},
		{"no parameters", "VER 1\r\n", "speaks none of"},
		{"other sign-in", "VER 1 MSNP7\r\nINF 2 CTP\r\n", `offers "CTP" and not MD5`},
		{"comma in INF, odd USR", "VER 1 MSNP7\r\nINF 2 CTP,MD5\r\nUSR 3 OK\r\n", `answered USR ["OK"]`},
		{"odd end", "VER 1 MSNP7\r\nINF 2 MD5\r\nUSR 3 MD5 S 1\r\nUSR 4\r\n", `answered USR []`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				defer nc.Close()
				// One answer for each line, so that none comes before its request.
				b := make([]byte, 4<<10)
				for line := range strings.Lines(tt.say) {
					if _, err := nc.Read(b); err != nil {
						return
					}
					nc.Write([]byte(line))
				}
				nc.Read(b)
			}()
			_, err = Dial(soon(t), l.Addr().String(), Options{Account: alice})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), alice) {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	s := start(t, Config{})
	a := signOn(t, s, Options{Account: alice})
	b := signOn(t, s, Options{Account: bob, Answer: true})
	for _, c := range []*Client{a, b} {
		if err := c.SetStatus(soon(t), "NLN"); err != nil {
			t.Fatal(err)
		}
	}
	sb, err := a.OpenSwitchboard(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sb.Call(soon(t), bob); err != nil {
		t.Fatal(err)
	}
	rng, err := b.Expect(soon(t), "RNG")
	if err != nil || rng.Err != nil {
		t.Fatal(err, rng.Err)
	}
	if d := cmp.Diff([]string{alice}, rng.Switchboard.Present); d != "" {
		t.Error(d)
	}
	if _, err := rng.Switchboard.Text(soon(t), "A", "hi"); err != nil {
		t.Error(err)
	}
	if ev, err := sb.ExpectType(soon(t), "text/plain"); err != nil || ev.Body() != "hi" || ev.Text(1) != "Bob Müller" {
		t.Error(ev, err)
	}
	if err := b.SignOut(soon(t)); err != nil {
		t.Error(err)
	}
	if _, err := sb.Expect(soon(t), "BYE", bob); err != nil {
		t.Error(err)
	}
	if _, err := sb.Text(soon(t), "A", "hi"); err == nil || !strings.Contains(err.Error(), "NAK") {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := sb.Call(soon(t), bob); err == nil || !strings.Contains(err.Error(), "217 (not online)") {
		t.Errorf("CAL: %v", err)
	}
	if _, err := b.OpenSwitchboard(soon(t)); err == nil {
		t.Error("a switchboard after the sign-out")
	}
}

func TestChallengeOptions(t *testing.T) {
	s := start(t, Config{})
	c := signOn(t, s, Options{Account: alice, Respond: func(string) string { return strings.Repeat("0", 32) }})
	if err := c.SetStatus(soon(t), "NLN"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Expect(soon(t), "540"); err != nil {
		t.Error(err)
	}
	<-c.Done()

	seen := make(chan string, 10)
	c = signOn(t, s, Options{Account: alice, Mute: true, OnEvent: func(ev Event) { seen <- ev.Verb }})
	if err := c.SetStatus(soon(t), "NLN"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"MSG", "MSG", "CHL"} {
		if got := <-seen; got != want {
			t.Errorf("event %s, want %s", got, want)
		}
	}

	c = signOn(t, s, Options{Account: carol, Product: "PROD0038W!61ZTF9"})
	if err := c.SetStatus(soon(t), "NLN"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Expect(soon(t), "QRY"); err != nil {
		t.Error(err)
	}
	c = signOn(t, s, Options{Account: bob, Product: "nobody's"})
	c.SetStatus(soon(t), "NLN")
	<-c.Done()
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "no key for the product") {
		t.Error(err)
	}
}

func TestEventsNobodyTakes(t *testing.T) {
	s := start(t, Config{})
	c := signOn(t, s, Options{Account: alice, MaxEvents: 4})
	for range 3 {
		s.Notify(alice, "")
	}
	<-c.Done()
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "4 events and nobody takes them") {
		t.Error(err)
	}
}

func TestResetByServer(t *testing.T) {
	s := start(t, Config{})
	c := signOn(t, s, Options{Account: alice})
	if err := s.Reset(alice); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if errors.Is(c.Err(), errClosed) {
		t.Errorf("a reset came as an orderly end: %v", c.Err())
	}
}

func TestEvent(t *testing.T) {
	payload := mime("text/plain; charset=UTF-8", []string{"X-A: b"}, "Key: value")
	ev := Event{Verb: "NLN", Args: []string{"BSY", "Bj%C3%B6rn%", "%4"}, Payload: []byte(payload)}
	if ev.Text(1) != "Björn%" || ev.Text(2) != "%4" || ev.Arg(3) != "" {
		t.Errorf("texts %q %q %q", ev.Text(1), ev.Text(2), ev.Arg(3))
	}
	if ev.ContentType() != "text/plain" || ev.Body() != "Key: value\r\n" || ev.Field("X-A") != "b" || ev.Field("Key") != "value" || ev.Field("No") != "" {
		t.Error("payload")
	}
	if !ev.is("NLN", nil) || !ev.is("NLN", []string{"*", "Bj%C3%B6rn%"}) || ev.is("NLN", []string{"AWY"}) || ev.is("FLN", nil) {
		t.Error("is")
	}
	for payload, want := range map[string]int{
		TextPayload("Hello Bob"):               133,
		TypingPayload(alice):                   90,
		InvitePayload(33267, "readme.txt", 11): 274,
	} {
		if len(payload) != want {
			t.Errorf("%d bytes, the documents count %d:\n%s", len(payload), want, payload)
		}
	}
	if got := word("Grüße"); got != `=?"utf-8"?Q?Gr=C3=BC=C3=9Fe?=` {
		t.Error(got)
	}
}
