package payload

import (
	"fmt"
	"strings"
	"testing"
)

// Summaries of what is said by SDG, and of what is published about circles.
func TestRoutedSummaries(t *testing.T) {
	say := func(kind, body string) string {
		return routedPayload("Messaging: 2.0\r\nMessage-Type: "+kind+"\r\n", body)
	}
	publish := func(headers, body string) string {
		return routedPayload("Publication: 1.0\r\n"+headers, body)
	}
	const circles = "Uri: /circle\r\nContent-Type: application/circles+xml\r\n"
	nine := strings.Repeat("x\t"+routedObject+"\t", 9)
	user := func(id string) string { return "<user><id>" + id + "</id></user>" }
	for name, tt := range map[string]struct{ in, want string }{
		"two emoticons":           {say("CustomEmoticon", ":)\t"+routedObject+"\t(a b)\t"+routedObject+"\t"), `emoticons :) "(a b)"`},
		"the last without a tab":  {say("CustomEmoticon", ":)\t"+routedObject), "emoticon :)"},
		"nine":                    {say("AnimEmoticon", nine), "animated emoticons x x x x x x x x and 1 more"},
		"eight":                   {say("AnimEmoticon", nine[:len(nine)/9*8]), "animated emoticons x x x x x x x x"},
		"none":                    {say("CustomEmoticon", "\r\n"), "no emoticon"},
		"a long shortcut":         {say("CustomEmoticon", strings.Repeat("y", 25)+"\t"+routedObject+"\t"), `emoticon "` + strings.Repeat("y", 24) + `"`},
		"one that just fits":      {say("CustomEmoticon", strings.Repeat("y", 24)+"\t"+routedObject+"\t"), "emoticon " + strings.Repeat("y", 24)},
		"nudge by its type":       {say("Nudge", "\r\n"), "nudge"},
		"voice clip by its type":  {say("VoiceClip", "\r\nData: x\r\n"), "voice clip"},
		"what somebody does":      {say("Action", "\r\nID: 4\r\nData: Bob is dancing\r\n"), `action "Bob is dancing"`},
		"nothing done":            {say("Action", "\r\nID: 4\r\n"), "action"},
		"ink":                     {say("Ink", "abc"), "ink, 3 bytes"},
		"closed":                  {say("Signal/CloseIMWindow", "1:ann@example.com/1:bob@example.com\r\n"), "closes the chat window of ann@example.com, bob@example.com"},
		"of whom it does not say": {say("Signal/CloseIMWindow", ""), "closes the chat window"},
		"read":                    {say("Signal/MarkIMWindowRead", "9:g@live.com;path=IM"), "has read the chat of g@live.com"},
		"of four":                 {say("Signal/MarkIMWindowRead", "1:a@x/1:b@x/1:c@x/1:d@x"), "has read the chat of a@x, b@x, c@x, d@x"},
		"of five":                 {say("Signal/MarkIMWindowRead", "1:a@x/1:b@x/1:c@x/1:d@x/1:e@x"), "has read the chat of a@x, b@x, c@x, d@x and others"},
		"address book":            {say("Signal/ForceAbchSync", ""), "the address book has changed"},
		"audio":                   {say("Signal/Turn", "ab"), "sets up audio or video (Turn), 2 bytes"},
		"unknown":                 {say("Signal/Else", "ab"), "Signal/Else, 2 bytes"},
		"no MSNSLP":               {say("Signal/P2P", "ab"), "Signal/P2P, 2 bytes"},
		"a member":                {publish(circles, "<circle><roster><id>IM</id>"+user("1:x@y.z")+"</roster></circle>"), "circle: x@y.z"},
		"group chat":              {publish("Uri: /circle\r\nContent-Type: application/multiparty+xml\r\n", "<circle><roster><id>IM</id>"+user("1:x@y.z")+"</roster></circle>"), "circle: x@y.z"},
		"members and a name":      {publish(circles+"NotifType: Full\r\n", "<circle><props><presence><Data><MFN>A &amp; B</MFN></Data></presence></props><roster><id>IM</id>"+user("1:x@y.z")+user("1:b@y.z;epid={1}")+"</roster></circle>"), `circle "A & B": x@y.z, b@y.z`},
		"eight members":           {publish(circles, strings.Repeat(user("1:x@y.z"), 8)), "circle: " + strings.Repeat("x@y.z, ", 7) + "x@y.z"},
		"nine members":            {publish(circles, strings.Repeat(user("1:x@y.z"), 9)), "circle: " + strings.Repeat("x@y.z, ", 7) + "x@y.z and others"},
		"nobody":                  {publish(circles+"NotifType: Full\r\n", "<circle><roster><id>IM</id></roster></circle>"), "circle: nobody is in it"},
		"no change":               {publish(circles, "<circle/>"), "circle"},
		"of no circle":            {publish("Uri: /circles\r\nContent-Type: application/user+xml\r\n", user("1:x@y.z")), "/circles"},
		"by its uri":              {publish("Uri: /CIRCLE\r\n", "<USER a='b'>\n<ID>1:x@y.z</ID></USER>"), "circle: x@y.z"},
	} {
		if got := Decode(MIME, []byte(tt.in)).Summary; got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// What a publication tells of who is in a circle.
func TestRoster(t *testing.T) {
	many := strings.Repeat("<user><id>1:x@y</id></user>", 257)
	for _, tt := range []struct{ headers, body, want string }{
		{"Uri: /circle/roster(IM)/user(1:bob@example.com)\r\n", "", "[1:bob@example.com] false"},
		{"Uri: /circle/roster(IM)/user(1:bob@example.com)\r\nNotifType: Full\r\n", "", "[1:bob@example.com] false"},
		{"Uri: /circle/roster(IM)/user()\r\n", "", "[] false"},
		{"Uri: /circle/roster(IM)/user(1:bob\r\n", "", "[] false"},
		{"Uri: /circle\r\nNotifType: full\r\n", "<user><id>1:a@b</id></user>", "[1:a@b] true"},
		{"Uri: /circle\r\nNotifType: Partial\r\n", "<user ><id >1:a@b</id></user><user/>", "[1:a@b] false"},
		{"Uri: /circle\r\n", "<user><x/></user><user><id>1:a@b</id></user>", "[1:a@b] false"},
		{"Uri: /circle\r\n", "<user><id>1:a@b", "[] false"},
		{"Uri: /circle\r\n", "<user><id", "[] false"},
		{"Uri: /circle\r\n", "<user", "[] false"},
		{"Uri: /user\r\nContent-Type: application/user+xml\r\n", "<user><id>1:a@b</id></user>", "none"},
		{"Message-Type: Text\r\nUri: /circle\r\n", "", "none"},
	} {
		got := "none"
		if r := Decode(MIME, []byte(routedPayload("Publication: 1.0\r\n"+tt.headers, tt.body))).Roster(); r != nil {
			got = fmt.Sprint(r.Members, " ", r.Full)
		}
		if got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.headers, tt.body, got, tt.want)
		}
	}
	if r := Decode(MIME, []byte(routedPayload("Publication: 1.0\r\nUri: /circle\r\n", many))).Roster(); len(r.Members) != 256 {
		t.Errorf("%d members", len(r.Members))
	}
	if r := Decode(Opaque, []byte("Uri: /circle\r\n\r\n")).Roster(); r != nil {
		t.Error("of no MIME")
	}
}
