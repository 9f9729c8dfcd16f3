package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy"
	"msnproxy/proxy/entrance"
	"msnproxy/proxy/proxytest"
)

// demoCarriers are the ways by which the demo's clients can have their connections
// carried: what dials through the proxy at an address.
var demoCarriers = []struct {
	name string
	dial func(at string) proxytest.Dialer
}{
	{"socks4", func(at string) proxytest.Dialer { return proxytest.SOCKS4(at, "demo", nil) }},
	{"socks4a", func(at string) proxytest.Dialer { return proxytest.SOCKS4a(at, "demo", nil) }},
	{"socks5", func(at string) proxytest.Dialer { return proxytest.SOCKS5(at, "", "", nil) }},
	{"connect", func(at string) proxytest.Dialer { return proxytest.CONNECT(at, nil) }},
}

// demoWays are the ways that the demo's clients come in by.
type demoWays []string

// newDemoWays reads --ways.
func newDemoWays(c *cli.Context) (demoWays, error) {
	known := []string{}
	for _, w := range demoCarriers {
		known = append(known, w.name)
	}
	ways := commas(c.StringSlice("ways"))
	for i, w := range ways {
		ways[i] = strings.ToLower(w)
		if !slices.Contains(known, ways[i]) {
			return nil, usage("demo", "--ways: there is no way %q; the ways are %s", w, strings.Join(known, ", "))
		}
	}
	return ways, nil
}

// serve has the proxy serve the ways.
func (w demoWays) serve(cfg *proxy.Config) {
	if len(w) > 0 {
		cfg.Ways = []entrance.Entrance{entrance.SOCKS(nil), entrance.CONNECT(nil)}
	}
}

// script sends the clients of a script by the ways: each connection by the next of them,
// to the server itself, or, if there is none, to the proxy as the server.
func (w demoWays) script(sc *proxytest.Script, server *proxytest.Server, at string) (to string) {
	var all []proxytest.Dialer
	for _, carrier := range demoCarriers {
		if slices.Contains(w, carrier.name) {
			all = append(all, carrier.dial(at))
		}
	}
	if len(all) == 0 {
		return at
	}
	sc.Dial = proxytest.InTurn(all...)
	return server.DS
}

func (w demoWays) String() string {
	if len(w) == 0 {
		return ""
	}
	return fmt.Sprintf("; clients come in by %s", strings.Join(w, ", "))
}
