package action

import (
	"fmt"
	"testing"
)

func TestValues(t *testing.T) {
	for in, want := range map[string]string{
		`drop`: "[]", `set text = text + "a"`: `[text + "a"]`, `reply "NAK {trid}"`: "[trid]", `raw "{line}\n{payload}"`: "[line payload]", `remark "a"`: "[]",
	} {
		a, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(a.Values()); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
