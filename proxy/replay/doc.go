// Package replay makes a live peer of a recording: a [Server] for real clients, and
// the recorded client for a real server. It waits for what the other end says rather
// than for time to pass, and says what was recorded with the values of the live
// session: TrIDs, cookies, session ids, addresses, answers to challenges.
package replay
