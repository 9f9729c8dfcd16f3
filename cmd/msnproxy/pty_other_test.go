//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// ptyCommands are the commands of scripts for the program on a terminal.
func ptyCommands() map[string]func(*testscript.TestScript, bool, []string) { return nil }
