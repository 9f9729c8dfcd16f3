package proxy

import "sync/atomic"

// Stats counts what a proxy did since it was made.
type Stats struct {
	// Open connections, and all that were accepted.
	Open, Accepted int64
	// OverLimit counts connections that were reset because of Config.MaxConns.
	OverLimit int64
	// DialErrors counts connections whose server could not be reached.
	DialErrors int64
	// Resets counts connections that ended with a reset or an error.
	Resets int64
	// FromClients and FromServers count bytes received.
	FromClients, FromServers int64
	// Frames counts frames of both directions, opaque ones included.
	Frames int64
	// Redirects counts redirects that were rewritten. Refused counts those that led
	// where the rules do not allow, by name or, when a client came, by address.
	Redirects, Refused int64
	// Lost counts how often a link stopped making sense.
	Lost int64
	// Remarks counts remarks.
	Remarks int64
	// Dropped counts records that the observer was not shown.
	Dropped int64
}

// counters are the Stats of a running proxy.
type counters struct {
	open, accepted, overLimit, dialErrors, resets atomic.Int64
	fromClients, fromServers, frames              atomic.Int64
	redirects, refused, lost, remarks             atomic.Int64
}

// Stats returns the counts so far. Each is right; together they are of slightly
// different moments.
func (p *Proxy) Stats() Stats {
	c := &p.count
	s := Stats{
		Open: c.open.Load(), Accepted: c.accepted.Load(), OverLimit: c.overLimit.Load(),
		DialErrors: c.dialErrors.Load(), Resets: c.resets.Load(),
		FromClients: c.fromClients.Load(), FromServers: c.fromServers.Load(), Frames: c.frames.Load(),
		Redirects: c.redirects.Load(), Refused: c.refused.Load(), Lost: c.lost.Load(), Remarks: c.remarks.Load(),
	}
	if p.queue != nil {
		s.Dropped = p.queue.drops()
	}
	return s
}
