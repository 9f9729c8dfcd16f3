package tally

import "maps"

// Clone returns a copy that shares nothing with the tally.
func (t *Tally) Clone() *Tally {
	c := *t
	c.Errors, c.Challenges, c.Ends = maps.Clone(t.Errors), maps.Clone(t.Challenges), maps.Clone(t.Ends)
	c.commands = make(map[commandKey]*Command, len(t.commands))
	for k, x := range t.commands {
		kept := *x
		kept.Latency.buckets = maps.Clone(x.Latency.buckets)
		c.commands[k] = &kept
	}
	c.accounts = make(map[string]*Account, len(t.accounts))
	for k, a := range t.accounts {
		kept := *a
		c.accounts[k] = &kept
	}
	c.deliveries = make(map[deliveryKey]*Delivery, len(t.deliveries))
	for k, d := range t.deliveries {
		kept := *d
		kept.Latency.buckets = maps.Clone(d.Latency.buckets)
		c.deliveries[k] = &kept
	}
	c.conns = make(map[uint32]*Conn, len(t.conns))
	for k, x := range t.conns {
		kept := *x
		kept.waiting = maps.Clone(x.waiting)
		c.conns[k] = &kept
	}
	c.ended = make([]*Conn, len(t.ended))
	for i, x := range t.ended {
		kept := *x
		c.ended[i] = &kept
	}
	return &c
}
