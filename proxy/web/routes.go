package web

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Route says which server stands behind a host that clients ask for.
type Route struct {
	// Host is the host as clients name it, in small letters; "*.example.com" stands for all
	// below example.com.
	Host string
	// Port is the port at which clients ask for it; 0: any.
	Port uint16
	// TLS says that the server is spoken to with TLS.
	TLS bool
	// Server is the server's host, a name or an address without brackets.
	Server string
	// ServerPort is its port.
	ServerPort uint16
}

// ParseRoute reads HOST[:PORT]=URL. The URL has a scheme, http or https, a host, and
// maybe a port; the path is the client's own.
func ParseRoute(s string) (Route, error) {
	from, to, found := strings.Cut(s, "=")
	if !found {
		return Route{}, fmt.Errorf("%q: want HOST[:PORT]=URL, such as login.live.com=https://example.com", s)
	}
	return newRoute(strings.TrimSpace(from), strings.TrimSpace(to))
}

// newRoute makes a route of its two sides.
func newRoute(from, to string) (r Route, err error) {
	if r.Host, r.Port, err = splitHost(from); err != nil {
		return r, err
	}
	u, err := url.Parse(to)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return r, fmt.Errorf("%q is no URL of a server: want http://HOST[:PORT] or https://HOST[:PORT]", to)
	case u.User != nil:
		return r, fmt.Errorf("%q: a name or password does not belong here; clients bring their own", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return r, fmt.Errorf("%q: only the server can be named: paths are the client's own and pass as they are", to)
	}
	r.TLS = u.Scheme == "https"
	if r.Server, r.ServerPort, err = splitHost(u.Host); err != nil || strings.HasPrefix(r.Server, "*.") {
		return r, fmt.Errorf("%q is no URL of a server: %s is no host", to, u.Host)
	}
	if r.ServerPort == 0 {
		r.ServerPort = standardPort(r.TLS)
	}
	return r, nil
}

const portHTTP, portHTTPS = 80, 443

func standardPort(tls bool) uint16 {
	if tls {
		return portHTTPS
	}
	return portHTTP
}

// splitHost reads HOST[:PORT], in small letters. A HOST may begin with "*.".
func splitHost(s string) (host string, port uint16, err error) {
	host = s
	if h, p, err := net.SplitHostPort(s); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", 0, fmt.Errorf("%q: %s is no port, a number from 1 to 65535", s, p)
		}
		host, port = h, uint16(n)
	}
	host = canonical(host)
	if !isHost(strings.TrimPrefix(host, "*.")) {
		return "", 0, fmt.Errorf("%q is no host: want one such as login.live.com or *.contacts.msn.com, maybe with a port", s)
	}
	return host, port, nil
}

// canonical returns a host as routes have it: in small letters, without brackets and the
// dot at its end.
func canonical(host string) string {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String()
	}
	return host
}

const maxHost = 253

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if s == "" || len(s) > maxHost {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range []byte(label) {
			if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

// Address is where the server is dialled, "host:port".
func (r *Route) Address() string {
	return net.JoinHostPort(r.Server, strconv.Itoa(int(r.ServerPort)))
}

// Authority is how a request names the server: its port is left out where it is the usual
// one.
func (r *Route) Authority() string {
	if r.ServerPort != standardPort(r.TLS) {
		return r.Address()
	}
	if strings.Contains(r.Server, ":") {
		return "[" + r.Server + "]"
	}
	return r.Server
}

// URL is the server as a URL.
func (r *Route) URL() string {
	scheme := "http"
	if r.TLS {
		scheme = "https"
	}
	return scheme + "://" + r.Authority()
}

// String returns the route as ParseRoute reads it.
func (r *Route) String() string { return r.asked() + "=" + r.URL() }

// asked is HOST[:PORT].
func (r *Route) asked() string {
	if r.Port != 0 {
		return net.JoinHostPort(r.Host, strconv.Itoa(int(r.Port)))
	}
	if strings.Contains(r.Host, ":") {
		return "[" + r.Host + "]"
	}
	return r.Host
}

// Routes are all routes. The nil value has none.
type Routes struct {
	list []*Route
	by   map[string]*Route // by what is asked for
}

// NewRoutes returns routes. Of two for one host the later one holds.
func NewRoutes(list []Route) *Routes {
	r := &Routes{by: make(map[string]*Route)}
	for i := range list {
		one := list[i]
		if old := r.by[one.asked()]; old != nil {
			*old = one
			continue
		}
		r.by[one.asked()] = &one
		r.list = append(r.list, &one)
	}
	return r
}

// All returns the routes in their order. They must not be changed.
func (r *Routes) All() []*Route {
	if r == nil {
		return nil
	}
	return r.list
}

// Find returns the route of a host that is asked for at a port, or nil. A route for this
// very host goes before one for all below another, one with the port before one without.
func (r *Routes) Find(host string, port uint16) *Route {
	if r == nil {
		return nil
	}
	host = canonical(host)
	for name := host; name != ""; {
		for _, p := range []uint16{port, 0} {
			if found := r.by[(&Route{Host: name, Port: p}).asked()]; found != nil {
				return found
			}
		}
		// The next one is for all below a parent.
		_, parent, _ := strings.Cut(strings.TrimPrefix(name, "*."), ".")
		if parent == "" {
			break
		}
		name = "*." + parent
	}
	return nil
}

// Behind returns the hosts whose server is the one that is named, in the order of the
// routes.
func (r *Routes) Behind(server string, port uint16) (hosts []*Route) {
	server = canonical(server)
	for _, one := range r.All() {
		if one.Server == server && (port == 0 || one.ServerPort == port) {
			hosts = append(hosts, one)
		}
	}
	return hosts
}
