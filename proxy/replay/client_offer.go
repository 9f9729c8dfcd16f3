package replay

import (
	"fmt"
	"slices"
	"strings"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
)

// narrow returns the bytes of a message with the dialects in it that may be offered; false:
// none is left, and the message is left out. mu is held.
func (p *performance) narrow(k *clientConn, m *story.Message, raw []byte, r *request) ([]byte, bool) {
	if p.config.Offer == nil || decode.ActAt(raw) != decode.ActVersion {
		return raw, true
	}
	var f decode.Framer
	fr, said := new(decode.Frame), new(decode.Message)
	f.Feed(raw)
	if !f.Next(fr) {
		return raw, true // half a line, as it was recorded
	}
	said.Decode(fr, decode.Client, k.recorded.Role, 0)
	o := p.config.Offer.Apply(said)
	switch {
	case o == nil:
		return raw, true
	case o.Frame != nil:
		r.offer = strings.Fields(strings.ToUpper(string(o.Frame)))
		return o.Frame, true
	}
	k.settle(m)
	for _, other := range m.Replies {
		k.settle(other)
	}
	p.add(&p.result.Skipped, 1, m.Number)
	p.report(&Difference{Kind: DiffSkipped, Note: true, Verb: m.Name,
		Text: fmt.Sprintf("not sent: nothing of what the recorded client offers (%s) is in --offer %s", strings.Join(o.Said, ", "), p.config.Offer)}, k, m)
	p.lose(k, "without a dialect the sign-in can't go on", true)
	return nil, false
}

// forced takes off that the server chooses another dialect than was recorded, where that is
// one of those that it was offered in their stead.
func (q *request) forced(m *decode.Message, diffs []compare.FieldDifference) []compare.FieldDifference {
	if q == nil || q.offer == nil || !slices.Contains(q.offer, strings.ToUpper(string(m.Raw("dialects")))) {
		return diffs
	}
	return slices.DeleteFunc(diffs, func(d compare.FieldDifference) bool { return d.Name == "dialects" })
}
