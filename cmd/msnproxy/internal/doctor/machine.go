package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"msnproxy/decode/stage"
)

// machine looks at this machine: its port, its addresses, its hosts file, its limits.
func (r *report) machine(ctx context.Context) {
	if r.Listen != "" {
		if l := r.port(ctx); l != nil {
			r.reachable(ctx, l)
			l.Close()
		}
	}
	r.hosts()
	r.files()
}

// port looks whether the port can be had, and takes it for as long as it is looked at.
func (r *report) port(ctx context.Context) net.Listener {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", r.Listen)
	_, port, _ := net.SplitHostPort(r.Listen)
	switch {
	case err == nil:
		r.fine("port", fmt.Sprintf("%s can be listened on", r.Listen))
		return l
	case errors.Is(err, syscall.EADDRINUSE):
		r.bad("port", fmt.Sprintf("see who has it (ss -ltnp 'sport = :%s'; netstat -ano on Windows) and end that, or choose another address by --listen", port),
			fmt.Sprintf("%s is taken: another program listens there", r.Listen))
	case errors.Is(err, fs.ErrPermission):
		r.bad("port", "run it as a user who may (ports below 1024 are for the administrator: setcap cap_net_bind_service=+ep msnproxy), or choose a port above 1023", fmt.Sprintf("%s may not be listened on by this user", r.Listen))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		r.bad("port", "name an address of this machine, or 0.0.0.0 for all", fmt.Sprintf("%s is no address of this machine", r.Listen))
	default:
		r.bad("port", "--listen wants HOST:PORT of this machine", fmt.Sprintf("%s can't be listened on: %v", r.Listen, root(err)))
	}
	return nil
}

// reachable looks whether clients that are told the proxy's address get there, from each
// address of this machine.
func (r *report) reachable(ctx context.Context, l net.Listener) {
	at, _ := l.Addr().(*net.TCPAddr)
	host, port := r.Advertise, fmt.Sprint(at.Port)
	if h, p, err := net.SplitHostPort(r.Advertise); err == nil {
		host, port = h, p
	}
	switch {
	case host == "" && at.IP.IsLoopback():
		r.fine("address", "only clients on this machine reach "+r.Listen+"; for others listen on 0.0.0.0:"+port)
		return
	case host == "":
		r.fine("address", "clients are told the address that they came to")
		return
	}
	ips, err := r.resolve(ctx, host)
	if err != nil {
		r.bad("address", "advertise a name that clients can look up, or an IP address", fmt.Sprintf("%s, which clients are told, has no address: %v", host, root(err)))
		return
	}
	for _, from := range ownAddresses(ips[0].Is4()) {
		if err := r.reach(ctx, l, from, net.JoinHostPort(ips[0].String(), port)); err != nil {
			r.bad("address", "advertise an address of this machine on which it listens (--advertise, --listen); a firewall may be in between",
				fmt.Sprintf("%s, which clients are told, can't be reached from %s: %v", net.JoinHostPort(host, port), from, root(err)))
			return
		}
	}
	r.fine("address", fmt.Sprintf("%s, which clients are told, leads here", net.JoinHostPort(host, port)))
}

// errElsewhere says that a connection came about, and not with us.
var errElsewhere = errors.New("somebody else answers there")

// reach connects from one address of this machine to what clients are told.
func (r *report) reach(ctx context.Context, l net.Listener, from netip.Addr, to string) error {
	ctx, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	came := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		came <- c.RemoteAddr().String()
		c.Close()
	}()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}).DialContext(ctx, "tcp", to)
	if err != nil {
		if tl, ok := l.(*net.TCPListener); ok {
			_ = tl.SetDeadline(r.Now()) // nobody waits any more
		}
		return err
	}
	defer c.Close()
	select {
	case <-came:
		return nil
	case <-ctx.Done():
		return errElsewhere
	}
}

// ownAddresses are the addresses of this machine, loopback and link-local ones left out
// where there are others.
func ownAddresses(v4 bool) (list []netip.Addr) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() == v4 && p.Addr().IsGlobalUnicast() {
			list = append(list, p.Addr())
		}
	}
	if len(list) == 0 {
		list = append(list, map[bool]netip.Addr{true: netip.AddrFrom4([4]byte{127, 0, 0, 1}), false: netip.IPv6Loopback()}[v4])
	}
	return list
}

// resolve finds the addresses of a host that may be one itself.
func (r *report) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	ips, err := r.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, fmt.Errorf("no address for %s", host)
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	return ips, nil
}

// hostsFile is where the system keeps names of its own.
func hostsFile() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("SystemRoot"), "System32", "drivers", "etc", "hosts")
	}
	return "/etc/hosts"
}

// maxHosts is how many lines of a hosts file are read: block lists have a hundred thousand.
const maxHosts = 1 << 20

// hosts looks which of the names that clients ask the hosts file leads elsewhere. Some, and
// not all, is a common mistake.
func (r *report) hosts() {
	file, err := os.Open(r.Hosts)
	if err != nil {
		return
	}
	defer file.Close()
	known := stage.Hosts()
	to := make(map[string]string)
	lines := bufio.NewScanner(file)
	for n := 0; n < maxHosts && lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		for _, name := range words[min(1, len(words)):] {
			name = strings.ToLower(name)
			if slices.ContainsFunc(known, func(h stage.Host) bool { return h.Name == name }) {
				to[name] = words[0]
			}
		}
	}
	if len(to) == 0 {
		r.fine("hosts file", "leads none of the names that clients ask elsewhere")
		return
	}
	var set, missing []string
	for _, h := range known {
		if at := to[h.Name]; at != "" {
			set = append(set, h.Name+" to "+at)
		} else if h.Needed {
			missing = append(missing, h.Name)
		}
	}
	text := "leads " + strings.Join(set, ", ")
	if len(missing) == 0 {
		r.fine("hosts file", text)
		return
	}
	r.warn("hosts file", "lead all names to the same machine that the client asks, and only on the client's machine: here they also decide where the proxy goes", text+"; but not "+strings.Join(missing, ", "))
}

// files looks whether there may be as many connections as the proxy takes: two files each.
func (r *report) files() {
	if limit, known := fileLimit(); known {
		r.judgeFiles(limit)
	}
}

func (r *report) judgeFiles(limit uint64) {
	const each, besides, conns = 2, 64, 1024
	switch {
	case limit < each*conns+besides:
		r.warn("files", "raise it: ulimit -n 4096, or LimitNOFILE= of the service; or lower --max-conns", fmt.Sprintf("%d may be open at a time: some %d clients", limit, max(int64(limit)-besides, 0)/each))
	default:
		r.fine("files", fmt.Sprintf("%d may be open at a time, two for each client", limit))
	}
}

// root says what is wrong at the bottom of an error of the network.
func root(err error) error {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("the name %s was not found", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused: nobody listens there")
	case errors.Is(err, syscall.ECONNRESET):
		return errors.New("connection reset")
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		return errors.New("no answer in time")
	case errors.As(err, &op) && op.Err != nil:
		return op.Err
	}
	return err
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
