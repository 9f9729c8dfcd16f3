package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"msnproxy/decode"
)

// The floors of the house: a room may import rooms of its own floor's list and
// below, and only the libraries that belong there.
var floors = []struct {
	room      string
	ours      []string
	libraries []string
}{
	{"decode/address", nil, nil},
	{"decode/gateway", nil, nil},
	{"decode/meaning", nil, nil},
	{"decode/p2p", nil, nil},
	{"decode/payload", []string{"decode/address", "decode/http1", "decode/meaning", "decode/p2p"}, []string{"golang.org/x/text"}},
	{"decode/challenge", nil, nil},
	{"decode/http1", nil, nil},
	{"decode/service", []string{"decode/http1"}, nil},
	{"decode/recent", nil, nil},
	{"decode/transfer", []string{"decode", "decode/address", "decode/payload", "decode/p2p", "decode/recent"}, nil},
	{"decode/filter", []string{"decode"}, []string{"github.com/expr-lang/expr"}},
	{"decode/dissector", []string{"decode"}, nil},
	{"decode/stage", []string{"decode"}, nil},
	{"decode/check", []string{"decode", "decode/address", "decode/meaning", "decode/payload", "decode/p2p", "decode/transfer", "decode/challenge", "decode/recent", "decode/service"}, nil},
	{"decode", []string{"decode/address", "decode/preamble", "decode/http1", "decode/service", "decode/payload", "decode/p2p", "decode/challenge", "decode/meaning", "decode/recent"}, []string{"golang.org/x/text"}},
	{"capture", []string{"decode", "decode/preamble", "decode/service", "decode/gateway", "decode/http1", "decode/address", "decode/payload", "decode/p2p", "decode/challenge", "decode/check"}, []string{"github.com/gopacket/gopacket", "golang.org/x/text"}},
	{"capture/story", []string{"decode", "decode/challenge", "decode/check", "decode/p2p", "decode/transfer", "capture"}, nil},
	{"capture/compare", []string{"decode", "decode/address", "decode/payload", "decode/challenge", "capture/story"}, nil},
	{"proxy/proxytest", []string{"decode", "decode/address", "decode/gateway", "decode/payload", "decode/challenge"}, nil},
	{"proxy/offer", []string{"decode"}, nil},
	{"proxy/replay", []string{"decode", "decode/address", "decode/payload", "decode/p2p", "decode/recent", "decode/challenge", "capture", "capture/story", "capture/compare", "proxy", "proxy/offer"}, nil},
	{"proxy/replay/gated", []string{"capture", "proxy", "proxy/gate", "proxy/replay"}, nil},
	{"proxy/ca", []string{"decode/recent", "decode/gateway"}, nil},
	{"proxy/web", []string{"decode", "decode/http1", "decode/service", "proxy/ca", "proxy/entrance"}, []string{"github.com/pelletier/go-toml/v2"}},
	{"proxy/gate/valve", nil, nil},
	{"proxy/gate/action", []string{"decode", "decode/filter", "proxy/gate/valve"}, nil},
	{"proxy/gate/rule", []string{"decode", "decode/filter", "decode/recent", "proxy/gate/action"}, []string{"github.com/pelletier/go-toml/v2"}},
	{"proxy/gate", []string{"decode", "decode/filter", "capture", "proxy/gate/action", "proxy/gate/rule", "proxy/gate/valve", "proxy/offer"}, nil},
	{"proxy/gate/addon", []string{"decode", "decode/filter", "proxy/gate", "proxy/gate/action"}, nil},
	{"proxy/gate/api", []string{"decode", "decode/filter", "capture", "proxy", "proxy/gate", "proxy/gate/action", "proxy/gate/rule"}, nil},
	{"decode/preamble", nil, nil},
	{"proxy/entrance", []string{"decode", "decode/gateway", "decode/preamble"}, []string{"golang.org/x/sys"}},
	{"proxy", []string{"decode", "decode/http1", "decode/service", "decode/recent", "decode/payload", "decode/challenge", "capture", "proxy/gate", "proxy/entrance"}, []string{"golang.org/x/sys"}},
}

func TestFloors(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, floor := range floors {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(floor.room), "*.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: no files (%v)", floor.room, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, path := range imports(t, file) {
				if !mayImport(path, floor.ours, floor.libraries) {
					t.Errorf("%s: %s may not import %s", file, floor.room, path)
				}
			}
		}
	}
}

func mayImport(path string, ours, libraries []string) bool {
	if own, ok := strings.CutPrefix(path, "msnproxy/"); ok {
		for _, o := range ours {
			if own == o {
				return true
			}
		}
		return false
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	for _, l := range libraries {
		if path == l || strings.HasPrefix(path, l+"/") {
			return true
		}
	}
	return false
}

func imports(t *testing.T, file string) (paths []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

// The top level holds what a visitor expects, and nothing else.
func TestTopLevel(t *testing.T) {
	want := map[string]bool{"cmd": true, "proxy": true, "decode": true, "capture": true, "docs": true,
		"go.mod": true, "go.sum": true, "README.md": true, "LICENSE": true, "CONTRIBUTING.md": true}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "msnproxy" {
			continue
		}
		if !want[e.Name()] {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// Rooms are named for what is in them.
func TestNoCatchAllRooms(t *testing.T) {
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch strings.TrimSuffix(d.Name(), ".go") {
		case "util", "utils", "common", "helpers", "types", "misc":
			t.Errorf("%s says nothing of what is in it", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// notVerbs are the files whose words look like verbs and are none: statuses, methods of
// HTTP and MSNSLP, an XML element, and the name that documents have for a redirect.
var notVerbs = map[string]string{
	"decode/meaning/meaning.go": "NLN FLN",
	"decode/opening_proxy.go":   "GET PUT",
	"decode/http1/first.go":     "GET PUT",
	"decode/payload/xml.go":     "MSG",
	"decode/redirect.go":        "RNG",
	"decode/check/peers.go":     "BYE",
	"decode/transfer/slp.go":    "BYE",
}

// What the program knows of a verb stands in the command table, as a column: elsewhere a
// command is asked for what it is (decode.Act). proxytest speaks the protocol.
func TestVerbsStandInTheTable(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if name == "proxy/proxytest" || d.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "decode/rows_") {
			return nil
		}
		for _, verb := range verbsIn(t, path) {
			if !strings.Contains(notVerbs[name], verb) {
				t.Errorf("%s has the verb %s as a string: ask for a column of the command table instead, such as decode.Act", name, verb)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// verbsIn returns the strings of a file that are verbs of the table.
func verbsIn(t *testing.T, file string) (verbs []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, _ := strconv.Unquote(l.Value)
			if v := decode.LookupVerb(s); v != nil && v.Name == s {
				verbs = append(verbs, s)
			}
		}
		return true
	})
	return verbs
}
