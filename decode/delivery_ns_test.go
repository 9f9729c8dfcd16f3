package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// signedIn is how three accounts come to notification servers: nine messages.
const signedIn = `
	1 C: VER 1 MSNP18
	1 S: VER 1 MSNP18
	1 S: USR 4 OK alice@example.com 1 0
	3 C: VER 1 MSNP18
	3 S: VER 1 MSNP18
	3 S: USR 4 OK bob@example.com 1 0
	4 C: VER 1 MSNP18
	4 S: VER 1 MSNP18
	4 S: USR 4 OK carol@example.com 1 0
`

// What clients say by notification servers is found on the connections of others: SDG,
// UUM and UBM, UUN and UBN, UUX and UBX.
func TestDeliveryByNotificationServers(t *testing.T) {
	sdg := func(conn, verb, to, from, more, text string) string {
		return fmt.Sprintf("\n%s: SDG %s #|Routing: 1.0|%sTo: %s|From: %s||Reliability: 1.0||Messaging: 2.0|Message-Type: Text|Content-Length: %d||%s", conn, verb, more, to, from, len(text), text)
	}
	const ann, bob = "1:alice@example.com;epid={0f0e0d0c-0b0a-0908-0706-050403020100}", "1:bob@example.com"
	const circle = "9:00000000-0000-0000-0009-000000000001@live.com"
	said := sdg("1 C", "5", bob, ann, "", "hello")
	const oim = "|MIME-Version: 1.0|Content-Type: text/plain||hi"
	for name, tt := range map[string]struct {
		script string
		want   []string
	}{
		"a message":                {said + sdg("3 S", "0", bob, ann, "", "hello"), []string{"11: comes of message 10, 1ms after it"}},
		"with other headers":       {said + sdg("3 S", "0", bob, "1:alice@example.com", "Service-Channel: IM/Online|", "hello"), []string{"11: comes of message 10, 1ms after it"}},
		"twice":                    {said + sdg("3 S", "0", bob, ann, "", "hello") + sdg("3 S", "0", bob, ann, "", "hello"), []string{"11: comes of message 10, 1ms after it", "12: comes once more of message 10, 2ms after it"}},
		"to both end points":       {said + sdg("3 S", "0", bob, ann, "", "hello") + "\n5 C: VER 1 MSNP18\n5 S: USR 4 OK bob@example.com 1 0" + sdg("5 S", "0", bob, ann, "", "hello"), []string{"11: comes of message 10, 1ms after it", "14: comes of message 10, 4ms after it"}},
		"another text":             {said + sdg("3 S", "0", bob, ann, "", "hallo"), []string{"11: stands for message 10, 1ms after it"}},
		"of another end point":     {said + sdg("3 S", "0", bob, "1:alice@example.com;epid={11111111-2222-3333-4444-555555555555}", "", "hallo"), nil},
		"of somebody else":         {said + sdg("3 S", "0", bob, "1:carol@example.com", "", "hello"), nil},
		"another kind of message":  {said + strings.Replace(sdg("3 S", "0", bob, ann, "", "hello"), "Type: Text", "Type: Else", 1), nil},
		"before it":                {sdg("3 S", "0", bob, ann, "", "hello") + said, []string{"11: came before on [{10 3}]"}},
		"in a circle":              {sdg("1 C", "5", circle+";path=IM", ann, "", "all") + sdg("3 S", "0", bob, ann+";via="+circle, "", "all") + sdg("4 S", "0", "1:carol@example.com", ann+";via="+circle, "", "all"), []string{"11: comes of message 10, 1ms after it", "12: comes of message 10, 2ms after it"}},
		"not of another circle":    {sdg("1 C", "5", circle+";path=IM", ann, "", "all") + sdg("3 S", "0", bob, ann, "", "all"), nil},
		"the answer is no copy":    {said + "\n1 S: SDG 5 OK", nil},
		"to another network":       {"\n1 C: UUM 5 bob@example.com 32 1 #" + oim + "\n3 S: UBM alice@example.com 1 bob@example.com 32 1 #" + oim, []string{"11: comes of message 10, 1ms after it"}},
		"to another, of MSNP15":    {strings.ReplaceAll("\n1 C: UUM 5 bob@example.com 32 1 #"+oim+"\n3 S: UBM alice@example.com 1 1 #"+oim, "\n\n", "\n"), []string{"11: comes of message 10, 1ms after it"}},
		"a note":                   {"\n1 C: UUN 5 bob@example.com 5 #|hi\n3 S: UBN alice@example.com 5 #|hi", []string{"11: comes of message 10, 1ms after it"}},
		"a note of another kind":   {"\n1 C: UUN 5 bob@example.com 5 #|hi\n3 S: UBN alice@example.com 6 #|hi", nil},
		"a note to another":        {"\n1 C: UUN 5 bob@example.com 5 #|hi\n4 S: UBN alice@example.com 5 #|hi", nil},
		"another note":             {"\n1 C: UUN 5 bob@example.com 5 #|hi\n3 S: UBN alice@example.com 5 #|ho", nil},
		"two notes":                {"\n1 C: UUN 5 bob@example.com 5 #|hi\n1 C: UUN 6 bob@example.com 5 #|ho\n3 S: UBN alice@example.com 5 #|hi\n3 S: UBN alice@example.com 5 #|ho", []string{"12: comes of message 10, 2ms after it", "13: comes of message 11, 2ms after it"}},
		"a personal message":       {"\n1 C: UUX 5 #|<Data><PSM>a &amp; b</PSM><CurrentMedia></CurrentMedia></Data>\n3 S: UBX 1:alice@example.com #|<Data><PSM>a &amp; b</PSM><CurrentMedia></CurrentMedia></Data><EndpointData id=\"{1}\"><Capabilities>1:2</Capabilities></EndpointData>\n4 S: UBX 1:alice@example.com #|<Data><PSM>a &amp; b</PSM></Data>", []string{"11: comes of message 10, 1ms after it", "12: comes of message 10, 2ms after it"}},
		"another one":              {"\n1 C: UUX 5 #|<Data><PSM>a</PSM></Data>\n3 S: UBX 1:alice@example.com #|<Data><PSM>b</PSM></Data>", nil},
		"other music":              {"\n1 C: UUX 5 #|<Data><PSM>a</PSM><CurrentMedia>x</CurrentMedia></Data>\n3 S: UBX 1:alice@example.com #|<Data><PSM>a</PSM><CurrentMedia>y</CurrentMedia></Data>", nil},
		"it is taken away":         {"\n1 C: UUX 5 #|<Data/>\n3 S: UBX 1:alice@example.com 0", []string{"11: comes of message 10, 1ms after it"}},
		"it is not":                {"\n1 C: UUX 5 #|<Data/>\n3 S: UBX 1:alice@example.com #|<Data><PSM>a</PSM></Data>", nil},
		"what an end point can do": {"\n1 C: UUX 5 #|<EndpointData><Capabilities>1:2</Capabilities></EndpointData>\n3 S: UBX 1:alice@example.com #|<Data><PSM>a</PSM></Data><EndpointData id=\"{0}\"><Capabilities>9:9</Capabilities></EndpointData><EndpointData id=\"{1}\"><Capabilities>1:2</Capabilities></EndpointData>", []string{"11: comes of message 10, 1ms after it"}},
		"or not":                   {"\n1 C: UUX 5 #|<EndpointData><Capabilities>1:2</Capabilities></EndpointData>\n3 S: UBX 1:alice@example.com #|<Data><PSM>a</PSM></Data>", nil},
		"what is private":          {"\n1 C: UUX 5 #|<PrivateEndpointData><EpName>pc</EpName></PrivateEndpointData>\n3 S: UBX 1:alice@example.com 0", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, delivered(t, signedIn+tt.script)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of news the newest eight of a kind are remembered.
func TestNewsRemembers(t *testing.T) {
	var script strings.Builder
	script.WriteString(signedIn)
	for i := range 9 {
		fmt.Fprintf(&script, "1 C: UUN %d bob@example.com 5 #|%d\n", i+5, i)
	}
	script.WriteString("3 S: UBN alice@example.com 5 #|0\n3 S: UBN alice@example.com 5 #|1\n")
	if diff := cmp.Diff([]string{"20: comes of message 11, 9ms after it"}, delivered(t, script.String())); diff != "" {
		t.Error(diff)
	}
}

// Connections that are met in mid-stream belong together by what is said on one and comes
// on another, which also tells whose they are.
func TestDeliveryInMidStream(t *testing.T) {
	const plain = "|MIME-Version: 1.0|Content-Type: text/plain||"
	tr := NewTracker()
	say := func(id uint32, from Sender, text string) *Message {
		text = strings.ReplaceAll(text, "|", "\r\n")
		line, body, _ := strings.Cut(text, "\r\n")
		for _, fr := range cut(&Framer{}, fmt.Appendf(nil, "%s %d\r\n%s", line, len(body), body)) {
			return tr.Frame(id, from, &fr, tr.Start())
		}
		return nil
	}
	say(2, Client, "MSG 4 N"+plain+"yes")
	first := say(1, Client, "MSG 3 N"+plain+"hi").Number
	say(2, Server, "MSG eve@example.com E"+plain+"what else")
	m := say(2, Server, "MSG alice@example.com A"+plain+"hi")
	if m.Delivery.Of != first || m.Delivery.Kind != Delivered {
		t.Errorf("%+v", m.Delivery)
	}
	a, b := tr.Connection(1), tr.Connection(2)
	if a.Conversation != b.Conversation || a.Account != "alice@example.com" || a.Session == nil {
		t.Errorf("%v and %v, %q", a.Conversation, b.Conversation, a.Account)
	}
	if got := fmt.Sprint(a.Conversation.Participants); got != "[eve@example.com alice@example.com]" && got != "[alice@example.com eve@example.com]" {
		t.Error(got)
	}
	// Who says nothing is at a switchboard, too.
	say(1, Client, "MSG 4 N"+plain+"and more")
	if m := say(7, Server, "MSG alice@example.com A"+plain+"and more"); m.Delivery.Kind != Delivered || m.Role != SB || m.Conn.Conversation != a.Conversation {
		t.Errorf("%+v", m.Delivery)
	}
	// Two say the same at once: of which it is a copy nothing tells.
	say(3, Client, "MSG 3 N"+plain+"ok")
	say(4, Client, "MSG 3 N"+plain+"ok")
	if m := say(5, Server, "MSG carol@example.com C"+plain+"ok"); m.Delivery.Kind != NoDelivery || m.Conn.Conversation == tr.Connection(3).Conversation {
		t.Errorf("%+v", m.Delivery)
	}
	// Somebody else says it.
	if m := say(6, Server, "MSG dave@example.com C"+plain+"hi"); m.Delivery.Kind != NoDelivery {
		t.Errorf("%+v", m.Delivery)
	}
	for id := range uint32(8) {
		tr.Close(id)
	}
	if len(tr.conversations) != 0 {
		t.Error("conversations are kept")
	}
}
