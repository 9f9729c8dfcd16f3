package proxytest_test

import (
	"context"
	"fmt"

	"msnproxy/proxy/proxytest"
)

func Example() {
	ctx := context.Background()
	s := proxytest.NewServer(proxytest.Config{Accounts: proxytest.DemoAccounts()})
	defer s.Close()

	c, err := proxytest.Dial(ctx, s.DS, proxytest.Options{Account: "alice@example.com", Password: "wonderland"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	lists, err := c.Sync(ctx, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range lists.Forward {
		fmt.Println(c.Dialect, e.Handle, e.Name)
	}
	// Output: MSNP7 bob@example.com Bob
}

func ExampleRunScript() {
	s := proxytest.NewServer(proxytest.Config{Accounts: proxytest.DemoAccounts()})
	defer s.Close()
	if err := proxytest.RunScript(context.Background(), s.DS, s, func(step string) { fmt.Println(step) }); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Alice signs in
	// Bob signs in, and Alice sees him
	// the server challenges Alice
	// Alice gets mail and an alert
	// Alice edits her contacts
	// Alice opens a switchboard and calls Bob
	// Bob answers
	// they talk
	// Alice offers a file, and Bob declines
	// Bob leaves, and Alice talks to nobody
	// Alice is busy, under another name
	// Bob signs in elsewhere
	// Bob and Alice sign out
}
