package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/inspector"
	"msnproxy/decode"
	"msnproxy/decode/check"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
)

// flagValues are the values of the flags that have few, by the flag's name. Where
// commands differ the command stands before it.
func flagValues(command, name string) []string {
	switch name {
	case "format":
		if command == "read" {
			return []string{"text", "json", "transcript"}
		}
		return []string{"text", "json"}
	case "detail":
		return []string{"0", "1", "2", "3"}
	case "color":
		return []string{"auto", "always", "never"}
	case "min":
		return []string{decode.Note.String(), decode.Warning.String(), decode.Error.String()}
	case "record-mode":
		return []string{"lossless", "live"}
	case "ports":
		return []string{"one", "per-target"}
	case "rotate":
		return []string{"size:100MB", "duration:1h"}
	case "unknown":
		return []string{"error", "ignore", "close"}
	case "theme":
		return inspector.ThemeNames()
	case "view":
		return inspector.ViewNames()
	case "rule":
		if command == "check" {
			return ruleNames()
		}
	case "fault":
		return append(rule.PresetNames(), action.Faults()...)
	}
	return nil
}

// argumentValues are what may stand after a command that takes a word, not a file.
func argumentValues(app *cli.App, command string) []string {
	switch command {
	case "completion":
		return []string{"bash", "zsh", "fish"}
	case "help":
		var names []string
		for _, c := range app.Commands {
			names = append(names, c.Name)
		}
		return names
	case "ctl":
		return []string{"client", "server", "on", "off"}
	case "explain":
		words := append([]string{"filter", "keys", capsWord, faultWord}, rule.PresetNames()...)
		for _, v := range decode.Verbs() {
			words = append(words, v.Name)
		}
		return append(words, ruleNames()...)
	}
	return nil
}

// ruleNames are the groups of rules and the rules.
func ruleNames() []string {
	var groups, ids []string
	for _, r := range check.Rules() {
		if !slices.Contains(groups, r.Group()) {
			groups = append(groups, r.Group())
		}
		ids = append(ids, r.ID)
	}
	return append(groups, ids...)
}

// valuedFlag is a flag with the values that it may have.
type valuedFlag struct {
	name   string
	values []string
}

// valued returns the flags of a command and of its subcommands that have few values.
func valued(cmd *cli.Command) (list []valuedFlag) {
	for _, name := range flagNames(cmd) {
		if values := flagValues(cmd.Name, name[2:]); values != nil {
			list = append(list, valuedFlag{name, values})
		}
	}
	return list
}
