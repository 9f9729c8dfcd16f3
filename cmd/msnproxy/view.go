package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/inspector"
)

func viewCommand() *cli.Command {
	return &cli.Command{
		Name:      "view",
		Usage:     "look at a recording in the inspector",
		ArgsUsage: "FILE",
		Action:    view,
	}
}

func view(c *cli.Context) error {
	in, err := openRecording(c)
	if err != nil {
		return err
	}
	defer in.Close()
	var file io.ReaderAt
	f, err := os.Open(c.Args().First())
	if err != nil {
		return err
	}
	defer f.Close()
	file = f
	x := index.New(index.Options{})
	defer x.Close()
	stop := make(chan struct{})
	go func() {
		if err := x.Load(in, file, c.Args().First(), stop); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	ins := inspector.New(inspector.Options{Index: x, Title: c.Args().First(), Location: time.Local, Create: saveTo})
	err = ins.Run(c.Context)
	close(stop)
	return err
}
