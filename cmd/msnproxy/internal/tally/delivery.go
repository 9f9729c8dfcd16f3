package tally

import (
	"cmp"
	"slices"

	"msnproxy/decode"
)

// mostDeliveries bounds what hostile recordings can make us remember.
const mostDeliveries = 4096

type deliveryKey struct{ server, verb string }

// Delivery is how long one server takes from what a client says to the messages by
// which others hear of it.
type Delivery struct {
	// Server is where it was said, "host:port"; Verb what the others get.
	Server, Verb string
	// Altered and Again count those with another text, and those that came twice. They
	// are not in Latency.
	Altered, Again int64
	Latency        Histogram
}

// deliver counts a message that is the copy of another.
func (t *Tally) deliver(m *decode.Message) {
	if m.Delivery.Kind == decode.NoDelivery {
		return
	}
	key := deliveryKey{m.Conn.Server, m.Name()}
	d := t.deliveries[key]
	if d == nil {
		if len(t.deliveries) >= mostDeliveries {
			return
		}
		d = &Delivery{Server: key.server, Verb: key.verb}
		t.deliveries[key] = d
	}
	switch m.Delivery.Kind {
	case decode.Altered:
		d.Altered++
	case decode.DeliveredAgain:
		d.Again++
	default:
		d.Latency.Add(m.Delivery.After)
	}
}

// Deliveries returns them by server and verb.
func (t *Tally) Deliveries() []*Delivery {
	list := make([]*Delivery, 0, len(t.deliveries))
	for _, d := range t.deliveries {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *Delivery) int {
		return cmp.Or(cmp.Compare(a.Server, b.Server), cmp.Compare(a.Verb, b.Verb))
	})
	return list
}
