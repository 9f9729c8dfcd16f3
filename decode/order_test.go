package decode

import (
	"strings"
	"testing"
)

// Parameters that are told apart by a prefix are found by it, in whatever order they
// stand; what is written anew of the line keeps that order.
func TestPrefixOrder(t *testing.T) {
	const guid = "11111111-2222-3333-4444-555555555555"
	for _, tt := range []struct {
		from    Sender
		dialect int
		line    string
		want    string // name=value of all parameters
		wire    string // the names as they stand
	}{
		{Server, 12, "LST F=Bob N=bob@example.com C=" + guid + " 11 1", "handle=bob@example.com friendly=Bob guid=" + guid + " bits=11 network=1", "friendly handle guid bits network"},
		{Server, 12, "LST C=" + guid + " F=Bob N=bob@example.com 11 1", "handle=bob@example.com friendly=Bob guid=" + guid + " bits=11 network=1", "guid friendly handle bits network"},
		{Server, 11, "LST C=" + guid + " N=bob@example.com F=Bob 3 " + guid, "handle=bob@example.com friendly=Bob guid=" + guid + " bits=3 groups=" + guid, "guid handle friendly bits groups"},
		{Server, 10, "LST F=Bob N=bob@example.com 8", "handle=bob@example.com friendly=Bob bits=8", "friendly handle bits"},
		{Server, 10, "LST F= N=bob@example.com 8", "handle=bob@example.com friendly= bits=8", "friendly handle bits"},
		{Server, 0, "LST F=Bob N=bob@example.com 8", "handle=bob@example.com friendly=Bob bits=8", "friendly handle bits"},
		{Client, 10, "ADC 53 FL F=john N=tel:+15550100", "trid=53 list=FL handle=tel:+15550100 friendly=john", "trid list friendly handle"},
		{Client, 12, "ADC 53 FL F=john N=tel:+15550100", "trid=53 list=FL handle=tel:+15550100 friendly=john", "trid list friendly handle"},
		{Server, 12, "ADC 53 FL C=" + guid + " F=Bob N=bob@example.com 1", "trid=53 list=FL handle=bob@example.com friendly=Bob guid=" + guid + " network=1", "trid list guid friendly handle network"},
		{Server, 10, "ADC 53 FL C=" + guid + " N=bob@example.com", "trid=53 list=FL handle=bob@example.com guid=" + guid, "trid list guid handle"},
		// No prefixes, but names that look like such.
		{Server, 8, "LST F=x@example.com N=Joe 3", "handle=F=x@example.com friendly=N=Joe bits=3", "handle friendly bits"},
	} {
		fr := cut(&Framer{}, []byte(tt.line+"\r\n"))[0]
		var m Message
		m.Decode(&fr, tt.from, NS, tt.dialect)
		if !m.Fits() || m.Spaced() {
			t.Errorf("%s: fits %v, spaced %v: %+v", tt.line, m.Fits(), m.Spaced(), m.lineFindings(nil))
		}
		var got, wire []string
		for _, f := range m.Fields() {
			got = append(got, f.Name+"="+f.Value())
		}
		for _, f := range m.InLine() {
			wire = append(wire, f.Name)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.line, s, tt.want)
		}
		if s := strings.Join(wire, " "); s != tt.wire {
			t.Errorf("%s: %s, want %s", tt.line, s, tt.wire)
		}
		if !fits([]byte(tt.line)) {
			t.Errorf("%s: is not taken for a command", tt.line)
		}
	}
}
