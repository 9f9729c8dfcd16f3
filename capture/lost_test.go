package capture_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/proxy"
)

var kills = flag.Int("kills", 3, "how often the relay is killed, for each way to record")

func init() { capture.ChildRelay = childRelay }

// relaySpec is what the relay that gets killed is to do.
type relaySpec struct {
	Upstream, Path, Grave string
	RotateSize            int64
	Keep                  int
	Compress, Live        bool
}

// childRelay relays and records in a process of its own, until its input ends. Files
// that a ring lets go go to a grave.
func childRelay(spec string) {
	var s relaySpec
	if err := json.Unmarshal([]byte(spec), &s); err != nil {
		panic(err)
	}
	o := capture.RecorderOptions{Path: s.Path, RotateSize: s.RotateSize, Keep: s.Keep, Compress: s.Compress, Live: s.Live,
		Report: func(err error) { fmt.Println(err) }}
	capture.OnRemove(&o, func(path string) error {
		if err := os.Link(path, filepath.Join(s.Grave, filepath.Base(path))); err != nil && !errors.Is(err, os.ErrNotExist) {
			panic(err)
		}
		return os.Remove(path)
	})
	recorder, err := capture.NewRecorder(o)
	if err != nil {
		panic(err)
	}
	p, err := proxy.New(proxy.Config{Upstream: s.Upstream, Listen: "127.0.0.1:0", MaxConns: 2000, Recorder: recorder})
	if err != nil {
		panic(err)
	}
	if err := p.Listen(); err != nil {
		panic(err)
	}
	go func() { _ = p.Serve(context.Background()) }()
	fmt.Println(p.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	p.Close()
	recorder.Close()
	fmt.Println("dropped", recorder.Dropped())
}

// crowd is the peers of a relay: each sends numbered lines and counts those it gets.
type crowd struct {
	got  [][2]atomic.Int64 // lines that came from clients and servers, of each connection
	ends []net.Conn
	all  sync.WaitGroup
	hear sync.WaitGroup // who counts: until the relay hangs up
}

// meet connects n clients, through the relay, with the server.
func meet(t *testing.T, l net.Listener, relay string, n int) *crowd {
	t.Helper()
	c := &crowd{got: make([][2]atomic.Int64, n)}
	for i := range n {
		client, err := net.Dial("tcp", relay)
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.ends = append(c.ends, client, server)
		rest := time.Duration(n) * 100 * time.Microsecond // together they are busy, not more
		c.all.Go(func() { pump(client, fmt.Sprintf("PNG %d c", i), rest) })
		c.all.Go(func() { pump(server, fmt.Sprintf("QNG %d s", i), rest) })
		c.hear.Go(func() { countLines(server, &c.got[i][0]) })
		c.hear.Go(func() { countLines(client, &c.got[i][1]) })
	}
	return c
}

// pump sends lines, some at a time, until that is not possible any more.
func pump(to net.Conn, head string, rest time.Duration) {
	var b []byte
	for n := 0; ; {
		b = b[:0]
		for range 1 + rand.IntN(60) {
			b = fmt.Appendf(b, "%s %d\r\n", head, n)
			n++
		}
		if _, err := to.Write(b); err != nil {
			return
		}
		time.Sleep(rand.N(2 * rest)) // real, as the relay is another process
	}
}

// countLines counts the whole lines that come.
func countLines(from net.Conn, n *atomic.Int64) {
	in := bufio.NewReader(from)
	for {
		if _, err := in.ReadSlice('\n'); err != nil {
			return
		}
		n.Add(1)
	}
}

func (c *crowd) leave() {
	for _, e := range c.ends {
		e.Close()
	}
	c.all.Wait()
}

// Nothing that a peer got is missing in the files, when the relay is ended or killed
// in the middle of it: 0 of N, counted at the peers, from 1 to 1,000 connections.
func TestNothingIsLost(t *testing.T) {
	crowds := []int{1, 12, 60}
	switch {
	case *kills >= 10:
		crowds = []int{1, 10, 100, 1000}
	case testing.Short():
		*kills = 1
		crowds = []int{12}
	}
	for _, how := range []struct {
		name string
		spec relaySpec
	}{
		{"plain", relaySpec{}},
		{"rotating", relaySpec{RotateSize: 300_000}},
		{"ring", relaySpec{RotateSize: 300_000, Keep: 3}},
		{"gzip", relaySpec{RotateSize: 300_000, Compress: true}},
		{"ring of gzip", relaySpec{RotateSize: 100_000, Keep: 3, Compress: true}},
	} {
		if testing.Short() && how.spec.RotateSize == 300_000 {
			continue
		}
		t.Run(how.name, func(t *testing.T) {
			var got int64
			for round := range *kills {
				got += lose(t, how.spec, crowds[round%len(crowds)], true)
			}
			got += lose(t, how.spec, 20, false)
			t.Logf("%d kills, %d lines got", *kills, got)
		})
	}
}

// lose lets a crowd talk through a relay that is killed, or ended, and compares. It
// returns how many lines the peers got.
func lose(t *testing.T, spec relaySpec, conns int, kill bool) (total int64) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir, grave := t.TempDir(), t.TempDir()
	spec.Upstream, spec.Path, spec.Grave = l.Addr().String(), filepath.Join(dir, "x.pcapng"), grave
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "MSNPROXY_TEST_RELAY="+string(b))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the relay does not start")
	}
	c := meet(t, l, lines.Text(), conns)
	// The relay is a process, to be killed at any moment: no fake clock rules it, and
	// whatever was waited for would make it always the same moment.
	time.Sleep(time.Duration(20+rand.IntN(80)) * time.Millisecond)
	if kill {
		err = cmd.Process.Kill()
	} else {
		err = in.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		if line := lines.Text(); line != "dropped 0" && !strings.Contains(line, "stays unpacked") {
			t.Errorf("the relay says: %s", line)
		}
	}
	_ = cmd.Wait() // killed
	c.hear.Wait()  // all that is on its way has come: the relay's ends are closed
	c.leave()
	next := recordedLines(t, []string{dir, grave}, conns, kill)
	for i := range c.got {
		for from := range 2 {
			n := c.got[i][from].Load()
			total += n
			if n > next[i][from] {
				t.Errorf("connection %d of %d, from %c: %d lines came, %d are recorded", i, conns, "cs"[from], n, next[i][from])
			}
		}
	}
	return total
}

// recordedLines reads all files and returns how many lines of each connection and
// sender they hold, which must be in order and without a gap.
func recordedLines(t *testing.T, dirs []string, conns int, killed bool) [][2]int64 {
	t.Helper()
	files := make(map[string]string) // by name without .gz
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, capture.PartSuffix) {
				if !killed {
					t.Errorf("%s was left", name)
				}
				continue
			}
			base := strings.TrimSuffix(filepath.Base(name), ".gz")
			if files[base] == "" || !strings.HasSuffix(name, ".gz") {
				files[base] = name
			}
		}
	}
	next := make([][2]int64, conns)
	var bases []string
	for base := range files {
		bases = append(bases, base)
	}
	slices.Sort(bases)
	for i, base := range bases {
		last := i == len(bases)-1
		if err := readLines(files[base], next); err != nil && !(killed && last) {
			t.Errorf("%s: %v", files[base], err)
		}
	}
	return next
}

func readLines(path string, next [][2]int64) error {
	in, err := capture.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if rec.Kind == capture.Lost {
			return fmt.Errorf("bytes are missing: %s", rec.Text)
		}
		if rec.Kind != capture.Data || rec.Frame.EOL == 0 {
			continue // a line that the end has cut is none
		}
		var verb string
		var i, n int64
		var from rune
		if _, err := fmt.Sscanf(string(rec.Frame.Raw), "%s %d %c %d\r\n", &verb, &i, &from, &n); err != nil {
			return fmt.Errorf("%q: %w", rec.Frame.Raw, err)
		}
		which := strings.IndexRune("cs", from)
		if next[i][which] != n {
			return fmt.Errorf("connection %d, from %c: line %d comes after %d lines", i, from, n, next[i][which])
		}
		next[i][which]++
	}
}
