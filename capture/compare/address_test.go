package compare

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// An address is its account; network, end point and circle are fields of their own, and an
// end point is not to be expected again. A contact of a list is told of once.
func TestFieldsOfAddresses(t *testing.T) {
	const list = `<ml><d n="x.example"><c n="bob" l="3"/></d></ml>`
	for line, want := range map[string][]Field{
		"FLN 1:bob@example.com;via=9:c@live.com 0:0": {{Name: "handle", Value: "bob@example.com"}, {Name: "handle/network", Value: "1"},
			{Name: "handle/via", Value: "9:c@live.com"}, {Name: "capabilities", Value: "0:0"}},
		"BYE bob@example.com;{1}": {{Name: "handle", Value: "bob@example.com"}, {Name: "handle/endpoint", Value: "{1}", Volatile: true, Link: "end point"}},
		fmt.Sprintf("ADL 0 %d\r\n%s", len(list), list): {{Name: "trid", Value: "0", Volatile: true}, {Name: "length", Value: "48", Volatile: true},
			{Name: "ml/d/@n", Value: "x.example"}, {Name: "ml/d/c/@n", Value: "bob"}, {Name: "ml/d/c/@l", Value: "3"}},
	} {
		var f decode.Framer
		var fr decode.Frame
		var m decode.Message
		f.Feed([]byte(line + "\r\n"))
		f.Next(&fr)
		m.Decode(&fr, decode.Server, 0, 18)
		if diff := cmp.Diff(want, Fields(&m)); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}
