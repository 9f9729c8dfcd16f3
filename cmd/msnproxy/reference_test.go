package main

import (
	"bytes"
	"path/filepath"
	"testing"
)

// docs/commands.md is what the command table says.
func TestReference(t *testing.T) {
	var b bytes.Buffer
	writeReference(&b)
	golden(t, filepath.Join("..", "..", "docs", "commands.md"), b.Bytes())
}
