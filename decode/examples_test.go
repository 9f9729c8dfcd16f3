package decode

import (
	"os"
	"strings"
	"testing"
)

// Every example line of the protocol's descriptions fits a row of the table.
func TestExampleLines(t *testing.T) {
	b, err := os.ReadFile("testdata/examples.txt")
	if err != nil {
		t.Fatal(err)
	}
	senders := map[string][]Sender{"C": {Client}, "S": {Server}, "?": {Client, Server}}
	for _, l := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		who, line, _ := strings.Cut(l, " ")
		if who == "#" {
			continue
		}
		fits := false
		var findings []Finding
		for _, from := range senders[who] {
			fr := Frame{Raw: []byte(line + "\r\n"), LineLen: len(line), EOL: 2}
			var m Message
			m.Decode(&fr, from, 0, 0)
			fits = fits || m.Fits()
			findings = m.frameFindings(findings)
		}
		if !fits {
			t.Errorf("%s: %v", l, findings)
		}
	}
}
