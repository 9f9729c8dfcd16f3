package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/replay"
	"msnproxy/proxy/replay/gated"
)

func replayServerCommand() *cli.Command {
	return &cli.Command{
		Name:      "server",
		Usage:     "be the server of a recording for real clients",
		ArgsUsage: "FILE",
		Description: `Point a Messenger client at the address, sign in as one of the accounts of the
recording, with any password, and live through the recorded session. It answers what
is asked and says unasked what the recorded server said, when what was before that has
happened. Several accounts can be there at once. What is not as recorded is printed,
one line each. It never connects to anything, whatever the recording says. Ctrl-C ends
it and says what was never asked. Gate rules and faults break on purpose what it says,
and what the client says (docs/rules.md). docs/replay.md tells more.

Examples:
   msnproxy replay server session.pcapng
   msnproxy replay server session.pcapng --listen 0.0.0.0:1863 --speed 10
   msnproxy replay server session.pcapng --password alice@example.com=secret --unknown close
   msnproxy replay server session.pcapng --fault lost-ack --rule 'delay 2s if verb == "RNG"'

Exit codes: 2 trouble (usage, file, network), 130 ended by Ctrl-C.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "listen", Value: proxy.DefaultListen, Usage: "listen on `ADDR`, host:port; port 0 is any"},
			&cli.StringFlag{Name: "ports", Value: proxy.OnePort.String(), Usage: "`MODE`: one (all connections come to the one port) or per-target (each recorded server gets a port)"},
			&cli.StringFlag{Name: "speed", Value: "1", Usage: "say what comes unasked `N` times as fast as was recorded, or max: without pauses"},
			&cli.StringFlag{Name: "unknown", Value: "error", Usage: "what becomes of a request for which neither the recording nor the protocol has an answer (`POLICY`): error, ignore or close"},
			&cli.BoolFlag{Name: "fresh-challenge", Usage: "pose new challenges rather than the recorded ones"},
			&cli.DurationFlag{Name: "patience", Value: replay.DefaultPatience, Usage: "wait `TIME` for what was done before in the recording"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
		}, ruleFlags(), passwordFlags("let this account in with this password only", false)),
		Action: replayServer,
	}
}

func replayServer(c *cli.Context) error {
	out := outlive(c, false, "serving goes on")
	defer out.end(hurried(c.Context))
	cfg, err := serverFlags(c)
	if err != nil {
		return err
	}
	s, err := openStory(c)
	if err != nil {
		return err
	}
	defer s.Close()
	cfg.Story = s
	server, err := newServer(c, cfg)
	if err != nil {
		return err
	}
	if err := server.Listen(); err != nil {
		return err
	}
	w := c.App.ErrWriter
	fmt.Fprintf(w, "msnproxy: listening on %s; Ctrl-C ends\n", server.Addr())
	for target, addr := range server.Addrs() {
		if len(server.Addrs()) > 1 {
			fmt.Fprintf(w, "msnproxy: %s for %s\n", addr, show.Escape(nil, target))
		}
	}
	for _, account := range server.Accounts() {
		how := "any password"
		if _, ok := cfg.Passwords[strings.ToLower(account)]; ok {
			how = "the password given"
		}
		fmt.Fprintf(w, "msnproxy: %s can sign in, with %s\n", show.Escape(nil, account), how)
	}
	err = server.Serve(c.Context)
	out.flush(hurried(c.Context))
	unread(c, out)
	for _, p := range server.Summary() {
		fmt.Fprintf(w, "msnproxy: %s\n", show.Escape(nil, p.String()))
	}
	return interruptedOr(c, err)
}

// player is a server made of a recording, behind a gate or not.
type player interface {
	Listen() error
	Addr() net.Addr
	Addrs() map[string]net.Addr
	Accounts() []string
	Serve(ctx context.Context) error
	Summary() []replay.Played
}

// newServer makes the server, behind a gate if the flags ask for rules or faults.
func newServer(c *cli.Context, cfg replay.ServerConfig) (player, error) {
	g, err := serverGate(c, cfg.Passwords)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return replay.NewServer(cfg)
	}
	return gated.New(cfg, g)
}

// serverFlags reads the flags.
func serverFlags(c *cli.Context) (cfg replay.ServerConfig, err error) {
	const command = "replay server"
	if c.NArg() != 1 {
		return cfg, usage(command, "replay server wants one recording, not %d", c.NArg())
	}
	ports, err := proxy.ParsePorts(c.String("ports"))
	if err != nil {
		return cfg, usage(command, "--%v", err)
	}
	cfg = replay.ServerConfig{Listen: c.String("listen"), PerTarget: ports == proxy.PerTarget,
		FreshChallenge: c.Bool("fresh-challenge"), Patience: c.Duration("patience")}
	if cfg.Unknown, err = replay.ParsePolicy(c.String("unknown")); err != nil {
		return cfg, usage(command, "--%v", err)
	}
	if cfg.Patience <= 0 {
		return cfg, usage(command, "--patience is %v; it must be more than nothing", cfg.Patience)
	}
	if s := c.String("speed"); s != "max" {
		if cfg.Speed, err = strconv.ParseFloat(s, 64); err != nil || !(cfg.Speed > 0) {
			return cfg, usage(command, "--speed is %q; it is a number above 0, or max", s)
		}
	}
	if cfg.Passwords, err = passwords(c); err != nil {
		return cfg, err
	}
	switch c.String("format") {
	case "text":
		cfg.Report = textEvents(c.App.Writer)
	case "json":
		cfg.Report = jsonEvents(c.App.Writer)
	default:
		return cfg, usage(command, "there is no format %q; the formats are text, json", c.String("format"))
	}
	return cfg, nil
}

// serverGate makes the gate that the flags ask for; nil: there is none.
func serverGate(c *cli.Context, known map[string]string) (*gate.Gate, error) {
	rules, faults, err := gateRules(c, "replay server")
	if err != nil || rules == nil && faults == nil {
		return nil, err
	}
	g := gate.New(gate.Options{Rules: rules, Faults: faults, Alone: true,
		Follow: capture.FollowOptions{Check: true, Passwords: known}})
	inForce(c, g, rules, faults)
	return g, nil
}

// textEvents prints an event on a line.
func textEvents(w io.Writer) func(replay.Event) {
	var line []byte
	return func(e replay.Event) {
		line = append(line[:0], time.Now().Format("15:04:05 ")...)
		line = show.Escape(line, e.String())
		_, _ = w.Write(append(line, '\n'))
	}
}

// jsonEvents writes an event as an object on a line; docs/replay.md has the names.
func jsonEvents(w io.Writer) func(replay.Event) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return func(e replay.Event) {
		_ = enc.Encode(struct {
			V       int              `json:"v"`
			Time    time.Time        `json:"time"`
			Event   replay.EventKind `json:"event"`
			Conn    int              `json:"conn"`
			Account string           `json:"account,omitempty"`
			Message int64            `json:"message,omitempty"`
			Text    string           `json:"text"`
		}{1, time.Now(), e.Kind, e.Conn, e.Account, e.Message, string(show.Escape(nil, e.Text))})
	}
}
