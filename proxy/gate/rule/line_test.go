package rule

import (
	"errors"
	"strings"
	"testing"

	"msnproxy/decode/filter"
)

func TestParseLine(t *testing.T) {
	for _, line := range []string{
		`drop`, `drop if verb == "ACK"`, `every 3: drop if verb == "ACK"`, `every 3, chance 0.1, first 1, skip 2, per connection, last, again: drop, reply "NAK {trid}" if true`,
		`chance 0.0: drop`, `remark "what if: {verb}"`, `set text = if size > 3 { "a" } else { "b" } if verb == "MSG"`, `set text = text`,
		`drop if if size > 3 { true } else { false }`, `slice 1 every 2ms if role == "SB"`, `remark 'if (' if text == "a if b"`, "remark \"if\" if text == `\\`",
		`set text = replace(text, "a", "b") if verb == "MSG"`, `remark "a \" if b" if true`, `set args = args[1:] if true`, `remark "{if true { 1 } else { 2 }} \\" if true`,
		`per session: close client if error == 911`, `latency 200ms±50ms`, `delay 5s if text contains ":"`,
	} {
		r, err := ParseLine(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got := strings.ReplaceAll(r.String(), `remark "if ("`, `remark 'if ('`)
		if got != line || r.Name != line || r.By() != `rule "`+strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(line)+`"` {
			t.Errorf("%s became %s, called %s, by %s", line, got, r.Name, r.By())
		}
	}
	for line, want := range map[string]string{
		" every 1 ,skip 0:drop  if\tverb == \"ACK\"": `drop if verb == "ACK"`, "drop\nif true": "drop if true", "per all: drop": "drop", "remark \"a\x01\x7f\"": `remark "a\x01\x7f"`, "chance 1: drop": "drop", "chance 1e-1: drop": "chance 0.1: drop",
	} {
		if r, err := ParseLine(line); err != nil || r.String() != want {
			t.Errorf("%q: %v, %v", line, r, err)
		}
	}
}

// A condition of several lines stands on one, unless a comment or a text would change.
func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"true and\ntrue": "true and true", "true and\r\n true": "true and  true", "true // x\n and true": "true // x\n and true",
		"text == `a\nb`": "text == `a\nb`", "true": "true",
	} {
		r, err := ParseLine("drop if " + in)
		if err != nil || r.String() != "drop if "+want {
			t.Errorf("%q: %v, %v", in, r, err)
		}
	}
}

func TestParseLineErrors(t *testing.T) {
	for _, tt := range []struct {
		line   string
		column int
		want   string
	}{
		{``, 1, "an action is missing"},
		{`if true`, 1, "an action"},
		{`dorp if true`, 1, "did you mean drop?"},
		{`drop if verb = "ACK"`, 14, "=="},
		{`drop if size`, 9, "bool"},
		{`drop if`, 8, "a condition is missing"},
		{`drop if acount == "x"`, 9, "did you mean account?"},
		{`drop, if true`, 7, "an action is missing"},
		{`evry 3: drop`, 1, `no word "evry" stands before the colon (did you mean every?)`},
		{`sometimes: drop`, 1, "there are again, chance, every"},
		{`every: drop`, 1, "every has one value, as in every 3"},
		{`per: drop`, 1, "as in per connection"},
		{`every 3 4: drop`, 1, "every has one value"},
		{`last 3: drop`, 1, "last stands alone"},
		{`every 3, every 4: drop`, 10, "every is said twice"},
		{`every 3,: drop`, 9, "a word is missing"},
		{`,every 3: drop`, 1, "a word is missing"},
		{`: drop`, 1, "a word is missing"},
		{`skip 1, every 0: drop`, 9, "every is 0, and a number from 1 on"},
		{`first 0: drop`, 1, "first is 0, and a number from 1 on"},
		{`skip -1: drop`, 1, "skip is -1, and a number from 0 on"},
		{`every x: drop`, 1, "every is x"},
		{`chance 1.1: drop`, 1, "chance is 1.1, and from 0"},
		{`chance -0.1: drop`, 1, "chance is -0.1"},
		{`chance NaN: drop`, 1, "chance is NaN"},
		{`chance x: drop`, 1, "chance is x"},
		{`per client: drop`, 1, `per is "client", and one of all, connection`},
		{`every 3: dörp, remark "ö" if true`, 10, `no action is called "dörp"`},
		{`every 3: remark "ö", drop if verb == "ACKK"`, 38, "three capital letters"},
		{`remark "x`, 8, "not closed"},
		{"drop if text == \"\xff\"", 0, "no text in UTF-8"},
	} {
		_, err := ParseLine(tt.line)
		var e *filter.Error
		if !errors.As(err, &e) || e.Column != tt.column || !strings.Contains(e.Text, tt.want) {
			t.Errorf("%s: %v, want column %d, %s", tt.line, err, tt.column, tt.want)
		} else if e.Source != strings.ToValidUTF8(tt.line, "\ufffd") {
			t.Errorf("%s: the error shows %s", tt.line, e.Source)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{`every 3, chance 0.1: drop, reply "NAK {trid}" if verb == "ACK"`, `set text = if size > 3 { "a" } else { "b" } if verb == "MSG"`,
		`busy 911 if account contains "bob"`, `per session, last, again: slice 1`, "remark \"a if b\" if text == `\\`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1000 {
			return
		}
		rules, _ := ParseFault(s)
		if r, err := ParseLine(s); err == nil {
			rules = append(rules, r)
		}
		for _, r := range rules {
			again, err := ParseLine(r.String())
			if err != nil {
				t.Fatalf("%q became %q: %v", s, r, err)
			}
			if again.String() != r.String() {
				t.Errorf("%q became %q", r, again)
			}
			file, err := Parse(r.TOML(), "fuzz")
			if err != nil {
				t.Fatalf("%q became %s: %v", s, r.TOML(), err)
			}
			if f := file.All()[0]; f.TOML() != r.TOML() || f.Name != r.Name {
				t.Errorf("%s became %s", r.TOML(), f.TOML())
			}
		}
	})
}
