package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// kill -9 in the middle of traffic: whatever a peer has received is in the
// recording, and what is read of it is what was sent.
func TestKilledProxy(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 8 {
		server, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var atServer atomic.Int64
		go answer(server, &atServer)
		listen := freeAddr(t)
		file := filepath.Join(t.TempDir(), "x.pcapng")
		cmd := exec.Command(exe, "run", "--upstream", server.Addr().String(), "--listen", listen, "--record", file, "--format", "json")
		cmd.Env = append(os.Environ(), asProgram+"=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		atClient := ask(t, listen, 100+211*round)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		server.Close()
		time.Sleep(20 * time.Millisecond) // what was on its way arrives
		asked, answered := recordedTo(t, file)
		if int64(asked) < atServer.Load() || answered < atClient {
			t.Errorf("round %d: recorded %d requests and %d replies, but %d and %d were received", round, asked, answered, atServer.Load(), atClient)
		}
	}
}

// answer answers each line with QNG and its number.
func answer(l net.Listener, received *atomic.Int64) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for in := bufio.NewScanner(c); in.Scan(); {
				fmt.Fprintf(c, "QNG %d\r\n", received.Add(1))
			}
		}()
	}
}

// ask sends so many requests through the proxy, several at a time, and returns how
// many replies came.
func ask(t *testing.T, addr string, n int) (replies int) {
	t.Helper()
	var c net.Conn
	var err error
	for range 250 {
		if c, err = net.Dial("tcp", addr); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewScanner(c)
	for range n {
		if _, err := io.WriteString(c, "PNG\r\nPNG\r\n"); err != nil {
			t.Fatal(err)
		}
		if !in.Scan() {
			t.Fatal(in.Err())
		}
		replies++
	}
	return replies
}

// recordedTo counts the requests and replies of a recording that may be torn.
func recordedTo(t *testing.T, file string) (asked, answered int) {
	t.Helper()
	in, err := capture.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for {
		r, err := in.Next()
		var corrupt *capture.CorruptError
		if errors.Is(err, io.EOF) || errors.As(err, &corrupt) {
			return asked, answered
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case r.Kind != capture.Data:
		case r.From == decode.Client && string(r.Frame.Raw) == "PNG\r\n":
			asked++
		case r.From == decode.Server && string(r.Frame.Raw) == fmt.Sprintf("QNG %d\r\n", answered+1):
			answered++
		default:
			t.Fatalf("recorded %q", r.Frame.Raw)
		}
	}
}
