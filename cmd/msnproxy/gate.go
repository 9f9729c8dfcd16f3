package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/rule"
)

// gateFlags are the flags of every command whose traffic goes through the gate.
func gateFlags() []cli.Flag {
	return slices.Concat(ruleFlags(), offerFlags("let clients offer the server only `DIALECTS`, MSNP9,MSNP8, of those that they speak: a built-in gate rule behind all others"), []cli.Flag{
		&cli.StringFlag{Name: "trid", Value: "private", Usage: "number injected requests: `MODE` is private (nothing else changes) or shift (densely, for servers that want a strict order)"}})
}

// ruleFlags are those of rules and faults.
func ruleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "rules", Usage: "let the gate rules in `FILE` (TOML) decide on messages; SIGHUP reads it again", EnvVars: []string{"MSNPROXY_RULES"}},
		&cli.StringSliceFlag{Name: "rule", Usage: "a gate `RULE` in one line, '[every 3:] drop if verb == \"ACK\"' (may be repeated)"},
		&cli.StringSliceFlag{Name: "fault", Usage: "a named `FAULT`, or one in the grammar of --rule, behind all rules (may be repeated; msnproxy explain fault lists them)"},
		&cli.Int64Flag{Name: "seed", Usage: "begin the dice of gate rules with `N`"},
	}
}

// gateRules are the rules and the faults that the flags ask for; nil: none.
func gateRules(c *cli.Context, command string) (rules, faults *rule.Set, err error) {
	seed := rule.New().Seed()
	if path := c.String("rules"); path != "" {
		if rules, err = rule.Load(path); err != nil {
			return nil, nil, err
		}
		if rules.Seeded() {
			seed = rules.Seed()
		}
	}
	if c.IsSet("seed") {
		seed = c.Int64("seed")
	}
	for _, s := range c.StringSlice("rule") {
		r, err := rule.ParseLine(s)
		if err != nil {
			return nil, nil, usage(command, "--rule: %v", err)
		}
		if rules == nil {
			rules = rule.New()
		}
		rules.Add(r)
	}
	for _, s := range c.StringSlice("fault") {
		list, err := rule.ParseFault(s)
		if err != nil {
			return nil, nil, usage(command, "--fault: %v", err)
		}
		if faults == nil {
			faults = rule.New()
		}
		faults.Add(list...)
	}
	for _, s := range []*rule.Set{rules, faults} {
		if s != nil {
			s.SetSeed(seed)
		}
	}
	return rules, faults, nil
}

// newGate makes the gate that the flags, or the inspector, ask for; nil: there is none.
// ours are rules of the program, to be switched on later, where the flags ask for none.
func newGate(c *cli.Context, known map[string]string, ours *rule.Set) (*gate.Gate, error) {
	rules, faults, err := gateRules(c, c.Command.Name)
	if err != nil {
		return nil, err
	}
	asked := rules
	if rules == nil {
		rules = ours
	}
	mode := c.String("trid")
	if mode != "private" && mode != "shift" {
		return nil, usage(c.Command.Name, "--trid is %q; it is private or shift", mode)
	}
	narrow, err := offered(c, c.Command.Name)
	if err != nil {
		return nil, err
	}
	people := inspects(c)
	if rules == nil && faults == nil && narrow == nil && !people && !steered(c) && len(c.StringSlice("addon")) == 0 {
		return nil, nil
	}
	given, err := passwords(c)
	if err != nil {
		return nil, err
	}
	all := make(map[string]string)
	for _, m := range []map[string]string{given, known} {
		for account, password := range m {
			all[account] = password
		}
	}
	g := gate.New(gate.Options{
		Rules: rules, Faults: faults, Offer: narrow, Shift: mode == "shift", Alone: !people && !steered(c),
		Follow: capture.FollowOptions{Check: true, Passwords: all},
	})
	inForce(c, g, asked, faults)
	return g, nil
}

// inForce says how many rules are in force, and has them read again on SIGHUP.
func inForce(c *cli.Context, g *gate.Gate, sets ...*rule.Set) {
	for _, s := range sets {
		if s != nil {
			fmt.Fprintf(c.App.ErrWriter, "msnproxy: %s in force, seed %d\n", plural(s.Len(), "gate rule"), s.Seed())
			break
		}
	}
	if path := c.String("rules"); path != "" {
		onHangup(c.Context, func() { reload(c, g, path) })
	}
}

// steered reports whether another program can decide on messages.
func steered(c *cli.Context) bool { return c.String("api") != "" }

// reload reads the rules again: a whole new set is in force then, or the old one goes on.
func reload(c *cli.Context, g *gate.Gate, path string) {
	rules, _, err := gateRules(c, c.Command.Name)
	if err == nil {
		err = g.SetRules(rules)
	}
	if err != nil {
		complain(c.App.ErrWriter, fmt.Errorf("%w; the rules that were in force still are", err))
		return
	}
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: read %s again: %s in force\n", show.Escape(nil, path), plural(rules.Len(), "gate rule"))
}
