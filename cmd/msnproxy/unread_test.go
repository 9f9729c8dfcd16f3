//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// program starts the program with its output to a pipe, of which the reading end is
// returned.
func program(t *testing.T, errs *bytes.Buffer, args ...string) (*exec.Cmd, *os.File) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdout, cmd.Stderr = w, w
	if errs != nil {
		cmd.Stderr = errs
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		r.Close()
	})
	return cmd, r
}

// ended waits for the end of a program and returns its exit code.
func ended(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	late := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait() // the code tells
	return cmd.ProcessState.ExitCode()
}

// Whoever reads the output goes, or reads nothing: the relay goes on, and ends with
// Ctrl-C; with the second one at once.
func TestUnreadRun(t *testing.T) {
	tests := []struct {
		name    string
		args    []string
		gone    bool // the reader goes after the first line
		both    bool // standard error is the same pipe
		signals []os.Signal
		told    string
	}{
		{"gone", nil, true, false, []os.Signal{os.Interrupt}, "nobody reads the output any more; relaying goes on"},
		{"gone, JSON", []string{"--format", "json"}, true, false, []os.Signal{syscall.SIGTERM}, "nobody reads the output any more; relaying goes on"},
		{"all gone", nil, true, true, []os.Signal{os.Interrupt}, ""},
		{"full", []string{"--detail", "3", "--drain", "10ms"}, false, false, []os.Signal{os.Interrupt}, "lines of output not written, as nobody read them"},
		{"all full", []string{"--drain", "1h"}, false, true, []os.Signal{os.Interrupt, syscall.SIGTERM}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			var atServer atomic.Int64
			go answer(server, &atServer)
			listen := freeAddr(t)
			var errs *bytes.Buffer
			if !tt.both {
				errs = new(bytes.Buffer)
			}
			args := append([]string{"run", "--upstream", server.Addr().String(), "--listen", listen, "--no-ui"}, tt.args...)
			cmd, out := program(t, errs, args...)
			if got := ask(t, listen, 100); got != 100 {
				t.Fatalf("%d replies", got)
			}
			if tt.gone {
				if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
					t.Fatal(err)
				}
				out.Close()
			}
			if got := ask(t, listen, 6000); got != 6000 {
				t.Errorf("%d replies", got)
			}
			hold, err := net.Dial("tcp", listen) // a connection that does not end by itself
			if err != nil {
				t.Fatal(err)
			}
			defer hold.Close()
			if _, err := io.WriteString(hold, "PNG\r\n"); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(hold).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			for i, sig := range tt.signals {
				if i > 0 {
					time.Sleep(100 * time.Millisecond) // the first was taken
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
			}
			if code := ended(t, cmd); code != exitInterrupted {
				t.Errorf("exit code %d", code)
			}
			if d := time.Since(begun); d > 8*time.Second {
				t.Errorf("it took %v to end", d)
			}
			if errs != nil && strings.Count(errs.String(), tt.told) != 1 {
				t.Errorf("it said\n%s\nand not once %q", errs, tt.told)
			}
		})
	}
}

// So does the demo, and a server made of a recording.
func TestUnreadOthers(t *testing.T) {
	t.Run("demo", func(t *testing.T) {
		t.Parallel()
		var errs bytes.Buffer
		cmd, out := program(t, &errs, "demo", "--detail", "3")
		out.Close()
		if code := ended(t, cmd); code != exitFine {
			t.Errorf("exit code %d", code)
		}
		if s := errs.String(); !strings.Contains(s, "nobody reads the output any more; the demo goes on") || !strings.Contains(s, " messages\n") {
			t.Errorf("%s", s)
		}
	})
	t.Run("replay server", func(t *testing.T) {
		t.Parallel()
		listen := freeAddr(t)
		var errs bytes.Buffer
		file := filepath.Join("..", "..", "capture", "testdata", "escargot-twisted-msnp7.pcap")
		cmd, out := program(t, &errs, "replay", "server", file, "--listen", listen)
		out.Close()
		for range 3 {
			if got := ask(t, listen, 1); got != 1 {
				t.Fatalf("%d replies", got)
			}
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if code := ended(t, cmd); code != exitInterrupted {
			t.Errorf("exit code %d", code)
		}
		if s := errs.String(); strings.Count(s, "nobody reads the output any more; serving goes on") != 1 {
			t.Errorf("%s", s)
		}
	})
}
