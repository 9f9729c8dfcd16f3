package main

import (
	_ "embed"
	"fmt"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/rule"
	"msnproxy/proxy/proxytest"
)

// demoRules are the gate rules of the demo's third act. Each is switched on when its turn
// comes, and applied once.
//
//go:embed demo.toml
var demoRules string

// thirdAct returns the rules of the third act; nil: there is none, as the user wants it
// calm, in another dialect, or has other rules.
func thirdAct(c *cli.Context) (*rule.Set, error) {
	for _, flag := range []string{"calm", "dialect", "offer", "rules", "rule", "fault"} {
		if c.IsSet(flag) {
			return nil, nil
		}
	}
	// It is of a dialect that asks no web service, and who hangs up is gone at once, which
	// the gateway learns much later.
	if comesBy(c, webWay) || comesBy(c, gatewayWay) {
		return nil, nil
	}
	return rule.Parse(demoRules, "the demo's rules")
}

// breaks returns what switches on the rules of the third act; nil: there is none.
func breaks(g *gate.Gate, ours *rule.Set) func(proxytest.Fault) error {
	if ours == nil {
		return nil
	}
	return func(f proxytest.Fault) error {
		if err := g.EnableRule(string(f), true); err != nil {
			return fmt.Errorf("switching a gate rule on: %w", err)
		}
		return nil
	}
}
