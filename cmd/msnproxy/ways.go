package main

import (
	"net"
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
	cfg.Ways = []entrance.Entrance{entrance.SOCKS(need), entrance.CONNECT(need)}
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
