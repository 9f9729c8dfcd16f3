package proxytest

import (
	"strings"
	"testing"
)

// Where nothing breaks what is to be broken the script says so, rather than to wait.
func TestThirdActUnbroken(t *testing.T) {
	s := start(t, Config{Accounts: DemoAccounts()})
	var asked []Fault
	err := Script{Break: func(f Fault) error { asked = append(asked, f); return nil }}.Run(soon(t), s.DS, s)
	if err == nil || !strings.Contains(err.Error(), "script: a gate rule loses an ACK: the ACK of MSG 3 has come to Alice") {
		t.Errorf("the script ended with %v", err)
	}
	if len(asked) != 1 || asked[0] != LostACK {
		t.Errorf("asked to break %q", asked)
	}
}
