package main

import (
	"fmt"
	"io"
	"strings"

	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/rule"
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
		_, err := fmt.Fprint(w, "\n\"msnproxy explain fault NAME\" shows its rules, and what is right.\n")
		return err
	case 1, 2:
	default:
		return usage("explain", "explain fault takes a name and a value, not %d words", len(args))
	}
	p, ok := rule.LookupPreset(strings.ToLower(args[0]))
	if !ok {
		hint := "\"msnproxy explain fault\" lists them all"
		if near := filter.Nearest(args[0], rule.PresetNames()); near != "" {
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
