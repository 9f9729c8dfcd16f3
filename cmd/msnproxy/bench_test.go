package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// bigCapture writes a pcap file of about size bytes: conversations on a hundred
// connections to a switchboard, one message a packet, every second one acknowledged, as
// systems do: without these packets tshark takes five times as long for a large file, as
// it goes through a list of what was not acknowledged.
func bigCapture(tb testing.TB, size int) (path string, messages int) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "big.pcap")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head, 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(head[4:], 2)
	binary.LittleEndian.PutUint16(head[6:], 4)
	binary.LittleEndian.PutUint32(head[16:], 1<<16)
	binary.LittleEndian.PutUint32(head[20:], 101) // raw IP
	w.Write(head)
	const conns = 100
	var seq [conns][2]uint32
	written := 0
	for n := 0; written < size; n++ {
		c := n % conns
		at := time.Duration(n) * 100 * time.Microsecond
		send := func(dir int, text string, flags byte) {
			written += packet(w, at, c, dir, seq[c][dir], seq[c][1-dir], flags, text)
			seq[c][dir] += uint32(len(text))
			if text != "" {
				messages++
			}
			if flags&2 != 0 {
				seq[c][dir]++
			}
		}
		switch n / conns {
		case 0:
			send(0, "", 2)
			send(1, "", 0x12)
			send(0, "", 0x10)
		case 1:
			send(0, fmt.Sprintf("ANS 1 user%d@example.com 123.456 %d\r\n", c, c), 0x18)
			send(1, "ANS 1 OK\r\n", 0x18)
		default:
			body := fmt.Sprintf("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0; CS=0; PF=22\r\n\r\nThis is line %d of what I have to say.", n)
			send(1, fmt.Sprintf("MSG alice@example.com Alice %d\r\n%s", len(body), body), 0x18)
			if n/conns%2 == 1 {
				send(0, "", 0x10)
			}
		}
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	return path, messages
}

// packet writes one packet of connection c; dir 0 is from the client.
func packet(w io.Writer, at time.Duration, c, dir int, seq, ack uint32, flags byte, text string) int {
	b := make([]byte, 16+40+len(text))
	binary.LittleEndian.PutUint32(b, uint32(1700000000+at/time.Second))
	binary.LittleEndian.PutUint32(b[4:], uint32(at%time.Second/time.Microsecond))
	binary.LittleEndian.PutUint32(b[8:], uint32(40+len(text)))
	binary.LittleEndian.PutUint32(b[12:], uint32(40+len(text)))
	ip := b[16:]
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(ip[2:], uint16(40+len(text)))
	ends := [2][]byte{{10, 0, 0, 9}, {10, 0, 0, 5}}
	copy(ip[12:], ends[dir])
	copy(ip[16:], ends[1-dir])
	ports := [2]uint16{uint16(20000 + c), 1863}
	tcp := ip[20:]
	binary.BigEndian.PutUint16(tcp, ports[dir])
	binary.BigEndian.PutUint16(tcp[2:], ports[1-dir])
	binary.BigEndian.PutUint32(tcp[4:], seq)
	binary.BigEndian.PutUint32(tcp[8:], ack)
	tcp[12], tcp[13] = 5<<4, flags
	binary.BigEndian.PutUint16(tcp[14:], 0xffff)
	copy(tcp[20:], text)
	w.Write(b)
	return len(b)
}

// BenchmarkRead reads a capture of 100 MB with the program, and with tshark
// where that is installed. It reports, as ratios, how many times as fast the
// program is: one line a message against tshark's summary (6 is wanted), and
// --detail 3 against tshark -V on a tenth of the file (10 is wanted). heap-MB is
// the most memory that the program had from the system: at most 64 MB is wanted.
func BenchmarkRead(b *testing.B) {
	bin, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv(asProgram, "1")
	big := 100 << 20
	if testing.Short() {
		big = 10 << 20 // tshark takes minutes for the big one
	}
	for _, bb := range []struct {
		name  string
		size  int
		ours  []string
		other []string
	}{
		{"summary", big, []string{"--detail", "0"}, nil},
		{"detail3", big / 10, []string{"--detail", "3"}, []string{"-V"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			file, _ := bigCapture(b, bb.size)
			b.SetBytes(int64(bb.size))
			var ours, theirs time.Duration
			var memory int64
			for b.Loop() {
				took, rss := timed(b, bin, append([]string{"read", file}, bb.ours...)...)
				ours += took
				memory = max(memory, rss)
				if tshark, err := exec.LookPath("tshark"); err == nil {
					took, _ := timed(b, tshark, append([]string{"-n", "-r", file}, bb.other...)...)
					theirs += took
				}
			}
			b.ReportMetric(float64(memory)/(1<<20), "heap-MB")
			if theirs > 0 {
				b.ReportMetric(float64(theirs)/float64(ours), "ratio")
			}
		})
	}
}

// BenchmarkDiff compares a capture with itself. ns/message is to be the same for the
// small one and for the big one: the time grows as the number of messages does.
func BenchmarkDiff(b *testing.B) {
	bin, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv(asProgram, "1")
	for _, size := range []int{10 << 20, 100 << 20} {
		b.Run(fmt.Sprintf("%dMB", size>>20), func(b *testing.B) {
			file, messages := bigCapture(b, size)
			var took time.Duration
			var memory int64
			for b.Loop() {
				t, rss := timed(b, bin, "diff", file, file)
				took += t
				memory = max(memory, rss)
			}
			b.ReportMetric(float64(memory)/(1<<20), "heap-MB")
			b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/float64(messages), "ns/message")
		})
	}
}

// timed runs a program, its output thrown away, and returns how long it took and
// the most memory that it had.
func timed(b *testing.B, name string, args ...string) (time.Duration, int64) {
	b.Helper()
	cmd := exec.Command(name, args...)
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	took := time.Since(start)
	return took, maxRSS(cmd.ProcessState)
}
