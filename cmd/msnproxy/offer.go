package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy/offer"
)

// offerFlags are those by which a client is kept to some of its dialects.
func offerFlags(about string) []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "offer", Usage: about, EnvVars: []string{"MSNPROXY_OFFER"}},
		&cli.BoolFlag{Name: "offer-anyway", Usage: "with --offer: offer those, too, that the client does not speak; it will misread what comes", EnvVars: []string{"MSNPROXY_OFFER_ANYWAY"}},
	}
}

// offered are the dialects that the flags name; nil: all that a client speaks may be offered.
func offered(c *cli.Context, command string) (*offer.List, error) {
	words := nonEmpty(c.StringSlice("offer"))
	anyway := c.Bool("offer-anyway")
	if len(words) == 0 {
		if anyway {
			return nil, usage(command, "--offer-anyway goes with --offer, which says what is offered")
		}
		return nil, nil
	}
	list, err := offer.Parse(words, anyway)
	if err != nil {
		return nil, usage(command, "--offer: %v", err)
	}
	if anyway {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: warning: --offer-anyway: %s is offered also where the client does not speak it, and will then misread what comes\n", list)
	}
	return list, nil
}
