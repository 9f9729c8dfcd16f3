package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy"
	"msnproxy/proxy/proxytest"
)

// demoTime bounds a demo without pauses, and what is added for each of them.
const (
	demoTime  = 30 * time.Second
	demoSteps = 16
)

func demoCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "listen", Value: "127.0.0.1:0", Usage: "let the proxy listen on `ADDR`, host:port; port 0 is any"},
		&cli.DurationFlag{Name: "pace", Usage: "pause for `TIME` before each step"},
		&cli.StringFlag{Name: "ports", Value: proxy.OnePort.String(), Usage: "`MODE`: one or per-target, as for run"},
	}
	return &cli.Command{
		Name:  "demo",
		Usage: "show the proxy at work, between a built-in server and two scripted clients",
		Description: `Starts a small server (dispatch, notification and switchboard, each at an address
of its own), the proxy in front of it, and two clients that sign in through the
proxy, meet and talk. Nothing but the loopback network is used.

Examples:
   msnproxy demo
   msnproxy demo --pace 1s --detail 2
   msnproxy demo --record demo.pcapng
` + exitCodes,
		Flags:  append(append(flags, recordFlags(false)...), outputFlags("text or json", false)...),
		Action: demo,
	}
}

func demo(c *cli.Context) error {
	if c.NArg() != 0 {
		return usage("demo", "demo takes no arguments")
	}
	ports, err := proxy.ParsePorts(c.String("ports"))
	if err != nil {
		return usage("demo", "--%v", err)
	}
	printer, err := newPrinter(c, show.Text, show.JSON)
	if err != nil {
		return err
	}
	printer.Live = true
	accounts := proxytest.DemoAccounts()
	for _, a := range accounts {
		printer.Know(map[string]string{a.Handle: a.Password})
	}
	server, err := proxytest.Start(proxytest.Config{Accounts: accounts})
	if err != nil {
		return err
	}
	defer server.Close()
	recorder, err := newRecorder(c)
	if err != nil {
		return err
	}
	screen := newScreen(printer, c.App.ErrWriter)
	cfg := proxy.Config{
		Upstream: server.DS, Listen: c.String("listen"), Ports: ports,
		Allow: []string{server.NS, server.SB}, Observer: screen, Lossless: true,
	}
	if recorder != nil {
		cfg.Recorder = recorder
		defer recorded(c.App.ErrWriter, recorder)
		defer recorder.Close()
	}
	p, err := proxy.New(cfg)
	if err == nil {
		err = p.Listen()
	}
	if err != nil {
		screen.close()
		return usage("demo", "--%v", err)
	}
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: listening on %s, in front of the built-in server at %s\n", p.Addr(), server.DS)
	err = act(c, p, server)
	screen.close()
	summary(c, printer, p)
	return err
}

// act runs the script through the proxy, and ends the proxy when it is over.
func act(c *cli.Context, p *proxy.Proxy, server *proxytest.Server) error {
	served := make(chan error, 1)
	go func() { served <- p.Serve(context.WithoutCancel(c.Context)) }()
	ctx, cancel := context.WithTimeout(c.Context, demoTime+demoSteps*c.Duration("pace"))
	defer cancel()
	script := proxytest.Script{Pace: c.Duration("pace"), Progress: func(step string) {
		if c.Duration("pace") > 0 {
			fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s\n", step)
		}
	}}
	err := script.Run(ctx, p.Addr().String(), server)
	drain, done := context.WithTimeout(c.Context, 2*time.Second)
	defer done()
	if serr := p.Shutdown(drain); err == nil && serr != nil && c.Context.Err() == nil {
		err = fmt.Errorf("ending the proxy: %w", serr)
	}
	if serr := <-served; err == nil {
		err = serr
	}
	return interruptedOr(c, err)
}
