package entrance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// What was looked at comes first, and nothing is lost or taken twice.
func TestCaller(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	c := NewCaller(here, nil, time.Second, []byte("ab"))
	go func() {
		for _, s := range []string{"cd", "ef", "gh"} {
			_, _ = io.WriteString(there, s)
		}
		there.Close()
	}()
	if err := c.More(); err != nil || string(c.Buffered()) != "abcd" {
		t.Fatalf("%q, %v", c.Buffered(), err)
	}
	taken := c.Take(3)
	if err := c.More(); err != nil || string(c.Buffered()) != "def" || string(taken) != "abc" {
		t.Fatalf("%q, %q, %v", taken, c.Buffered(), err)
	}
	one := make([]byte, 1)
	if n, err := c.Read(one); n != 1 || err != nil || one[0] != 'd' {
		t.Errorf("%q, %v", one[:n], err)
	}
	rest, err := io.ReadAll(c)
	if string(rest) != "efgh" || err != nil || len(c.Buffered()) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	if err := c.More(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if c.NetConn() != here {
		t.Error("another connection is below")
	}
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
}

func TestCallerBuffersNoMore(t *testing.T) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	go func() { _, _ = there.Write(make([]byte, 2*readSize)) }()
	long := NewCaller(here, nil, time.Second, nil)
	if err := long.More(); err != nil || len(long.Buffered()) != readSize {
		t.Errorf("%d bytes, %v", len(long.Buffered()), err)
	}
	c := NewCaller(here, nil, time.Second, make([]byte, MaxBuffered-1))
	if err := c.More(); err != nil || len(c.Buffered()) != MaxBuffered {
		t.Errorf("%d bytes, %v", len(c.Buffered()), err)
	}
	if err := c.More(); !errors.Is(err, errBuffered) {
		t.Errorf("beyond the limit: %v", err)
	}
}

func TestHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer here.Close()
		defer there.Close()
		c := NewCaller(here, nil, 30*time.Second, nil)
		c.Hurry()
		begun := time.Now()
		err := c.More()
		if d := time.Since(begun); d != 30*time.Second || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %v: %v", d, err)
		}
		if left := Left("a greeting", err); ReasonOf(left) != TimedOut || !strings.Contains(left.Error(), "began a greeting and did not finish it in time") {
			t.Error(left)
		}
		if left := Left("a greeting", io.EOF); ReasonOf(left) != Failed || left.Error() != "the client went in the middle of a greeting" {
			t.Error(left)
		}
	})
}

func TestReasonOf(t *testing.T) {
	op := func(err error) error { return &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", err)} }
	for _, tt := range []struct {
		err  error
		want Reason
	}{
		{errors.New("x"), Failed},
		{fmt.Errorf("so: %w", &Error{Forbidden, errors.New("x")}), Forbidden},
		{&net.DNSError{IsNotFound: true}, NoSuchHost},
		{&net.DNSError{}, Failed},
		{op(syscall.ECONNREFUSED), Refused},
		{op(syscall.EHOSTUNREACH), Unreachable},
		{op(syscall.ENETUNREACH), Unreachable},
		{op(syscall.ETIMEDOUT), TimedOut},
		{op(os.ErrDeadlineExceeded), TimedOut},
		{context.DeadlineExceeded, TimedOut},
		{op(syscall.ECONNRESET), Failed},
		{op(syscall.Errno(10061)), Refused},
		{op(syscall.Errno(10060)), TimedOut},
		{op(syscall.Errno(10065)), Unreachable},
		{op(syscall.Errno(10051)), Unreachable},
		{op(syscall.Errno(10054)), Failed},
	} {
		if got := ReasonOf(tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
	if e := (&Error{Refused, io.EOF}); e.Error() != "EOF" || !errors.Is(e, io.EOF) {
		t.Error(e)
	}
}
