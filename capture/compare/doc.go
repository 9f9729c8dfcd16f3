// Package compare says how two messages, or two recordings, differ in what they
// mean. TrIDs, cookies, session ids, addresses, challenges, times and the order of
// what is independent mean nothing; whether such a value is there, and whether one
// that comes back is the same one, does.
package compare
