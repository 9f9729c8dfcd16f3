package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/addon"
)

// addonFlag is the flag of the commands in which add-ons decide.
func addonFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "addon", Usage: "run `COMMAND`, which decides on messages by JSON lines, behind rules and faults (may be repeated; docs/addons.md)"}
}

// addons are the processes that decide on messages.
type addons struct {
	list []*addon.Addon
	over sync.Once

	mu   sync.Mutex
	say  func(text string) // nil: nobody is there yet
	said []string          // before
}

// startAddons starts those that the flags ask for, each as a stage of the gate.
func startAddons(c *cli.Context, g *gate.Gate) (*addons, error) {
	x := &addons{}
	for i, command := range nonEmpty(c.StringSlice("addon")) {
		a, err := addon.Start(addon.Options{
			Name: fmt.Sprintf("addon %d", i+1), Command: command, Changed: g.Changed,
			Ask:    func(m *decode.Message) []byte { return show.AppendQuestion(nil, m) },
			Remark: x.remark,
		})
		if err != nil {
			x.close(c)
			return nil, fmt.Errorf("--addon %s: %w", command, err)
		}
		g.Add(a)
		x.list = append(x.list, a)
	}
	return x, nil
}

// remark tells what an add-on says, or does wrong.
func (x *addons) remark(text string) {
	x.mu.Lock()
	say := x.say
	if say == nil {
		x.said = append(x.said, text)
	}
	x.mu.Unlock()
	if say != nil {
		say(text)
	}
}

// attach has remarks told by the proxy, as all that happens is.
func (x *addons) attach(p *proxy.Proxy) {
	x.sayBy(func(text string) {
		p.Annotate(capture.Record{Time: time.Now(), Kind: capture.Remark, Text: text})
	})
}

func (x *addons) sayBy(say func(text string)) {
	x.mu.Lock()
	said := x.said
	x.say, x.said = say, nil
	x.mu.Unlock()
	for _, text := range said {
		say(text)
	}
}

// Observe tells add-ons how connections begin and end.
func (x *addons) Observe(r *capture.Record) {
	if len(x.list) == 0 || r.Kind != capture.Opened && r.Kind != capture.HalfClosed && r.Kind != capture.Closed {
		return
	}
	line := show.AppendEvent(nil, r)
	for _, a := range x.list {
		a.Tell(line)
	}
}

// close ends the processes. What there is to say of them is said on standard error, as the
// proxy is at its end, too.
func (x *addons) close(c *cli.Context) {
	x.over.Do(func() {
		x.sayBy(func(text string) { complain(c.App.ErrWriter, errors.New(text)) })
		var all sync.WaitGroup
		for _, a := range x.list {
			all.Go(a.Close)
		}
		all.Wait()
	})
}
