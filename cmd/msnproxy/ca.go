package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy/ca"
	"msnproxy/proxy/web"
)

// caCommand makes the CA that clients are to trust; its subcommands say how.
func caCommand() *cli.Command {
	return &cli.Command{
		Name:  "ca",
		Usage: "make, hand out or show the CA by which a client trusts the proxy's TLS",
		Description: `Clients since MSNP8 sign in by HTTPS. To see that, msnproxy speaks TLS in the place of the
hosts that --web names, with certificates of a CA of its own, which clients are told to
trust. docs/web.md says how that is done, and undone.

Examples:
   msnproxy ca init
   msnproxy ca export --der -o msnproxy.cer
` + exitCodes,
		Subcommands: []*cli.Command{caInitCommand(), caExportCommand(), caShowCommand()},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usage("ca", "ca what? %s", subcommands(c.Command))
			}
			return usage("ca", "ca has no subcommand %q; %s", c.Args().First(), subcommands(c.Command))
		},
	}
}

func caFlag() cli.Flag {
	return &cli.StringFlag{Name: "ca", Usage: "keep the CA in `DIR`, rather than in msnproxy where your programs have their configuration", EnvVars: []string{"MSNPROXY_CA"}}
}

// caDir is where the CA lies.
func caDir(c *cli.Context) (string, error) {
	if dir := c.String("ca"); dir != "" {
		return dir, nil
	}
	return ca.DefaultDir()
}

func caInitCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "make a CA, which is never overwritten",
		Description: `The key is readable by you alone and never leaves the directory. What the CA may speak for
is limited to Microsoft's hosts of the time, this machine, and what --name names: whoever
steals the key can pretend to be none but these, to clients that know such limits.

Examples:
   msnproxy ca init
   msnproxy ca init --name example.com --name 192.168.0.0/16
   msnproxy ca init --preset escargot
   msnproxy ca init --sha1 --ca ~/msnproxy-xp
` + exitCodes,
		Flags: []cli.Flag{
			caFlag(),
			&cli.StringSliceFlag{Name: "name", Usage: "may also speak for `HOST|IP|CIDR`, and all hosts below it (may be repeated)"},
			&cli.StringSliceFlag{Name: "preset", Usage: "may also speak for the hosts of the preset `NAME`, as run --preset takes it (may be repeated)"},
			&cli.BoolFlag{Name: "sha1", Usage: "sign with SHA-1, for clients that know no SHA-256 (Windows XP before SP3, 2000, 9x); new ones refuse it"},
		},
		Action: caInit,
	}
}

func caInit(c *cli.Context) error {
	if c.NArg() != 0 {
		return usage("ca init", "ca init takes no arguments; hosts go after --name")
	}
	dir, err := caDir(c)
	if err != nil {
		return err
	}
	names := commas(c.StringSlice("name"))
	for _, name := range nonEmpty(c.StringSlice("preset")) {
		p, err := web.LoadPreset(name)
		if err != nil {
			return usage("ca init", "--preset: %v", err)
		}
		for _, r := range p.Routes {
			names = append(names, r.Host)
		}
	}
	a, err := ca.Create(dir, ca.Options{Names: names, SHA1: c.Bool("sha1")})
	if err != nil {
		return fmt.Errorf("ca init: %w", err)
	}
	_, print := a.Prints()
	_, err = fmt.Fprintf(c.App.Writer, `made %s in %s
SHA-256 %s
Next: msnproxy ca export%s --der -o msnproxy.cer, and install that in the client (docs/web.md says how, and how to remove it).
`, a.Name(), dir, print, dirOption(c))
	return err
}

// dirOption is --ca as it was given, to be repeated in advice.
func dirOption(c *cli.Context) string {
	if dir := c.String("ca"); dir != "" {
		return " --ca " + dir
	}
	return ""
}

func caExportCommand() *cli.Command {
	return &cli.Command{
		Name:  "export",
		Usage: "write the CA's certificate, without its key, for a client to install",
		Description: `Writes PEM, or DER where the file's name ends in .cer or .der or --der says so, as Windows
likes it best.

Examples:
   msnproxy ca export > msnproxy.pem
   msnproxy ca export -o msnproxy.cer
` + exitCodes,
		Flags: []cli.Flag{
			caFlag(),
			&cli.BoolFlag{Name: "der", Usage: "write DER, for Windows"},
			&cli.BoolFlag{Name: "pem", Usage: "write PEM, for everything else"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`, which must not exist, rather than to standard output"},
		},
		Action: caExport,
	}
}

func caExport(c *cli.Context) error {
	if c.NArg() != 0 {
		return usage("ca export", "ca export takes no arguments; a file goes after --output")
	}
	if c.Bool("der") && c.Bool("pem") {
		return usage("ca export", "--der and --pem exclude each other")
	}
	a, err := loadCA(c)
	if err != nil {
		return err
	}
	name := c.String("output")
	ext := strings.ToLower(filepath.Ext(name))
	out := a.PEM()
	if c.Bool("der") || !c.Bool("pem") && (ext == ".cer" || ext == ".der") {
		out = a.DER()
	}
	if name == "" {
		_, err := c.App.Writer.Write(out)
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("ca export: %s exists already and is not overwritten", name)
	}
	if err != nil {
		return fmt.Errorf("ca export: %w", err)
	}
	_, err = f.Write(out)
	return errors.Join(err, f.Close())
}

// loadCA reads the CA that the flags name.
func loadCA(c *cli.Context) (*ca.CA, error) {
	dir, err := caDir(c)
	if err != nil {
		return nil, err
	}
	a, err := ca.Load(dir)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	return a, nil
}

func caShowCommand() *cli.Command {
	return &cli.Command{
		Name:  "show",
		Usage: "say what the CA is called, how long it is good, and what it may speak for",
		Description: `Its name and fingerprint are what to look for in a client's list of authorities, to see
that it is this one or to remove it.

Examples:
   msnproxy ca show
   msnproxy ca show --format json
` + exitCodes,
		Flags:  []cli.Flag{caFlag(), rulesFormatFlag()},
		Action: caShow,
	}
}

// caJSON is what ca show writes as JSON: see docs/web.md.
type caJSON struct {
	V         int       `json:"v"`
	Name      string    `json:"name"`
	Dir       string    `json:"dir"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Hash      string    `json:"hash"`
	SHA1      string    `json:"sha1"`
	SHA256    string    `json:"sha256"`
	Names     []string  `json:"names"`
}

func caShow(c *cli.Context) error {
	if c.NArg() != 0 {
		return usage("ca show", "ca show takes no arguments")
	}
	asJSON, err := rulesJSON(c)
	if err != nil {
		return err
	}
	dir, err := caDir(c)
	if err != nil {
		return err
	}
	a, err := loadCA(c)
	if err != nil {
		return err
	}
	cert := a.Certificate()
	j := caJSON{V: 1, Name: a.Name(), Dir: dir, NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, Hash: "SHA-256", Names: a.Limits()}
	j.SHA1, j.SHA256 = a.Prints()
	if a.SHA1() {
		j.Hash = "SHA-1"
	}
	if asJSON {
		return json.NewEncoder(c.App.Writer).Encode(j)
	}
	names := "anything"
	if len(j.Names) > 0 {
		names = strings.Join(j.Names, "\n            ")
	}
	_, err = fmt.Fprintf(c.App.Writer, `Name        %s
Directory   %s
Good        %s to %s
Signs with  %s
SHA-1       %s
SHA-256     %s
Speaks for  %s
`, show.Escape(nil, j.Name), show.Escape(nil, dir), j.NotBefore.Format(time.DateOnly), j.NotAfter.Format(time.DateOnly), j.Hash, j.SHA1, j.SHA256, names)
	return err
}
