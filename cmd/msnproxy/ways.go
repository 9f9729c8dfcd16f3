package main

import (
	"context"
	"net"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy"
	"msnproxy/proxy/entrance"
)

// wayFlags are those about how clients come in, and what is done for them there.
func wayFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "rewrite", Value: proxy.RewriteAuto.String(), Usage: "`WHEN` to rewrite redirects: always, never, or auto (unless the client's way in, as SOCKS, carries all of its connections)", EnvVars: []string{"MSNPROXY_REWRITE"}},
		&cli.StringFlag{Name: "socks-user", Usage: "let in by SOCKS5 or CONNECT only who says `NAME:PASSWORD`, and nobody by SOCKS4 (the environment variable keeps it out of the list of processes)", EnvVars: []string{"MSNPROXY_SOCKS_USER"}},
		&cli.BoolFlag{Name: "gateway", Usage: "be MSN's HTTP gateway for clients that come by HTTP, before a server of MSNP; without it they are passed on to the upstream as the gateway", EnvVars: []string{"MSNPROXY_GATEWAY"}},
	}
}

// ways are the ways in that run has, and what it does with redirects.
func ways(c *cli.Context, cfg *proxy.Config) (err error) {
	if cfg.Rewrite, err = proxy.ParseRewrite(c.String("rewrite")); err != nil {
		return usage("run", "--%v", err)
	}
	var need *entrance.Login
	if s := c.String("socks-user"); s != "" {
		name, password, ok := strings.Cut(s, ":")
		if !ok || name == "" || len(name) > 255 || len(password) > 255 {
			return usage("run", "--socks-user wants NAME:PASSWORD, each of 255 bytes at most")
		}
		need = &entrance.Login{User: name, Password: password}
	}
	cfg.Ways = []entrance.Entrance{entrance.SOCKS(need), entrance.CONNECT(need), entrance.Gateway(gatewayOptions(c, cfg))}
	return nil
}

// addresses lists where the proxy listens.
func addresses(list []net.Addr) string {
	var s []string
	for _, a := range list {
		s = append(s, a.String())
	}
	return strings.Join(s, ", ")
}

// gatewayOptions say where clients that come by HTTP are led.
func gatewayOptions(c *cli.Context, cfg *proxy.Config) (o entrance.GatewayOptions) {
	if !c.Bool("gateway") {
		o.Pass = withPort(cfg.Upstream)
	}
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		if cfg.Mark != 0 {
			d.Control = entrance.SetMark(cfg.Mark)
		}
		return d.DialContext(ctx, network, address)
	}
	if o.Address = cfg.Advertise; o.Address != "" {
		if host, _, err := net.SplitHostPort(cfg.Advertise); err == nil {
			o.Address = host
		}
	}
	return o
}

// withPort adds the port of MSNP to an address without one.
func withPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), strconv.Itoa(proxy.DefaultPort))
}
