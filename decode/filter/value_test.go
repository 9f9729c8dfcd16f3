package filter

import (
	"slices"
	"strings"
	"testing"

	"msnproxy/decode"
)

func TestValue(t *testing.T) {
	msg := "MSG bob@example.com Bob%20B 60\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nA nice colour"
	for _, tt := range []struct {
		from       decode.Sender
		line, expr string
		text       string
		list       []string
	}{
		{decode.Client, "VER 0 MSNP8 MSNP7 CVR0\r\n", `map(args, # == "MSNP8" ? "MSNP7" : #)`, "0 MSNP7 MSNP7 CVR0", []string{"0", "MSNP7", "MSNP7", "CVR0"}},
		{decode.Client, "VER 0 MSNP8 MSNP7 CVR0\r\n", `filter(args, # != "MSNP8")`, "0 MSNP7 CVR0", []string{"0", "MSNP7", "CVR0"}},
		{decode.Client, "VER 0 MSNP8\r\n", `args`, "0 MSNP8", []string{"0", "MSNP8"}},
		{decode.Client, "PNG\r\n", `args`, "", []string{}},
		{decode.Server, msg, `replace(text, "colour", "color")`, "A nice color", []string{"A nice color"}},
		{decode.Server, msg, `friendly + "!"`, "Bob B!", []string{"Bob B!"}},
		{decode.Client, "XFR 15 SB\r\n", `trid + 1`, "16", []string{"16"}},
		{decode.Client, "XFR 15 SB\r\n", `trid / 2`, "7.5", []string{"7.5"}},
		{decode.Client, "XFR 15 SB\r\n", `[verb, trid]`, "XFR 15", []string{"XFR", "15"}},
		{decode.Client, "XFR 15 SB\r\n", `trid > 3 ? "yes" : 0`, "yes", []string{"yes"}},
	} {
		v, err := CompileValue(tt.expr)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		m := message(t, tt.from, tt.line)
		if got, err := v.Text(m); got != tt.text || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.expr, got, err, tt.text)
		}
		if got, err := v.List(m); !slices.Equal(got, tt.list) || err != nil {
			t.Errorf("%s: %q, %v; want %q", tt.expr, got, err, tt.list)
		}
		if v.String() != tt.expr {
			t.Errorf("%s became %s", tt.expr, v)
		}
	}
}

func TestValueErrors(t *testing.T) {
	for expr, want := range map[string]string{
		`verb == "MSG"`: "it is true or false", `node`: "it is a map", `acount`: "did you mean account?", `verb ==`: "unexpected",
		`role == "sb" ? "a" : "b"`: `role is never "sb"`, ``: "unexpected",
	} {
		if _, err := CompileValue(expr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
	for expr, want := range map[string]string{
		`args[7]`: "out of range", `nil`: "it is nothing", `[[verb]]`: "it is a list", `["a", size > 1]`: "it is true or false",
	} {
		v, err := CompileValue(expr)
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", expr, err)
			}
			continue
		}
		m := message(t, decode.Client, "PNG\r\n")
		if _, err := v.Text(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s as a text: %v, want %s", expr, err, want)
		}
		if _, err := v.List(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s as a list: %v, want %s", expr, err, want)
		}
	}
	v, err := CompileValue(`replace(text, "a", friendly)`)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, n := range v.Names() {
		asked = append(asked, n.Name)
	}
	if !slices.Equal(asked, []string{"friendly", "text"}) {
		t.Errorf("it asks for %v", asked)
	}
}
