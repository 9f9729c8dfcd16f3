package replay

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/proxy/proxytest"
)

// What was found is told when nothing has come for a fifth of a second, however much
// longer an answer is waited for.
func TestClientTellsWhenQuiet(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *bubble) {
		var said time.Time
		addr := brokenPeer(t, func(c peerConn) {
			next := lines(c)
			next()
			_, _ = c.Write([]byte("VER 1 MSNP6\r\n"))
			said = time.Now()
			for next() != "" {
			}
		})
		var told []time.Duration
		client, err := NewClient(ClientConfig{Story: transcript(t, hungUp...), Server: addr, Timeout: 5 * time.Second, Dialer: t.host.Dial,
			Report: func(d *Difference) { told = append(told, time.Since(said)) }})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = client.Run(t.Context())
		if len(told) < 2 || told[0] != 200*time.Millisecond || told[1] < 5*time.Second {
			t.Errorf("told after %v", told)
		}
	})
}

// What a server says to the answer to a challenge that the recording does not have: an
// error is a difference, anything else a note.
func TestClientUnrecordedChallenge(t *testing.T) {
	t.Parallel()
	for says, want := range map[string]string{
		"QRY": "note: after message 8 #1 NS alice@example.com: extra QRY (answers QRY): the recording does not have it: the answer is right",
		"540": "after message 8 #1 NS alice@example.com: refused 540 (answers QRY): the server refuses it: 540 wrong answer to the challenge; the answer sent, 8f2f5a91b72102cd28355e9fc9000d6e, is right for the challenge 15570131571988941333",
	} {
		r := sameEachTime(t, 3, func(t *bubble) replayed {
			addr := brokenPeer(t, func(c peerConn) {
				letIn(c, func(line string) string {
					f := strings.Fields(line)
					switch {
					case f[0] == "CHG":
						return line + "\r\nCHL 0 15570131571988941333\r\n"
					case f[0] == "QRY":
						return says + " " + f[1] + "\r\n"
					}
					return ""
				})
			})
			return play(t, ClientConfig{Story: transcript(t, append(hungUp[:len(hungUp):len(hungUp)], "C: PNG", "S: QNG")...), Server: addr, Timeout: time.Second})
		})
		if !strings.Contains("\n"+r.String()+"\n", "\n"+want+"\n") {
			t.Errorf("%s: %v, %+v\n%s\nwant\n%s", says, r.err, r.Result, r, want)
		}
	}
}

// failingConn ends in its own way.
type failingConn struct {
	net.Conn
	err error
}

func (c failingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		err = &net.OpError{Op: "read", Err: c.err}
	}
	return n, err
}

// A connection that the server resets or closes is ended by it; one that breaks
// otherwise is lost, and it is said how.
func TestClientLostConnection(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		syscall.ECONNRESET: "the server ends the connection", syscall.EPIPE: "the server ends the connection", net.ErrClosed: "the connection is lost (use of closed network connection)",
		syscall.ETIMEDOUT: "the connection is lost (connection timed out)",
	} {
		inMemory(t, func(t *bubble) {
			addr := brokenPeer(t, func(c peerConn) {
				next := lines(c)
				next()
				_, _ = c.Write([]byte("VER 1 MSNP7\r\n"))
				next()
			})
			var list []string
			client, e := NewClient(ClientConfig{Story: transcript(t, hungUp...), Server: addr,
				Report: func(d *Difference) { list = append(list, d.Text) },
				Dialer: func(ctx context.Context, network, address string) (net.Conn, error) {
					c, e := t.host.Dial(ctx, network, address)
					return failingConn{c, err}, e
				}})
			if e != nil {
				t.Fatal(e)
			}
			_, _ = client.Run(t.Context())
			if len(list) != 1 || !strings.HasPrefix(list[0], want+" before this message") {
				t.Errorf("%v: %q", err, list)
			}
		})
	}
}

// An answer to a challenge that does not come is not sent: that is a note, also where
// the connection goes on.
func TestClientNotChallenged(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *bubble) {
		relay := newRelay(t, proxytest.Config{}, func(_ decode.Role, line string, frame []byte) []byte {
			if strings.HasPrefix(line, "CHL ") {
				return nil
			}
			return frame
		})
		r := play(t, ClientConfig{Story: tell(t, demo), Server: relay.DS, Accounts: demoPasswords(), Timeout: 500 * time.Millisecond})
		if r.err != nil || r.Differences != 0 || r.Skipped != 4 || strings.Count(r.String(), ": not sent, as the server has not asked for it") != 4 ||
			strings.Count(r.String(), "missing CHL: it does not come, which is for the server to decide") != 4 {
			t.Errorf("%v, %+v\n%s", r.err, r.Result, r)
		}
	})
}

// Who is lost in one conversation says nothing there, and goes on in others; who is
// lost altogether says nothing anywhere.
func TestClientLostWhere(t *testing.T) {
	st := tell(t, demo)
	c, err := NewClient(ClientConfig{Story: st, Server: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	var in int // a conversation
	for _, k := range st.Conns {
		in = max(in, k.Conversation)
	}
	for _, tt := range []struct {
		lost         loss
		here, others bool // in the conversation; elsewhere
	}{
		{loss{"bob@example.com", in}, true, false},
		{loss{"bob@example.com", in + 1}, false, false},
		{loss{"bob@example.com", 0}, true, true},
		{loss{"carol@example.com", 0}, false, false},
	} {
		p := newPerformance(c)
		p.lost[tt.lost] = true
		var here, others int
		for _, k := range st.Conns {
			for _, m := range k.Messages {
				switch {
				case m.From != decode.Server || !p.isLost(m):
				case k.Conversation == in:
					here++
				default:
					others++
				}
			}
		}
		if in == 0 || (here > 0) != tt.here || (others > 0) != tt.others && tt.lost.account != "carol@example.com" {
			t.Errorf("%+v: %d messages in conversation %d, %d elsewhere", tt.lost, here, in, others)
		}
	}
}

// A connection that is not played to its end loses its account: one to a switchboard in
// its conversation, another one anywhere.
func TestClientLostConn(t *testing.T) {
	st := tell(t, demo)
	c, err := NewClient(ClientConfig{Story: st, Server: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	switchboards := 0
	for _, k := range st.Conns {
		want := loss{k.Account, 0}
		if k.Role&decode.SB != 0 {
			switchboards++
			want.conversation = k.Conversation
		}
		p := newPerformance(c)
		p.lostConn(newClientConn(p, k))
		if len(p.lost) != 1 || !p.lost[want] || k.Role&decode.SB != 0 && want.conversation == 0 {
			t.Errorf("%s: lost is %v", k.Role, p.lost)
		}
	}
	if switchboards < 2 {
		t.Errorf("%d switchboards", switchboards)
	}
	p := newPerformance(c)
	p.lostConn(newClientConn(p, &story.Conn{Role: decode.SB, Account: "bob@example.com"})) // in no conversation that is known
	p.lostConn(newClientConn(p, &story.Conn{Role: decode.NS}))
	if len(p.lost) != 0 {
		t.Errorf("lost is %v", p.lost)
	}
}
