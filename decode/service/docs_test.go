package service

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/services.md anew")

func TestDocs(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDocs(&b); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("..", "..", "docs", "services.md")
	if *update {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	on, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(on, b.Bytes()) {
		t.Error("docs/services.md is not what the table says (go test ./decode/service -update)")
	}
	for _, a := range Actions() {
		if !strings.Contains(b.String(), "\n## "+a.Name+"\n") {
			t.Errorf("%s is not on the page", a.Name)
		}
	}
}
