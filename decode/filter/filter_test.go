package filter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

func message(t *testing.T, from decode.Sender, line string) *decode.Message {
	t.Helper()
	tr := decode.NewTracker()
	tr.Open(3, "10.0.0.9:1034", "10.0.0.5:1863", time.Time{})
	var f decode.Framer
	var fr decode.Frame
	f.Feed([]byte(line))
	if !f.Next(&fr) {
		t.Fatalf("%q is no frame", line)
	}
	return tr.Frame(3, from, &fr, time.Time{})
}

func TestMatch(t *testing.T) {
	msg := "MSG bob@example.com Bob%20B 62\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello Alice"
	msg = strings.Replace(msg, "62", "58", 1)
	tests := []struct {
		from decode.Sender
		line string
		expr string
		want bool
	}{
		{decode.Client, "PNG\r\n", `verb == "PNG"`, true},
		{decode.Client, "PNG\r\n", `verb == "QNG"`, false},
		{decode.Client, "PNG\r\n", `trid == -1 and conn == 3 and from == "client"`, true},
		{decode.Client, "PNG\r\n", `handle == ""`, true},
		{decode.Server, "NLN BSY bob@example.com Bob%20B\r\n", `status == "BSY" && friendly == "Bob B"`, true},
		{decode.Server, "NLN BSY bob@example.com Bob\r\n", `handle contains "alice"`, false},
		{decode.Server, "911 7\r\n", `error == 911 && trid == 7`, true},
		{decode.Server, "911 7\r\n", `verb in ["911", "540"]`, true},
		{decode.Server, msg, `text matches "(?i)hello"`, true},
		{decode.Server, msg, `content == "text/plain" && size > 80`, true},
		{decode.Server, msg, `friendly startsWith "Bob" and dialect == 0 and role in ["?", "SB"]`, true},
		{decode.Server, "ZZZ 1\r\n", `"version.unknown-command" in findings and severity == 2`, true},
		{decode.Server, "ZZZ 1\r\n", `args[0] == "1"`, true},
		{decode.Client, "PNG\r\n", `verb != "" and verb in ["PNG", "911"] and kind != "opaque" and noise == "keep-alive"`, true},
		{decode.Client, "PNG\r\n", `role in ["?", "DS", "NS", "DS/NS"] and from != "server" and handle != "sb"`, true},
		{decode.Client, "CHG 9 NLN 0 %3Cmsnobj%20Creator%3D%22bob@example.com%22%20Type%3D%223%22/%3E\r\n", `node["@Creator"] == "bob@example.com" and any(nodes, # == "@Type: 3")`, true},
		{decode.Client, "UUX 7 66\r\n<Data><PSM>out &amp; about</PSM><X>&lt;a&gt;b&lt;/a&gt;</X></Data>", `node["PSM"] == "out & about" and node["a"] == "b" and node["b"] == ""`, true},
		{decode.Client, "PNG\r\n", `len(nodes) == 0 and node["PSM"] == ""`, true},
		{decode.Client, "XFR 15 SB\r\n", `line == "XFR 15 SB" and kind == "command"`, true},
	}
	for _, tt := range tests {
		f, err := Compile(tt.expr)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		got, err := f.Match(message(t, tt.from, tt.line))
		if err != nil || got != tt.want {
			t.Errorf("%s on %q: %v, %v", tt.expr, tt.line, got, err)
		}
	}
}

func TestUses(t *testing.T) {
	f, err := Compile(`verb == "MSG" && any(findings, # startsWith "mime.")`)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Uses("account", "findings") || !f.Uses("verb") || f.Uses("account", "severity") || f.Uses() {
		t.Error("it asks for verb and findings")
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		expr   string
		column int
		want   string
	}{
		{`verbs == "MSG"`, 1, "did you mean verb?"},
		{`verb == "MSG" && acount == "a"`, 18, "did you mean account?"},
		{`verb == `, 0, "unexpected"},
		{`verb = "MSG"`, 6, "=="},
		{`size == "x"`, 6, "mismatch"},
		{`size`, 0, "bool"},
		{`verb == "MSG`, 0, "literal"},
		{``, 0, "unexpected"},
		{`role == "sb"`, 9, `role is never "sb"; it is "?", "DS", "NS", "DS/NS", "SB", "MSNFTP" or "WEB"`},
		{`verb == "MSG" and "Server" != from`, 19, `it is "client" or "server"`},
		{`kind in ["command", "opaq"]`, 21, `kind is never "opaq"`},
		{`noise == "ping"`, 10, "keep-alive"},
		{`verb == "msg"`, 9, `did you mean "MSG"?`},
		{`verb in ["MSG", "MSGS"]`, 17, "three capital letters or three digits"},
		{`not (verb == "M G")`, 14, "three capital letters"},
	}
	for _, tt := range tests {
		_, err := Compile(tt.expr)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v", tt.expr, err)
			continue
		}
		if tt.column != 0 && e.Column != tt.column {
			t.Errorf("%s: column %d, want %d", tt.expr, e.Column, tt.column)
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q says nothing of %q", tt.expr, err, tt.want)
		}
	}
	f, err := Compile(`args[5] == "x"`)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := f.Match(message(t, decode.Client, "PNG\r\n")); ok || err == nil {
		t.Errorf("an index out of range: %v, %v", ok, err)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`verb == "MSG" && account contains "bob"`)
	f.Add(`any(args, # == "1")`)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1000 {
			return
		}
		if flt, err := Compile(s); err == nil && flt.String() != s {
			t.Error("String is not the source")
		}
	})
}
