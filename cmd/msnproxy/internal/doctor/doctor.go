// Package doctor looks at a machine and at a server that clients are to sign in to, and says
// what stands in the way: each thing in a line, with what to do about it. It dials what it
// was told to, and nothing else, and never signs in.
package doctor

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"time"

	"msnproxy/decode/stage"
)

// Line is one thing that was looked at.
type Line struct {
	Level stage.Level
	// What is what was looked at, in a word or two: "port", "VER", "login.live.com".
	What string
	// Text says what was found and what that means. It may hold what a server said.
	Text string
	// Do says what to do about it; "": nothing.
	Do string
}

// Options say what to look at, and how.
type Options struct {
	// Listen is where the proxy is to listen, Advertise what clients are told, "" if the
	// same; Upstream is the server, each "host:port".
	Listen, Advertise, Upstream string
	// Web are the web services that clients need besides.
	Web []Web
	// Account is a made-up account with which clients begin to sign in, and stop before they
	// are asked to prove who they are.
	Account string

	// Wait limits how long an answer may take, Pause parts connections to the server.
	Wait, Pause time.Duration
	// Dial, Lookup, Now, Roots and Hosts stand for the network, its names, the clock, the
	// authorities that are trusted, and the hosts file: nil and "" for those of the machine.
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	Now    func() time.Time
	Roots  *x509.CertPool
	Hosts  string
	// Tell is given each line as soon as it is known.
	Tell func(Line)
}

// Web is a web service: which host clients ask, and where it really is.
type Web struct {
	// Name is the host, with a port or without, URL where it is asked here.
	Name, URL string
}

func (o *Options) defaults() {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Hosts == "" {
		o.Hosts = hostsFile()
	}
}

// report collects lines.
type report struct {
	*Options
	worst stage.Level
}

func (r *report) line(level stage.Level, what, do, text string) {
	if r.worst = max(r.worst, level); r.Tell != nil {
		r.Tell(Line{level, what, text, do})
	}
}

func (r *report) fine(what, text string)     { r.line(stage.Fine, what, "", text) }
func (r *report) warn(what, do, text string) { r.line(stage.Doubtful, what, do, text) }
func (r *report) bad(what, do, text string)  { r.line(stage.Bad, what, do, text) }

// Examine looks at everything, and returns the worst of it.
func Examine(ctx context.Context, o Options) stage.Level {
	o.defaults()
	r := &report{Options: &o}
	r.machine(ctx)
	if r.Upstream != "" && ctx.Err() == nil {
		r.server(ctx)
	}
	asked := make(map[string]bool)
	for _, w := range r.Web {
		if ctx.Err() == nil {
			r.web(ctx, w, asked)
		}
	}
	return r.worst
}
