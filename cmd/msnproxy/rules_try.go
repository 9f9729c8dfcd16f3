package main

import (
	"errors"
	"io"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
)

func rulesTestCommand() *cli.Command {
	return &cli.Command{
		Name:      "test",
		Usage:     "say what gate rules would have changed in a recording",
		ArgsUsage: "RULES FILE...",
		Description: filesUsage + `
Applies the rules in the file RULES to the messages of a recording, and prints for each that
they change what came (-) and what would have gone on (+); then how often each rule matched.
The exit code is 1 if one that is switched on never matched. Without a seed in RULES it is 1,
so that two runs say the same.

Examples:
   msnproxy rules test rules.toml session.pcapng
   msnproxy rules test --all --seed 7 rules.toml session.pcapng
` + exitCodes,
		Flags: []cli.Flag{
			rulesFormatFlag(),
			&cli.BoolFlag{Name: "all", Usage: "test the rules that are switched off, too"},
			&cli.Int64Flag{Name: "seed", Usage: "begin the dice with `NUMBER` instead of the seed in RULES"},
		},
		Action: tryRules,
	}
}

// trial is one run of rules test.
type trial struct {
	c      *cli.Context
	set    *rule.Set
	json   bool
	follow *capture.Follower
}

func tryRules(c *cli.Context) error {
	switch c.NArg() {
	case 0:
		return usage(rulesTest, "rules test wants a file of rules and a recording")
	case 1:
		return usage(rulesTest, "rules test wants a recording, too, behind the file of rules")
	}
	t := &trial{c: c, follow: capture.NewFollower(capture.FollowOptions{})}
	if err := t.load(); err != nil {
		return err
	}
	in, err := openRecording(c)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := t.read(in); err != nil {
		return err
	}
	if err := writeHits(c.App.Writer, t.set, t.json); err != nil {
		return err
	}
	for _, r := range t.set.Rules() {
		if r.Enabled && r.Matched == 0 {
			return &exit{code: exitFindings}
		}
	}
	return nil
}

func (t *trial) load() (err error) {
	if t.json, err = rulesJSON(t.c); err != nil {
		return err
	}
	if t.set, err = rule.Load(t.c.Args().First()); err != nil {
		return err
	}
	switch {
	case t.c.IsSet("seed"):
		t.set.SetSeed(t.c.Int64("seed"))
	case !t.set.Seeded():
		t.set.SetSeed(1)
	}
	for _, r := range t.set.Rules() {
		if t.c.Bool("all") {
			if err := t.set.Enable(r.Name, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *trial) read(in *capture.Reader) error {
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			if t.follow.Messages() == 0 {
				return in.Stats().NoMSNP(inputName(t.c))
			}
			return nil
		}
		if err != nil {
			return err
		}
		if t.c.Context.Err() != nil {
			return &exit{code: exitInterrupted}
		}
		if err := t.record(t.follow.Record(r)); err != nil {
			return err
		}
	}
}

func (t *trial) record(e *capture.Event) error {
	if e.Message == nil || e.Record.Kind != capture.Data || e.Became { // what became of one that came before
		return nil
	}
	var effect action.Effect
	t.set.Look(e.Message, &effect)
	var line []byte
	switch {
	case !told(&effect):
		return nil
	case t.json:
		line = jsonLine(effectOf(e.Message, &effect))
	default:
		line = appendEffect(nil, e.Message, &effect)
	}
	_, err := t.c.App.Writer.Write(line)
	return err
}

// told reports whether an effect is one.
func told(e *action.Effect) bool {
	return len(e.Deciders()) > 0 || e.Hold || e.Mark != "" || e.Remark != ""
}
