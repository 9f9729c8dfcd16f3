package entrance

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// ended is a socket with ends.
type ended struct {
	net.Conn
	local, remote net.Addr
}

func (e ended) LocalAddr() net.Addr  { return e.local }
func (e ended) RemoteAddr() net.Addr { return e.remote }

func at(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }

func TestTransparentTakes(t *testing.T) {
	for _, tt := range []struct {
		name, local, aimed string
		err                error
		asked              *Wish
		direct             bool
		yes                bool
		target, refuses    string
	}{
		{name: "redirected", local: "10.0.0.5:1863", aimed: "192.0.2.1:1863", yes: true, target: "192.0.2.1:1863"},
		{name: "only its port was", local: "10.0.0.5:1863", aimed: "10.0.0.5:1864", yes: true, target: "10.0.0.5:1864"},
		{name: "IPv6", local: "[fd00::5]:1863", aimed: "[2001:db8::1]:1863", yes: true, target: "[2001:db8::1]:1863"},
		{name: "redirected where others may come in, too", local: "10.0.0.5:1863", aimed: "192.0.2.1:1863", direct: true, yes: true, target: "192.0.2.1:1863"},
		{name: "of its own", local: "10.0.0.5:1863", aimed: "10.0.0.5:1863", refuses: "refused 10.0.0.9:40000, which was not redirected here (--transparent) but came to 10.0.0.5:1863 of its own"},
		{name: "of its own, on a socket of both kinds", local: "[::ffff:10.0.0.5]:1863", aimed: "10.0.0.5:1863", refuses: "but came to 10.0.0.5:1863 of its own"},
		{name: "of its own, which may be", local: "10.0.0.5:1863", aimed: "10.0.0.5:1863", direct: true},
		{name: "unknown", local: "10.0.0.5:1863", err: errNotKnown, refuses: "which was not redirected here (--transparent): the kernel knows of no redirection to it; is the rule in force on this machine, also for IPv4?"},
		{name: "unknown IPv6", local: "[fd00::5]:1863", err: errNotKnown, refuses: "also for IPv6?"},
		{name: "unknown, which may be", local: "10.0.0.5:1863", err: errNotKnown, direct: true},
		{name: "trouble", local: "10.0.0.5:1863", err: errors.New("the kernel says: no"), refuses: "cannot tell where it was going (--transparent): the kernel says: no"},
		{name: "inside another way", local: "10.0.0.5:1863", aimed: "192.0.2.1:1863", asked: &Wish{}},
		{name: "inside another way, of its own", local: "10.0.0.5:1863", aimed: "10.0.0.5:1863", asked: &Wish{}},
	} {
		way := &transparent{direct: tt.direct, aimed: func(net.Conn) (to netip.AddrPort, err error) {
			if tt.err == nil {
				to = netip.MustParseAddrPort(tt.aimed)
			}
			return to, tt.err
		}}
		c := NewCaller(ended{local: at(tt.local), remote: at("10.0.0.9:40000")}, nil, time.Second, nil)
		c.Asked = tt.asked
		if got := way.Takes(c); got != decode.Yes && tt.yes || got != decode.No && !tt.yes {
			t.Errorf("%s: takes %v", tt.name, got)
		}
		err := way.Admit(c)
		switch {
		case tt.refuses == "" && err != nil, tt.refuses != "" && (err == nil || !strings.Contains(err.Error(), tt.refuses) || ReasonOf(err) != Forbidden):
			t.Errorf("%s: %v; want %q", tt.name, err, tt.refuses)
		}
		w, err := way.Enter(t.Context(), c)
		switch {
		case tt.yes && (err != nil || w.Target != tt.target || w.Rewrite || !w.Redirected || w.Way != "transparent"):
			t.Errorf("%s: %+v, %v", tt.name, w, err)
		case tt.refuses != "" && (err == nil || ReasonOf(err) != Forbidden):
			t.Errorf("%s: let in: %+v", tt.name, w)
		}
	}
}

// A socket that was not redirected, and what is none.
func TestOriginalDst(t *testing.T) {
	way, err := Transparent(false)
	if runtime.GOOS != "linux" {
		if err == nil || !strings.Contains(err.Error(), "hosts file, or as a SOCKS proxy") {
			t.Errorf("%v", err)
		}
		return
	}
	if err != nil || way.Name() != "transparent" {
		t.Fatal(way, err)
	}
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	if _, err := originalDst(near); !errors.Is(err, errNotKnown) {
		t.Errorf("a pipe: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	// Whether the kernel knows of it depends on whether it tracks connections here.
	if to, err := originalDst(c); !errors.Is(err, errNotKnown) && (err != nil || to != endpointOf(l.Addr())) {
		t.Errorf("a socket: %v, %v", to, err)
	}
}

func TestRules(t *testing.T) {
	got := Redirection{Ports: []uint16{1864, 1863, 1864}, To: 1900, Only: "ipv4", Notes: []string{"note"}}.Rules()
	const want = `# Rules of nft that lead clients to msnproxy, which installs none itself.
# In force:   msnproxy run ... --transparent --print-rules | sudo nft -f -
# Taken away: sudo nft delete table inet msnproxy
# note
table inet msnproxy
delete table inet msnproxy
table inet msnproxy {
	# Clients on other machines, for which this one is the router.
	chain prerouting {
		type nat hook prerouting priority -100; policy accept;
		meta nfproto ipv4 tcp dport { 1863, 1864 } redirect to :1900
	}
	# Clients on this machine, all but msnproxy itself.
	chain output {
		type nat hook output priority -100; policy accept;
		meta mark 0x6d736e70 accept
		meta nfproto ipv4 tcp dport { 1863, 1864 } redirect to :1900
	}
}
`
	if got != want {
		t.Errorf("%s", got)
	}
	if got := (Redirection{Ports: []uint16{1863}, To: 1863}).Rules(); strings.Contains(got, "nfproto") || !strings.Contains(got, "tcp dport { 1863 } redirect to :1863") {
		t.Errorf("%s", got)
	}
}
