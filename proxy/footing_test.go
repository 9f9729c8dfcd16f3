package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"msnproxy/decode"
)

const (
	aRedirect  = "XFR 3 NS 65.54.239.9:1863 0\r\n"
	redirected = "XFR 3 NS 192.0.2.1:1863 0\r\n"
)

// TestTrustComesBack loses the framing, and finds redirects rewritten again after
// just so many commands in a row.
func TestTrustComesBack(t *testing.T) {
	p, j := idleProxy(t, Config{Advertise: "192.0.2.1:1863"})
	steps := strings.Repeat("NLN NLN bob@example.com Bob\r\n", stepsToTrust)
	one := len(steps) / stepsToTrust
	for _, tt := range []struct {
		name, before string
		trusted      bool
	}{
		{"never lost", "QNG\r\n", true},
		{"lost", "QNG\r\n\x00\x01\r\n", false},
		{"one too few", "QNG\r\n\x00\x01\r\n" + steps[one:], false},
		{"enough", "QNG\r\n\x00\x01\r\n" + steps, true},
		{"more", "QNG\r\n\x00\x01\r\n" + steps + steps, true},
		{"blank lines between", "QNG\r\n\x00\x01\r\n" + strings.ReplaceAll(steps, "\n", "\n\r\n"), true},
		{"lost again", "QNG\r\n\x00\x01\r\n" + steps + "\x00\x01\r\n" + steps[one:], false},
		{"an unknown command between", "QNG\r\n\x00\x01\r\n" + steps[one:] + "ZZZ 1\r\n" + steps[one:], false},
		{"one that does not fit between", "QNG\r\n\x00\x01\r\n" + steps[one:] + "NLN\r\n" + steps[one:], false},
		{"one that does not fit behind", "QNG\r\n\x00\x01\r\n" + steps + "NLN\r\n", true},
		{"a client's commands", "QNG\r\n\x00\x01\r\n" + strings.Repeat("PNG\r\n", 2*stepsToTrust), false},
		{"a length too small", "MSG bob@example.com Bob 2\r\nhi all\r\n" + steps[one:], false},
	} {
		b := newBare(t, p, "65.54.239.5")
		in := tt.before + aRedirect
		for i := range in {
			b.feed(t, &b.down, in[i:i+1])
		}
		want := in
		if tt.trusted {
			want = tt.before + redirected
		}
		if got := b.toClient.all(); got != want {
			t.Errorf("%s: got %q, want %q", tt.name, got, want)
		}
		if !tt.trusted {
			j.waitRemark(t, "passed as it came: the framing was lost, and only")
		}
		waitIdle(t, p)
		j.mu.Lock()
		j.records = nil
		j.mu.Unlock()
	}
}

// TestTailOfALongPayload: commands in a payload that is longer than is taken for one
// are no commands, however many.
func TestTailOfALongPayload(t *testing.T) {
	for _, announced := range []int{2000, 1 << 30} {
		p, _ := idleProxy(t, Config{Advertise: "192.0.2.1:1863"})
		commands := strings.Repeat("NLN NLN bob@example.com Bob\r\n", 20)
		body := "text\r\n" + commands + aRedirect + commands
		body += strings.Repeat("x", 2000-2-len(body)) + "\r\n"
		line := fmt.Sprintf("MSG bob@example.com Bob %d\r\n", announced)
		in := line + body + aRedirect + commands[:2*len(commands)/20] + aRedirect + commands + aRedirect
		want := line + body + aRedirect + commands[:2*len(commands)/20] + aRedirect + commands + redirected
		if announced > 2000 {
			// Nobody believes that length: what makes sense for long enough is believed.
			want = line + strings.Replace(body, aRedirect, redirected, 1) + aRedirect + commands[:2*len(commands)/20] + aRedirect + commands + redirected
		}
		for _, size := range []int{len(in), 700, 1} {
			b := newBare(t, p, "65.54.239.5")
			b.down.framer.MaxPayload = 500
			for rest := in; len(rest) > 0; {
				n := min(size, len(rest))
				b.feed(t, &b.down, rest[:n])
				rest = rest[n:]
			}
			if got := b.toClient.all(); got != want {
				t.Errorf("announced %d, pieces of %d: %d bytes differ from what is wanted at %d", announced, size, len(got), differs(got, want))
			}
		}
	}
}

// differs returns where two strings begin to differ.
func differs(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// foreign are first bytes that are no MSNP, and what they are called.
var foreign = []struct {
	from     decode.Sender
	in, name string
}{
	{decode.Client, "POST /gateway/gateway.dll?Action=open&Server=NS&IP=x HTTP/1.1\r\nContent-Length: 3\r\n\r\nPNG", "gateway"},
	{decode.Client, "GET / HTTP/1.0\r\n\r\n", "an HTTP request"},
	{decode.Client, "PUT /x HTTP/1.0\r\n\r\n", "an HTTP request"},
	{decode.Client, "CONNECT ns.example.com:1863 HTTP/1.0\r\n\r\n", "to connect to ns.example.com:1863"},
	{decode.Client, "\x05\x01\x00\x05\x01\x00\x01\x40\x04\x0d\x11\x07\x47", "SOCKS5 proxy for 64.4.13.17:1863"},
	{decode.Client, "\x04\x01\x07\x47\x40\x04\x0d\x11\x00", "SOCKS4 proxy for 64.4.13.17:1863"},
	{decode.Client, "PROXY TCP4 192.0.2.7 192.0.2.1 5000 1863\r\nVER 1 MSNP7\r\n", "PROXY protocol, version 1"},
	{decode.Client, "\xef\xbb\xbfVER 1 MSNP7\r\n", "byte order mark"},
	{decode.Client, "\xff\xfd\x01", "Telnet"},
	{decode.Server, "HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n", "HTTP"},
	{decode.Server, "220 mail.example.com ESMTP\r\n", "SMTP"},
	{decode.Server, "this is a text about MSNP:\r\n\r\n", "but text: "},
	{decode.Server, "THE text about MSNP:\r\n\r\n", "but text: "},
	{decode.Server, "\x00\x01\x02\xff", "binary data"},
}

// TestForeignConnections: what began as something else is not changed, nor is what
// comes the other way; a line says what it is, and another what passed.
func TestForeignConnections(t *testing.T) {
	much := strings.Repeat("NLN NLN bob@example.com Bob\r\n", 2*stepsToTrust) + strings.Repeat(aRedirect, 3) +
		"RNG 1 65.54.239.9:1863 CKI 1.2 bob@example.com Bob\r\n"
	for _, tt := range foreign {
		for _, size := range []int{1, 7, 10_000} {
			p, j := idleProxy(t, Config{})
			b := newBare(t, p, "65.54.239.5")
			in := much
			feed := func(l *link, s string) {
				for len(s) > 0 {
					n := min(size, len(s))
					b.feed(t, l, s[:n])
					s = s[n:]
				}
			}
			if tt.from == decode.Client {
				feed(&b.up, tt.in)
			} else {
				in = tt.in + much
			}
			feed(&b.down, in)
			if got := b.toClient.all(); got != in {
				t.Errorf("%q in pieces of %d: %q became %q", tt.in, size, in, got)
			}
			for _, l := range []*link{&b.up, &b.down} {
				if err := l.flush(); err != nil {
					t.Fatal(err)
				}
			}
			waitIdle(t, p)
			said, passed := 0, 0
			for _, r := range j.remarks() {
				if strings.Contains(r, "the "+tt.from.String()+"'s first bytes are no MSNP but ") && strings.Contains(r, tt.name) {
					said++
				}
				if strings.Contains(r, "passed as it came: the connection began with") {
					passed++
				}
			}
			want := 1
			if strings.HasPrefix(tt.in, "HTTP/") {
				want = 0 // what follows is HTTP, and no command in it is one
			}
			if said != 1 || passed != want || len(j.remarks()) != 1+want {
				t.Errorf("%q in pieces of %d: remarks %q", tt.in, size, j.remarks())
			}
		}
	}
}

// TestPassedRedirectsAreRemarkedOnALittle: a link that keeps losing its place does
// not fill the screen.
func TestPassedRedirectsAreRemarkedOnALittle(t *testing.T) {
	for _, times := range []int{maxPassedRemarks, maxPassedRemarks + 1, 3 * maxPassedRemarks} {
		p, j := idleProxy(t, Config{})
		b := newBare(t, p, "65.54.239.5")
		b.feed(t, &b.down, "QNG\r\n")
		for range times {
			b.feed(t, &b.down, "\x00\r\n"+aRedirect)
		}
		waitIdle(t, p)
		n := 0
		for _, r := range j.remarks() {
			if strings.Contains(r, "passed as it came") {
				n++
			}
		}
		if n != maxPassedRemarks {
			t.Errorf("%d redirects passed, %d remarks, want %d", times, n, maxPassedRemarks)
		}
	}
}

// TestUnclearAddresses: what may be an address to somebody is rewritten, refused or
// remarked on, never passed in silence.
func TestUnclearAddresses(t *testing.T) {
	const told = "192.0.2.1:1863"
	for _, tt := range []struct {
		addr, told string // told: what is sent instead; "": it passes as it came
		remark     string
	}{
		{"65.54.239.9:1863", told, ""},
		{"65.54.239.9", told, ""},
		{"[65.54.239.9]:1863", told, ""},
		{"65.54.239.9:01863", told, ""},
		{"ns.example.com.:1863", told, ""},
		{"10.0.0.5:80", told, "private"},
		{"10.1:1863", told, "different ways"},
		{"0x0a000005:1863", told, "different ways"},
		{"012.0.0.5:1863", told, "different ways"},
		{"167772165", told, "different ways"},
		{"10.0.0.5.:1863", told, "different ways"},
		{"65.54.239.9:+80", "", "passed as it came"},
		{"65.54.239.9:-80", "", "passed as it came"},
		{"65.54.239.9:65561", "", "passed as it came"},
		{"65.54.239.9:0", "", "passed as it came"},
		{"65.54.239.9:", "", "passed as it came"},
		{":1863", "", "passed as it came"},
		{"65.54.239.9;1863", "", "passed as it came"},
		{"65.54.239.9,1863", "", "passed as it came"},
		{"http://65.54.239.9/", "", "passed as it came"},
		{"65.54.239.9/32", "", "passed as it came"},
		{"65.54.239.9\x00", "", "passed as it came"},
		{"65.54.239.9\x00:1863", "", "passed as it came"},
		{"65.54.239.9:1863\x00", "", "passed as it came"},
		{"65.54.239.9\t:1863", "", "passed as it came"},
		{"65.54.239.9\u00a0:1863", "", "passed as it came"},
		{"\uff16\uff15.54.239.9:1863", "", "passed as it came"},
		{"65.54.239.\u0669:1863", "", "passed as it came"},
		{"65\u3002\uff15\uff14.239.9", "", "passed as it came"},
		{"\x1b[2J65.54.239.9", "", "passed as it came"},
		{"alice@65.54.239.9:1863", "", "passed as it came"},
		{"65.54.239.9%41:1863", "", "passed as it came"},
		{"[::1", "", "passed as it came"},
		{"65.54.239.9:18:63", "", "passed as it came"},
		{"*.example.com:1863", "", "passed as it came"},
	} {
		for _, line := range []string{
			"XFR 3 NS A\r\n", "XFR 3 NS A 0\r\n", "XFR 3 NS A 0 B\r\n", "XFR 3 NS A U D\r\n", "XFR 3 NS A\n", "XFR  3 NS  A 0\r\n",
			"XFR 3 NS A\r\r\n", "XFR 3 SB A CKI 1.2\r\n", "XFR 3 SB A CKI 1.2 U messenger.msn.com 1\r\n",
			"RNG 1 A CKI 1.2 bob@example.com Bob\r\n", "RNG 1 A CKI 1.2 bob@example.com Bob\r\r\n",
		} {
			p, j := idleProxy(t, Config{Advertise: told})
			b := newBare(t, p, "65.54.239.5")
			line = strings.ReplaceAll(line, "B", "65.54.239.4")
			if strings.HasPrefix(line, "RNG") {
				line = strings.ReplaceAll(line, "65.54.239.4ob", "Bob")
			}
			if strings.Contains(line, "S65") {
				line = strings.ReplaceAll(line, "S65.54.239.4", "SB")
			}
			in := strings.Replace(line, "A", tt.addr, 1)
			want := in
			if tt.told != "" {
				want = strings.Replace(line, "A", tt.told, 1)
				want = strings.Replace(want, "65.54.239.4", tt.told, 1)
			}
			for _, cut := range []int{len(in), len(in) / 2} {
				b.feed(t, &b.down, in[:cut])
				b.feed(t, &b.down, in[cut:])
				if got := b.toClient.all(); got != want {
					t.Errorf("%q: got %q, want %q", in, got, want)
				}
				b.toClient.writes = nil
			}
			p.Close() // all has been told then
			if all := strings.Join(j.remarks(), "\n"); tt.remark == "" && all != "" || !strings.Contains(all, tt.remark) {
				t.Errorf("%q: remarks %q, want %q", in, all, tt.remark)
			}
		}
	}
}

// TestSecondAddress: what stands where the server's own address should is replaced,
// whatever it is.
func TestSecondAddress(t *testing.T) {
	for _, second := range []string{"65.54.239.4:+80", "65.54.239.4:65561", "65.54.239.4;1863", "http://65.54.239.4/", "65.54.239.4\x00", "10.1", "65.54.239.4\r", "x/y"} {
		p, j := idleProxy(t, Config{Advertise: "192.0.2.1:1863"})
		b := newBare(t, p, "65.54.239.5")
		b.feed(t, &b.down, "XFR 3 NS 65.54.239.9:1863 0 "+second+"\r\n")
		want := "XFR 3 NS 192.0.2.1:1863 0 192.0.2.1:1863\r\n"
		if strings.HasSuffix(second, "\r") {
			want = strings.Replace(want, "\r\n", "\r\r\n", 1)
		}
		if got := b.toClient.all(); got != want {
			t.Errorf("%q: got %q", second, got)
		}
		if strings.ContainsAny(second, "+;/\x00") {
			j.waitRemark(t, "names "+`"`+second+`"`+" as the server's own address")
		}
	}
}

// TestNoAddressToRewrite: lines of commands that redirect which lead nowhere, on
// purpose or not.
func TestNoAddressToRewrite(t *testing.T) {
	for line, remark := range map[string]bool{
		"XFR 0 NS 0\r\n": false, "XFR 3 NS\r\n": true, "XFR 3 SB\r\n": true, "XFR 3 NS 0 65.54.239.9:1863\r\n": true,
		"RNG 1\r\n": true, "XFR\r\n": true, "QNG\r\n": false,
	} {
		p, j := idleProxy(t, Config{})
		b := newBare(t, p, "65.54.239.5")
		b.feed(t, &b.down, "QNG\r\n"+line)
		if got := b.toClient.all(); got != "QNG\r\n"+line {
			t.Errorf("%q became %q", line, got)
		}
		waitIdle(t, p)
		if got := len(j.remarks()) > 0; got != remark {
			t.Errorf("%q: remarks %q", line, j.remarks())
		}
	}
}

// TestRosterOnASwitchboard: there, nobody may move a client, whoever it says it is.
func TestRosterOnASwitchboard(t *testing.T) {
	const body = "MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\nRoster: 1;65.54.239.9:1863\r\n\r\n"
	msg := fmt.Sprintf("MSG Hotmail Hotmail %d\r\n%s", len(body), body)
	for first, same := range map[string]bool{
		"USR 1 alice@example.com 17.1\r\n": true, "ANS 1 alice@example.com 17.1 4711\r\n": true, "VER 1 MSNP7 CVR0\r\n": false, "": false,
	} {
		p, j := idleProxy(t, Config{})
		b := newBare(t, p, "65.54.239.5")
		b.feed(t, &b.up, first)
		b.feed(t, &b.down, msg)
		b.feed(t, &b.down, msg)
		if got := b.toClient.all(); (got == msg+msg) != same {
			t.Errorf("%q: got %q", first, got)
		}
		waitIdle(t, p)
		if n := len(j.remarks()); same != (n == 1) {
			t.Errorf("%q: remarks %q", first, j.remarks())
		}
	}
}

func TestListeningBeyondThisMachineIsSaid(t *testing.T) {
	for addr, want := range map[string]bool{"0.0.0.0:1863": true, "[::]:1863": true, "192.168.1.5:1863": true, "127.0.0.1:1863": false, "127.9.9.9:1": false, "[::1]:1863": false} {
		got := exposed(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
		if (got != "") != want || want && !strings.Contains(got, "listening on "+addr+", beyond this machine") {
			t.Errorf("%s: %q", addr, got)
		}
	}
	u := newUpstream(t)
	_, j := start(t, Config{Upstream: u.Addr().String(), Listen: "0.0.0.0:0"})
	j.waitRemark(t, "beyond this machine")
}
