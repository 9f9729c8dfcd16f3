package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/doctor"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode/stage"
	"msnproxy/proxy"
)

// madeUp is the account with which doctor begins to sign in. Nobody has it.
const madeUp = "msnproxy-doctor@example.com"

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "say how far a sign-in comes, and what stops it: in a recording, at a server, of a client that comes",
		ArgsUsage: "[FILE...]",
		Description: `Of a recording: how far each sign-in came, what came then, why sign-ins usually
stop there, and which findings matter. With --upstream: whether this machine and the
server are fit for it. Each dialect is offered on a connection of its own, one after the
other; a sign-in is begun with a made-up account, and left where a password would be
needed. Nothing is looked at that is not named. With --wait: relays a client as run does,
and says how far it comes, until it is signed in. docs/doctor.md tells the stages.

Examples:
   msnproxy doctor session.pcapng
   msnproxy doctor session.pcapng --json
   msnproxy doctor --upstream messenger.example.com
   msnproxy doctor --preset escargot
   msnproxy doctor --upstream 10.0.0.5 --web login.live.com=https://login.example.com
   msnproxy doctor --upstream 10.0.0.5 --wait --for 5m
   msnproxy doctor --upstream 10.0.0.5 --matrix
` + exitCodes,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "upstream", Usage: "look at the server `HOST[:PORT]` (port 1863 if none is given)"},
			&cli.StringFlag{Name: "listen", Value: proxy.DefaultListen, Usage: "whether the proxy could listen on `ADDR`; with --wait it does"},
			&cli.StringFlag{Name: "advertise", Usage: "whether `HOST[:PORT]`, which clients would be told, leads here; with --wait they are told"},
			&cli.BoolFlag{Name: "wait", Usage: "wait for a client, relay it to --upstream, and say how far it comes"},
			&cli.DurationFlag{Name: "for", Usage: "with --wait: no longer than `TIME`"},
			&cli.StringSliceFlag{Name: "allow", Usage: "with --wait: follow redirects to `HOST|CIDR[:PORT]`, as run does (may be repeated)"},
			&cli.BoolFlag{Name: "matrix", Usage: "a table: how far a client comes with each dialect, at --upstream or in the recording"},
			&cli.StringFlag{Name: "account", Value: madeUp, Usage: "begin to sign in as `ACCOUNT`, which should be nobody's"},
			&cli.DurationFlag{Name: "timeout", Value: 5 * time.Second, Usage: "wait `TIME` for each answer of the server"},
			&cli.DurationFlag{Name: "pause", Value: 200 * time.Millisecond, Usage: "wait `TIME` between connections to the server"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
			&cli.BoolFlag{Name: "json", Usage: "the same as --format json"},
		}, wayFlags(), webFlags(), passwordFlags(checksSignIns, false)),
		Action: runDoctor,
	}
}

func runDoctor(c *cli.Context) error {
	if c.Bool("json") {
		if err := c.Set("format", "json"); err != nil {
			return err
		}
	}
	if f := c.String("format"); f != "text" && f != "json" {
		return usage("doctor", "there is no format %q; the formats are text, json", f)
	}
	switch {
	case c.NArg() > 0 && (c.String("upstream") != "" || c.Bool("wait")):
		return usage("doctor", "doctor looks at recordings, or at a server (--upstream, --wait), not at both")
	case c.NArg() > 0:
		return doctorFile(c)
	}
	half, err := webRoutes(c)
	if err != nil {
		return err
	}
	defer half.close()
	o, err := doctorOptions(c, half)
	switch {
	case err != nil:
		return err
	case o.Upstream == "" && len(o.Web) == 0:
		return usage("doctor", "doctor wants a recording, or a server: --upstream HOST[:PORT], --preset NAME, or --web HOST=URL")
	case o.Upstream == "" && (c.Bool("wait") || c.Bool("matrix")):
		return usage("doctor", "--wait and --matrix need a server: --upstream HOST[:PORT]")
	case c.Bool("wait"):
		return doctorWait(c, o, half)
	case c.Bool("matrix"):
		return doctorMatrix(c, o)
	}
	return doctorServer(c, o)
}

// doctorOptions reads the flags on what to look at.
func doctorOptions(c *cli.Context, half *webHalf) (o doctor.Options, err error) {
	o = doctor.Options{Listen: c.String("listen"), Advertise: c.String("advertise"), Account: c.String("account"),
		Wait: c.Duration("timeout"), Pause: c.Duration("pause")}
	if o.Wait <= 0 || o.Pause < 0 || c.Duration("for") < 0 {
		return o, usage("doctor", "--timeout, --pause and --for are times, such as 5s")
	}
	if o.Account == "" || strings.ContainsAny(o.Account, " \r\n\t") {
		return o, usage("doctor", "--account is %q; it is an account, such as %s", o.Account, madeUp)
	}
	if up := cmp.Or(c.String("upstream"), half.upstream); up != "" {
		if _, _, err := net.SplitHostPort(up); err != nil {
			up = net.JoinHostPort(strings.Trim(up, "[]"), fmt.Sprint(proxy.DefaultPort))
		}
		o.Upstream = up
	}
	for i := range half.routes {
		r := &half.routes[i]
		scheme := map[bool]string{true: "https", false: "http"}[r.TLS]
		o.Web = append(o.Web, doctor.Web{Name: r.Host, URL: scheme + "://" + net.JoinHostPort(r.Server, fmt.Sprint(r.ServerPort))})
	}
	return o, nil
}

// linesJSON is what doctor writes of a machine and a server.
type linesJSON struct {
	V     int        `json:"v"`
	Level string     `json:"level"`
	Lines []lineJSON `json:"lines"`
}

type lineJSON struct {
	Level string `json:"level"`
	What  string `json:"what"`
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

// doctorServer looks at this machine and the server.
func doctorServer(c *cli.Context, o doctor.Options) error {
	w, list := c.App.Writer, []lineJSON{}
	text := c.String("format") == "text"
	o.Tell = func(l doctor.Line) {
		if text {
			fmt.Fprintf(w, "%-8s %-14s %s\n", l.Level, esc(l.What), esc(l.Text))
			if l.Do != "" {
				fmt.Fprintf(w, "%-8s %-14s -> %s\n", "", "", esc(l.Do))
			}
			return
		}
		list = append(list, lineJSON{l.Level.String(), esc(l.What), esc(l.Text), esc(l.Do)})
	}
	worst := doctor.Examine(c.Context, o)
	if c.Context.Err() != nil {
		return &exit{code: exitInterrupted}
	}
	if !text {
		if err := writeJSON(w, linesJSON{1, worst.String(), list}); err != nil {
			return err
		}
	}
	return ill(worst)
}

// esc makes what may have come from the wire fit for a terminal.
func esc(s string) string { return string(show.Clip(nil, s, 600)) }

// writeJSON writes one object in a line.
func writeJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(asciiJSON(b), '\n'))
	return err
}

// ill is what doctor ends with: exit code 1 where something is bad.
func ill(worst stage.Level) error {
	if worst == stage.Bad {
		return &exit{code: exitFindings}
	}
	return nil
}
