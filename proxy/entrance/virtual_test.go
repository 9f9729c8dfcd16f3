package entrance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func virtual(t *testing.T) (a, b *virtualConn) {
	return virtualPair(tcpAt("192.0.2.9", 1), tcpAt("192.0.2.1", 2))
}

func TestVirtualConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := virtual(t)
		if a.LocalAddr().String() != "192.0.2.9:1" || b.RemoteAddr().String() != "192.0.2.9:1" || a.RemoteAddr().String() != "192.0.2.1:2" {
			t.Error("the addresses are mixed up")
		}
		// What fits passes at once; one byte more waits for the reader.
		if n, err := a.Write(make([]byte, virtualBuffer)); n != virtualBuffer || err != nil {
			t.Errorf("%d %v", n, err)
		}
		a.SetWriteDeadline(time.Now().Add(time.Second))
		start := time.Now()
		if n, err := a.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%d %v after %v", n, err, time.Since(start))
		}
		a.SetWriteDeadline(time.Time{})
		go a.Write([]byte("xyz"))
		synctest.Wait()
		got := make([]byte, 2*virtualBuffer)
		if n, err := b.Read(got); n != virtualBuffer || err != nil {
			t.Errorf("%d %v", n, err)
		}
		synctest.Wait()
		if n, _ := b.Read(got); string(got[:n]) != "xyz" {
			t.Errorf("%q", got[:n])
		}
		// A deadline wakes who reads, also one that is set meanwhile.
		go func() {
			time.Sleep(time.Second)
			b.SetReadDeadline(time.Unix(1, 0))
		}()
		start = time.Now()
		if _, err := b.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		b.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := b.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second+time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		b.SetDeadline(time.Time{})
		// Half-close: the other direction goes on.
		a.Write([]byte("last"))
		a.CloseWrite()
		if all, err := io.ReadAll(b); string(all) != "last" || err != nil {
			t.Errorf("%q %v", all, err)
		}
		if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("written behind the end: %v", err)
		}
		b.Write([]byte("still"))
		b.Close()
		if all, err := io.ReadAll(a); string(all) != "still" || err != nil {
			t.Errorf("%q %v", all, err)
		}
		if _, err := b.Read(got); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read when closed: %v", err)
		}
	})
}

func TestVirtualResets(t *testing.T) {
	a, b := virtual(t)
	a.Write([]byte("lost"))
	a.SetLinger(0)
	a.Close()
	if n, err := b.Read(make([]byte, 9)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%d %v", n, err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("written to nobody: %v", err)
	}
}

// Idle is a pipe whose reader has taken all and wants more: not one that still works on it.
func TestVirtualIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := virtual(t)
		idle := func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return a.out.idle(ctx)
		}
		if idle() {
			t.Error("idle without a reader")
		}
		var got bytes.Buffer
		go func() {
			p := make([]byte, 4)
			for {
				n, err := b.Read(p)
				if err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
				got.Write(p[:n])
			}
		}()
		synctest.Wait()
		if !idle() {
			t.Error("not idle with a reader that waits")
		}
		start := time.Now()
		a.Write([]byte("0123456789"))
		if !idle() || got.String() != "0123456789" || time.Since(start) != 300*time.Millisecond {
			t.Errorf("%q after %v", got.String(), time.Since(start))
		}
		b.Close()
		if !idle() {
			t.Error("nobody reads, and it is waited for")
		}
	})
}
