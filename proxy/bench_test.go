package proxy

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// message is a small chat message.
var message = messageOf(120)

// messageOf makes a chat message of so many bytes.
func messageOf(size int) []byte {
	const head = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
	line := fmt.Sprintf("MSG bob@example.com Bob %d\r\n", size)
	body := size - len(line)
	if len(strconv.Itoa(body)) < len(strconv.Itoa(size)) {
		body++
	}
	line = fmt.Sprintf("MSG bob@example.com Bob %d\r\n", body)
	return fmt.Appendf(nil, "%s%s%s", line, head, strings.Repeat("x", size-len(line)-len(head)))
}

// tracking is what a display does at the least: it follows the sessions.
type tracking struct {
	tracker *decode.Tracker
	records atomic.Int64
}

func (o *tracking) Observe(r *capture.Record) {
	o.records.Add(1)
	switch r.Kind {
	case capture.Opened:
		o.tracker.Open(r.Conn.ID, r.Conn.Client, r.Conn.Server, r.Time)
	case capture.Data:
		o.tracker.Frame(r.Conn.ID, r.From, &r.Frame, r.Time)
	case capture.Closed:
		o.tracker.Close(r.Conn.ID)
	}
}

// relay is what is measured: it has an address.
type relay struct {
	addr string
	stop func()
}

// plainRelay copies bytes with io.Copy, the simplest relay that there is.
func plainRelay(upstream string) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", upstream)
			if err != nil {
				client.Close()
				continue
			}
			for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
				all.Go(func() {
					_, _ = io.Copy(way[0], way[1])
					_ = way[0].(*net.TCPConn).CloseWrite()
				})
			}
		}
	})
	return &relay{l.Addr().String(), func() { l.Close(); all.Wait() }}, nil
}

func ourRelay(upstream string, o Observer) (*relay, error) {
	p, err := New(Config{Upstream: upstream, Listen: "127.0.0.1:0", MaxConns: 5000, Observer: o})
	if err != nil {
		return nil, err
	}
	if err := p.Listen(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.Serve(context.Background())
	}()
	return &relay{p.Addr().String(), func() { p.Close(); <-done }}, nil
}

// echo answers every read with a write of the same.
func echo(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				buf := make([]byte, 4096)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			})
		}
	})
	b.Cleanup(func() { l.Close(); all.Wait() })
	return l.Addr().String()
}

// both runs f on the plain relay and on ours.
func both(b *testing.B, upstream string, f func(plain, ours *relay)) {
	plain, err := plainRelay(upstream)
	if err != nil {
		b.Fatal(err)
	}
	o := &tracking{tracker: decode.NewTracker()}
	ours, err := ourRelay(upstream, o)
	if err != nil {
		b.Fatal(err)
	}
	f(plain, ours)
	plain.stop()
	ours.stop()
	if o.records.Load() == 0 {
		b.Error("nothing was observed")
	}
}

// BenchmarkRelayPingPong sends one message to and fro, in turns through each relay,
// and reports the median round trips and their ratio.
func BenchmarkRelayPingPong(b *testing.B) {
	both(b, echo(b), func(plain, ours *relay) {
		var took [2][]time.Duration
		var conns [2]net.Conn
		for i, r := range []*relay{plain, ours} {
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			conns[i] = c
		}
		buf := make([]byte, len(message))
		round := func(i int) {
			start := time.Now()
			if _, err := conns[i].Write(message); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(conns[i], buf); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(start))
		}
		for i := 0; b.Loop(); i++ {
			round(i / 100 % 2)
		}
		if len(took[1]) < 100 {
			return
		}
		var p50 [2]float64
		for i := range took {
			slices.Sort(took[i])
			p50[i] = float64(took[i][len(took[i])/2].Nanoseconds()) / 1000
		}
		b.ReportMetric(p50[0], "µs-p50-plain")
		b.ReportMetric(p50[1], "µs-p50-proxy")
		b.ReportMetric(p50[1]/p50[0], "x-plain")
	})
}

// BenchmarkRelayBulk sends messages one way as fast as they go, in turns through
// each relay, and reports the rates and their ratio.
func BenchmarkRelayBulk(b *testing.B) {
	for _, size := range []int{120, 1400} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) { bulk(b, size) })
	}
}

func bulk(b *testing.B, size int) {
	block := bytes.Repeat(messageOf(size), 60_000/size)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	both(b, l.Addr().String(), func(plain, ours *relay) {
		var took [2]time.Duration
		var sent [2]int64
		var from, to [2]net.Conn
		for i, r := range []*relay{plain, ours} {
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			s, err := l.Accept()
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			from[i], to[i] = s, c // a server sends more than a client
		}
		const blocks = 1024
		buf := make([]byte, 256<<10)
		b.SetBytes(int64(blocks * len(block)))
		for i := 0; b.Loop(); i++ {
			way := i % 2
			start := time.Now()
			go func() {
				for range blocks {
					if _, err := from[way].Write(block); err != nil {
						b.Error(err)
						return
					}
				}
			}()
			for left := blocks * len(block); left > 0; {
				n, err := to[way].Read(buf)
				if err != nil {
					b.Fatal(err)
				}
				left -= n
			}
			took[way] += time.Since(start)
			sent[way] += int64(blocks * len(block))
		}
		if sent[1] == 0 {
			return
		}
		rate := func(i int) float64 { return float64(sent[i]) / took[i].Seconds() / 1e6 }
		b.ReportMetric(rate(0), "MB/s-plain")
		b.ReportMetric(rate(1), "MB/s-proxy")
		b.ReportMetric(rate(1)/rate(0), "x-plain")
	})
}

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
