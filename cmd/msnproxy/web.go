package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy"
	"msnproxy/proxy/ca"
	"msnproxy/proxy/web"
)

// webFlags are those of the web half.
func webFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "web", Usage: "serve clients that ask for a web host, and lead them to a server: `HOST[:PORT]=URL` (may be repeated; *.HOST is all below it)", EnvVars: []string{"MSNPROXY_WEB"}},
		&cli.StringSliceFlag{Name: "preset", Usage: "serve the web hosts of `NAME`: " + strings.Join(web.PresetNames(), ", ") + " (microsoft=URL leads the original names to one server), or a file (may be repeated)", EnvVars: []string{"MSNPROXY_PRESET"}},
		&cli.BoolFlag{Name: "web-insecure", Usage: "take any certificate of the servers that --web and --preset name", EnvVars: []string{"MSNPROXY_WEB_INSECURE"}},
		caFlag(),
		&cli.StringFlag{Name: "keylog", Usage: "append the keys of all TLS to `FILE`, with which Wireshark reads a capture of it", EnvVars: []string{"MSNPROXY_KEYLOG"}},
		&cli.BoolFlag{Name: "keep-secrets", Usage: "show and record passwords and tokens of web services, which are masked otherwise", EnvVars: []string{"MSNPROXY_KEEP_SECRETS"}},
	}
}

// webHalf is what run has of the web half.
type webHalf struct {
	routes   []web.Route
	upstream string // where a preset has MSNP spoken
	keys     io.WriteCloser
}

// close ends it.
func (w *webHalf) close() {
	if w.keys != nil {
		_ = w.keys.Close()
	}
}

// webRoutes reads --preset and --web, of which the latter goes before the former.
func webRoutes(c *cli.Context) (*webHalf, error) {
	w := &webHalf{}
	for _, name := range nonEmpty(c.StringSlice("preset")) {
		p, err := web.LoadPreset(name)
		if err != nil {
			return nil, usage(called(c), "--preset: %v", err)
		}
		w.routes = append(w.routes, p.Routes...)
		if p.Upstream != "" {
			w.upstream = p.Upstream
		}
	}
	for _, s := range commas(c.StringSlice("web")) {
		r, err := web.ParseRoute(s)
		if err != nil {
			return nil, usage(called(c), "--web: %v", err)
		}
		w.routes = append(w.routes, r)
	}
	if len(w.routes) == 0 {
		for _, flag := range []string{"web-insecure", "keylog", "keep-secrets"} {
			if c.IsSet(flag) && c.String(flag) != "" {
				return nil, usage(called(c), "--%s is about web hosts: name some with --web HOST=URL or --preset NAME", flag)
			}
		}
	}
	return w, nil
}

// enter adds the way in of the web half, if there is one, to those of a proxy.
func (w *webHalf) enter(c *cli.Context, cfg *proxy.Config) error {
	cfg.KeepSecrets = c.Bool("keep-secrets")
	if len(w.routes) == 0 {
		return nil
	}
	conf := web.Config{Routes: web.NewRoutes(w.routes), Insecure: c.Bool("web-insecure")}
	for _, way := range cfg.Ways {
		if way.Name() == "gateway" { // by HTTPS, too
			conf.Inner = append(conf.Inner, way)
		}
	}
	a, err := loadCA(c)
	switch {
	case errors.Is(err, ca.ErrNone) && c.String("ca") == "":
	case err != nil:
		return err
	default:
		conf.CA = a
	}
	if name := c.String("keylog"); name != "" {
		if w.keys, err = openKeylog(name); err != nil {
			return err
		}
		conf.Keys = w.keys
	}
	way := web.New(conf)
	cfg.Ways = append(cfg.Ways, way)
	w.tell(c, conf, way)
	return nil
}

// tell says what is served, and what is not as one might think.
func (w *webHalf) tell(c *cli.Context, conf web.Config, way *web.Web) {
	say := func(format string, args ...any) {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: "+format+"\n", args...)
	}
	unserved := way.Unserved()
	switch all := conf.Routes.All(); {
	case conf.CA == nil:
		say("%s served, by plain HTTP only: for HTTPS \"msnproxy ca init\" makes a CA", plural(len(all), "web host"))
	case len(unserved) > 0:
		say("%s served; by plain HTTP only, as %q may not speak for them (ca init --name or --preset, into another --ca DIR, makes one that may): %s", plural(len(all), "web host"), conf.CA.Name(), strings.Join(unserved, ", "))
	default:
		say("%s served, by HTTP and, with %q, by HTTPS", plural(len(all), "web host"), conf.CA.Name())
	}
	if conf.Insecure {
		say("--web-insecure: certificates of web servers are not checked")
	}
	if c.Bool("keep-secrets") {
		say("--keep-secrets: passwords and tokens are shown and recorded")
	}
}

// openKeylog opens a file of keys, which nobody else may read.
func openKeylog(name string) (io.WriteCloser, error) {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("keylog: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("keylog: %s is no regular file (a symbolic link is not followed)", name)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("keylog: others have access to %s (mode %04o), and keys would be theirs: chmod 600 it, or name a new file", name, info.Mode().Perm())
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keylog: %w", err)
	}
	return f, nil
}
