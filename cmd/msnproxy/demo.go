package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/rule"
	"msnproxy/proxy/proxytest"
)

// demoTime bounds a demo without pauses, and what is added for each of them.
const (
	demoTime  = 30 * time.Second
	demoSteps = 18
	// inspectedPace is the pause before each step for who watches in the inspector.
	inspectedPace = 400 * time.Millisecond
)

func demoCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "listen", Value: "127.0.0.1:0", Usage: "let the proxy listen on `ADDR`, host:port; port 0 is any"},
		&cli.DurationFlag{Name: "pace", Usage: "pause for `TIME` before each step; in the inspector 400ms if it is not given"},
		&cli.StringFlag{Name: "dialect", Value: "MSNP7", Usage: "`DIALECT` that the two clients and the server speak: MSNP2 to MSNP18, MSNP21"},
		&cli.StringSliceFlag{Name: "ways", Usage: "clients come in by `WAY`: web (they get tickets and lists from web services behind the proxy, too), socks4, socks4a, socks5, connect (several of these, parted by commas, in turn), gateway"},
		&cli.BoolFlag{Name: "calm", Usage: "nothing goes wrong: leave out the third act, in which gate rules break something"},
		&cli.StringFlag{Name: "ports", Value: proxy.OnePort.String(), Usage: "`MODE`: one or per-target, as for run"},
	}
	return &cli.Command{
		Name:  "demo",
		Usage: "show the proxy at work, between a built-in server and two scripted clients",
		Description: `Starts a small server (dispatch, notification and switchboard, each at an address
of its own), the proxy in front of it, and two clients that sign in through the
proxy, meet and talk. Nothing but the loopback network is used. On a terminal the
inspector shows it, step by step, and stays until you leave (q). In a third act gate
rules of its own lose an ACK, give a wrong length and answer a challenge wrongly, so
that there is something to find; not with --calm, --dialect or gate rules of yours.

Examples:
   msnproxy demo
   msnproxy demo --view chat --pace 1s
   msnproxy demo --no-ui --detail 2
   msnproxy demo --record demo.pcapng
   msnproxy demo --calm --record calm.pcapng
   msnproxy demo --dialect MSNP18 --record msnp18.pcapng
   msnproxy demo --dialect MSNP15 --ways web,socks5
   msnproxy demo --offer MSNP9
` + exitCodes,
		Flags:  slices.Concat(flags, gateFlags(), []cli.Flag{addonFlag()}, apiFlags(false), recordFlags(false), outputFlags("text or json", false), []cli.Flag{noUIFlag()}, inspectorFlags()),
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
	offered, _, err := demoDialects(c)
	if err != nil {
		return err
	}
	accounts := proxytest.DemoAccounts()
	known := make(map[string]string)
	for _, a := range accounts {
		known[a.Handle] = a.Password
	}
	server, err := proxytest.Start(proxytest.Config{Accounts: accounts, Dialects: offered})
	if err != nil {
		return err
	}
	defer server.Close()
	ways, err := newDemoWays(c)
	if err != nil {
		return err
	}
	ours, err := thirdAct(c)
	if err != nil {
		return err
	}
	g, err := newGate(c, known, ours)
	if err != nil {
		return err
	}
	cfg := proxy.Config{
		Gate:     g,
		Upstream: server.DS, Listen: c.String("listen"), Ports: ports, Allow: []string{server.NS, server.SB},
	}
	defer ways.close()
	if err := ways.open(server, &cfg); err != nil {
		return err
	}
	p, err := proxy.New(cfg)
	if err == nil {
		defer p.Close()
		err = p.Listen()
	}
	if err != nil {
		return usage("demo", "--%v", err)
	}
	return showDemo(c, p, server, ways, g, ours, known)
}

// showDemo runs the script through the proxy, with all that looks on.
func showDemo(c *cli.Context, p *proxy.Proxy, server *proxytest.Server, ways *demoWays, g *gate.Gate, ours *rule.Set, known map[string]string) error {
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
	out := outlive(c, true, "the demo goes on")
	defer out.end(hurried(c.Context))
	d, err := newDisplay(c, "demo", known, g)
	if err != nil {
		return err
	}
	defer d.finish()
	if err := a.start(c, g, p, d, known); err != nil {
		return err
	}
	d.addons = x
	d.attach(p)
	x.attach(p)
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: listening on %s, in front of the built-in server at %s%v\n", p.Addr(), server.DS, ways)
	err = act(c, p, server, ways, d, breaks(g, ours))
	a.close()
	x.close(c)
	return d.end(c, p, err)
}

// demoDialects returns what the clients offer; nil stands for what client 4.5 offers. Where
// --offer takes some of that away agreed is what is left of it.
func demoDialects(c *cli.Context) (offers []string, agreed string, err error) {
	name := strings.ToUpper(c.String("dialect"))
	switch {
	case c.IsSet("dialect") && !proxytest.Speaks(name):
		return nil, "", usage("demo", "--dialect %s: the demo speaks MSNP2 to MSNP18 and MSNP21", c.String("dialect"))
	case c.IsSet("dialect"):
		return []string{name, "CVR0"}, "", nil
	case comesBy(c, webWay) && !c.IsSet("offer"):
		return []string{webDialect, "CVR0"}, "", nil
	}
	list, err := offered(c, "demo")
	if list == nil || err != nil {
		return nil, "", err
	}
	for n := 21; n >= 2; n-- { // all of them, so that there is something to choose from
		name := fmt.Sprintf("MSNP%d", n)
		if !proxytest.Speaks(name) {
			continue
		}
		if offers = append(offers, name); agreed == "" && slices.Contains(list.Dialects(), name) {
			agreed = name
		}
	}
	if agreed == "" {
		return nil, "", usage("demo", "--offer %s: the demo speaks MSNP2 to MSNP18 and MSNP21", list)
	}
	return append(offers, "CVR0"), agreed, nil
}

// act runs the script through the proxy, and ends the proxy when it is over and,
// if there is the inspector, the user has left.
func act(c *cli.Context, p *proxy.Proxy, server *proxytest.Server, ways *demoWays, d *display, breaks func(proxytest.Fault) error) error {
	served := make(chan error, 1)
	go func() { served <- p.Serve(context.WithoutCancel(c.Context)) }()
	pace := c.Duration("pace")
	if d.live != nil && !c.IsSet("pace") {
		pace = inspectedPace
	}
	ctx, cancel := context.WithTimeout(c.Context, demoTime+demoSteps*pace)
	if d.live != nil { // people may hold messages for as long as they like
		cancel()
		ctx, cancel = context.WithCancel(c.Context)
	}
	defer cancel()
	offered, agreed, err := demoDialects(c)
	if err != nil {
		return err
	}
	script := proxytest.Script{Dialects: offered, Agreed: agreed, Pace: pace, Break: breaks, Saw: d.say, Progress: func(step string) {
		if pace > 0 {
			d.say(step)
		}
	}}
	at := ways.direct(&script, server, p.Addr().String())
	if d.live == nil {
		err = script.Run(ctx, at, server)
	} else {
		err = d.play(c.Context, func() error { return script.Run(ctx, at, server) }, cancel)
	}
	if breaks != nil && err == nil {
		d.say(fmt.Sprintf("%s broke something on purpose: the findings say what; demo --calm leaves that out", plural(len(proxytest.Faults()), "gate rule")))
	}
	p.Release()
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
