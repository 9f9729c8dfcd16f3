package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/stage"
	"msnproxy/proxy/proxytest"
)

// waits runs doctor --wait before a server, and has visit come to it. It returns what doctor
// printed, and its exit code.
func waits(t *testing.T, upstream string, visit func(addr string), args ...string) (string, int) {
	t.Helper()
	in, errs := io.Pipe()
	var out bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(append([]string{"msnproxy", "doctor", "--wait", "--listen", "127.0.0.1:0", "--upstream", upstream, "--for", "10s"}, args...), nil, &out, errs)
		errs.Close()
	}()
	lines := bufio.NewScanner(in)
	const before, after = "waiting for a client at ", "; Ctrl-C ends"
	for lines.Scan() && !strings.Contains(lines.Text(), before) {
		t.Log(lines.Text())
	}
	if !strings.Contains(lines.Text(), before) {
		t.Fatalf("it says %q", lines.Text())
	}
	_, addr, _ := strings.Cut(strings.TrimSuffix(lines.Text(), after), before)
	visit(addr)
	for lines.Scan() {
		t.Log(lines.Text())
	}
	select {
	case c := <-code:
		return out.String(), c
	case <-time.After(20 * time.Second):
		t.Fatal("doctor --wait does not end")
		return "", 0
	}
}

// It ends when a client is signed in, and has told each stage.
func TestDoctorWaits(t *testing.T) {
	s, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out, code := waits(t, s.DS, func(addr string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c, err := proxytest.Dial(ctx, addr, proxytest.Options{Account: "alice@example.com", Password: "wonderland"})
		if err != nil {
			t.Error(err)
			return
		}
		_ = c.SetStatus(ctx, "NLN")
		t.Cleanup(func() { c.Close() })
	}, "--allow", "127.0.0.1")
	if code != exitFine {
		t.Errorf("exit code %d: %s", code, out)
	}
	for _, want := range []string{"ok       a connection", "ok       VER                      MSNP7", "ok       XFR NS                   to ", "ok       XFR NS followed",
		"ok       USR OK                   alice@example.com", "ok       CHG", "ok       session 1, alice@example.com\n   sign-in   reached: CHG (MSNP7); signed in\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// A redirect that the proxy refuses is told with the sign-in that it ends.
func TestDoctorWaitsForRefused(t *testing.T) {
	s, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out, code := waits(t, s.DS, func(addr string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if c, err := proxytest.Dial(ctx, addr, proxytest.Options{Account: "alice@example.com", Password: "wonderland"}); err == nil {
			c.Close()
			t.Error("it is signed in")
		}
	}, "--for", "500ms")
	if code != exitFindings || !strings.Contains(out, "bad      session 1, alice@example.com: the client was sent to "+s.NS+", and came there; the proxy ended it: refused to follow the redirect") ||
		strings.Count(out, "bad ") != 1 {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// Nobody comes: that is bad, and there are reasons.
func TestDoctorWaitsInVain(t *testing.T) {
	out, code := waits(t, "127.0.0.1:9", func(string) {}, "--for", "1ms", "--json")
	if code != exitFindings || !strings.Contains(out, `"cause":"no client has come"`) || !strings.Contains(out, "hosts file") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// What a client says that is no MSNP, and why the proxy hung up, stands on the first line.
func TestDoctorOfRecords(t *testing.T) {
	ssl2 := "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80\x02\x00\x80\x03\x00\x80\x04\x00\x80\x05\x00\x80\x06\x00\x40\x07\x00\xc0" + strings.Repeat("x", 16)
	for _, tt := range []struct {
		name, said, end, cause string
	}{
		{"a hello of SSL 2", ssl2, "", "what the client says is no MSNP: this is a hello in the form of SSL 2.0"},
		{"a hello of TLS", "\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x01" + strings.Repeat("y", 43), "", "what the client says is no MSNP: this is a hello of TLS"},
		{"no server", "", "10.0.0.5:1863 can't be reached: connection refused", "the proxy ended it: 10.0.0.5:1863 can't be reached: connection refused"},
	} {
		p := newPatient(nil)
		conn := &capture.Conn{ID: 1, Client: "127.0.0.1:1030", Server: "10.0.0.5:1863"}
		at := time.Unix(1_000_000, 0)
		p.record(&capture.Record{Kind: capture.Opened, Conn: conn, Time: at})
		if tt.said != "" {
			p.record(&capture.Record{Kind: capture.Data, Conn: conn, Time: at, From: decode.Client, Frame: decode.Frame{Kind: decode.Opaque, Raw: []byte(tt.said)}})
		}
		p.record(&capture.Record{Kind: capture.Closed, Conn: conn, Time: at, Text: tt.end})
		var out bytes.Buffer
		err := tell(&out, "text", p.diagnoses())
		first, _, _ := strings.Cut(out.String(), "\n")
		if err == nil || !strings.HasPrefix(first, "bad      connection #1: "+tt.cause) {
			t.Errorf("%s: %q, %v", tt.name, first, err)
		}
	}
}

// The matrix of a recording has the farthest sign-in of each dialect.
func TestDoctorMatrixOfFile(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"msnproxy", "doctor", "--matrix", "../../capture/testdata/escargot-amsn082-msnp7.pcap"}, nil, &out, &errs); code != exitFine {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	if got := strings.Join(strings.Fields(out.String()), " "); !strings.HasPrefix(got, "DIALECT VER INF/CVR XFR NS USR S of the server USR S of the client USR OK SYN/ADL CHG") || !strings.Contains(got, "MSNP7 yes yes") {
		t.Errorf("%s", out.String())
	}
}

// A server is looked at from the command line, too: the lines, the exit code, JSON.
func TestDoctorOfServer(t *testing.T) {
	s, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts(), Dialects: []string{"MSNP8", "MSNP7", "CVR0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	look := func(args ...string) (string, int) {
		var out, errs bytes.Buffer
		code := run(append([]string{"msnproxy", "doctor", "--listen", "127.0.0.1:0", "--pause", "0s", "--timeout", "10s"}, args...), nil, &out, &errs)
		return out.String() + errs.String(), code
	}
	out, code := look("--upstream", s.DS)
	if code != exitFine || !strings.Contains(out, "ok       dialects       speaks MSNP7 to 8; declines MSNP2 to 6, 9 to 21") {
		t.Errorf("exit code %d: %s", code, out)
	}
	out, code = look("--upstream", s.DS, "--matrix", "--json")
	if code != exitFine || !strings.Contains(out, `{"dialect":7,"stages":["connected","ver-offered","ver","introduced","usr-i",`) || !strings.Contains(out, `{"dialect":9,"stages":["connected","ver-offered"],"text":"the server offers the version check (CVR0) instead"}`) {
		t.Errorf("exit code %d: %s", code, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	out, code = look("--upstream", l.Addr().String(), "--json")
	if code != exitFindings || !strings.Contains(out, `{"v":1,"level":"bad","lines":[{"level":"ok","what":"port"`) || !strings.Contains(out, "connection refused") {
		t.Errorf("exit code %d: %s", code, out)
	}
	for _, args := range [][]string{{}, {"--wait", "--web", "a=http://b"}, {"--upstream", "x", "file"}, {"--web", "http://b"}, {"--preset", "nobody"}, {"--upstream", "x", "--account", "a b"}, {"--upstream", "x", "--timeout", "0s"}} {
		if out, code := look(args...); code != exitTrouble {
			t.Errorf("%q: exit code %d: %s", args, code, out)
		}
	}
}

// Findings that say themselves what is wrong come first.
func TestDoctorNames(t *testing.T) {
	var out, errs bytes.Buffer
	run([]string{"msnproxy", "doctor", "-"}, strings.NewReader("C: VER 1 MSNP7 CVR0\nS: VER 1 MSNP7\n"), &out, &errs)
	if !strings.HasPrefix(out.String(), "bad ") || stage.Bad.String() != "bad" {
		t.Errorf("%s%s", out.String(), errs.String())
	}
}

// run names at its end whose sign-in stopped, eight of them.
func TestStuckSignIns(t *testing.T) {
	var list []*decode.SignIn
	add := func(s decode.SignIn) { list = append(list, &s) }
	add(decode.SignIn{Reached: decode.StageNamed, Main: true, Session: 1, Account: "alice@example.com", Dialect: 7})
	add(decode.SignIn{Reached: decode.StageOnline, Main: true, Session: 2, Account: "bob@example.com", Dialect: 7})
	add(decode.SignIn{Reached: decode.StageCame})
	if got := stuckSignIns(list); len(got) != 1 || got[0] != "of alice@example.com reached: USR I (MSNP7); then nothing" {
		t.Errorf("%q", got)
	}
}
