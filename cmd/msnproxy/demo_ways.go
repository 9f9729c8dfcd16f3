package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy"
	"msnproxy/proxy/ca"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/proxytest"
	"msnproxy/proxy/web"
)

// demoCarriers are the ways by which the demo's clients can have their connections
// carried: what dials through the proxy at an address.
var demoCarriers = []struct {
	name string
	dial func(at string) proxytest.Dialer
}{
	{"socks4", bySOCKS4},
	{"socks4a", func(at string) proxytest.Dialer { return proxytest.SOCKS4a(at, "demo", nil) }},
	{"socks5", func(at string) proxytest.Dialer { return proxytest.SOCKS5(at, "", "", nil) }},
	{"connect", func(at string) proxytest.Dialer { return proxytest.CONNECT(at, nil) }},
	{gatewayWay, func(at string) proxytest.Dialer { return (&proxytest.GatewayDialer{Address: at}).Dial }},
}

// bySOCKS4 dials by SOCKS4, which has no place for a name: one is asked for by SOCKS4a.
func bySOCKS4(at string) proxytest.Dialer {
	byAddress, byName := proxytest.SOCKS4(at, "demo", nil), proxytest.SOCKS4a(at, "demo", nil)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, err := netip.ParseAddrPort(address); err != nil {
			return byName(ctx, network, address)
		}
		return byAddress(ctx, network, address)
	}
}

const (
	// webWay is the way of the web half.
	webWay = "web"
	// gatewayWay carries MSNP alone.
	gatewayWay = "gateway"
	// webDialect is spoken with it where the user names none.
	webDialect = "MSNP15"
)

// comesBy reports whether a way is among those of --ways.
func comesBy(c *cli.Context, way string) bool {
	return slices.ContainsFunc(commas(c.StringSlice("ways")), func(s string) bool { return strings.EqualFold(s, way) })
}

// demoWays are the ways by which the demo's clients come in, if not by the proxy as their
// server alone.
type demoWays struct {
	names []string
	web   *proxytest.Web // nil: there are no web services
	ca    *ca.CA
}

// newDemoWays reads --ways.
func newDemoWays(c *cli.Context) (*demoWays, error) {
	known := []string{webWay}
	for _, w := range demoCarriers {
		known = append(known, w.name)
	}
	names := commas(c.StringSlice("ways"))
	for i, name := range names {
		names[i] = strings.ToLower(name)
		if !slices.Contains(known, names[i]) {
			return nil, usage("demo", "--ways: there is no way %q; the ways are %s", name, strings.Join(known, ", "))
		}
	}
	// The redirects that a gateway needs lead nowhere by the other carriers.
	if others := func(s string) bool { return s != gatewayWay && s != webWay }; slices.Contains(names, gatewayWay) && slices.ContainsFunc(names, others) {
		return nil, usage("demo", "--ways: the gateway goes with web alone: what it carries can't go on by another way")
	}
	if d := c.String("dialect"); c.IsSet("dialect") && slices.Contains(names, webWay) && proxytest.Speaks(d) && !proxytest.AsksWeb(d) {
		return nil, usage("demo", "--ways web: clients of %s ask no web service; those of MSNP8 and later do", strings.ToUpper(d))
	}
	return &demoWays{names: names}, nil
}

// open has a proxy serve the ways, with web services beside the server if they are among
// them. Close them before the server.
func (w *demoWays) open(server *proxytest.Server, cfg *proxy.Config) (err error) {
	if len(w.names) == 0 {
		return nil
	}
	cfg.Ways = []entrance.Entrance{entrance.SOCKS(nil), entrance.CONNECT(nil), entrance.Gateway(entrance.GatewayOptions{})}
	if !slices.Contains(w.names, webWay) {
		return nil
	}
	if w.ca, err = demoCA(); err != nil {
		return fmt.Errorf("making a CA for the demo: %w", err)
	}
	if w.web, err = proxytest.StartWeb(server, proxytest.WebConfig{}); err != nil {
		return err
	}
	var routes []web.Route
	for _, host := range proxytest.DemoHosts().All() {
		for _, to := range []string{host + ":80=http://" + w.web.HTTP, host + "=https://" + w.web.HTTPS} {
			r, err := web.ParseRoute(to)
			if err != nil {
				return err
			}
			routes = append(routes, r)
		}
	}
	cfg.Ways = append(cfg.Ways, web.New(web.Config{Routes: web.NewRoutes(routes), CA: w.ca, Roots: w.web.CA}))
	return nil
}

// close ends the web services.
func (w *demoWays) close() {
	if w.web != nil {
		w.web.Close()
	}
}

// demoCA makes a CA that is nowhere once the demo is over.
func demoCA() (*ca.CA, error) {
	dir, err := os.MkdirTemp("", "msnproxy-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return ca.Create(dir, ca.Options{Names: []string{"example.com"}})
}

// direct sends the clients of a script by the ways to the proxy at an address: each
// connection by the next of those that carry any, to the server itself; where there are
// none, to the proxy as the server. It returns where the server is for them.
func (w *demoWays) direct(sc *proxytest.Script, server *proxytest.Server, at string) (to string) {
	var all, forWeb []proxytest.Dialer
	for _, carrier := range demoCarriers {
		if !slices.Contains(w.names, carrier.name) {
			continue
		}
		all = append(all, carrier.dial(at))
		if carrier.name != gatewayWay {
			forWeb = append(forWeb, carrier.dial(at))
		}
	}
	if to = at; len(all) > 0 {
		to, sc.Dial = server.DS, proxytest.InTurn(all...)
	}
	if w.web == nil {
		return to
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(w.ca.Certificate())
	sc.Web = &proxytest.WebOptions{Dial: proxytest.At(at, nil), CA: trusted}
	if len(forWeb) > 0 {
		sc.Web.Dial = proxytest.InTurn(forWeb...)
	}
	return to
}

// String says by which ways they come, to follow what the proxy is in front of.
func (w *demoWays) String() string {
	if len(w.names) == 0 {
		return ""
	}
	return "; clients come by " + strings.Join(w.names, ", ")
}
