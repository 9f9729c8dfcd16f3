package web

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed presets/*.toml
var presets embed.FS

// Preset is a server's hosts, as a file has them.
type Preset struct {
	// About says what it is for, in a line.
	About string
	// Upstream is where MSNP is spoken, "host[:port]"; empty: nothing is known of that.
	Upstream string
	// Routes are the hosts that clients ask for.
	Routes []Route
}

// PresetNames returns the names of the presets that are built in.
func PresetNames() (names []string) {
	entries, _ := presets.ReadDir("presets")
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

// base stands for the URL that a preset is given.
const base = "{base}"

// maxPreset bounds a preset's file.
const maxPreset = 1 << 20

// LoadPreset reads NAME[=URL]: a preset that is built in, or else a file. The URL is what
// {base} in it stands for.
func LoadPreset(s string) (*Preset, error) {
	name, url, _ := strings.Cut(s, "=")
	if slices.Contains(PresetNames(), name) {
		b, err := presets.ReadFile(path.Join("presets", name+".toml"))
		if err != nil {
			return nil, err
		}
		return parsePreset(name, url, b)
	}
	if !strings.ContainsAny(name, `./\`) {
		return nil, fmt.Errorf("there is no preset %q; those that are built in are %s, and a file is named with its path, such as ./mine.toml", name, strings.Join(PresetNames(), ", "))
	}
	info, err := os.Stat(name)
	if err == nil && info.Size() > maxPreset {
		return nil, fmt.Errorf("%s has %d bytes, too many for a preset", name, info.Size())
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("preset: %w", err)
	}
	return parsePreset(name, url, b)
}

// presetFile is what a file has.
type presetFile struct {
	About    string            `toml:"about"`
	Upstream string            `toml:"upstream"`
	Web      map[string]string `toml:"web"`
}

// parsePreset reads a file. url is what {base} stands for.
func parsePreset(name, url string, b []byte) (*Preset, error) {
	var f presetFile
	d := toml.NewDecoder(strings.NewReader(string(b))).DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		var wrong *toml.DecodeError
		var strange *toml.StrictMissingError
		switch {
		case errors.As(err, &strange):
			line, _ := strange.Errors[0].Position()
			return nil, fmt.Errorf("preset %s, line %d: there is no %q; there are about, upstream and [web]", name, line, strings.Join(strange.Errors[0].Key(), "."))
		case errors.As(err, &wrong):
			line, _ := wrong.Position()
			return nil, fmt.Errorf("preset %s, line %d: %s", name, line, strings.TrimPrefix(wrong.Error(), "toml: "))
		}
		return nil, fmt.Errorf("preset %s: %w", name, err)
	}
	p := &Preset{About: f.About, Upstream: f.Upstream}
	hosts := make([]string, 0, len(f.Web))
	for host := range f.Web {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	based := false
	for _, host := range hosts {
		to := f.Web[host]
		if strings.Contains(to, base) {
			based = true
			if url == "" {
				return nil, fmt.Errorf("preset %s: it has to be told where its hosts lead: --preset %s=URL, such as %s=http://127.0.0.1:8080", name, name, name)
			}
			to = strings.ReplaceAll(to, base, strings.TrimSuffix(url, "/"))
		}
		r, err := newRoute(host, to)
		if err != nil {
			return nil, fmt.Errorf("preset %s: %w", name, err)
		}
		p.Routes = append(p.Routes, r)
	}
	if url != "" && !based {
		return nil, fmt.Errorf("preset %s: it has its own servers, and takes no URL", name)
	}
	return p, nil
}
