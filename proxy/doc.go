// Package proxy is the live side of msnproxy: a TCP relay between MSN Messenger
// clients and a server that rewrites the addresses in redirects, so that the
// clients stay behind it.
//
// # What the relay promises
//
//  1. What comes out is what went in, byte for byte, for any input and any
//     chunking, but for the address tokens of redirects. Text that is not MSNP
//     passes too.
//  2. Bytes go out as soon as they come in and in the pieces they came in: what
//     one read brought, one write sends, because there are peers that take one
//     read for one command. The one thing held is an incomplete line from a server
//     that may turn out to be a redirect; a payload never is.
//  3. Relaying never waits for an [Observer], unless [Config.Lossless] asks for
//     it. It does wait for a [Recorder], which is called in its path: once for what
//     one read brought.
//  4. A half-close is carried over in both directions, a reset arrives as a reset,
//     and there is no idle timeout. A server that refuses the connection is a reset
//     to the client.
//  5. If framing is lost the connection goes on as a raw relay, and a remark says
//     so once. Should the framer find its place again redirects are rewritten
//     again, as long as the line is here whole before any byte of it was sent on.
//
// # Redirects
//
// XFR NS (both addresses), XFR SB and RNG of every dialect, and the Roster header
// of a switchboard's MSG. The client is told the address that it reached the proxy
// at itself (the local address of its socket), or what [Config.Advertise] says.
// Three things pass as they came, with a remark: a redirect to the HTTP gateway
// (MSNP21, "G"), which no address keeps on this port; a Roster header in a MSG that
// came in more than one read, because a payload is never held; a redirect without
// its line end before the end of the link.
//
// # Routing
//
// With [OnePort] all connections come to the same listener. A client address to
// which no redirect is pending is connected with the upstream at once. For any
// other the first line decides: USR or ANS with a cookie goes to the switchboard
// that the cookie came with, ANS with an unknown cookie and a known session id to
// the switchboard that a Roster header named, VER to the notification server of the
// oldest pending XFR NS, and anything else to the upstream. The wait for that line
// ends after [Config.FirstLineWait], after 2 KiB, or with the first byte that fits
// none of the three.
//
// A cookie is good for ten minutes, for any number of connections (whether it is
// used up is for the server to say), and for the client's IP address that it was
// given to. An XFR NS is pending for two minutes or until a VER. 512 cookies,
// 64 pending XFR NS a client address and 4,096 client addresses are remembered; the
// oldest go first.
//
// With [PerTarget] every server gets a listening port of its own, in the range from
// 20000 to 29999 and the same one in each run as long as it is free, so that an
// address that a client remembers stays good.
//
// # Closed by default
//
// The proxy dials the upstream that it was given and what a server behind it
// redirected to. Refused is a redirect from a public server to a loopback,
// link-local or private address, one to a port other than 1863, 1864, 80 and 443,
// and one to an unspecified, multicast or broadcast address or to the proxy itself.
// A server on a loopback, link-local or private address is trusted with the
// user's network, so only the rule about ports holds for its redirects.
// [Config.Allow] lifts the first two, and the upstream's own address is always
// allowed. A name is resolved, and judged, when the client comes.
//
// A refused redirect is rewritten like any other, and the client that follows it is
// reset at once, as if nothing listened where it was sent; remarks say why. If it
// passed as it came the client would leave the proxy unseen for an address that the
// user did not allow; if it were withheld the client would wait for ever.
//
// # Limits
//
// [Config.MaxConns] bounds the connections. Idle, one costs two goroutines and no
// buffer. In work it takes a 32 KiB buffer from a pool for the time of one read and
// write; while a command's payload is incomplete its framer keeps what is there of
// it, at most [Config.MaxPayload] for each direction. The observer's queue is
// bounded by [Config.QueueRecords] and [Config.QueueBytes].
package proxy
