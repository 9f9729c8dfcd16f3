package gate

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// Conn is the gate's part of a connection.
type Conn struct {
	g     *Gate
	rec   *capture.Conn
	lanes [3]*Lane     // by decode.Sender: whose messages go through
	busy  atomic.Int64 // until when answers to what was injected may come, ns since 1970; 0: none

	shift shift // of the numbers, if the gate is to

	lastTrID uint32 // of the client: of g.mu
	own      owned  // of the desk's goroutine but for what it says
}

// Conn makes a connection known to the gate. fromClient takes what clients send, on its
// way to the server, fromServer the other.
func (g *Gate) Conn(rec *capture.Conn, fromClient, fromServer Outlet) *Conn {
	c := &Conn{g: g, rec: rec}
	c.lanes[decode.Client] = &Lane{g: g, c: c, from: decode.Client, out: fromClient}
	c.lanes[decode.Server] = &Lane{g: g, c: c, from: decode.Server, out: fromServer}
	g.mu.Lock()
	g.conns[rec.ID] = c
	g.mu.Unlock()
	return c
}

// Lane is the direction of what from sends.
func (c *Conn) Lane(from decode.Sender) *Lane { return c.lanes[from] }

// Close ends both lanes.
func (c *Conn) Close() {
	c.lanes[decode.Client].Close()
	c.lanes[decode.Server].Close()
	c.g.mu.Lock()
	delete(c.g.conns, c.rec.ID)
	c.g.mu.Unlock()
}

// ConnInfo is what is known of an open connection.
type ConnInfo struct {
	ID             uint32
	Client, Server string
	Role           decode.Role
	Dialect        int
	Account        string
	SignedIn       bool
	Opened         time.Time
	// LastTrID is the last of the client.
	LastTrID uint32
	// Waiting is what waits in each direction: messages of client and server.
	FromClient, FromServer int
}

// Conns returns the connections that are open, by number.
func (g *Gate) Conns() []ConnInfo {
	g.mu.Lock()
	list := make([]*Conn, 0, len(g.conns))
	for _, c := range g.conns {
		list = append(list, c)
	}
	g.mu.Unlock()
	slices.SortFunc(list, func(a, b *Conn) int { return cmp.Compare(a.rec.ID, b.rec.ID) })
	infos := make([]ConnInfo, len(list))
	for i, c := range list {
		infos[i] = ConnInfo{ID: c.rec.ID, Client: c.rec.Client, Server: c.rec.Server,
			FromClient: c.lanes[decode.Client].length(), FromServer: c.lanes[decode.Server].length()}
	}
	_ = g.desk.do(func() {
		for i := range infos {
			if c := g.desk.follower.Connection(infos[i].ID); c != nil {
				n := &infos[i]
				n.Role, n.Dialect, n.Account, n.SignedIn, n.Opened = c.Role, c.Dialect, c.Account, c.SignedIn, c.Opened
			}
			g.mu.Lock()
			infos[i].LastTrID = list[i].lastTrID
			g.mu.Unlock()
		}
	})
	return infos
}

func (l *Lane) length() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, it := range l.queue {
		n += it.frames
	}
	return n
}

// conn finds an open connection.
func (g *Gate) conn(id uint32) (*Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.conns[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("connection %d is not open", id)
}

// End ends one side of a connection, or both, when what waits to be sent there is out; what
// is held is not waited for.
func (g *Gate) End(id uint32, side decode.Sender, reset bool, by string) error {
	c, err := g.conn(id)
	if err != nil {
		return err
	}
	c.lanes[decode.Client].out.End(side, reset, by)
	return nil
}
