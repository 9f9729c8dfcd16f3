package check

import (
	"msnproxy/decode"
	"msnproxy/decode/address"
)

// routed looks at who a client says it is in what is passed on by its address (MSNP18 and
// later).
func (k *Checker) routed(c *conn, m *decode.Message) {
	p := m.Payload()
	if m.From != decode.Client || p == nil || m.Frame.Missing != 0 {
		return
	}
	n := p.Find("From")
	if n == nil {
		return
	}
	from := address.Parse(n.Value)
	own := c.info.Account
	if own != "" && c.in && !address.Same(own, from.Account) {
		k.add(c, m, "payload.from", "From is %s; %s is signed in", clip([]byte(n.Value)), clip([]byte(own)))
		return
	}
	switch end := bareGUID([]byte(from.EndPoint)); {
	case end == "":
	case c.machine == "":
		c.machine = end
	case c.machine != end && c.once("payload.end-point "+end):
		k.add(c, m, "payload.end-point", "From has the end point %s; the client is %s", clip([]byte(from.EndPoint)), clip([]byte(c.machine)))
	}
}
