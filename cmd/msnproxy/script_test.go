package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/proxy/proxytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// asProgram makes the test binary the program itself, for benchmarks that run it
// as a process of its own.
const asProgram = "MSNPROXY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"msnproxy": func() {
		injectPanic(os.Getenv("MSNPROXY_TEST_PANIC"))
		main()
	}})
}

// injectPanic has the program panic where it is told to.
func injectPanic(where string) {
	if where != "feeding" {
		return
	}
	add := addToIndex
	addToIndex = func(x *index.Index, r *capture.Record) error {
		if string(r.Frame.Raw) == "OUT\r\n" {
			panic("injected")
		}
		return add(x, r)
	}
}

// TestScripts runs the program as a user types it.
func TestScripts(t *testing.T) {
	captures, err := filepath.Abs(filepath.Join("..", "..", "capture", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Abs(filepath.Join("testdata", "cases"))
	if err != nil {
		t.Fatal(err)
	}
	direct, err := filepath.Abs(filepath.Join("testdata", "direct"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CAPTURES", captures)
			env.Setenv("CASES", cases)
			env.Setenv("DIRECT", direct)
			env.Setenv("TZ", "UTC")
			env.Setenv("PROXY", freeAddr(t))
			env.Setenv("BUSY", busyAddr(t))
			return nil
		},
		Cmds: scriptCommands(),
	})
}

func scriptCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	all := map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"status":     status,
		"testserver": testServer,
		"listening":  listening,
		"talk":       talk,
		"script":     script,
		"dialog":     dialog,
		"until":      until,
		"secretless": secretless,
		"webserver":  webserver,
		"fetch":      fetch,
	}
	maps.Copy(all, ptyCommands())
	return all
}

// status CODE ARG... runs msnproxy and wants that exit code.
func status(ts *testscript.TestScript, _ bool, args []string) {
	want := args[0]
	err := ts.Exec("msnproxy", args[1:]...)
	got := "0"
	if e, ok := err.(interface{ ExitCode() int }); ok {
		got = string(rune('0' + e.ExitCode()%10))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %s, want %s", got, want)
	}
}

// freeAddr returns an address that nobody listens on. Its port is below those that systems
// give out themselves, so that no other test is given it before the program listens.
func freeAddr(t *testing.T) string {
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 15000+rand.IntN(15000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// busyAddr returns an address that somebody listens on.
func busyAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// servers are those that a script has started, by their dispatch address.
var servers sync.Map

// testserver [DIALECT...] starts a server with the demo's accounts, and sets DS, NS and SB.
func testServer(ts *testscript.TestScript, _ bool, dialects []string) {
	config := proxytest.Config{Accounts: proxytest.DemoAccounts()}
	if len(dialects) > 0 {
		config.Dialects = dialects
	}
	s, err := proxytest.Start(config)
	ts.Check(err)
	ts.Defer(s.Close)
	ts.Setenv("DS", s.DS)
	ts.Setenv("NS", s.NS)
	ts.Setenv("SB", s.SB)
	servers.Store(s.DS, s)
}

// listening ADDR waits until somebody listens there.
func listening(ts *testscript.TestScript, _ bool, args []string) {
	for range 200 {
		if c, err := net.Dial("tcp", args[0]); err == nil {
			c.Close()
			return
		}
		// It listens in a process of its own, which no fake clock rules, and nothing but a
		// connection tells when.
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("nobody listens on %s", args[0])
}

// until PATTERN COMMAND... repeats a command until its output matches: for what follows from
// what was done, in a process of its own.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(args[0])
	var out string
	for range 200 {
		_ = ts.Exec(args[1], args[2:]...)
		if out = ts.ReadFile("stdout"); want.MatchString(out) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%q has no %q: %s", args[1:], args[0], out)
}

// talk ADDR runs the demo's script against the proxy at ADDR, in front of the
// script's server.
func talk(ts *testscript.TestScript, _ bool, args []string) {
	s, _ := servers.Load(ts.Getenv("DS"))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ts.Check(proxytest.RunScript(ctx, args[0], s.(*proxytest.Server), nil))
}

// script ADDR runs the demo's script against a server at ADDR that does by itself
// what it must.
func script(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ts.Check(proxytest.RunScript(ctx, args[0], nil, nil))
}

// dialog ADDR SEND WANT sends lines, parted by |, and waits until the answer holds
// WANT; "closed" waits for the end of the connection.
func dialog(ts *testscript.TestScript, _ bool, args []string) {
	c, err := net.Dial("tcp", args[0])
	ts.Check(err)
	defer c.Close()
	ts.Check(c.SetDeadline(time.Now().Add(10 * time.Second)))
	_, err = fmt.Fprintf(c, "%s\r\n", strings.ReplaceAll(args[1], "|", "\r\n"))
	ts.Check(err)
	var got []byte
	for b := make([]byte, 512); ; {
		n, err := c.Read(b)
		got = append(got, b[:n]...)
		if args[2] != "closed" && strings.Contains(string(got), args[2]) {
			return
		}
		if err != nil {
			if args[2] != "closed" || os.IsTimeout(err) {
				ts.Fatalf("got %q, then %v", got, err)
			}
			return
		}
	}
}

// golden compares got with the file, or writes it with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s is out of date: run go test ./cmd/msnproxy -update and look at the difference", file)
	}
}
