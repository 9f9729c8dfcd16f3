package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for a shell",
		ArgsUsage: "bash | zsh | fish",
		Description: `Examples:
   source <(msnproxy completion bash)
   msnproxy completion fish > ~/.config/fish/completions/msnproxy.fish
` + exitCodes,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usage("completion", "completion wants the name of a shell: bash, zsh or fish")
			}
			script, err := completion(c.App, c.Args().First())
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.App.Writer, script)
			return err
		},
	}
}

// completion makes the script from the commands and flags themselves.
func completion(app *cli.App, shell string) (string, error) {
	var names []string
	for _, cmd := range app.Commands {
		names = append(names, cmd.Name)
	}
	var sb strings.Builder
	switch shell {
	case "bash", "zsh":
		if shell == "zsh" {
			sb.WriteString("autoload -U +X bashcompinit && bashcompinit\n")
		}
		fmt.Fprintf(&sb, "_msnproxy() {\n  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n  COMPREPLY=()\n")
		fmt.Fprintf(&sb, "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W %q -- \"$cur\")); return; fi\n", strings.Join(names, " "))
		sb.WriteString("  case \"${COMP_WORDS[1]}\" in\n")
		for _, cmd := range app.Commands {
			fmt.Fprintf(&sb, "    %s) ", cmd.Name)
			if subs := subcommandNames(cmd); len(subs) > 0 {
				fmt.Fprintf(&sb, "if [ \"$COMP_CWORD\" -eq 2 ]; then COMPREPLY=($(compgen -W %q -- \"$cur\")); return; fi; ", strings.Join(subs, " "))
			}
			sb.WriteString("case \"$prev\" in ")
			for _, f := range valued(cmd) {
				fmt.Fprintf(&sb, "%s) COMPREPLY=($(compgen -W %q -- \"$cur\")); return;; ", f.name, strings.Join(f.values, " "))
			}
			fmt.Fprintf(&sb, "esac; case \"$cur\" in -*) COMPREPLY=($(compgen -W %q -- \"$cur\")); return;; ", strings.Join(flagNames(cmd), " "))
			if words := argumentValues(app, cmd.Name); len(words) > 0 {
				fmt.Fprintf(&sb, "*) COMPREPLY=($(compgen -W %q -- \"$cur\")); return;; ", strings.Join(words, " "))
			}
			sb.WriteString("esac;;\n")
		}
		sb.WriteString("  esac\n  COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -F _msnproxy msnproxy\n")
	case "fish":
		for _, cmd := range app.Commands {
			fmt.Fprintf(&sb, "complete -c msnproxy -n __fish_use_subcommand -f -a %s -d %q\n", cmd.Name, cmd.Usage)
			for _, name := range subcommandNames(cmd) {
				fmt.Fprintf(&sb, "complete -c msnproxy -n '__fish_seen_subcommand_from %s' -f -a %s\n", cmd.Name, name)
			}
			with := valued(cmd)
			for _, f := range flagNames(cmd) {
				fmt.Fprintf(&sb, "complete -c msnproxy -n '__fish_seen_subcommand_from %s' -l %s", cmd.Name, strings.TrimLeft(f, "-"))
				if i := slices.IndexFunc(with, func(v valuedFlag) bool { return v.name == f }); i >= 0 {
					fmt.Fprintf(&sb, " -x -a %q", strings.Join(with[i].values, " "))
				}
				sb.WriteByte('\n')
			}
			if words := argumentValues(app, cmd.Name); len(words) > 0 {
				fmt.Fprintf(&sb, "complete -c msnproxy -n '__fish_seen_subcommand_from %s' -f -a %q\n", cmd.Name, strings.Join(words, " "))
			}
		}
	default:
		return "", usage("completion", "there is no completion for %q; there is for bash, zsh and fish", shell)
	}
	return sb.String(), nil
}

func subcommandNames(cmd *cli.Command) (names []string) {
	for _, sub := range cmd.Subcommands {
		names = append(names, sub.Name)
	}
	return names
}

// flagNames returns the flags of a command and of its subcommands.
func flagNames(cmd *cli.Command) []string {
	flags := []string{"--help"}
	for _, f := range cmd.Flags {
		flags = append(flags, "--"+f.Names()[0])
	}
	for _, sub := range cmd.Subcommands {
		for _, name := range flagNames(sub) {
			if !slices.Contains(flags, name) {
				flags = append(flags, name)
			}
		}
	}
	return flags
}
