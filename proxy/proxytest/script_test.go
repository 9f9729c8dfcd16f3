package proxytest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

func TestScript(t *testing.T) {
	for _, dialects := range [][]string{
		nil,
		{"MSNP6", "MSNP5", "MSNP4", "CVR0"},
		{"MSNP5", "MSNP4", "CVR0"},
		{"MSNP3", "CVR0"},
		{"MSNP2", "CVR0"},
	} {
		t.Run("offering "+(append(dialects, "all"))[0], func(t *testing.T) {
			t.Parallel()
			s := start(t, Config{})
			var steps []string
			sc := Script{Dialects: dialects, Progress: func(step string) { steps = append(steps, step) }}
			if err := sc.Run(soon(t), s.DS, s); err != nil {
				t.Fatal(err)
			}
			if len(steps) != 13 {
				t.Errorf("progress: %q", steps)
			}
		})
	}
}

func TestScriptSaysWhatWentWrong(t *testing.T) {
	accounts := DemoAccounts()
	accounts[1].Password = "another"
	s := start(t, Config{Accounts: accounts})
	err := RunScript(soon(t), s.DS, s, nil)
	const want = "script: Bob signs in, and Alice sees him: bob@example.com: USR: the NS "
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "911 (authentication failed)") {
		t.Errorf("error: %v", err)
	}
}

// TestScriptRepeats runs the script twice through plain relays and compares what
// passed on each connection.
func TestScriptRepeats(t *testing.T) {
	first, second := recordScript(t, nil), recordScript(t, nil)
	if len(first) != 8 { // DS and NS for each of three sign-ins, two switchboards
		t.Errorf("%d connections", len(first))
	}
	if d := cmp.Diff(first, second); d != "" {
		t.Errorf("two runs differ:\n%s", d)
	}
}

// TestScriptFitsTheTable reads what both sides said with the command table,
// which was written from the documents and not from this package.
func TestScriptFitsTheTable(t *testing.T) {
	for dialect := 2; dialect <= 7; dialect++ {
		name := fmt.Sprintf("MSNP%d", dialect)
		redirects := 0
		for conn, said := range recordScript(t, []string{name}) {
			for i, from := range []decode.Sender{decode.Client, decode.Server} {
				var framer decode.Framer
				var fr decode.Frame
				var m decode.Message
				framer.Feed([]byte(said[i]))
				for framer.Next(&fr) {
					m.Decode(&fr, from, 0, dialect)
					if !fr.Complete() || !m.Fits() {
						t.Errorf("%s, %s: the %v said %q", name, conn, from, fr.Raw)
					}
					if _, ok := decode.ParseRedirect(&fr); ok && from == decode.Server {
						redirects++
					}
				}
				if rest := framer.Pending(); len(rest) > 0 {
					t.Errorf("%s, %s: the %v left %q", name, conn, from, rest)
				}
			}
		}
		if redirects != 5 { // three XFR NS, an XFR SB, a RNG
			t.Errorf("%s: %d redirects", name, redirects)
		}
	}
}

// recordScript returns what client and server said on every connection, by role
// and in order of appearance, with the addresses that differ between runs
// replaced.
func recordScript(t *testing.T, dialects []string) map[string][2]string {
	var ds, ns, sb tap
	for _, at := range []*tap{&ds, &ns, &sb} {
		at.listen(t)
	}
	s := start(t, Config{Seed: 7, AnnounceNS: ns.addr(), AnnounceSB: sb.addr()})
	ds.relay(t, s.DS)
	ns.relay(t, s.NS)
	sb.relay(t, s.SB)
	if err := (Script{Dialects: dialects}).Run(soon(t), ds.addr(), s); err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer(s.DS, "10.0.0.1:1863", ns.addr(), "10.0.0.2:1863", sb.addr(), "10.0.0.3:1863")
	seen := map[string][2]string{}
	for name, at := range map[string]*tap{"DS": &ds, "NS": &ns, "SB": &sb} {
		at.listener.Close()
		at.work.Wait()
		for i, c := range at.conns {
			seen[fmt.Sprintf("%s %d", name, i+1)] = [2]string{names.Replace(c[0].String()), names.Replace(c[1].String())}
		}
	}
	return seen
}

// tap is a relay that keeps what passes.
type tap struct {
	listener net.Listener
	work     sync.WaitGroup
	conns    [][2]*bytes.Buffer // bytes of client and server
}

func (p *tap) addr() string { return p.listener.Addr().String() }

func (p *tap) listen(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p.listener = l
}

func (p *tap) relay(t *testing.T, target string) {
	p.work.Go(func() {
		for {
			client, err := p.listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				t.Error(err)
				client.Close()
				return
			}
			kept := [2]*bytes.Buffer{{}, {}}
			p.conns = append(p.conns, kept)
			p.pass(server, client, kept[0])
			p.pass(client, server, kept[1])
		}
	})
}

func (p *tap) pass(to, from net.Conn, kept io.Writer) {
	p.work.Go(func() {
		io.Copy(io.MultiWriter(to, kept), from)
		to.(*net.TCPConn).CloseWrite()
	})
}
