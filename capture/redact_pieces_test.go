package capture

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func redactors(t *testing.T) (some, all *Redactor) {
	t.Helper()
	var list [2]*Redactor
	for i, all := range []bool{false, true} {
		r, err := NewRedactor(all)
		if err != nil {
			t.Fatal(err)
		}
		list[i] = r
	}
	return list[0], list[1]
}

// What nobody knows the meaning of: tickets go, with All everything.
func TestRedactLoose(t *testing.T) {
	some, all := redactors(t)
	for _, tt := range []struct {
		in   string
		kept bool
	}{
		{"", true}, {"words", true},
		{"t=0123456789abcde", true}, {"t=0123456789abcdef", false}, {"at=0123456789abcdef", true},
		{"x;t=0123456789abcdef&p=", false}, {"t=0123456789 abcdef", true}, {"t=01234567<89abcdef", true},
	} {
		got := string(some.loose([]byte(tt.in)))
		if (got == tt.in) != tt.kept || !tt.kept && !strings.Contains(got, "t=") {
			t.Errorf("%q: %q", tt.in, got)
		}
	}
	for in, none := range map[string]bool{"": false, "a b": false, "\t": false, "\r\n": false, "a\x1f": true, "a\x00": true, "\x08": true, "\x0b": true, "\x0e": true, "a\x7f": false, "é": false} {
		if noText([]byte(in)) != none {
			t.Errorf("%q has bytes that no text has: %v", in, !none)
		}
		if got := string(all.loose([]byte(in))); none && got != strings.Repeat("x", len(in)) {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := string(all.loose([]byte("call bob@example.com"))); strings.Contains(got, "bob") || !strings.Contains(got, "@") {
		t.Error(got)
	}
	for in, want := range map[string]string{
		"<a>Charlotte</a>":              `^<a>[^<>]*</a>$`,
		"<a/>":                          `^<a/>$`,
		"Charlotte <B1:c>Charlotte</d>": `^[^<>]+<B1:c>[^<>]*</d>$`,
		"<a b=\"Charlotte\">":           `^<?[^<]*$`,
		"1 < Charlotte":                 `^[^<]*<?[^<]*$`,
		"<NotificationData>":            `^<NotificationData>$`,
	} {
		if got := string(all.between([]byte(in))); !regexp.MustCompile(want).MatchString(got) || strings.Contains(got, "Charlotte") {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// The two halves of a handle in a list of contacts get those of the handle's stand-in.
func TestRedactContacts(t *testing.T) {
	_, all := redactors(t)
	local, _, _ := strings.Cut(string(all.handle([]byte("alice@example.com"))), "@")
	other, _, _ := strings.Cut(string(all.handle([]byte("alice@example.org"))), "@")
	alone, _, _ := strings.Cut(string(all.handle([]byte("alice"))), "@")
	if local == other || local == alone || local == "alice" {
		t.Fatal(local, other, alone)
	}
	const body = `<ml l="1"><d n="example.com"><c l="3" n="alice" t="1"/><c n="" l="3"/></d><d n="example.org"><c n="alice" l="3" t="1"/></d><c n="alice"/></ml>`
	got := redactLine(all, fmt.Sprintf("C: ADL 5 %d\r\n%s", len(body), body))
	want := `<ml l="1"><d n="example.net"><c l="3" n="` + local + `" t="1"/><c n="" l="3"/></d><d n="example.net"><c n="` + other + `" l="3" t="1"/></d><c n="` + alone + `"/></ml>`
	if _, out, _ := strings.Cut(got, "\r\n"); out != want {
		t.Errorf("\n got %s\nwant %s", out, want)
	}
	some, _ := redactors(t)
	if got := redactLine(some, fmt.Sprintf("C: ADL 5 %d\r\n%s", len(body), body)); !strings.HasSuffix(got, body) {
		t.Errorf("without All: %s", got)
	}
}

// The bodies of MIME messages.
func TestRedactBodies(t *testing.T) {
	some, all := redactors(t)
	mime := func(r *Redactor, kind, body string) string {
		text := "MIME-Version: 1.0\r\nContent-Type: " + kind + "\r\n\r\n" + body
		got := redactLine(r, fmt.Sprintf("MSG alice@example.com Alice %d\r\n%s", len(text), text))
		_, body, _ = strings.Cut(got, "\r\n\r\n")
		return body
	}
	for _, tt := range []struct{ name, kind, body, some, all string }{
		{"a text", "text/plain", "with Charlotte", "^with Charlotte$", "^[a-z]+ [a-z]+$"},
		{"a text with a ticket", "text/plain", "t=0123456789abcdefghi x", "^t=REDACTED[0-9a-f]+ x$", "^[a-z]+ [a-z]+$"},
		{"no text", "application/x-what", "a\x00b\r\ncd", "^a\x00b\r\ncd$", "^xxx\r\nxx$"},
		{"no text, with a ticket", "application/x-what", "\x00t=0123456789abcdefghi x", "^\x00t=REDACTED[0-9a-f]+ x$", "^x+$"},
		{"keys", "text/x-msmsgsinvite", "Application-Name: Charlotte\r\nInvitation-Command: INVITE\r\nX: y", "^Application-Name: Charlotte\r\nInvitation-Command: INVITE\r\nX: y$",
			"^Application-Name: [A-Za-z]+\r\nInvitation-Command: INVITE\r\nX: [a-z]+$"},
		{"nothing", "application/x-what", "", "^$", "^$"},
	} {
		if got := mime(some, tt.kind, tt.body); !regexp.MustCompile(tt.some).MatchString(got) {
			t.Errorf("%s: %q", tt.name, got)
		}
		if got := mime(all, tt.kind, tt.body); !regexp.MustCompile(tt.all).MatchString(got) || strings.Contains(got, "Charlotte") {
			t.Errorf("%s, all: %q", tt.name, got)
		}
	}
}

// Where replacements overlap the one that begins first is made, or was asked for first.
func TestRedactEdits(t *testing.T) {
	e := edits{raw: []byte("0123456789"), list: []edit{
		{7, 8, []byte("SEVEN")}, {2, 5, []byte("A")}, {2, 4, []byte("B")}, {3, 6, []byte("C")}, {5, 6, []byte("D")},
	}}
	if got := string(e.end()); got != "01AD6SEVEN89" {
		t.Error(got)
	}
}
