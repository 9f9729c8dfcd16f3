package proxytest

import (
	"context"
	"testing"
	"time"
)

// TestLaterScript: the script of each later dialect runs from beginning to end.
func TestLaterScript(t *testing.T) {
	for _, dialect := range []string{"MSNP8", "MSNP9", "MSNP10", "MSNP11", "MSNP12", "MSNP15", "MSNP16", "MSNP17", "MSNP18", "MSNP21"} {
		t.Run(dialect, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			s := NewServer(Config{Accounts: DemoAccounts(), Dialects: []string{dialect, "CVR0"}})
			defer s.Close()
			steps := 0
			err := Script{Dialects: []string{dialect, "CVR0"}, Progress: func(string) { steps++ }}.Run(ctx, s.DS, s)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[string]int{"MSNP21": 5}[dialect]; steps != max(want, 5) && steps != 10 && steps != 13 {
				t.Errorf("%d steps", steps)
			}
		})
	}
}
