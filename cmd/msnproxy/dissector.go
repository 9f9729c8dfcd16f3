package main

import (
	"github.com/urfave/cli/v2"

	"msnproxy/decode/dissector"
)

func dissectorCommand() *cli.Command {
	return &cli.Command{
		Name:  "dissector",
		Usage: "print a Wireshark dissector for MSNP, made from the command table",
		Description: `Put the file into Wireshark's folder for personal Lua plugins (Help, About, Folders).

Examples:
   msnproxy dissector > msnp.lua
   tshark -X lua_script:msnp.lua -r session.pcapng -Y 'msnp.verb == "MSG"'
` + exitCodes,
		Action: func(c *cli.Context) error {
			if c.NArg() != 0 {
				return usage("dissector", "dissector takes no arguments; redirect its output to a file")
			}
			return dissector.Write(c.App.Writer)
		},
	}
}
