// Package proxytest holds both ends of MSNP, small and real, in the manner of
// net/http/httptest: a server with dispatch server, notification server and
// switchboard (MSNP2-12, 15-18, 21 and CVR0), and a client that signs in and talks. Tests,
// benchmarks and `msnproxy demo` put the proxy between the two.
//
// The server speaks as the documents say that Microsoft's did where they agree;
// where they do not, a field of [Config] chooses. It verifies what it is sent
// (MD5 sign-in, challenges, cookies, lists, groups) and bounds what it keeps.
// It is for loopback: its salts, cookies and challenges come from a seed, so
// that two runs give the same bytes, and guard nothing.
//
// A test takes a server, a client and, where it wants the whole conversation
// at once, the script:
//
//	s := proxytest.NewServer(proxytest.Config{Accounts: proxytest.DemoAccounts()})
//	defer s.Close()
//	c, err := proxytest.Dial(ctx, s.DS, proxytest.Options{
//		Account: "alice@example.com", Password: "wonderland",
//	})
//
// Beside the server stand, where they are wanted, the web services of the time ([StartWeb]):
// sign-in, lists and offline messages from MSNP8 on, with the same accounts, well or broken
// in one of the [WebFaults]. Options.Web has a client ask them. A [Dialer] has it come by
// SOCKS or by CONNECT.
//
// Lines below are given as they stand on the wire, C: for the client, S: for
// the server.
package proxytest
