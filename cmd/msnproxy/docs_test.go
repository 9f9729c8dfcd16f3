package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"msnproxy/decode"
	"msnproxy/decode/meaning"
	"msnproxy/decode/stage"
)

// documents are all pages, by their path from the top, with their text.
func documents(t *testing.T) map[string]string {
	t.Helper()
	top := filepath.Join("..", "..")
	pages := make(map[string]string)
	err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != top, e.IsDir() && e.Name() == "testdata":
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(top, path)
		pages[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

var (
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// anchor is what a heading is linked by.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// Whatever a page links to is there.
func TestLinks(t *testing.T) {
	pages := documents(t)
	anchors := make(map[string]map[string]bool)
	for name, text := range pages {
		anchors[name] = make(map[string]bool)
		for _, h := range headings.FindAllStringSubmatch(text, -1) {
			anchors[name][anchor(h[1])] = true
		}
	}
	for name, text := range pages {
		for _, l := range links.FindAllStringSubmatch(text, -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			file, place, _ := strings.Cut(l[1], "#")
			to := name
			if file != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat(filepath.Join("..", "..", to)); err != nil {
				t.Errorf("%s: nothing is at %s", name, l[1])
			} else if place != "" && !anchors[to][place] {
				t.Errorf("%s: %s has no heading %s", name, to, place)
			}
		}
	}
}

// The codes that people are told to look for are those that explain knows.
func TestCodesOfNoSignIn(t *testing.T) {
	text := documents(t)["docs/no-sign-in.md"]
	codes, replies := 0, 0
	for _, row := range regexp.MustCompile(`(?m)^\| ([0-9a-f][0-9a-f, to]+) \|`).FindAllStringSubmatch(text, -1) {
		for _, code := range regexp.MustCompile(`[0-9a-f]{3,8}`).FindAllString(row[1], -1) {
			if len(code) == 3 {
				replies++
				if decode.ErrorName(code) == "" {
					t.Errorf("no server says %s", code)
				}
				continue
			}
			codes++
			n, ok := meaning.ReadClientError(code)
			if _, known := meaning.LookupClientError(n); !ok || !known {
				t.Errorf("no client shows %s", code)
			}
		}
	}
	if codes < 20 || replies < 10 {
		t.Errorf("%d codes and %d replies", codes, replies)
	}
}

// The page of a kind of client names all hosts that such clients look up.
func TestHostsOfClients(t *testing.T) {
	pages := documents(t)
	for page, dialects := range map[string][]int{"msn-1-to-4": {2, 7}, "msn-5-to-6": {8, 10}, "msn-7": {10, 12}, "wlm-8": {13, 15}, "wlm-2009": {15, 21}} {
		text := pages["docs/clients/"+page+".md"]
		for _, h := range stage.Hosts() {
			for d := dialects[0]; d <= dialects[1]; d++ {
				if h.In(d) && !strings.Contains(text, "`"+h.Name+"`") {
					t.Errorf("%s does not name %s, which clients of MSNP%d ask for %s", page, h.Name, d, h.For)
					break
				}
			}
		}
	}
}
