package main

import (
	"fmt"
	"io"
	"strings"

	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/rule"
	"msnproxy/proxy/gate/valve"
)

// faultWord stands before the name of a fault.
const faultWord = "fault"

// explainFault prints the rules of a named fault, or without a name all faults.
func explainFault(w io.Writer, args []string) error {
	switch len(args) {
	case 0:
		fmt.Fprint(w, "Named faults, each with whom it tests; the words in brackets may follow the name:\n\n")
		for _, p := range rule.Presets() {
			name := p.Name
			if len(p.Values) > 0 {
				name += " [" + strings.Join(p.Values, "|") + "]"
			}
			fmt.Fprintf(w, "%-34s %-9s %s\n", name, p.Tests, p.About)
		}
		fmt.Fprint(w, "\nFaults of the bytes, which test both; more follows the name:\n\n")
		for _, name := range valve.Names() {
			does, _ := valve.Explain(name)
			fmt.Fprintf(w, "%-34s %-9s %s\n", name, "both", does)
		}
		_, err := fmt.Fprint(w, "\n\"msnproxy explain fault NAME\" shows its rules, and what is right; of faults of the bytes what follows the name.\n")
		return err
	case 1, 2:
	default:
		return usage("explain", "explain fault takes a name and a value, not %d words", len(args))
	}
	if does, follows := valve.Explain(strings.ToLower(args[0])); does != "" && len(args) == 1 {
		_, err := fmt.Fprintf(w, "# about: what a bad line does to a message: %s\n# tests: both\n# right: no more than what is lost is missed; how bytes are divided, and when they come, changes nothing\n# takes: %s\n", does, follows)
		return err
	}
	p, ok := rule.LookupPreset(strings.ToLower(args[0]))
	if !ok {
		hint := "\"msnproxy explain fault\" lists them all"
		if near := filter.Nearest(args[0], append(rule.PresetNames(), valve.Names()...)); near != "" {
			hint = fmt.Sprintf("did you mean %s?", near)
		}
		return fmt.Errorf("no fault is called %q (%s)", args[0], hint)
	}
	text, err := p.Text(strings.Join(args[1:], ""))
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}
