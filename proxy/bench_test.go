package proxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
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

// plainRelay copies bytes with io.Copy, the simplest relay that there is. On Linux
// that is the splice system call, which moves bytes without looking at them.
func plainRelay(upstream string) (*relay, error) {
	return copyRelay(upstream, func(dst, src net.Conn) { _, _ = io.Copy(dst, src) })
}

// userRelay does the same without splice, as everybody must who looks at the bytes.
func userRelay(upstream string) (*relay, error) {
	return copyRelay(upstream, func(dst, src net.Conn) {
		_, _ = io.Copy(struct{ io.Writer }{dst}, struct{ io.Reader }{src})
	})
}

func copyRelay(upstream string, carry func(dst, src net.Conn)) (*relay, error) {
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
					carry(way[0], way[1])
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

// compare runs f on the plain relay, the one without splice, and ours.
func compare(b *testing.B, upstream string, f func(relays [3]*relay)) {
	plain, err := plainRelay(upstream)
	if err != nil {
		b.Fatal(err)
	}
	user, err := userRelay(upstream)
	if err != nil {
		b.Fatal(err)
	}
	o := &tracking{tracker: decode.NewTracker()}
	ours, err := ourRelay(upstream, o)
	if err != nil {
		b.Fatal(err)
	}
	f([3]*relay{plain, user, ours})
	plain.stop()
	user.stop()
	ours.stop()
	if o.records.Load() == 0 {
		b.Error("nothing was observed")
	}
}

// BenchmarkRelayPingPong sends one message to and fro, in turns through each relay,
// and reports the median round trips and their ratio.
func BenchmarkRelayPingPong(b *testing.B) {
	compare(b, echo(b), func(relays [3]*relay) {
		var took [3][]time.Duration
		var conns [3]net.Conn
		for i, r := range relays {
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
			round(i / 100 % 3)
		}
		if len(took[2]) < 100 {
			return
		}
		var p50 [3]float64
		for i := range took {
			slices.Sort(took[i])
			p50[i] = float64(took[i][len(took[i])/2].Nanoseconds()) / 1000
		}
		b.ReportMetric(p50[0], "µs-p50-plain")
		b.ReportMetric(p50[2], "µs-p50-proxy")
		b.ReportMetric(p50[2]/p50[0], "x-plain")
		b.ReportMetric(p50[2]/p50[1], "x-nosplice")
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
	compare(b, l.Addr().String(), func(relays [3]*relay) {
		var took [3]time.Duration
		var sent [3]int64
		var from, to [3]net.Conn
		for i, r := range relays {
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
			way := i % 3
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
		if sent[2] == 0 {
			return
		}
		rate := func(i int) float64 { return float64(sent[i]) / took[i].Seconds() / 1e6 }
		b.ReportMetric(rate(0), "MB/s-plain")
		b.ReportMetric(rate(2), "MB/s-proxy")
		b.ReportMetric(rate(2)/rate(0), "x-plain")
		b.ReportMetric(rate(2)/rate(1), "x-nosplice")
	})
}
