package doctor

import (
	"bufio"
	"context"

	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/decode/stage"
)

// world is a network in memory: what listens at an address, by "host:port". A server is
// given each line that comes, and returns what it says to it: "" nothing, "close" at the
// end that it hangs up then.
type world map[string]func(line string) string

// talking is held while a world answers: its connections may be several at a time.
var talking sync.Mutex

func (w world) Dial(_ context.Context, _, addr string) (net.Conn, error) {
	serve, ok := w[addr]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		for in := bufio.NewReader(there); ; {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			talking.Lock()
			answer, bye := strings.CutSuffix(serve(strings.TrimSpace(line)), "close")
			talking.Unlock()
			if answer != "" {
				if _, err := there.Write([]byte(answer)); err != nil {
					return
				}
			}
			if bye {
				return
			}
		}
	}()
	return here, nil
}

// trid is the TrID of a line.
func trid(line string) string { return (strings.Fields(line + " ? ?"))[1] }

// server answers as a server of MSNP does that speaks the dialects named; other says what
// it does with the lines that begin so.
func server7(dialects string, other map[string]string) func(string) string {
	return func(line string) string {
		for begin, answer := range other {
			if strings.HasPrefix(line, begin) {
				return strings.ReplaceAll(answer, "%t", trid(line))
			}
		}
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "VER"):
			for _, d := range words[2:] {
				if strings.Contains(" "+dialects+" ", " "+d+" ") {
					return "VER " + words[1] + " " + d + " CVR0\r\n"
				}
			}
			return "VER " + words[1] + " 0\r\n"
		case strings.HasPrefix(line, "INF"):
			return "INF " + words[1] + " MD5\r\n"
		case strings.HasPrefix(line, "CVR"):
			return "CVR " + words[1] + " 5.0 5.0 1.0 http://a http://b\r\n"
		case len(words) > 3 && words[2] == "MD5":
			return "USR " + words[1] + " MD5 S 1234567890.123\r\n"
		case len(words) > 3 && words[2] == "TWN":
			return "USR " + words[1] + " TWN S lc=1033,id=507\r\n"
		case len(words) > 3 && words[2] == "SSO":
			return "USR " + words[1] + " SSO S MBI_KEY_OLD bm9uY2U=\r\n"
		case line == "OUT":
			return "close"
		}
		return ""
	}
}

// examine looks at a world, in a time of its own, and returns the lines.
func examine(t *testing.T, w world, change func(*Options)) (lines []Line, worst stage.Level) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := Options{Upstream: "192.0.2.1:1863", Account: "doctor@example.com", Wait: 5 * time.Second, Pause: 200 * time.Millisecond,
			Dial: w.Dial, Hosts: filepath.Join(t.TempDir(), "none"), Tell: func(l Line) { lines = append(lines, l) },
			Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
				return nil, &net.DNSError{Name: host, Err: "no such host", IsNotFound: true}
			}}
		if change != nil {
			change(&o)
		}
		worst = Examine(t.Context(), o)
	})
	return lines, worst
}

// firstBad is the first line that is bad.
func firstBad(lines []Line) Line {
	for _, l := range lines {
		if l.Level == stage.Bad {
			return l
		}
	}
	return Line{}
}

// find returns the line on something.
func find(lines []Line, what string) Line {
	for _, l := range lines {
		if l.What == what {
			return l
		}
	}
	return Line{}
}
