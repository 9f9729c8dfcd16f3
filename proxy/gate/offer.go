package gate

import (
	"fmt"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/offer"
)

// offerStage narrows what clients offer. It is the last stage, so that it holds whatever the
// others make of an offer.
type offerStage struct{ list *offer.List }

// offerVerbs are those by which a dialect is agreed on.
var offerVerbs = func() (v filter.Verbs) {
	for _, verb := range decode.Verbs() {
		if verb.Act == decode.ActVersion {
			v.List = append(v.List, verb.Name)
		}
	}
	return v
}()

func (*offerStage) Name() string              { return "--offer" }
func (*offerStage) AsksHistory() bool         { return false }
func (*offerStage) Interest() filter.Interest { return filter.Interest{Client: offerVerbs} }

func (s *offerStage) Look(m *decode.Message, e *action.Effect) Waiter {
	if e.Raw || e.Drop {
		return nil // bytes that somebody wants so, or nothing
	}
	now := e.Current(m)
	o := s.list.Apply(now)
	switch {
	case o == nil:
		return nil
	case o.Frame == nil:
		e.Drop, e.Decided = true, true
		e.Sends = append(e.Sends, action.Send{To: decode.Client, Frame: o.Refusal})
		s.remark(e, fmt.Sprintf("--offer %s leaves nothing of what the client offers (%s): it was not forwarded, and the client is told that no dialect is in common; name one that it offers", s.list, spoken(o.Said)))
	case string(o.Frame) == string(now.Frame.Raw):
		return nil
	default:
		e.Frame = o.Frame
		if len(o.Added) > 0 {
			s.remark(e, fmt.Sprintf("--offer-anyway: the server is offered %s, which the client does not offer: it will misread what comes", strings.Join(o.Added, ", ")))
		}
	}
	if !slices.Contains(e.By, s.Name()) {
		e.By = append(e.By, s.Name())
	}
	return nil
}

func (*offerStage) remark(e *action.Effect, text string) {
	if e.Remark != "" {
		e.Remark += "; "
	}
	e.Remark += text
}

// spoken are the dialects that a client offers, for people, a few of them.
func spoken(said []string) string {
	const most = 20
	if len(said) == 0 {
		return "none"
	}
	s := strings.Join(said[:min(len(said), most)], ", ")
	if len(said) > most {
		s += ", ..."
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
