package tally

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// TestDeliveries: by server and verb, apart what came altered or twice; a clone shares
// nothing.
func TestDeliveries(t *testing.T) {
	ta := New()
	add := func(server string, kind decode.DeliveryKind, after time.Duration) {
		m := said(decode.Server, "NLN BSY bob@example.com Bob\r\n")
		var msg decode.Message
		msg.Decode(&m.Frame, decode.Server, decode.NS, 7)
		msg.Conn = &decode.Connection{ID: 1, Server: server}
		msg.Delivery = decode.Delivery{Kind: kind, After: after}
		ta.Message(&msg)
	}
	add("b:1", decode.Delivered, time.Millisecond)
	add("a:1", decode.Delivered, 2*time.Millisecond)
	add("a:1", decode.Reworded, 2*time.Millisecond)
	add("a:1", decode.Altered, time.Hour)
	add("a:1", decode.DeliveredAgain, time.Hour)
	add("a:1", decode.NoDelivery, time.Hour)
	before := ta.Clone()
	add("a:1", decode.Delivered, 2*time.Millisecond)
	told := func(ta *Tally) (got []string) {
		for _, d := range ta.Deliveries() {
			got = append(got, fmt.Sprint(d.Server, " ", d.Verb, " ", d.Latency.Count(), d.Altered, d.Again, " ", d.Latency.Max()))
		}
		return got
	}
	if diff := cmp.Diff([]string{"a:1 NLN 2 1 1 2ms", "b:1 NLN 1 0 0 1ms"}, told(before)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a:1 NLN 3 1 1 2ms", "b:1 NLN 1 0 0 1ms"}, told(ta)); diff != "" {
		t.Error(diff)
	}
}
