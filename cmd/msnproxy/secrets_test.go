package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"msnproxy/proxy/proxytest"
)

// secretOf matches what the web services of the demo are told and tell that lets somebody
// in: passwords, keys and tokens, but for the ticket that USR carries.
var secretOf = func() *regexp.Regexp {
	all := `web[0-9a-f]{16}|` + base64.StdEncoding.EncodeToString([]byte("t=web"))[:6]
	for _, a := range proxytest.DemoAccounts() {
		all += "|" + a.Password + "|" + regexp.QuoteMeta(proxytest.TicketFor(a.Handle, a.Password).Secret)
	}
	return regexp.MustCompile(all)
}()

var (
	dumped  = regexp.MustCompile(`(?m)^ *[0-9a-f]{8}  ((?:[0-9a-f]{2} {1,2}){1,16})`)
	encoded = regexp.MustCompile(`"([A-Za-z0-9+/]{24,}={0,2})"`)
	blanks  = regexp.MustCompile(` +`)
)

// secrets returns those that stand in an output: as they are, in dumps in hex, or in
// values in Base64.
func secrets(b []byte) (found []string) {
	for _, m := range secretOf.FindAll(unpacked(b), -1) {
		found = append(found, string(m))
	}
	return found
}

// unpacked is an output, then what its dumps hold, then what its values in Base64 do.
func unpacked(b []byte) []byte {
	all := bytes.Clone(b)
	for _, m := range dumped.FindAllSubmatch(b, -1) {
		raw, _ := hex.DecodeString(string(blanks.ReplaceAll(m[1], nil)))
		all = append(all, raw...)
	}
	for _, m := range encoded.FindAllSubmatch(b, -1) {
		if raw, err := base64.StdEncoding.DecodeString(string(m[1])); err == nil {
			all = append(append(all, '\n'), raw...)
		}
	}
	return all
}

// secretless FILE... wants no secret of the demo's web half in files; with ! it wants some
// in each.
func secretless(ts *testscript.TestScript, neg bool, files []string) {
	for _, file := range files {
		text := ts.ReadFile(file)
		found := secrets([]byte(text))
		switch {
		case text == "":
			ts.Fatalf("%s is empty", file)
		case neg && len(found) == 0:
			ts.Fatalf("%s has no secret", file)
		case !neg && len(found) > 0:
			ts.Fatalf("%s has %d secrets, first %q", file, len(found), found[0])
		}
	}
}

func TestSecretsAreFound(t *testing.T) {
	secret := proxytest.TicketFor("alice@example.com", "wonderland").Secret
	for text, want := range map[string]int{
		"<Password>wonderland</Password>": 1,
		"<S>" + secret + "</S>":           1,
		"t=web0123456789abcdef&amp;p=":    1,
		"t=demo0123456789abcdef&p=":       0,
		"masked-0123456789abcdef":         0,
		"    00000000  77 6f 6e 64 65 72 6c 61  6e 64 20                 wonderla\n":                       1,
		"00000000  2e 2e 2e 2e 2e 2e 2e 2e  2e 2e 77 6f 6e 64 65 72  x\n00000010  6c 61 6e 64  land\n":     1,
		`{"raw":"` + base64.StdEncoding.EncodeToString([]byte("the password is wonderland")) + `"}`:        1,
		base64.StdEncoding.EncodeToString([]byte("t=web0123456789abcdef0123456789abcdef01234567&p=")):      1,
		`{"raw":"` + base64.StdEncoding.EncodeToString([]byte("the password is not said anywhere")) + `"}`: 0,
	} {
		if got := secrets([]byte(text)); len(got) != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
