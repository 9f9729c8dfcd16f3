package web

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseRoute(t *testing.T) {
	for in, want := range map[string]string{
		"login.live.com=https://example.com":         "login.live.com=https://example.com",
		"LOGIN.live.com.=HTTPS://Example.COM/":       "login.live.com=https://example.com",
		"login.live.com:80=http://127.0.0.1:8080":    "login.live.com:80=http://127.0.0.1:8080",
		"*.contacts.msn.com=https://example.com:443": "*.contacts.msn.com=https://example.com",
		"a=http://b:80":                                 "a=http://b",
		"a=http://b:443":                                "a=http://b:443",
		"a=https://[::1]":                               "a=https://[::1]",
		"a=https://[::1]:8443":                          "a=https://[::1]:8443",
		"[::1]:443=https://b":                           "[::1]:443=https://b",
		"[::1]=https://b":                               "[::1]=https://b",
		" a = http://b ":                                "a=http://b",
		"a:1=http://b:65535":                            "a:1=http://b:65535",
		"a:65535=http://b:1":                            "a:65535=http://b:1",
		strings.Repeat("a", 63) + "=http://b":           strings.Repeat("a", 63) + "=http://b",
		strings.Repeat("a.", 126) + "a=http://b":        strings.Repeat("a.", 126) + "a=http://b",
		"gateway_1.example=http://under_score.example/": "gateway_1.example=http://under_score.example",
	} {
		r, err := ParseRoute(in)
		if err != nil || r.String() != want {
			t.Errorf("%q: %q, %v", in, r.String(), err)
			continue
		}
		if again, err := ParseRoute(r.String()); err != nil || again != r {
			t.Errorf("%q does not come back: %v, %v", in, again, err)
		}
	}
	for in, want := range map[string]string{
		"login.live.com":                      "HOST[:PORT]=URL",
		"=http://b":                           "is no host",
		"a b=http://c":                        "is no host",
		"a..b=http://c":                       "is no host",
		"*=http://c":                          "is no host",
		"*.=http://c":                         "is no host",
		strings.Repeat("a", 64) + "=http://b": "is no host",
		strings.Repeat("a.", 126) + "aa=http://b": "is no host",
		"a:0=http://b":             "no port",
		"a:65536=http://b":         "no port",
		"a:x=http://b":             "no port",
		"a=":                       "no URL",
		"a=b":                      "no URL",
		"a=ftp://b":                "no URL",
		"a=http://":                "no URL",
		"a=http://:80":             "no URL",
		"a=http://*.b":             "no URL",
		"a=http://b:99999":         "no URL",
		"a=http://b/path":          "paths are the client's own",
		"a=http://b?query":         "paths are the client's own",
		"a=http://b#there":         "paths are the client's own",
		"a=https://alice:secret@b": "clients bring their own",
		"login.live.com=https://example.com/RST.srf": "paths are the client's own",
	} {
		_, err := ParseRoute(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("a password is told: %v", err)
		}
	}
}

func routes(t *testing.T, list ...string) *Routes {
	t.Helper()
	var all []Route
	for _, s := range list {
		r, err := ParseRoute(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return NewRoutes(all)
}

func TestFind(t *testing.T) {
	r := routes(t, "a.example=http://one", "a.example:443=https://two", "*.example=http://three", "*.b.example:80=http://four", "127.0.0.1=http://five", "[::1]=http://six")
	for _, c := range []struct {
		host string
		port uint16
		want string
	}{
		{"a.example", 80, "http://one"}, {"A.Example.", 443, "https://two"}, {"a.example", 0, "http://one"},
		{"x.example", 80, "http://three"}, {"x.y.example", 80, "http://three"},
		{"x.b.example", 80, "http://four"}, {"x.b.example", 443, "http://three"}, {"b.example", 80, "http://three"},
		{"127.0.0.1", 80, "http://five"}, {"::ffff:127.0.0.1", 80, "http://five"}, {"[::1]", 80, "http://six"}, {"0:0::1", 80, "http://six"},
		{"example", 80, ""}, {"", 80, ""}, {"notexample", 80, ""}, {"127.0.0.2", 80, ""}, {"x.a.example", 80, "http://three"},
	} {
		got := ""
		if found := r.Find(c.host, c.port); found != nil {
			got = found.URL()
		}
		if got != c.want {
			t.Errorf("%s:%d is led to %q, want %q", c.host, c.port, got, c.want)
		}
	}
	if (*Routes)(nil).Find("a", 80) != nil || len((*Routes)(nil).All()) != 0 {
		t.Error("no routes have some")
	}
	again := routes(t, "a=http://b", "c=http://d", "a=http://e")
	if len(again.All()) != 2 || again.Find("a", 1).URL() != "http://e" {
		t.Errorf("of two routes for one host the first holds: %v", again.All())
	}
}

func TestBehind(t *testing.T) {
	r := routes(t, "a=https://server", "b=http://server:8080", "c=https://other")
	for _, c := range []struct {
		server string
		port   uint16
		want   string
	}{{"server", 0, "a b"}, {"SERVER.", 443, "a"}, {"server", 8080, "b"}, {"server", 80, ""}, {"nobody", 0, ""}} {
		var got []string
		for _, one := range r.Behind(c.server, c.port) {
			got = append(got, one.Host)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("behind %s:%d: %v", c.server, c.port, got)
		}
	}
}

func TestAuthority(t *testing.T) {
	for url, want := range map[string][2]string{
		"https://b": {"b", "b:443"}, "http://b": {"b", "b:80"}, "https://b:80": {"b:80", "b:80"},
		"http://[::1]": {"[::1]", "[::1]:80"}, "http://[::1]:81": {"[::1]:81", "[::1]:81"},
	} {
		r, err := ParseRoute("a=" + url)
		if err != nil || r.Authority() != want[0] || r.Address() != want[1] {
			t.Errorf("%s: %q, %q, %v", url, r.Authority(), r.Address(), err)
		}
	}
}

// Each preset that is built in can be read, and has the hosts of the sign-in.
func TestPresets(t *testing.T) {
	names := PresetNames()
	if !slices.Equal(names, []string{"crosstalk", "escargot", "microsoft"}) {
		t.Errorf("presets %v", names)
	}
	for _, name := range names {
		arg := name
		if name == "microsoft" {
			if _, err := LoadPreset(name); err == nil || !strings.Contains(err.Error(), "--preset microsoft=URL") {
				t.Errorf("without a URL: %v", err)
			}
			arg += "=http://127.0.0.1:8080/"
		} else if _, err := LoadPreset(name + "=http://a"); err == nil || !strings.Contains(err.Error(), "takes no URL") {
			t.Errorf("%s with a URL: %v", name, err)
		}
		p, err := LoadPreset(arg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r := NewRoutes(p.Routes)
		for _, host := range []string{"nexus.passport.com", "login.live.com", "contacts.msn.com", "rsi.hotmail.com", "ows.messenger.msn.com"} {
			if r.Find(host, 443) == nil {
				t.Errorf("%s has no %s", name, host)
			}
		}
		if p.About == "" || (p.Upstream == "") != (name == "microsoft") {
			t.Errorf("%s: about %q, upstream %q", name, p.About, p.Upstream)
		}
	}
	p, _ := LoadPreset("microsoft=http://127.0.0.1:8080/")
	if p.Routes[0].URL() != "http://127.0.0.1:8080" {
		t.Errorf("led to %s", p.Routes[0].URL())
	}
}

func TestPresetFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.toml")
	for text, want := range map[string]string{
		"about = \"mine\"\nupstream = \"example.com\"\n[web]\n\"a\" = \"http://b\"\n": "",
		"":                                "",
		"abuot = \"mine\"\n":              `line 1: there is no "abuot"`,
		"about = \n":                      "line 1",
		"[web]\n\"a\" = \"b\"\n":          "is no URL",
		"[web]\n\"a b\" = \"http://b\"\n": "is no host",
		"[web]\n\"a\" = \"{base}\"\n":     "it has to be told where",
		strings.Repeat("#", 1<<20):        "",
		strings.Repeat("#", 1<<20+1):      "too many",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := LoadPreset(file)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "mine.toml")) {
			t.Errorf("%.40q: %v, %v", text, p, err)
		}
	}
	for name, want := range map[string]string{"nobody": "built in are crosstalk, escargot, microsoft", "./nobody.toml": "no such file"} {
		if _, err := LoadPreset(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
