package decode

import (
	"strings"
	"testing"
)

// Where a payload's length stands, at the bounds of the rule: the last token, a number,
// of a line with enough tokens for its verb.
func TestPayloadLenBounds(t *testing.T) {
	for line, want := range map[string]int{
		"NOT 7":                    7,
		"NOT  7":                   7, // blanks in a row count once
		"NOT 7 ":                   7,
		"NOT 7  ":                  7,
		"NOT7":                     -1,
		"NOT ":                     -1,
		"NOT":                      -1,
		"NOT x7":                   -1,
		"NOT 7/":                   -1,
		"NOT 7:":                   -1,
		"MSG a b 5":                5,
		"MSG  a b 5":               5,
		"MSG a  b 5":               5,
		"MSG a 5":                  -1,
		"MSG  a 5":                 -1,
		"MSG a  5":                 -1,
		"MSG   5":                  -1,
		"NOT 1000000000":           1000000000,
		"NOT 1073741824":           1 << 30,
		"NOT 1073741823":           1<<30 - 1,
		"NOT 1073741825":           1 << 30,
		"NOT 9999999999":           1 << 30,
		"NOT 10000000000":          1 << 30,
		"NOT 99999999999999999999": 1 << 30,
		"NOT 00000000000000000000": 0,
		"NOT 00000000000000000007": 7,
		"NOT 20000000000000000000": 1 << 30,
		"241 1 5":                  5,
		"241 1 5 ":                 5,
		"241 15":                   -1,
		"241 5":                    -1,
		"241 a 5":                  -1,
		"241 1 x":                  -1,
		"241 1 2 5":                -1,
		"241 1 1073741825":         1 << 30,
		"24 1 5":                   -1,
		"241 5 ":                   -1,
		"241  5":                   -1,
		"PNG 7":                    -1,
		"ZZZ 1 7":                  -1,
	} {
		if got := payloadLen([]byte(line)); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
}

// Whether a line has so many tokens, at least: sure where single blanks part them.
func TestEnoughTokens(t *testing.T) {
	for _, tt := range []struct {
		line string
		want int
		yes  bool
	}{
		{"", 0, true}, {"", -1, true}, {"", 1, false}, {"a", 1, true}, {"a", 2, false}, {"a b", 2, true}, {"a b", 3, false},
		{" ", 1, false}, {"a ", 2, false}, {"a  b", 2, false}, {" a", 1, false}, {"a b c", 3, true}, {" a", 0, true},
	} {
		if got := enoughTokens([]byte(tt.line), tt.want); got != tt.yes {
			t.Errorf("%q has %d: %v", tt.line, tt.want, got)
		}
	}
	for line, want := range map[string]int{"": 0, " ": 0, "a": 1, "a b": 2, " a  b ": 2} {
		if got := countTokens([]byte(line)); got != want {
			t.Errorf("%q: %d tokens", line, got)
		}
	}
}

// Numbers of any length are read; those that are too big stay so.
func TestDecimal(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "9": 9, "007": 7, "100000000000000000": 100000000000000000, "100000000000000001": 100000000000000001,
		"1000000000000000000": 1000000000000000000, "999999999999999999": 999999999999999999, "4294967296": 4294967296,
	} {
		if n, ok := decimal([]byte(in)); n != want || !ok {
			t.Errorf("%s: %d, %v", in, n, ok)
		}
	}
	if n, ok := decimal([]byte(strings.Repeat("9", 40))); !ok || n < 1e17 {
		t.Errorf("%d, %v", n, ok)
	}
	for _, in := range []string{"", "x", "1x", "-1", "1 ", "/", ":"} {
		if n, ok := decimal([]byte(in)); ok {
			t.Errorf("%q is %d", in, n)
		}
	}
	for in, want := range map[string]bool{"": false, " ": false, "1": true, " 12 3 ": true, "1x": false, "/": false, ":": false} {
		if allDigits([]byte(in)) != want {
			t.Errorf("%q is digits: %v", in, !want)
		}
	}
}

// What is no verb has no place in the table.
func TestVerbIndex(t *testing.T) {
	for in, want := range map[string]int{"AAA": 0, "AAB": 1, "ABA": 26, "BAA": 676, "ZZZ": 17575, "AA": -1, "": -1, "AA@": -1, "AA[": -1, "A@A": -1, "A[A": -1, "@AA": -1, "[AA": -1, "aaa": -1, "AAAx": 0} {
		if got := verbIndex([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}
