package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
)

// child is a relay in a process of its own, so that what it alone takes can be
// measured.
type child struct {
	addr string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// childEnv makes the test binary a relay.
const childEnv = "MSNPROXY_BENCH_RELAY"

func startChild(b *testing.B, kind, upstream string) *child {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	c := &child{cmd: exec.Command(exe)}
	c.cmd.Env = append(os.Environ(), childEnv+"="+kind+" "+upstream)
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.in.Close(); _ = c.cmd.Wait() })
	if _, err := fmt.Fscanln(c.out, &c.addr); err != nil {
		b.Fatal(err)
	}
	return c
}

// ask asks the child for a number.
func (c *child) ask(b *testing.B, what string) float64 {
	if _, err := fmt.Fprintln(c.in, what); err != nil {
		b.Fatal(err)
	}
	var n float64
	if _, err := fmt.Fscanln(c.out, &n); err != nil {
		b.Fatal(err)
	}
	return n
}

// beChild is the main function of a child.
func beChild(spec string) {
	kind, upstream, _ := strings.Cut(spec, " ")
	var r *relay
	var err error
	switch kind {
	case "plain":
		r, err = plainRelay(upstream)
	case "silent":
		r, err = ourRelay(upstream, ObserverFunc(func(*capture.Record) {}))
	default:
		r, err = ourRelay(upstream, &tracking{tracker: decode.NewTracker()})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(r.addr)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "cpu":
			fmt.Println(cpuTime().Nanoseconds())
		case "memory":
			// Twice: stacks shrink by half in each collection.
			for range 4 {
				runtime.GC()
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			fmt.Println(m.HeapInuse + m.StackInuse)
		}
	}
}

const many = 1000

// crowd opens many connections to addr and has each say something and be answered.
func crowd(b *testing.B, addr string) []net.Conn {
	conns := make([]net.Conn, many)
	buf := make([]byte, len(message))
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		if _, err := c.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			b.Fatal(err)
		}
		conns[i] = c
	}
	return conns
}

// BenchmarkRelayManyConns sends messages over 1,000 connections to an echo and
// reports the CPU time that each relay, in its own process, takes per million
// messages relayed, and the ratio: with the sessions tracked, and with an observer
// that does nothing.
func BenchmarkRelayManyConns(b *testing.B) {
	upstream := echo(b)
	kinds := []string{"plain", "tracked", "silent"}
	var children []*child
	var crowds [][]net.Conn
	for _, kind := range kinds {
		c := startChild(b, kind, upstream)
		children = append(children, c)
		crowds = append(crowds, crowd(b, c.addr))
	}
	cpu := make([]float64, len(kinds))
	sent := make([]float64, len(kinds))
	const workers = 8
	for i := 0; b.Loop(); i++ {
		k := i % len(kinds)
		before := children[k].ask(b, "cpu")
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				buf := make([]byte, len(message))
				for j := w; j < many; j += workers {
					c := crowds[k][j]
					if _, err := c.Write(message); err != nil {
						b.Error(err)
					}
				}
				for j := w; j < many; j += workers {
					if _, err := io.ReadFull(crowds[k][j], buf); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		cpu[k] += children[k].ask(b, "cpu") - before
		sent[k] += 2 * many
	}
	if sent[2] == 0 {
		return
	}
	for k, kind := range kinds {
		b.ReportMetric(cpu[k]/sent[k]*1e6/1e9, "s/M-"+kind)
	}
	b.ReportMetric(cpu[1]/sent[1]/(cpu[0]/sent[0]), "x-plain")
	b.ReportMetric(cpu[2]/sent[2]/(cpu[0]/sent[0]), "x-plain-silent")
}

// BenchmarkIdleMemory reports the heap and stack of each relay, in its own process,
// for one of 1,000 connections that have talked and are idle.
func BenchmarkIdleMemory(b *testing.B) {
	upstream := echo(b)
	for b.Loop() {
		var per [2]float64
		for i, kind := range []string{"plain", "tracked"} {
			c := startChild(b, kind, upstream)
			before := c.ask(b, "memory")
			crowd(b, c.addr)
			per[i] = (c.ask(b, "memory") - before) / many / 1024
		}
		b.ReportMetric(per[0], "KiB/conn-plain")
		b.ReportMetric(per[1], "KiB/conn-proxy")
	}
}
