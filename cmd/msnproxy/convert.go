package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode"
	"msnproxy/decode/filter"
)

func convertCommand() *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "write a recording in another format",
		ArgsUsage: "IN... OUT",
		Description: `The format is told by the end of the name OUT: .pcapng, .pcap, .txt (transcript) or
.jsonl (JSON lines, with the bytes of each frame), each also with .gz. IN may be
anything that "msnproxy read" reads, also several files, directories and patterns, as
one recording. OUT must not exist.

A transcript has no times and no addresses of clients; a pcap has no notes on what
was sent on instead of what was received.

Examples:
   msnproxy convert session.pcapng session.txt
   msnproxy convert session.pcap chat.jsonl.gz --filter 'role == "SB"'
   msnproxy convert session.pcapng forum.txt --redact=all

--redact takes out passwords, their hashes, cookies and tickets; --redact=all keeps
only what is known to be public: no handles, names, texts, files, phone numbers, end
points, network addresses. Stand-ins take their place, the same everywhere; the result
decodes, pairs and checks like the original.
` + exitCodes,
		Flags: []cli.Flag{
			&cli.GenericFlag{Name: "redact", Value: new(redaction), Usage: "take out secrets; --redact=`all`: also whatever is somebody's"},
			&cli.StringFlag{Name: "filter", Usage: "only messages for which `EXPR` holds (see \"msnproxy explain filter\")"},
		},
		Action: convert,
	}
}

// redaction is the value of --redact: "", "secrets" or "all".
type redaction string

func (r *redaction) String() string   { return string(*r) }
func (r *redaction) IsBoolFlag() bool { return true }

// Set implements flag.Value: without a value the flag is "true".
func (r *redaction) Set(s string) error {
	switch s {
	case "true", "secrets":
		*r = "secrets"
	case "all":
		*r = "all"
	default:
		return fmt.Errorf("it is secrets or all")
	}
	return nil
}

func convert(c *cli.Context) (err error) {
	if c.NArg() < 2 {
		return usage("convert", "convert wants at least two files, IN and OUT, not %d", c.NArg())
	}
	if err := inputs(c); err != nil {
		return err
	}
	var f *filter.Filter
	if src := c.String("filter"); src != "" {
		if f, err = filter.Compile(src); err != nil {
			return fmt.Errorf("--filter: %w", err)
		}
	}
	name := c.Args().Get(c.NArg() - 1)
	if _, _, err := outputFormat(name); err != nil {
		return usage("convert", "%v", err)
	}
	var redactor *capture.Redactor
	if level := c.Generic("redact").(*redaction); *level != "" {
		if redactor, err = capture.NewRedactor(*level == "all"); err != nil {
			return err
		}
	}
	defer collectLess()()
	known, err := hindsight(c, f, nil)
	if err != nil {
		return err
	}
	in, err := openRecording(c)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := createOutput(name)
	if err != nil {
		return err
	}
	n, err := copyFiltered(c, in, out, f, known, redactor)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err == nil && n == 0 && f == nil {
		err = in.Stats().NoMSNP(inputName(c))
	}
	if n == 0 && err != nil {
		_ = os.Remove(name) // it was made just now, and there is nothing in it
		return err
	}
	if err != nil {
		return fmt.Errorf("%w\n%s has the %s before that", err, name, plural(n, "message"))
	}
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s written to %s\n", plural(n, "message"), show.Escape(nil, name))
	return nil
}

// copyFiltered copies the records that the filter wants, and those that are no
// messages, and returns how many messages that were.
func copyFiltered(c *cli.Context, in *capture.Reader, out recordWriter, f *filter.Filter, known capture.Hindsight, redactor *capture.Redactor) (n int, err error) {
	follow := capture.NewFollower(capture.FollowOptions{Check: f.AsksFindings(), Hindsight: known})
	var unsuited error
	left := make(map[int64]bool) // numbers of messages that were not wanted when they came, and are held
	defer func() {
		if unsuited != nil {
			fmt.Fprintf(c.App.ErrWriter, "msnproxy: some messages did not suit the filter, and are left out: %v\n", unsuited)
		}
	}()
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if c.Context.Err() != nil {
			return n, &exit{code: exitInterrupted}
		}
		role, dialect := decode.Role(0), 0
		e := follow.Record(r)
		if e.Conn != nil {
			role, dialect = e.Conn.Role, e.Conn.Dialect
		}
		for i := range e.Undecided {
			delete(left, e.Undecided[i].Message.Number)
		}
		if f != nil && (r.Kind == capture.Data || e.Became) {
			ok, err := f.Match(e.Message)
			if err != nil && unsuited == nil {
				unsuited = err
			}
			number, was := e.Message.Number, r.Kind == capture.Became
			switch {
			case !ok && r.Fate == capture.Held && !was:
				left[number] = true
				continue
			case !ok && (!was || left[number]):
				delete(left, number)
				continue
			case was && left[number]:
				// Only what became of it is wanted: then it stands here.
				delete(left, number)
				whole := *e.Record
				r = &whole
			}
		} else if f != nil && r.Kind == capture.Became {
			continue
		}
		if r.Kind == capture.Data {
			n++
		}
		if redactor != nil {
			redactor.Redact(r, role, dialect)
		}
		if err := out.WriteRecord(r); err != nil {
			return n, err
		}
	}
}
