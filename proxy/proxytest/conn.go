package proxytest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode"
)

// stage is how far a connection has come with signing in.
type stage uint8

const (
	fresh      stage = iota // nothing agreed yet
	versioned               // VER done
	informed                // INF done
	challenged              // USR I done, waiting for USR S
	signedIn
	ended // the server has said its last word
)

// conn is one client's connection to one of the three servers. Its fields are
// guarded by the server's lock, but for nc and out.
type conn struct {
	server *Server
	nc     tcpConn
	role   decode.Role
	out    *outbox

	stage    stage
	deadline time.Time // until then the client must have said the right thing; zero: none
	dialect  int       // 0: CVR0, or none yet
	handle   string    // as given with USR I
	salt     string
	account  *account
	session  *session // NS, signed in
	member   *member  // SB, signed in
	noticed  int      // NFYs that were sent
}

// tcpConn is what of a TCP connection is used: one in memory has it, too.
type tcpConn interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

func newConn(s *Server, nc tcpConn, role decode.Role) *conn {
	c := &conn{server: s, nc: nc, role: role, out: newOutbox()}
	c.expectBy(s.config.SignInTimeout)
	return c
}

// expectBy gives the client so long to say what is expected of it; 0 takes the
// deadline away.
func (c *conn) expectBy(d time.Duration) {
	c.deadline = time.Time{}
	if d > 0 {
		c.deadline = time.Now().Add(d)
	}
	if c.stage != ended {
		c.nc.SetReadDeadline(c.deadline)
	}
}

// read takes the client's commands and has them done, one after the other, till
// the connection ends.
func (c *conn) read() {
	framer := decode.Framer{MaxLine: c.server.config.MaxLine, MaxPayload: c.server.config.MaxPayload}
	buf := make([]byte, 2<<10)
	for {
		n, err := c.nc.Read(buf)
		if n > 0 {
			framer.Feed(buf[:n])
			var fr decode.Frame
			for framer.Next(&fr) {
				c.do(&fr)
			}
		}
		if err != nil {
			c.over(err)
			return
		}
	}
}

// over ends a connection that cannot be read any more.
func (c *conn) over(err error) {
	s := c.server
	s.mu.Lock()
	if errors.Is(err, os.ErrDeadlineExceeded) && c.stage == signedIn {
		c.send("OUT") // the challenge was not answered in time
	}
	c.leave()
	c.stage = ended
	delete(s.conns, c)
	s.mu.Unlock()
	c.out.close()
	c.out.drained()
	c.nc.Close()
}

// do has one frame done under the server's lock, then waits until those who
// were sent something have room again: a client that sends faster than others
// read is slowed down.
func (c *conn) do(fr *decode.Frame) {
	s := c.server
	s.mu.Lock()
	peers := c.dispatch(fr)
	s.mu.Unlock()
	c.out.room()
	for _, p := range peers {
		p.out.room()
	}
}

// dispatch does one frame and returns the other members of the conversation if
// it went to them.
func (c *conn) dispatch(fr *decode.Frame) []*conn {
	if c.stage == ended || fr.Kind == decode.Blank {
		return nil
	}
	if fr.Kind != decode.Command {
		c.hangUp()
		return nil
	}
	req, err := parseRequest(fr)
	if err == nil {
		err = c.serve(req)
	}
	var refused refusal
	if errors.As(err, &refused) {
		c.send(strings.TrimRight(fmt.Sprintf("%d %s", refused.code, req.trid), " "))
	}
	if errors.Is(err, errHangUp) || refused.hangUp {
		c.hangUp()
		return nil
	}
	if c.member != nil && req.verb == "MSG" {
		return c.member.others()
	}
	return nil
}

// serve finds the command's row and runs its handler.
func (c *conn) serve(req *request) error {
	cmd, known := c.server.table(c.dialect)[req.verb]
	switch {
	case !known || cmd.roles&c.role == 0 || c.stage > fresh && c.dialect < cmd.since:
		return errSyntax
	case cmd.needs == signedIn && c.stage < signedIn:
		return errNotLoggedIn
	}
	return cmd.handler(c, req)
}

// request is one command of a client.
type request struct {
	verb    string
	trid    string   // as sent; empty for OUT and PNG
	args    []string // what follows the TrID; runs of blanks part them like one
	payload []byte   // holds until the next read
}

func parseRequest(fr *decode.Frame) (*request, error) {
	tokens := strings.Fields(string(fr.Line()))
	if len(tokens) == 0 {
		return &request{}, errHangUp
	}
	req := &request{verb: tokens[0], args: tokens[1:], payload: fr.Payload()}
	if req.verb == "OUT" || req.verb == "PNG" {
		return req, nil
	}
	if len(req.args) == 0 {
		return req, errHangUp
	}
	if _, err := strconv.ParseUint(req.args[0], 10, 32); err != nil {
		return req, errHangUp
	}
	req.trid, req.args = req.args[0], req.args[1:]
	return req, nil
}

// arg returns argument i, or nothing.
func (r *request) arg(i int) string {
	if i < len(r.args) {
		return r.args[i]
	}
	return ""
}

// reply sends a line that answers req: its verb and TrID, then the parameters.
func (c *conn) reply(req *request, params ...any) { c.replyAs(req.verb, req, params...) }

// replyAs answers req with another verb, as SYN is answered with LST and more.
func (c *conn) replyAs(verb string, req *request, params ...any) {
	c.send(verb+" "+req.trid, params...)
}

// send sends one line: start, then the parameters that are not empty strings.
func (c *conn) send(start string, params ...any) { c.out.add(line(start, params...)) }

// sendPayload sends one line with the length of the payload at its end, and the
// payload.
func (c *conn) sendPayload(start, payload string) {
	c.out.add(append(line(start, len(payload)), payload...))
}

func line(start string, params ...any) []byte {
	b := []byte(start)
	for _, p := range params {
		if p == "" {
			continue
		}
		b = fmt.Append(append(b, ' '), p)
	}
	return append(b, '\r', '\n')
}

// hangUp ends the connection from the server's side: what was sent goes out,
// then the sending half is closed; the rest follows when the client closes too,
// or soon.
func (c *conn) hangUp() {
	if c.stage == ended {
		return
	}
	c.leave()
	c.stage = ended
	c.out.close()
	c.writeBy()
	c.nc.SetReadDeadline(time.Now().Add(c.server.config.Linger))
}

// leave takes the connection out of presence and conversations.
func (c *conn) leave() {
	if c.session != nil {
		c.session.end()
		c.session = nil
	}
	if c.member != nil {
		c.member.leave("")
		c.member = nil
	}
}
