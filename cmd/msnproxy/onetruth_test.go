package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// All commands number, count and judge alike: what check finds is what read says as
// JSON and what a filter for findings lets through.
func TestOneTruth(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "capture", "testdata", "*.pcap"))
	files = append(files, filepath.Join("..", "..", "capture", "testdata", "relayed", "injected.pcapng"))
	if len(files) < 5 {
		t.Fatalf("only %d captures", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			checked := findingsOf(t, "check", "--min", "note", "--format", "json", file)
			read := findingsOf(t, "read", "--format", "json", file)
			if len(checked) == 0 || !slices.Equal(checked, read) {
				t.Errorf("check finds %q\nread %q", checked, read)
			}
			filtered := findingsOf(t, "read", "--format", "json", "--filter", "severity >= 1", file)
			if !slices.Equal(checked, filtered) {
				t.Errorf("check finds %q\nread --filter %q", checked, filtered)
			}
			var counted struct{ Messages int }
			if err := json.Unmarshal(printed(t, "stats", "--format", "json", file), &counted); err != nil {
				t.Fatal(err)
			}
			lines := bytes.Count(printed(t, "read", "--format", "json", "--filter", "number > 0", file), []byte("\n"))
			if counted.Messages != lines {
				t.Errorf("stats counts %d messages, read %d", counted.Messages, lines)
			}
		})
	}
}

// printed runs a command that ends well, or with findings.
func printed(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(append([]string{"msnproxy"}, args...), nil, &out, &errs); code != exitFine && code != exitFindings {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	return out.Bytes()
}

// findingsOf returns the findings that JSON lines tell of, in order of connections
// and messages.
func findingsOf(t *testing.T, args ...string) (list []string) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(string(printed(t, args...))), "\n") {
		var m struct {
			Conn, Number int
			Rule         string
			Findings     []struct{ Rule string }
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if m.Rule != "" {
			list = append(list, fmt.Sprintf("%d %d %s", m.Conn, m.Number, m.Rule))
		}
		for _, f := range m.Findings {
			list = append(list, fmt.Sprintf("%d %d %s", m.Conn, m.Number, f.Rule))
		}
	}
	slices.Sort(list)
	return list
}
