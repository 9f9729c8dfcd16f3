package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy/gate"
)

// recordFlags are the flags of the commands that record.
func recordFlags(env bool) []cli.Flag {
	vars := func(name string) []string {
		if !env {
			return nil
		}
		return []string{"MSNPROXY_" + name}
	}
	return []cli.Flag{
		&cli.StringFlag{Name: "record", Usage: "record to `FILE` (pcapng), which must not exist", EnvVars: vars("RECORD")},
		&cli.StringFlag{Name: "record-mode", Value: "lossless", Usage: "`MODE`: lossless (the disk may hold traffic back) or live (never; what it does not take is dropped and counted)", EnvVars: vars("RECORD_MODE")},
		&cli.StringSliceFlag{Name: "rotate", Usage: "begin a new file when `WHAT` is reached: size:100MB or duration:1h (may be repeated)", EnvVars: vars("ROTATE")},
		&cli.IntFlag{Name: "keep", Usage: "with --rotate, keep the newest `N` files; 0: all", EnvVars: vars("KEEP")},
		&cli.BoolFlag{Name: "compress", Usage: "compress files with gzip when they are finished", EnvVars: vars("COMPRESS")},
	}
}

// newRecorder makes the recorder that the flags ask for; nil: none. The head of each file
// holds the gate's rules.
func newRecorder(c *cli.Context, g *gate.Gate) (*capture.Recorder, error) {
	path := c.String("record")
	if path == "" {
		for _, name := range []string{"rotate", "keep", "compress"} {
			if c.IsSet(name) {
				return nil, usage(c.Command.Name, "--%s goes with --record", name)
			}
		}
		return nil, nil
	}
	if ext := filepath.Ext(path); !strings.EqualFold(ext, ".pcapng") {
		base := strings.TrimSuffix(path, ext)
		return nil, usage(c.Command.Name, "--record %s: recordings are pcapng; record to %s.pcapng, and \"msnproxy convert\" makes other formats of it", path, base)
	}
	errs := c.App.ErrWriter
	o := capture.RecorderOptions{Path: path, Keep: c.Int("keep"), Compress: c.Bool("compress"),
		Comment: recordedBy(g),
		Report:  func(err error) { complain(errs, err) }}
	switch mode := c.String("record-mode"); mode {
	case "lossless":
	case "live":
		o.Live = true
	default:
		return nil, usage(c.Command.Name, "--record-mode is %q; it is lossless or live", mode)
	}
	for _, r := range commas(c.StringSlice("rotate")) {
		if err := rotation(&o, r); err != nil {
			return nil, usage(c.Command.Name, "--rotate %s: %v", r, err)
		}
	}
	if o.Keep < 0 || o.Keep == 1 {
		return nil, usage(c.Command.Name, "--keep is %d; it is 0 (all), or 2 and more", o.Keep)
	}
	if o.Keep > 0 && o.RotateSize == 0 && o.RotateAfter == 0 {
		return nil, usage(c.Command.Name, "--keep goes with --rotate")
	}
	return capture.NewRecorder(o)
}

// recordedBy is the comment in the head of a recording.
func recordedBy(g *gate.Gate) string {
	text := "recorded by msnproxy " + version()
	if g == nil {
		return text
	}
	if rules := g.RulesText(); rules != "" {
		text += "\n" + rules
	}
	return text
}

// rotation reads size:100MB or duration:1h.
func rotation(o *capture.RecorderOptions, s string) (err error) {
	what, value, ok := strings.Cut(s, ":")
	switch {
	case !ok:
	case what == "size":
		if o.RotateSize, err = size(value); err == nil && o.RotateSize < 4096 {
			err = fmt.Errorf("less than 4 KB")
		}
		return err
	case what == "duration":
		if o.RotateAfter, err = time.ParseDuration(value); err == nil && o.RotateAfter < time.Second {
			err = fmt.Errorf("less than a second")
		}
		return err
	}
	return fmt.Errorf("want size:100MB or duration:1h")
}

// size reads a number of bytes: 4096, 100kB, 100MB, 1GB, 64KiB, 1MiB, 1GiB.
func size(s string) (int64, error) {
	units := []struct {
		name  string
		bytes float64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1}, {"", 1}}
	lower := strings.ToLower(s)
	for _, u := range units {
		if number, ok := strings.CutSuffix(lower, u.name); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil || n <= 0 || n*u.bytes > 1<<60 {
				return 0, fmt.Errorf("%q is no size; write 100MB or 64KiB", s)
			}
			return int64(n * u.bytes), nil
		}
	}
	return 0, fmt.Errorf("%q is no size", s)
}

// recorded says at the end what was recorded.
func recorded(w io.Writer, r *capture.Recorder) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "msnproxy: recorded %d bytes to %s\n", r.Size(), show.Escape(nil, r.Path()))
	if n := r.Dropped(); n > 0 {
		fmt.Fprintf(w, "msnproxy: %s not recorded\n", plural(int(n), "message"))
	}
}
