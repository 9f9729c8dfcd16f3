package proxytest

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// crowd returns n accounts that all have each other in their lists.
func crowd(n int) []Account {
	accounts := make([]Account, n)
	for i := range accounts {
		accounts[i] = Account{Handle: fmt.Sprintf("user%d@example.com", i), Password: "x"}
	}
	for i := range accounts {
		for j, other := range accounts {
			if i != j {
				accounts[i].Forward = append(accounts[i].Forward, Contact{Handle: other.Handle})
			}
		}
	}
	return accounts
}

// TestCrowd has everybody call everybody at once. Done twice: once to the end,
// and once with the server closing in the middle.
func TestCrowd(t *testing.T) {
	const n = 12
	for _, interrupt := range []bool{false, true} {
		t.Run(fmt.Sprintf("interrupt=%v", interrupt), func(t *testing.T) {
			ctx := soon(t)
			s := start(t, Config{Accounts: crowd(n)})
			var all, ready sync.WaitGroup
			ready.Add(n)
			for i := range n {
				all.Go(func() {
					err := visit(ctx, s, i, n, &ready)
					if err != nil && !interrupt {
						t.Error(err)
					}
				})
			}
			if interrupt {
				ready.Wait()
				s.Close()
			}
			all.Wait()
		})
	}
}

// visit signs user i in, waits until all are ready, has a conversation with the
// next two and signs out when these are over.
func visit(ctx context.Context, s *Server, i, n int, ready *sync.WaitGroup) error {
	c, err := Dial(ctx, s.DS, Options{Account: fmt.Sprintf("user%d@example.com", i), Password: "x", Answer: true})
	if err == nil {
		defer c.Close()
		if _, err = c.Sync(ctx, 0); err == nil {
			err = c.SetStatus(ctx, "NLN")
		}
	}
	ready.Done()
	if err != nil {
		return err
	}
	ready.Wait()
	sb, err := c.OpenSwitchboard(ctx)
	if err != nil {
		return err
	}
	for d := 1; d <= 2; d++ {
		if _, err := sb.Call(ctx, fmt.Sprintf("user%d@example.com", (i+d)%n)); err != nil {
			return err
		}
	}
	for range 2 {
		if _, err := sb.Expect(ctx, "JOI"); err != nil {
			return err
		}
	}
	for range 20 {
		if _, err := sb.Text(ctx, "A", "hello, all"); err != nil {
			return err
		}
	}
	// Whoever is called stays until the caller has left.
	for range 2 {
		rng, err := c.Expect(ctx, "RNG")
		if err != nil {
			return err
		}
		if rng.Err != nil {
			return rng.Err
		}
		for range 20 {
			if _, err := rng.Switchboard.ExpectType(ctx, "text/plain"); err != nil {
				return err
			}
		}
	}
	return sb.Leave(ctx)
}

// BenchmarkMessage sends messages that the other one gets and the server
// acknowledges, one after the other.
func BenchmarkMessage(b *testing.B) {
	s := NewServer(Config{Accounts: crowd(2), NoChallenge: true})
	defer s.Close()
	ctx := b.Context()
	var clients [2]*Client
	for i := range clients {
		c, err := Dial(ctx, s.DS, Options{Account: fmt.Sprintf("user%d@example.com", i), Password: "x", Answer: true})
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		if err := c.SetStatus(ctx, "NLN"); err != nil {
			b.Fatal(err)
		}
		clients[i] = c
	}
	sb, err := clients[0].OpenSwitchboard(ctx)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := sb.Call(ctx, "user1@example.com"); err != nil {
		b.Fatal(err)
	}
	rng, err := clients[1].Expect(ctx, "RNG")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := sb.Text(ctx, "A", "hello"); err != nil {
			b.Fatal(err)
		}
		if _, err := rng.Switchboard.ExpectType(ctx, "text/plain"); err != nil {
			b.Fatal(err)
		}
	}
}
