package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDelivery: what comes of a message where everybody's connection is recorded.
// Alice is on 2, Bob on 4; each line of a script takes a millisecond.
func TestDelivery(t *testing.T) {
	const (
		says  = "\n2 C: MSG 3 N #|$texthello"
		comes = "\n4 S: MSG alice@example.com Alice #|$texthello"
		end   = "\n2 C: OUT"
	)
	lost := []string{"2 delivery.lost"}
	for name, tt := range map[string]struct {
		script string
		want   []string
	}{
		"delivered":                          {says + comes + "\n+20s" + end, nil},
		"ten seconds are waited":             {says + "\n+9998ms" + comes + end, []string{"4 delivery.late"}},
		"and not more":                       {says + "\n+10s" + end, lost},
		"nor less":                           {says + "\n+9s" + end, nil},
		"exactly five seconds are not late":  {says + "\n+4998ms" + comes, nil},
		"a millisecond more is":              {says + "\n+4999ms" + comes, []string{"4 delivery.late"}},
		"the recording ends too early":       {says, nil},
		"the receiver leaves before":         {says + "\n+5s\n4 C: OUT\n+6s" + end, nil},
		"its connection ends before":         {says + "\n+5s\n4 closed C\n+6s" + end, []string{"4 end.mid-session"}},
		"it is done sending":                 {says + "\n+5s\n4 half C\n+6s" + end, nil},
		"the server says that it left":       {says + "\n2 S: BYE bob@example.com\n+11s" + end, nil},
		"its connection ends after":          {says + "\n+11s\n4 closed C", slices.Concat(lost, []string{"4 end.mid-session"})},
		"the server hangs up on the sender":  {says + "\n2 closed S\n+11s\n4 C: OUT", []string{"2 end.mid-session", "2 delivery.lost"}},
		"something is missing there":         {says + "\n4 lost S 10\n+11s" + end, []string{"4 frame.lost"}},
		"something is missing of the sender": {"\n2 lost C 10" + says + "\n+11s" + end, []string{"2 frame.lost"}},
		"nobody has joined yet":              {"\n2 S: BYE bob@example.com" + says + "\n+11s" + end, nil},
		"a note that it was not delivered":   {says + "\n2 S: NAK 3\n+11s" + end, nil},
		"not delivered, and yet it was":      {says + "\n2 S: NAK 3" + comes, []string{"2 delivery.nak-but-delivered"}},
		"said in this order":                 {says + comes + "\n2 S: NAK 3", []string{"2 delivery.nak-but-delivered"}},
		"one of two is lost":                 {says + "\n2 C: MSG 4 N #|$texthello" + comes + "\n+11s" + end, lost},
		"the copy stands before the message": {comes + says + "\n+11s" + end, nil},
		"but not from another":               {"\n4 S: MSG bob@example.com Bob #|$texthello" + says + "\n+11s" + end, lost},
		"who said nothing is not altered":    {"\n4 S: MSG alice@example.com Alice #|$texthello", nil},
		"another kind of content":            {says + "\n4 S: MSG alice@example.com Alice #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|TypingUser: alice@example.com|||", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range play(t, "both 7"+tt.script) {
				if group, _, _ := strings.Cut(l.Rule, "."); group == "delivery" || group == "frame" || group == "end" {
					got = append(got, string('0'+rune(l.Conn))+" "+l.Rule)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeliveryWords(t *testing.T) {
	var got []string
	for _, l := range play(t, "both 7\n2 C: MSG 3 A #|$texthello\n4 S: MSG alice@example.com Alice #|$textHELLO\n2 C: MSG 4 A #|$textbye\n2 S: ACK 4\n+12s\n4 S: BYE alice@example.com") {
		if strings.HasPrefix(l.Rule, "delivery") {
			got = append(got, l.Text)
		}
	}
	want := []string{
		`message 30 said "hello", here it is "HELLO"`,
		`the server says ACK, but the message has not come to "bob@example.com" (#4) within 10s`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The same by way of notification servers: Alice is on 1, Bob on 3.
func TestDeliveryPassedOn(t *testing.T) {
	const (
		bob = `
		3 open 10.0.0.8:1030 10.0.0.5:1863
		3 C: VER 1 MSNP18 CVR0
		3 S: VER 1 MSNP18
		3 C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS bob@example.com
		3 S: CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b
		3 C: USR 3 SSO I bob@example.com
		3 S: USR 3 SSO S MBI_KEY_OLD bm9uY2U=
		3 C: USR 4 SSO S t=abc&p= HAAAAAEAAAADZgAABIAAAAgAAAA {11111111-2222-3333-4444-555555555555}
		3 S: USR 4 OK bob@example.com 1 0
		3 C: CHG 5 NLN
		3 S: CHG 5 NLN`
		both  = "ns15 18" + bob
		from  = "|From: 1:alice@example.com||Reliability: 1.0||Messaging: 2.0|Message-Type: Text|Content-Length: 2||"
		to    = "#|Routing: 1.0|To: 1:bob@example.com"
		says  = "\n1 C: SDG 7 " + to + from + "hi"
		comes = "\n3 S: SDG 0 " + to + from + "hi"
		again = "\n1 C: SDG 8 " + to + from + "ho"
		end   = "\n+11s\n1 C: OUT"
	)
	lost := []string{"1 delivery.lost"}
	for name, tt := range map[string]struct {
		script string
		want   []string
	}{
		"delivered":                     {both + says + comes + end, nil},
		"not yet known to be reachable": {both + says + end, nil},
		"lost":                          {both + says + comes + again + end, lost},
		"said to be refused":            {both + says + comes + again + "\n1 S: 217 8" + end, nil},
		"hidden":                        {both + says + comes + "\n3 C: CHG 6 HDN\n3 S: CHG 6 HDN" + again + end, nil},
		"left":                          {both + says + comes + "\n3 C: OUT" + again + end, nil},
		"to another end point":          {both + says + comes + strings.ReplaceAll(again, "bob@example.com", "bob@example.com;epid={22222222-2222-3333-4444-555555555555}") + end, nil},
		"to this end point":             {both + says + comes + strings.ReplaceAll(again, "bob@example.com", "bob@example.com;epid={11111111-2222-3333-4444-555555555555}") + end, lost},
		"something is missing there":    {both + says + comes + "\n3 lost S 10" + again + end, []string{"3 frame.lost"}},
		"late":                          {both + says + "\n+6s" + comes, []string{"3 delivery.late"}},
		"twice":                         {both + says + comes + comes, []string{"3 delivery.twice"}},
		"altered":                       {both + says + comes + again + "\n3 S: SDG 0 " + to + from + "HO" + end, []string{"3 delivery.altered"}},
		"routed on with other headers":  {both + says + strings.Replace(comes, "|From", "|Service-Channel: IM/Online|From", 1) + end, nil},
		"to another network":            {both + "\n1 C: UUM 7 bob@example.com 32 1 #|$texthi\n3 S: UBM alice@example.com 1 bob@example.com 32 1 #|$texthi\n1 C: UUM 8 bob@example.com 32 1 #|$textho" + end, lost},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range play(t, tt.script) {
				if group, _, _ := strings.Cut(l.Rule, "."); group == "delivery" || group == "frame" || group == "end" {
					got = append(got, string('0'+rune(l.Conn))+" "+l.Rule)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
