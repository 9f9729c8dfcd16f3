package main

import (
	"fmt"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/address"
	"msnproxy/decode/service"
	"msnproxy/decode/stage"
)

// webCall is an answer of a web service, or a request that has none.
type webCall struct {
	account, client string // "" if that is not known
	action          *service.Action
	number, asked   int64 // of the answer, 0: none; of the request
	summary         string
	refused         bool
}

// maxWebCalls is how many are kept, the newest.
const maxWebCalls = 4096

// web takes a message of a web service.
func (p *patient) web(m *decode.Message) {
	if m.From == decode.Client {
		if len(p.calls) >= maxWebCalls {
			p.calls = append(p.calls[:0], p.calls[maxWebCalls/2:]...)
		}
		p.calls = append(p.calls, webCall{account: m.Conn.Account, client: host(m.Conn.Client), action: m.Call.Action, asked: m.Number})
		return
	}
	for i := range p.calls {
		if c := &p.calls[i]; m.ReplyTo > 0 && c.asked == m.ReplyTo {
			c.number, c.summary = m.Number, m.Summary()
			c.refused = m.Call.Fault || m.Call.Status >= 400 || m.Call.Value("refused") != ""
		}
	}
}

// host is an address without its port.
func host(addr string) string {
	if i := strings.LastIndexByte(addr, ':'); i >= 0 {
		return addr[:i]
	}
	return addr
}

// askedBy are the calls that a sign-in made, as far as is known.
func (p *patient) askedBy(s *decode.SignIn) (list []webCall) {
	for _, c := range p.calls {
		if c.client == host(s.Client) && (c.account == "" || s.Account == "" || address.Same(c.account, s.Account)) {
			list = append(list, c)
		}
	}
	return list
}

// webHalf adds what the web services have to do with a sign-in that stops where they are
// asked: what they refused, and which were not asked here.
func (p *patient) webHalf(d *diagnosis) {
	s := d.sign
	waits := s.Reached == decode.StageChallenged || s.Reached == decode.StageTicket
	lists := s.Reached == decode.StageAdmitted
	if s.Dialect < firstWithWeb || !waits && !lists || d.verdict.Level == stage.Fine || s.Error.Code != "" || s.ForeignFrom != 0 {
		return
	}
	calls, answered := p.askedBy(s), false // the cause is known
	for i := range calls {
		c := &calls[len(calls)-1-i]
		if waits != c.action.Issues || lists && !slices.Contains(bookServices, c.action.Service) {
			continue
		}
		if c.refused {
			d.verdict.Cause = fmt.Sprintf("the web service refuses %s (message %d): %s", c.action.Name, c.number, strings.TrimPrefix(c.summary, "refused: "))
			d.verdict.Level, d.verdict.Reasons = max(d.verdict.Level, webLevel(waits)), nil
			answered = true
		} else if c.number == 0 {
			d.verdict.Cause = fmt.Sprintf("the web service does not answer %s (message %d)", c.action.Name, c.asked)
			answered = true
		}
		break
	}
	for _, h := range stage.Hosts() {
		a := service.Lookup(h.Action)
		if a == nil || !h.Needed || !h.In(s.Dialect) || waits != (a.Issues || a.Service == nexusService) {
			continue
		}
		if !slices.ContainsFunc(calls, func(c webCall) bool { return c.action.Service == a.Service }) {
			d.never = append(d.never, fmt.Sprintf("%s (%s)", h.Name, h.For))
		}
	}
	if len(d.never) > 0 && !answered {
		d.verdict.Cause += "; never asked here: " + strings.Join(d.never, ", ")
		d.verdict.Advice = "if the web half goes through msnproxy (--web, --preset), its names do not lead to this machine: look at DNS and hosts file of the client; else look at the web server's log"
	}
}

// webLevel is how bad it is that a web service refuses: without a ticket nobody gets in.
func webLevel(ticket bool) stage.Level {
	if ticket {
		return stage.Bad
	}
	return stage.Doubtful
}

// firstWithWeb is the first dialect whose clients ask web services to sign in.
const firstWithWeb = 8

// bookServices are those that clients of MSNP13 and later have their lists from.
var bookServices = []string{service.Lookup("FindMembership").Service, service.Lookup("ABFindAll").Service}

// nexusService says where tickets are got.
var nexusService = service.Lookup("nexus").Service
