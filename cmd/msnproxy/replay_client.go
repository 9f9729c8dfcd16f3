package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/capture/compare"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy/replay"
)

func replayClientCommand() *cli.Command {
	return &cli.Command{
		Name:      "client",
		Usage:     "let the clients of a recording talk to a real server, and say what it does otherwise",
		ArgsUsage: "FILE",
		Description: `Signs in at the server as the recorded clients did, says what they said when what
they waited for has come, and compares what the server says with the recording: its
meaning, not its bytes. Each difference is one line, with the number of the recorded
message. All accounts of the recording are played together, so that their
conversation happens again. docs/replay.md tells more.

The server needs accounts with lists like the recorded ones. An account without a
password sends the recorded answer, which only "msnproxy replay server" takes. Passwords
come from --account, or from the file --accounts, by the name that the account has now.
For MSNP8 and later a ticket stands in place of a password: ticket:TICKET, for MSNP15
and later ticket:TICKET SECRET.

Examples:
   msnproxy replay client session.pcapng --server 127.0.0.1:1863 \
      --account alice@example.com=test1@example.org:secret \
      --account bob@example.com=test2@example.org:secret2
   msnproxy replay client session.pcapng --server 127.0.0.1:1863 \
      --account alice@example.com=:secret --only alice@example.com --stop-on-diff
   msnproxy replay client session.pcapng --server 127.0.0.1:1863 --record again.pcapng

Exit codes: 0 the server does what the recorded one did, 1 differences, 2 trouble
(usage, file, no connection, nobody could sign in), 130 interrupted.`,
		Flags: append(offerFlags("offer the server only `DIALECTS`, MSNP9,MSNP8, of those that the recorded clients offer"),
			&cli.StringFlag{Name: "server", Usage: "the server to talk to, `HOST:PORT`; the port is 1863 if it is missing"},
			&cli.StringSliceFlag{Name: "account", Usage: "who plays a recorded account, `OLD=NEW:PASSWORD`; NEW may be empty for the same name (may be repeated)"},
			accountsFlag(),
			&cli.BoolFlag{Name: "clear-text", Usage: "send passwords in clear (CTP) where the recorded client did, to any server that it is led to"},
			&cli.StringSliceFlag{Name: "only", Usage: "play the sessions of this recorded `ACCOUNT` only (may be repeated)"},
			&cli.DurationFlag{Name: "timeout", Value: replay.DefaultTimeout, Usage: "wait so long (`TIME`) for an answer"},
			&cli.BoolFlag{Name: "stop-on-diff", Usage: "end with the first difference"},
			&cli.StringFlag{Name: "speed", Value: "max", Usage: "talk `N` times as fast as was recorded, or max: as fast as the answers come"},
			&cli.StringSliceFlag{Name: "ignore", Usage: "leave out a field (`FIELD`: friendly), one of a verb (MSG.text), or messages (verb:NLN); may be repeated"},
			&cli.StringSliceFlag{Name: "allow", Usage: "follow redirects to `TARGET` (HOST, IP or CIDR, each with an optional :PORT) although the rules would refuse them (may be repeated)"},
			&cli.StringFlag{Name: "record", Usage: "record what is said now to `FILE` (pcapng), which must not exist"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "write `FORMAT`: text or json"},
		),
		Action: replayClient,
	}
}

func replayClient(c *cli.Context) error {
	config, asJSON, err := clientFlags(c)
	if err != nil {
		return err
	}
	known, err := accounts(c)
	if err != nil {
		return err
	}
	s, err := openStory(c)
	if err != nil {
		return err
	}
	defer s.Close()
	out := &differenceWriter{w: c.App.Writer, json: asJSON}
	config.Story, config.Report = s, out.write
	config.Know(known)
	config.Waiting = func(text string) { complain(c.App.ErrWriter, errors.New(text)) }
	recorder, err := clientRecorder(c)
	if err != nil {
		return err
	}
	if recorder != nil {
		config.Recorder = recorder
		defer recorded(c.App.ErrWriter, recorder)
		defer recorder.Close()
	}
	client, err := replay.NewClient(config)
	if err != nil {
		return usage("replay client", "%v", err)
	}
	if list := client.WithoutPassword(); len(list) > 0 {
		complain(c.App.ErrWriter, fmt.Errorf("no password for %s: the recorded answer is sent, which only a replay server takes (--account %s=:PASSWORD, or --accounts FILE)",
			strings.Join(list, ", "), list[0]))
	}
	if list := client.WithoutTicket(); len(list) > 0 {
		complain(c.App.ErrWriter, fmt.Errorf("no ticket for %s: the recorded one is sent, or the recorded answer to another nonce, which only a replay server takes (%s=ticket:TICKET in --accounts FILE, from MSNP15 on %[2]s=ticket:TICKET SECRET; docs/replay.md)",
			strings.Join(list, ", "), list[0]))
	}
	result, err := client.Run(c.Context)
	if out.err != nil {
		return out.err
	}
	if werr := summarize(c, result, asJSON); werr != nil {
		return werr
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &exit{code: exitInterrupted}
	case err != nil:
		return err
	case result.Differences > 0:
		return &exit{code: exitFindings}
	}
	return nil
}

func clientFlags(c *cli.Context) (config replay.ClientConfig, asJSON bool, err error) {
	fail := func(format string, args ...any) (replay.ClientConfig, bool, error) {
		return config, asJSON, usage("replay client", format, args...)
	}
	if c.NArg() != 1 {
		return fail("replay client wants one recording, not %d", c.NArg())
	}
	if c.String("server") == "" {
		return fail("no --server given, HOST:PORT")
	}
	config = replay.ClientConfig{Server: c.String("server"), Only: commas(c.StringSlice("only")), Timeout: c.Duration("timeout"),
		StopOnDiff: c.Bool("stop-on-diff"), Allow: commas(c.StringSlice("allow")), ClearText: c.Bool("clear-text")}
	if config.Timeout <= 0 {
		return fail("--timeout is %v; it must be more than nothing", config.Timeout)
	}
	if config.Offer, err = offered(c, "replay client"); err != nil {
		return config, asJSON, err
	}
	if s := c.String("speed"); s != "max" {
		config.Speed, err = strconv.ParseFloat(s, 64)
		if err != nil || !(config.Speed > 0 && config.Speed <= 1e6) {
			return fail("--speed is %q; it is max, or a number above 0: 1 is the recorded speed", s)
		}
	}
	switch c.String("format") {
	case "text":
	case "json":
		asJSON = true
	default:
		return fail("there is no format %q; the formats are text, json", c.String("format"))
	}
	if config.Rules, err = compare.NewRules(commas(c.StringSlice("ignore"))); err != nil {
		return fail("--ignore: %v", err)
	}
	config.Accounts = make(map[string]replay.ClientAccount)
	for _, s := range c.StringSlice("account") {
		old, a, ok := replay.ParseAccount(s)
		if !ok {
			// The value may be a secret.
			return fail("--account wants OLD=NEW:PASSWORD, such as alice@example.com=test1@example.org:secret, or ticket:TICKET in place of the password")
		}
		config.Accounts[strings.ToLower(old)] = a
	}
	return config, asJSON, nil
}

// clientRecorder makes the recorder for --record; nil: there is none.
func clientRecorder(c *cli.Context) (*capture.Recorder, error) {
	if c.String("record") == "" {
		return nil, nil
	}
	errs := c.App.ErrWriter
	return capture.NewRecorder(capture.RecorderOptions{Path: c.String("record"), Comment: "replayed by msnproxy " + version(),
		Report: func(err error) { complain(errs, err) }})
}

// differenceWriter prints differences as they are found.
type differenceWriter struct {
	w    io.Writer
	json bool
	err  error
}

// longestDifference bounds a line of text, in bytes.
const longestDifference = 1000

func (o *differenceWriter) write(d *replay.Difference) {
	var line []byte
	switch {
	case o.json:
		line = differenceLine(d)
	case d.Note:
		line = append(show.Clip([]byte("note: "), d.String(), longestDifference), '\n')
	default:
		line = append(show.Clip(nil, d.String(), longestDifference), '\n')
	}
	if _, err := o.w.Write(line); err != nil && o.err == nil {
		o.err = err
	}
}

// differenceJSON is a difference as JSON: see docs/json.md.
type differenceJSON struct {
	V       int         `json:"v"`
	Kind    string      `json:"kind"`
	Note    bool        `json:"note,omitempty"`
	Conn    uint32      `json:"conn"`
	Role    string      `json:"role"`
	Account string      `json:"account,omitempty"`
	Number  int64       `json:"number,omitempty"`
	After   int64       `json:"after,omitempty"`
	Verb    string      `json:"verb,omitempty"`
	Request string      `json:"request,omitempty"`
	ReplyTo int64       `json:"reply_to,omitempty"`
	Fields  []fieldJSON `json:"fields,omitempty"`
	Text    string      `json:"text"`
}

type fieldJSON struct {
	Name     string  `json:"name"`
	Recorded *string `json:"recorded"`
	Live     *string `json:"live"`
}

func differenceLine(d *replay.Difference) []byte {
	j := differenceJSON{V: 1, Kind: string(d.Kind), Note: d.Note, Conn: d.Conn, Role: d.Role.String(), Account: d.Account,
		Number: d.Number, After: d.After, Verb: d.Verb, Request: d.Request, ReplyTo: d.RequestNumber, Text: d.Text}
	for _, f := range d.Fields {
		j.Fields = append(j.Fields, fieldJSON{f.Name, f.A, f.B})
	}
	b, _ := json.Marshal(j) // strings and numbers: it can't fail
	return append(asciiJSON(b), '\n')
}

// resultJSON is the last line of a replay as JSON.
type resultJSON struct {
	V           int    `json:"v"`
	Event       string `json:"event"`
	Connections int    `json:"connections"`
	Sent        int    `json:"sent"`
	Compared    int    `json:"compared"`
	Differences int    `json:"differences"`
	Notes       int    `json:"notes"`
	Skipped     int    `json:"skipped"`
	Unanswered  int    `json:"unanswered"`
	Stopped     string `json:"stopped,omitempty"`
	ElapsedMs   int64  `json:"elapsed_ms"`
}

// summarize says what came of the replay.
func summarize(c *cli.Context, r *replay.Result, asJSON bool) error {
	if asJSON {
		b, _ := json.Marshal(resultJSON{1, "replayed", r.Conns, r.Sent, r.Compared, r.Differences, r.Notes, r.Skipped, r.Unanswered, r.Stopped, r.Elapsed.Milliseconds()})
		_, err := c.App.Writer.Write(append(asciiJSON(b), '\n'))
		return err
	}
	line := fmt.Sprintf("%s sent on %s, %s compared in %v: %s, %s", plural(r.Sent, "message"), plural(r.Conns, "connection"),
		plural(r.Compared, "answer"), r.Elapsed.Round(time.Millisecond), plural(r.Differences, "difference"), plural(r.Notes, "note"))
	if r.Unanswered > 0 {
		line += ", " + plural(r.Unanswered, "request") + " unanswered"
	}
	if r.Skipped > 0 {
		line += fmt.Sprintf(", %s of the recording left out", plural(r.Skipped, "message"))
	}
	if r.Stopped != "" {
		line += "; stopped " + r.Stopped
	}
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s\n", show.Escape(nil, line))
	return nil
}
