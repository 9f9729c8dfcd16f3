package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/capture/story"
)

// replayCommand makes a live peer of a recording; its subcommands say which.
func replayCommand() *cli.Command {
	return &cli.Command{
		Name:  "replay",
		Usage: "make a recording a live server, or a live client",
		Description: `Plays one end of a recording to a real peer at the other.

Examples:
   msnproxy replay server session.pcapng
   msnproxy replay client session.pcapng --server 127.0.0.1:1863
` + exitCodes,
		Subcommands: []*cli.Command{replayServerCommand(), replayClientCommand()},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("replay", "replay what? %s", subcommands(c.Command))
			}
			return usage("replay", "replay has no subcommand %q; %s", c.Args().First(), subcommands(c.Command))
		},
	}
}

// subcommands names those of a command, for messages.
func subcommands(cmd *cli.Command) string {
	return "the subcommands are " + strings.Join(subcommandNames(cmd), " and ")
}

// openStory opens the recording that is to be replayed. A damaged one is replayed as
// far as it goes, and that is said.
func openStory(c *cli.Context) (*story.Story, error) {
	s, err := story.Open(c.Args().First(), story.Options{Stop: c.Context.Done()})
	if err != nil {
		return nil, stoppedOr(err)
	}
	if s.Damage != nil {
		complain(c.App.ErrWriter, fmt.Errorf("%w; what is before that is replayed", s.Damage))
	}
	return s, nil
}
