package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/show"
)

// ctlCommand is the API on the command line; its subcommands say what is asked for.
func ctlCommand() *cli.Command {
	return &cli.Command{
		Name:  "ctl",
		Usage: "watch and steer a running msnproxy",
		Description: `Talks to a msnproxy that was started with --api. Where that is, and the token, come
from --api and --api-token-file, or from MSNPROXY_API and MSNPROXY_API_TOKEN.
docs/api.md describes what programs can ask for; this is the same on the command line.

Examples:
   export MSNPROXY_API=127.0.0.1:8763 MSNPROXY_API_TOKEN=...
   msnproxy ctl conns
   msnproxy ctl events --filter 'verb == "MSG"'
   msnproxy ctl send 3 client 'OUT OTH'
   msnproxy ctl send 3 server 'PNG' --wait 5s
   msnproxy ctl held
   msnproxy ctl decide 17 'set text = "hi"' forward
   msnproxy ctl rule 'lost acks' off
   msnproxy ctl reset 3
` + exitCodes,
		Subcommands: ctlCommands(),
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("ctl", "ctl what? %s", subcommands(c.Command))
			}
			return usage("ctl", "ctl has no subcommand %q; %s", c.Args().First(), subcommands(c.Command))
		},
	}
}

// ctlFlags are the flags of every subcommand.
func ctlFlags(more ...cli.Flag) []cli.Flag {
	return append(more,
		&cli.StringFlag{Name: "api", Usage: "the API is at `ADDR`: 127.0.0.1:8763 or unix:/path", EnvVars: []string{"MSNPROXY_API"}},
		&cli.StringFlag{Name: "api-token-file", Usage: "its token is in `FILE`, rather than in " + tokenVariable, EnvVars: []string{"MSNPROXY_API_TOKEN_FILE"}},
	)
}

func ctlFormat() cli.Flag {
	return &cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text, or json as the API answers"}
}

// ctlSub makes a subcommand whose arguments are counted: at least least, at most most.
func ctlSub(name, does, args, example string, least, most int, flags []cli.Flag, run func(c *cli.Context, x *control) error) *cli.Command {
	return &cli.Command{
		Name: name, Usage: does, ArgsUsage: args, Flags: flags,
		Description: "Examples:\n   msnproxy ctl " + example + "\n" + exitCodes,
		Action: func(c *cli.Context) error {
			switch n := c.NArg(); {
			case n >= least && n <= most:
			case most == 0:
				return usage("ctl "+name, "ctl %s takes no arguments", name)
			default:
				return usage("ctl "+name, "ctl %s wants %s", name, args)
			}
			if f := c.String("format"); f != "" && f != "text" && f != "json" {
				return usage("ctl "+name, "there is no format %q; the formats are text, json", f)
			}
			x, err := newControl(c)
			if err != nil {
				return err
			}
			return run(c, x)
		},
	}
}

func ctlCommands() []*cli.Command {
	const many = 1 << 10
	plain := ctlFlags(ctlFormat())
	sides := ctlFlags(&cli.StringFlag{Name: "side", Usage: "only the connection with that `SIDE`: client or server"}, ctlFormat())
	return []*cli.Command{
		ctlSub("conns", "list the connections that are open", "", "conns", 0, 0, plain, ctlConns),
		ctlSub("events", "follow what happens, as JSON lines", "", "events --from 0 --filter 'verb == \"MSG\"'", 0, 0, ctlFlags(
			&cli.StringFlag{Name: "filter", Usage: "only messages for which `EXPR` holds (see \"msnproxy explain filter\")"},
			&cli.StringFlag{Name: "from", Usage: "begin with message `N`, as far as it is kept; 0: with all that is"}), ctlEvents),
		ctlSub("send", "send a command in the name of the other end", "CONN client|server LINE", `send 3 client 'MSG alice@example.com Alice 0\r\nMIME-Version: 1.0\r\n\r\nhi'`, 3, 3, ctlFlags(
			&cli.DurationFlag{Name: "wait", Usage: "wait `TIME` for the reply"},
			&cli.BoolFlag{Name: "raw", Usage: "send the bytes as they are: no line end, no length, no number"}, ctlFormat()), ctlSend),
		ctlSub("held", "list the messages that are held", "", "held", 0, 0, plain, ctlHeld),
		ctlSub("decide", "say what becomes of a held message", "NUMBER [ACTION]...", "decide 17 'set text = \"hi\"' forward", 1, many, plain, ctlDecide),
		ctlSub("rules", "list the gate rules, or put those of a file in force", "[FILE]", "rules rules.toml", 0, 1, plain, ctlRules),
		ctlSub("rule", "switch a gate rule on or off", "NAME on|off", "rule 'lost acks' off", 2, 2, plain, ctlRule),
		ctlSub("mark", "mark a message, or say something about it", "NUMBER [TEXT]", "mark 17 --letter a 'here it begins'", 1, 2, ctlFlags(
			&cli.StringFlag{Name: "letter", Usage: "mark it with a `LETTER`"}, ctlFormat()), ctlMark),
		ctlSub("stats", "say what was counted", "", "stats", 0, 0, plain, ctlStats),
		ctlSub("metrics", "print the metrics in Prometheus' format", "", "metrics", 0, 0, ctlFlags(), ctlMetrics),
		ctlSub("recording", "say what is recorded to", "", "recording", 0, 0, plain, ctlRecording),
		ctlSub("close", "close a connection", "CONN", "close 3 --side client", 1, 1, sides, ctlEnd),
		ctlSub("reset", "reset a connection", "CONN", "reset 3", 1, 1, sides, ctlEnd),
	}
}

// ctlAnswer prints an answer as the API gives it, or as text.
func ctlAnswer(c *cli.Context, raw []byte, text func(w io.Writer)) error {
	if c.String("format") == "json" {
		_, err := c.App.Writer.Write(raw)
		return err
	}
	text(c.App.Writer)
	return nil
}

func clean(s string) string { return string(show.Escape(nil, s)) }

func ctlConns(c *cli.Context, x *control) error {
	var v struct {
		Conns []struct {
			Conn                                   uint32
			Client, Server, Role, Dialect, Account string
			SignedIn                               bool `json:"signed_in"`
			Waiting                                map[string]int
		}
	}
	raw, err := x.object(c, http.MethodGet, "/v1/conns", nil, nil, &v, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) {
		if len(v.Conns) == 0 {
			fmt.Fprintln(w, "no connection is open")
		}
		for _, n := range v.Conns {
			fmt.Fprintf(w, "%-4d %-5s %-6s %s -> %s", n.Conn, n.Role, n.Dialect, clean(n.Client), clean(n.Server))
			if n.Account != "" {
				fmt.Fprintf(w, "  %s", clean(n.Account))
			}
			if n.SignedIn {
				fmt.Fprint(w, "  signed in")
			}
			if k := n.Waiting["client"] + n.Waiting["server"]; k > 0 {
				fmt.Fprintf(w, "  %s waiting", plural(k, "message"))
			}
			fmt.Fprintln(w)
		}
	})
}

func ctlEvents(c *cli.Context, x *control) error {
	q := url.Values{}
	for _, name := range []string{"filter", "from"} {
		if v := c.String(name); v != "" {
			q.Set(name, v)
		}
	}
	resp, err := x.ask(c.Context, http.MethodGet, "/v1/events", q, nil)
	if err != nil {
		return interruptedOr(c, err)
	}
	defer resp.Body.Close()
	if _, err = io.Copy(c.App.Writer, resp.Body); c.Context.Err() != nil {
		return &exit{code: exitInterrupted}
	}
	return err
}

// number reads a number among the arguments.
func ctlNumber(c *cli.Context, what string) (string, error) {
	s := c.Args().First()
	if _, err := strconv.ParseUint(s, 10, 63); err != nil {
		return "", usage(called(c), "%q is no number of a %s", s, what)
	}
	return s, nil
}

func ctlSend(c *cli.Context, x *control) error {
	conn, err := ctlNumber(c, "connection")
	if err != nil {
		return err
	}
	q := url.Values{}
	wait := c.Duration("wait")
	if wait > 0 {
		q.Set("wait", wait.String())
	}
	in := map[string]any{"to": c.Args().Get(1), "transcript": c.Args().Get(2), "raw": c.Bool("raw")}
	var v struct {
		Sent   string
		Number int64
		TrID   uint32
		Waited string
		Reply  *struct {
			Number  int64
			Summary string
		}
	}
	raw, err := x.object(c, http.MethodPost, "/v1/conns/"+conn+"/send", q, in, &v, wait)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) {
		fmt.Fprintf(w, "sent %s", clean(strings.TrimSuffix(v.Sent, "\r\n")))
		if v.Number > 0 {
			fmt.Fprintf(w, "  (message %d)", v.Number)
		}
		fmt.Fprintln(w)
		if v.Reply != nil {
			fmt.Fprintf(w, "reply %s  (message %d)\n", clean(v.Reply.Summary), v.Reply.Number)
		} else if v.Waited != "" {
			fmt.Fprintln(w, v.Waited)
		}
	})
}

func ctlHeld(c *cli.Context, x *control) error {
	var v struct {
		Held []struct {
			Number             int64
			Conn               uint32
			From, Summary, Why string
			Since              time.Time
			Behind             int
		}
	}
	raw, err := x.object(c, http.MethodGet, "/v1/held", nil, nil, &v, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) {
		if len(v.Held) == 0 {
			fmt.Fprintln(w, "nothing is held")
		}
		for _, h := range v.Held {
			fmt.Fprintf(w, "%-6d conn %-3d %-6s  %s  held by %s since %s", h.Number, h.Conn, h.From, clean(h.Summary), clean(h.Why), h.Since.Local().Format(time.TimeOnly))
			if h.Behind > 0 {
				fmt.Fprintf(w, ", %d behind it", h.Behind)
			}
			fmt.Fprintln(w)
		}
	})
}

func ctlDecide(c *cli.Context, x *control) error {
	number, err := ctlNumber(c, "message")
	if err != nil {
		return err
	}
	var v struct {
		Sent                    string
		Withheld, Waiting, Held bool
	}
	raw, err := x.object(c, http.MethodPost, "/v1/held/"+number, nil, map[string]any{"do": append([]string{}, c.Args().Tail()...)}, &v, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) {
		line, _, _ := strings.Cut(v.Sent, "\r\n")
		switch {
		case v.Withheld:
			fmt.Fprintf(w, "message %s is not sent\n", number)
		case v.Held:
			fmt.Fprintf(w, "message %s is held by the next stage\n", number)
		case v.Waiting:
			fmt.Fprintf(w, "message %s goes when what is before it has gone: %s\n", number, clean(line))
		default:
			fmt.Fprintf(w, "message %s goes on: %s\n", number, clean(line))
		}
	})
}

// ctlRuleList prints the rules that an answer lists.
type ctlRuleList struct {
	Rules []struct {
		Name, Rule, Error        string
		Enabled                  bool
		Matched, Applied, Failed int64
	}
}

func (v *ctlRuleList) print(w io.Writer) {
	if len(v.Rules) == 0 {
		fmt.Fprintln(w, "there are no gate rules")
	}
	for _, r := range v.Rules {
		state := "on "
		if !r.Enabled {
			state = "off"
		}
		fmt.Fprintf(w, "%s %5d of %-5d %s  (%s)\n", state, r.Applied, r.Matched, clean(r.Name), clean(r.Rule))
		if r.Failed > 0 {
			fmt.Fprintf(w, "    failed %d times: %s\n", r.Failed, clean(r.Error))
		}
	}
}

func ctlRules(c *cli.Context, x *control) (err error) {
	method, in := http.MethodGet, any(nil)
	if path := c.Args().First(); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		method, in = http.MethodPut, text
	}
	var v ctlRuleList
	raw, err := x.object(c, method, "/v1/rules", nil, in, &v, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, v.print)
}

func ctlRule(c *cli.Context, x *control) error {
	state := c.Args().Get(1)
	if !slices.Contains([]string{"on", "off"}, state) {
		return usage("ctl rule", "%q is neither on nor off", state)
	}
	var v ctlRuleList
	raw, err := x.object(c, http.MethodPatch, "/v1/rules/"+url.PathEscape(c.Args().First()), nil, map[string]bool{"enabled": state == "on"}, &v, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, v.print)
}

func ctlMark(c *cli.Context, x *control) error {
	number, err := ctlNumber(c, "message")
	if err != nil {
		return err
	}
	n, _ := strconv.ParseInt(number, 10, 64)
	raw, err := x.object(c, http.MethodPost, "/v1/marks", nil, map[string]any{"number": n, "mark": c.String("letter"), "text": c.Args().Get(1)}, nil, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) { fmt.Fprintf(w, "message %s is marked\n", number) })
}

func ctlStats(c *cli.Context, x *control) error {
	var v struct {
		Open, Accepted, Messages, Sessions, Conversations, Redirects, Held int64
		FromClients                                                        int64 `json:"bytes_from_clients"`
		FromServers                                                        int64 `json:"bytes_from_servers"`
		Refused                                                            int64 `json:"redirects_refused"`
		Missed                                                             int64 `json:"events_dropped"`
	}
	raw, err := x.object(c, http.MethodGet, "/v1/stats", nil, nil, &v, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) {
		fmt.Fprintf(w, "%s, %d open; %s, %s, %s\n", plural(int(v.Accepted), "connection"), v.Open, plural(int(v.Sessions), "session"),
			plural(int(v.Conversations), "conversation"), plural(int(v.Messages), "message"))
		fmt.Fprintf(w, "%d bytes from clients, %d from servers; %s rewritten, %d refused; %d held\n", v.FromClients, v.FromServers,
			plural(int(v.Redirects), "redirect"), v.Refused, v.Held)
		if v.Missed > 0 {
			fmt.Fprintf(w, "%s missed by readers that were too slow\n", plural(int(v.Missed), "event"))
		}
	})
}

func ctlMetrics(c *cli.Context, x *control) error {
	raw, err := x.object(c, http.MethodGet, "/metrics", nil, nil, nil, 0)
	if err != nil {
		return err
	}
	_, err = c.App.Writer.Write(raw)
	return err
}

func ctlRecording(c *cli.Context, x *control) error {
	var v struct {
		Path           string
		Bytes, Dropped int64
	}
	raw, err := x.object(c, http.MethodGet, "/v1/recording", nil, nil, &v, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d bytes, %s dropped\n", clean(v.Path), v.Bytes, plural(int(v.Dropped), "message"))
	})
}

func ctlEnd(c *cli.Context, x *control) error {
	conn, err := ctlNumber(c, "connection")
	if err != nil {
		return err
	}
	q := url.Values{}
	if s := c.String("side"); s != "" {
		q.Set("side", s)
	}
	raw, err := x.object(c, http.MethodPost, "/v1/conns/"+conn+"/"+c.Command.Name, q, nil, nil, 0)
	if err != nil {
		return err
	}
	return ctlAnswer(c, raw, func(w io.Writer) {
		fmt.Fprintf(w, "connection %s: %s\n", conn, map[string]string{"close": "closed", "reset": "reset"}[c.Command.Name])
	})
}
