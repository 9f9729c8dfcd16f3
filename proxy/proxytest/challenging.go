package proxytest

import (
	"slices"

	"msnproxy/decode/challenge"
)

// maxAsked is the number of challenges that may be open: an answer to the one
// before the newest is good too.
const maxAsked = 2

// challenge sends CHL; trid is 0 unless the client asked for it.
func (c *conn) challenge(trid string) {
	text := c.server.number(20)
	n := c.session
	n.asked = append(n.asked, text)
	if len(n.asked) > maxAsked {
		n.asked = slices.Delete(n.asked, 0, 1)
	}
	c.send("CHL", trid, text)
	c.expectBy(c.server.config.ChallengeTimeout)
}

// chl is a client asking for a challenge: S: CHL 5 15570131571988941333.
func (c *conn) chl(req *request) error {
	c.challenge(req.trid)
	return nil
}

// qry is the answer to a challenge: the product id and, as payload, the MD5 of
// challenge and product key. S: QRY 22, or 540 22 and the end.
func (c *conn) qry(req *request) error {
	n := c.session
	for i, asked := range slices.Backward(n.asked) {
		want, known := challenge.Respond(req.arg(0), asked)
		if known && string(req.payload) == want && c.ofAge(req.arg(0)) {
			n.asked = slices.Delete(n.asked, 0, i+1)
			if len(n.asked) == 0 {
				c.expectBy(0)
			}
			c.reply(req)
			return nil
		}
	}
	return errWrongResponse
}
