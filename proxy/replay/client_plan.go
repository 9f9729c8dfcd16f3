package replay

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// plan fills in what is played: all messages of the chosen connections in the order
// in which they were recorded, and after which of them each connection ends.
func (p *performance) plan() {
	for _, c := range p.config.Story.Conns {
		if len(p.config.Only) > 0 && (c.Session == nil || !p.plays(c.Session.Account)) {
			p.others(c)
			continue
		}
		k := newClientConn(p, c)
		if why := unplayable(c); why != "" {
			k.state = connSkipped
			p.skipConn(k, why)
			continue
		}
		p.conns[c] = k
		p.played = append(p.played, k)
		if c.Came != nil {
			p.leads[c.Came] = nil
		}
		if c.Account != "" {
			p.here[strings.ToLower(c.Account)] = true
		}
		p.order = append(p.order, c.Messages...)
	}
	slices.SortFunc(p.order, func(a, b *story.Message) int { return cmp.Compare(a.Number, b.Number) })
	p.ends()
}

// others notes whose connections are not played: nothing can be expected of them.
func (p *performance) others(c *story.Conn) {
	if c.Account != "" {
		p.absent[strings.ToLower(c.Account)] = true
	}
}

// unplayable says why a connection is left out, or returns "".
func unplayable(c *story.Conn) string {
	switch {
	case c.Role == decode.FTP:
		return "it is between the clients (MSNFTP), no server has part in it"
	case c.Role == decode.WEB:
		return "it is to a web service, which no server of MSNP has part in"
	case len(c.Messages) == 0:
		return "nothing was said on it"
	case c.Role == 0 && c.Messages[0].Kind != decode.Command:
		return "it is no MSNP"
	case c.MidStream:
		return "its beginning is not in the recording"
	}
	return ""
}

// ends works out after which message each connection is closed: where the recording
// says when, behind the last message before that.
func (p *performance) ends() {
	var last int64
	if n := len(p.order); n > 0 {
		last = p.order[n-1].Number
	}
	for _, k := range p.played {
		c := k.recorded
		k.endsAfter = c.Messages[len(c.Messages)-1].Number
		switch {
		case !c.Ended:
			k.endsAfter = last
		case !c.Closed.IsZero():
			i, _ := slices.BinarySearchFunc(p.order, c.Closed, func(m *story.Message, at time.Time) int {
				if m.Time.After(at) {
					return 1
				}
				return -1
			})
			if i > 0 {
				k.endsAfter = max(k.endsAfter, p.order[i-1].Number)
			}
		}
	}
	p.closings = slices.Clone(p.played)
	slices.SortStableFunc(p.closings, func(a, b *clientConn) int { return cmp.Compare(a.endsAfter, b.endsAfter) })
}

// counts reports whether a recorded message takes part in the replay: empty lines
// and what a proxy has withheld from the server do not, nor do verbs to be ignored.
func (p *performance) counts(m *story.Message) bool {
	if m.From == decode.Server {
		return m.Kind == decode.Command && !m.Missing && !p.config.Rules.Skips(m.Name)
	}
	return m.Fate != capture.Withheld
}
