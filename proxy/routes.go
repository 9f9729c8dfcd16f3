package proxy

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// What is remembered of redirects, and for how long: see the package comment.
const (
	cookieGood       = 10 * time.Minute
	nsGood           = 2 * time.Minute
	cookiesOfClient  = 512
	pendingOfClient  = 64
	clientsRemember  = 4096
	sweepRoutesAfter = time.Minute
)

// route is where a redirect leads.
type route struct {
	target  address
	from    netip.Addr // the server that redirected; decides what is allowed
	refused string     // why the client is to be reset; "": it is not
	asked   bool       // the client named it, and nobody else
	by      string     // in what: "a SOCKS5 request"; "": it did not
	until   time.Time
}

// routes remembers, for each client address, the redirects that it was given and
// has not followed yet.
type routes struct {
	now func() time.Time

	mu      sync.Mutex
	clients map[netip.Addr]*clientRoutes
	swept   time.Time
}

// clientRoutes are the redirects that one client address was given.
type clientRoutes struct {
	admits  map[string]route // by cookie, or by session id
	order   []string         // keys of admits, the oldest first
	pending []route          // XFR NS, the oldest first
	touched time.Time
}

// Keys of cookies and of session ids must not meet: neither holds a blank.
func cookieKey(cookie string) string { return cookie }
func sessionKey(id string) string    { return " " + id }

// admit remembers where a cookie or session id, by its key, admits to.
func (t *routes) admit(client netip.Addr, key string, r route) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.client(client)
	r.until = t.now().Add(cookieGood)
	if c.admits == nil {
		c.admits = make(map[string]route)
	}
	if _, known := c.admits[key]; !known {
		c.order = append(c.order, key)
	}
	c.admits[key] = r
	for len(c.order) > cookiesOfClient {
		delete(c.admits, c.order[0])
		c.order = append(c.order[:0], c.order[1:]...)
	}
}

// sendNS remembers an XFR NS.
func (t *routes) sendNS(client netip.Addr, r route) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.client(client)
	r.until = t.now().Add(nsGood)
	c.pending = append(c.pending, r)
	if len(c.pending) > pendingOfClient {
		c.pending = append(c.pending[:0], c.pending[1:]...)
	}
}

// find returns where a cookie or session id admits the client to.
func (t *routes) find(client netip.Addr, key string) (route, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.clients[client]
	if c == nil {
		return route{}, false
	}
	r, ok := c.admits[key]
	if !ok || t.now().After(r.until) {
		return route{}, false
	}
	return r, true
}

// named returns the newest redirects of a client that name a host and this port, at most so
// many.
func (t *routes) named(client netip.Addr, port uint16, most int) (list []route) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.clients[client]
	if c == nil {
		return nil
	}
	for i := len(c.order) - 1; i >= 0 && len(list) < most; i-- {
		r := c.admits[c.order[i]]
		_, literal := r.target.ip()
		if !literal && r.target.port == port && strings.HasPrefix(c.order[i], namedPrefix) && !t.now().After(r.until) {
			list = append(list, r)
		}
	}
	return list
}

// takeNS returns the client's oldest pending XFR NS and forgets it. others are
// pending targets that differ from it: whose this one was is in doubt.
func (t *routes) takeNS(client netip.Addr) (r route, others []address, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.clients[client]
	if c == nil {
		return r, nil, false
	}
	c.expire(t.now())
	if len(c.pending) == 0 {
		return r, nil, false
	}
	r = c.pending[0]
	c.pending = append(c.pending[:0], c.pending[1:]...)
	for _, o := range c.pending {
		if !o.target.same(r.target) {
			others = append(others, o.target)
		}
	}
	return r, others, true
}

// waiting reports whether any redirect is remembered for the client.
func (t *routes) waiting(client netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.clients[client]
	if c == nil {
		return false
	}
	c.expire(t.now())
	return len(c.pending) > 0 || len(c.admits) > 0
}

// client returns what is remembered of a client, which is about to grow.
func (t *routes) client(ip netip.Addr) *clientRoutes {
	now := t.now()
	if t.clients == nil {
		t.clients = make(map[netip.Addr]*clientRoutes)
		t.swept = now
	}
	if now.Sub(t.swept) > sweepRoutesAfter {
		t.sweep(now)
	}
	c := t.clients[ip]
	if c == nil {
		if len(t.clients) >= clientsRemember {
			t.forgetOldest()
		}
		c = &clientRoutes{}
		t.clients[ip] = c
	}
	c.touched = now
	return c
}

// sweep drops what is no longer good.
func (t *routes) sweep(now time.Time) {
	t.swept = now
	for ip, c := range t.clients {
		c.expire(now)
		if len(c.pending) == 0 && len(c.admits) == 0 {
			delete(t.clients, ip)
		}
	}
}

func (t *routes) forgetOldest() {
	var oldest netip.Addr
	var at time.Time
	for ip, c := range t.clients {
		if !oldest.IsValid() || c.touched.Before(at) {
			oldest, at = ip, c.touched
		}
	}
	delete(t.clients, oldest)
}

// expire drops the client's redirects that are no longer good.
func (c *clientRoutes) expire(now time.Time) {
	kept := c.pending[:0]
	for _, r := range c.pending {
		if !now.After(r.until) {
			kept = append(kept, r)
		}
	}
	c.pending = kept
	order := c.order[:0]
	for _, key := range c.order {
		if now.After(c.admits[key].until) {
			delete(c.admits, key)
			continue
		}
		order = append(order, key)
	}
	c.order = order
}
