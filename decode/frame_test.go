package decode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAppendTokens(t *testing.T) {
	for _, line := range []string{"", " ", "PNG", "INF 2 ", "INF  4", "a b c d e f g h i j k", "12345678 1234567 12345678", "!! !!!  !! \t x", "\x20\x21\x20\xa0\xc2\xa0 \xff", strings.Repeat(" ", 17)} {
		f := Frame{Raw: []byte(line), LineLen: len(line)}
		words := func(tokens []Token) (s []string) {
			for _, t := range tokens {
				s = append(s, line[t.Start:t.End])
			}
			return s
		}
		if diff := cmp.Diff(strings.Split(line, " "), words(f.AppendTokens(nil, false))); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
		want := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' })
		if diff := cmp.Diff(strings.Join(want, "|"), strings.Join(words(f.AppendTokens(nil, true)), "|")); diff != "" {
			t.Errorf("collapsed %q: %s", line, diff)
		}
	}
}
