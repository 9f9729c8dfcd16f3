package compare

import (
	"fmt"
	"testing"

	"msnproxy/decode"
)

func said1(t *testing.T, from decode.Side, role decode.Role, dialect int, text string) *decode.Message {
	t.Helper()
	var framer decode.Framer
	framer.Feed([]byte(text))
	var fr decode.Frame
	if !framer.Next(&fr) {
		t.Fatalf("no frame: %q", text)
	}
	fr = fr.Clone()
	m := &decode.Message{}
	m.Decode(&fr, from, role, dialect)
	return m
}
