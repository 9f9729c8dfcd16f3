package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy"
)

func runCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "upstream", Usage: "relay to the server `HOST[:PORT]` (port 1863 if none is given)", EnvVars: []string{"MSNPROXY_UPSTREAM"}},
		&cli.StringSliceFlag{Name: "listen", Value: cli.NewStringSlice(proxy.DefaultListen), Usage: "listen on `ADDR`, host:port (may be repeated; each serves every way in)", EnvVars: []string{"MSNPROXY_LISTEN"}},
		&cli.StringFlag{Name: "advertise", Usage: "tell clients `HOST[:PORT]` in redirects, rather than the address that they reached the proxy at", EnvVars: []string{"MSNPROXY_ADVERTISE"}},
		&cli.StringFlag{Name: "ports", Value: proxy.OnePort.String(), Usage: "`MODE`: one (all connections come to the one port) or per-target (each server gets a port)", EnvVars: []string{"MSNPROXY_PORTS"}},
		&cli.StringSliceFlag{Name: "allow", Usage: "follow redirects to `HOST|CIDR[:PORT]` although the rules refuse them, and connect clients that ask for it (may be repeated)", EnvVars: []string{"MSNPROXY_ALLOW"}},
		&cli.IntFlag{Name: "max-conns", Value: proxy.DefaultMaxConns, Usage: "reset clients beyond `N` open connections", EnvVars: []string{"MSNPROXY_MAX_CONNS"}},
		&cli.BoolFlag{Name: "probe", Usage: "before listening see whether the server can be reached, with a connection of its own", EnvVars: []string{"MSNPROXY_PROBE"}},
		&cli.DurationFlag{Name: "drain", Value: 2 * time.Second, Usage: "after Ctrl-C give open connections `TIME` to end by themselves", EnvVars: []string{"MSNPROXY_DRAIN"}},
	}
	return &cli.Command{
		Name:  "run",
		Usage: "relay between clients and a server, and show what they say",
		Description: `Point the Messenger client at the address that msnproxy listens on: as its server,
or as its proxy (SOCKS 4, 4a or 5, or an HTTP proxy that takes CONNECT), or as MSN's
HTTP gateway: requests to that are passed on to the upstream, as another gateway,
or with --gateway end here, before a server of MSNP.

Redirects (XFR, RNG) are rewritten so that a client stays behind the proxy, where it
is not its proxy anyway. Nothing else is changed. What a client of a proxy asks for
must be the upstream, what --allow covers, or where a server has sent it.

On a terminal the inspector shows the traffic (? lists its keys, q leaves); elsewhere,
or with --no-ui, --format or --detail, messages are printed as lines. Ctrl-C ends it,
and a second one does not wait for anything.

The server is connected to when a client comes, and need not be there before.

Examples:
   msnproxy run --upstream messenger.example.com
   msnproxy run --upstream 10.0.0.5 --theme light --record session.pcapng
   msnproxy run --upstream 10.0.0.5 --no-ui --detail 2
   msnproxy run --upstream 10.0.0.5 --offer MSNP9,MSNP8
   msnproxy run --upstream 10.0.0.5:1863 --listen 0.0.0.0:1863 --format json
   msnproxy run --upstream messenger.example.com --listen 127.0.0.1:1863 --listen 127.0.0.1:1080
   msnproxy run --upstream messenger.example.com --gateway --listen 127.0.0.1:80
   msnproxy run --upstream 10.0.0.5 --web login.live.com=https://10.0.0.5:8443 --listen 0.0.0.0:443
   msnproxy run --upstream 10.0.0.5 --record session.pcapng --rotate size:100MB --keep 10

Each flag can be set by an environment variable, MSNPROXY_UPSTREAM and so on.
` + exitCodes,
		Flags:  slices.Concat(flags, wayFlags(), webFlags(), transparentFlags(), gateFlags(), []cli.Flag{addonFlag()}, apiFlags(true), recordFlags(true), outputFlags("text or json", true), []cli.Flag{noUIFlag()}, inspectorFlags()),
		Action: runProxy,
	}
}

func runProxy(c *cli.Context) error {
	if c.NArg() != 0 {
		return usage("run", "run takes no arguments; the server goes after --upstream")
	}
	if c.Bool("print-rules") {
		return printRules(c)
	}
	half, err := webRoutes(c)
	if err != nil {
		return err
	}
	defer half.close()
	upstream := c.String("upstream")
	if upstream == "" {
		upstream = half.upstream
	}
	if upstream == "" {
		return usage("run", "run needs a server: --upstream HOST[:PORT], or a --preset that names one")
	}
	ports, err := proxy.ParsePorts(c.String("ports"))
	if err != nil {
		return usage("run", "--%v", err)
	}
	listen := commas(c.StringSlice("listen"))
	if len(listen) == 0 {
		listen = []string{proxy.DefaultListen}
	}
	cfg := proxy.Config{
		Upstream: upstream, Listen: listen[0], Listens: listen[1:], Advertise: c.String("advertise"),
		Ports: ports, Allow: commas(c.StringSlice("allow")), MaxConns: c.Int("max-conns"),
	}
	if cfg.MaxConns < 1 {
		return usage("run", "--max-conns is %d; it must be 1 or more", cfg.MaxConns)
	}
	if drain := c.Duration("drain"); drain < 0 {
		return usage("run", "--drain is %v; it cannot be negative", drain)
	}
	if err := ways(c, &cfg); err != nil {
		return err
	}
	if err := half.enter(c, &cfg); err != nil {
		return err
	}
	if err := transparent(c, &cfg); err != nil {
		return err
	}
	g, err := newGate(c, nil, nil)
	if err != nil {
		return err
	}
	cfg.Gate = g
	p, err := proxy.New(cfg)
	if err != nil {
		return usage("run", "--%v", err)
	}
	defer p.Close()
	if c.Bool("probe") {
		if err := probe(c, p); err != nil {
			return err
		}
	}
	// A start that fails leaves no file behind.
	if err := p.Listen(); err != nil {
		return err
	}
	a, err := openAPI(c)
	if err != nil {
		return err
	}
	defer a.close()
	x, err := startAddons(c, g)
	if err != nil {
		return err
	}
	defer x.close(c)
	out := outlive(c, true, "relaying goes on")
	defer out.end(hurried(c.Context))
	d, err := newDisplay(c, upstream, nil, g)
	if err != nil {
		return err
	}
	defer d.finish()
	if err := a.start(c, g, p, d, nil); err != nil {
		return err
	}
	d.addons = x
	d.attach(p)
	x.attach(p)
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: listening on %s, relaying to %s; Ctrl-C ends\n", addresses(p.Addrs()), upstream)
	if d.live != nil {
		d.live.ins.Waiting(fmt.Sprintf("Waiting for a client at %s.", addresses(p.Addrs())))
	}
	err = serve(c, p, d)
	a.close()
	x.close(c)
	return d.end(c, p, err)
}

// probe sees whether the server can be reached.
func probe(c *cli.Context, p *proxy.Proxy) error {
	ctx, cancel := context.WithTimeout(c.Context, proxy.DefaultDialTimeout)
	defer cancel()
	return interruptedOr(c, p.Probe(ctx))
}

// commas parts what flags name that can have no comma in it.
func commas(list []string) (parts []string) {
	for _, s := range list {
		parts = append(parts, strings.Split(s, ",")...)
	}
	return nonEmpty(parts)
}

// nonEmpty drops empty words: an environment variable that is set to nothing is
// one.
func nonEmpty(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// interruptedOr tells a Ctrl-C from an error.
func interruptedOr(c *cli.Context, err error) error {
	if c.Context.Err() != nil {
		return &exit{code: exitInterrupted}
	}
	return err
}

// serve runs the proxy until it fails or somebody ends it; a second Ctrl-C does
// not wait for open connections.
func serve(c *cli.Context, p *proxy.Proxy, d *display) error {
	failed := make(chan error, 1)
	go func() { failed <- p.Serve(context.WithoutCancel(c.Context)) }()
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	left := d.show(ctx)
	select {
	case err := <-failed:
		cancel()
		<-left
		return err
	case <-left:
	}
	return drain(c, p, failed)
}

// drain ends the proxy, and lets open connections end by themselves for a while.
func drain(c *cli.Context, p *proxy.Proxy, failed <-chan error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context), c.Duration("drain"))
	defer cancel()
	p.Release()
	again := hurried(c.Context)
	if c.Context.Err() == nil {
		again = c.Context.Done() // the user has left the inspector
	}
	go func() {
		select {
		case <-again:
			cancel()
		case <-ctx.Done():
		}
	}()
	if open := p.Stats().Open; open > 0 {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: ending; %s to go, Ctrl-C again does not wait\n", plural(int(open), "open connection"))
	}
	if err := p.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err
	}
	<-failed
	return nil
}

// totals are what the summary counts.
type totals struct {
	sessions, conversations, messages int
	opaque                            int64
	stuck                             []string // sign-ins that did not come to their end
}

// summary says at the end what passed.
func summary(c *cli.Context, s totals, p *proxy.Proxy) {
	x := p.Stats()
	w := c.App.ErrWriter
	fmt.Fprintf(w, "msnproxy: %s, %s, %s, %s\n", plural(int(x.Accepted), "connection"),
		plural(s.sessions, "session"), plural(s.conversations, "conversation"), plural(s.messages, "message"))
	fmt.Fprintf(w, "msnproxy: %d bytes from clients, %d from servers; %s rewritten", x.FromClients, x.FromServers, plural(int(x.Redirects), "redirect"))
	if x.Refused > 0 {
		fmt.Fprintf(w, ", %d refused", x.Refused)
	}
	fmt.Fprintln(w)
	for i, line := range s.stuck {
		if i == mostStuck {
			fmt.Fprintf(w, "msnproxy: %s more did not come to their end\n", plural(len(s.stuck)-mostStuck, "sign-in"))
			break
		}
		fmt.Fprintf(w, "msnproxy: sign-in %s\n", line)
	}
	if x.DialErrors > 0 {
		fmt.Fprintf(w, "msnproxy: %s to a server failed\n", plural(int(x.DialErrors), "connection"))
	}
	if s.opaque > 0 {
		fmt.Fprintf(w, "msnproxy: %d bytes were no MSNP\n", s.opaque)
	}
	if x.Dropped > 0 {
		fmt.Fprintf(w, "msnproxy: %s not shown, as the output was too slow; they were relayed\n", plural(int(x.Dropped), "message"))
	}
}
