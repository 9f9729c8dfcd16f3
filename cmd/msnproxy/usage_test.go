package main

import (
	"bytes"
	"strings"
	"testing"
)

// A flag that another command has is named with that command: run before others.
func TestFlagElsewhere(t *testing.T) {
	for flag, want := range map[string]string{
		"--offer":       "there is no flag --offer here; run has it\n",
		"--transparent": "there is no flag --transparent here; run has it\n",
		"--conceal":     "there is no flag --conceal\n",
	} {
		var out, errs bytes.Buffer
		if code := run([]string{"msnproxy", "doctor", "--wait", "--upstream", "127.0.0.1:1", flag, "x"}, nil, &out, &errs); code != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: %d %q", flag, code, errs.String())
		}
	}
}
