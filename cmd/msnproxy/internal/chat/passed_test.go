package chat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

// sdg is the payload of an SDG, with the escapes of Go taken for what they are.
func sdg(from, to, kind, body string) string {
	body = strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(body)
	return `raw Routing: 1.0\r\nTo: ` + to + `\r\nFrom: ` + from + `\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: ` + kind + `\r\n\r\n` + body
}

// signIn brings an account to a notification server.
func signIn(conn int, account string) string {
	return fmt.Sprintf("%d C: VER 1 MSNP21\n%d S: VER 1 MSNP21\n%d C: USR 3 SSO I %s\n%d S: USR 4 OK %s 1 0\n", conn, conn, conn, account, conn, account)
}

func checkChat(t *testing.T, script string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, told(play(t, script))); diff != "" {
		t.Error(diff)
	}
}

// What is said without a switchboard is a chat, too: each thing once, also where the
// connections of both are seen.
func TestPassedOn(t *testing.T) {
	const (
		ann, bob = "1:ann@example.com;epid={1}", "1:bob@example.com"
		object   = `<msnobj Creator="ann@example.com" Size="1234" Type="8" Friendly="SwBpAHMAcwAAAA=="/>`
	)
	checkChat(t, signIn(1, "ann@example.com")+signIn(2, "bob@example.com")+
		"1 C: SDG 5 # "+sdg(ann, bob, "Control/Typing", "")+"\n"+
		"1 C: SDG 6 # "+sdg(ann, bob, "Text", "Good morning")+"\n"+
		"1 S: SDG 6 OK\n"+
		"2 S: SDG 0 # "+sdg(ann+";via=14:fb", bob, "Text", "Good morning")+"\n"+
		"1 S: SDG 0 # "+sdg(bob, ann, "Nudge", "\r\nID: 1\r\n")+"\n"+
		"1 S: SDG 0 # "+sdg(bob, ann, "Nudge", "")+"\n"+
		"1 C: SDG 7 # "+sdg(ann, bob, "Wink", "\r\nID: 2\r\nData: "+object+"\r\n")+"\n"+
		"1 C: SDG 8 # "+sdg(ann, bob, "CustomEmoticon", ":)\t"+object+"\t")+"\n"+
		"1 C: SDG 9 # "+sdg(ann, bob, "Signal/CloseIMWindow", "1:ann@example.com/1:bob@example.com")+"\n"+
		"1 C: SDG 10 # "+sdg(ann, bob, "Text", "gone?")+"\n"+
		"1 S: 217 10\n",
		"own typing ann@example.com: is typing | sent | superseded | 9",
		"own said ann@example.com: Good morning | delivered 11 after 1ms | seen bob@example.com 12 after 2ms | 10+[11 12]",
		"service bob@example.com: sent a nudge | 13",
		"service bob@example.com: sent a nudge | 14",
		"own service ann@example.com: sent a wink: Kiss, 1234 bytes | sent | 15",
		"own service ann@example.com: defines an emoticon: :) | sent | 16",
		"own said ann@example.com: gone? | failed 19 after 1ms | 18+[19]",
		"notice ann@example.com: could not be delivered: not online, or does not accept messages | 19+[18]",
	)
}

// Other networks, and messages that wait until somebody is there.
func TestPassedOnOther(t *testing.T) {
	checkChat(t, signIn(1, "ann@example.com")+
		"1 C: UUM 5 joe@yahoo.example 32 1 # plain hi\n"+
		"1 S: UBM joe@yahoo.example 32 2 # typing\n"+
		"1 S: UBM joe@yahoo.example 32 ann@example.com 1 1 # plain hello\n"+
		"1 S: UBM joe@yahoo.example 32 ann@example.com 1 3 # type text/x-msnmsgr-datacast ID: 1\\r\\n\\r\\n\n"+
		`1 S: MSG Hotmail Hotmail # type text/x-msmsgsoimnotification Mail-Data: <MD><M><RT>2008-05-01</RT><SZ>431</SZ><E>joe@yahoo.example</E><N>=?utf-8?B?Qm9i?=</N></M></MD>\r\n`+"\n"+
		"1 S: MSG Hotmail Hotmail # type text/x-msmsgsprofile \n",
		"own said ann@example.com: hi | sent | 5",
		"typing joe@yahoo.example: is typing | superseded | 6",
		"said joe@yahoo.example: hello | 7",
		"service joe@yahoo.example: sent a nudge | 8",
		"service joe@yahoo.example: left a message for ann@example.com, 431 bytes, at 2008-05-01 | 9",
	)
}

// Of messages that several have left a chat takes that of its own people.
func TestLeftForOthers(t *testing.T) {
	tr := decode.NewTracker()
	script := signIn(1, "ann@example.com") +
		`1 S: MSG Hotmail Hotmail # type text/x-msmsgsoimnotification Mail-Data: <MD><M><E>joe@example.com</E></M><M><E>eve@example.com</E></M></MD>\r\n`
	chats := []*Builder{New(), Of(1), Of(2), Of(3)}
	for line := range strings.SplitSeq(script, "\n") {
		from := decode.Client
		if line[2] == 'S' {
			from = decode.Server
		}
		for fr := range frames(t, line[5:]) {
			m := tr.Frame(1, from, fr, time.Time{})
			for _, b := range chats {
				b.Message(int(m.Number), m)
			}
		}
	}
	joe, eve := "service joe@example.com: left a message for ann@example.com | 5", "service eve@example.com: left a message for ann@example.com | 5"
	for i, want := range [][]string{{joe, eve}, {joe}, {eve}, nil} {
		if diff := cmp.Diff(want, told(chats[i])); diff != "" {
			t.Errorf("chat %d: %s", i, diff)
		}
	}
}

// What else people see of winks, voice clips and searches.
func TestContents(t *testing.T) {
	checkChat(t, `
	1 C: USR 1 ann@example.com 1.2
	1 S: USR 1 OK ann@example.com Ann
	1 S: JOI bob@example.com;{1} Bob
	1 S: MSG bob@example.com;{1} Bob # type text/x-msnmsgr-datacast ID: 3\r\nData: <msnobj Size="99"/>\r\n
	1 S: MSG bob@example.com Bob # type text/x-msnmsgr-datacast ID: 2\r\n
	1 S: MSG bob@example.com Bob # type text/search-query red shoes\r\n
	1 S: BYE bob@example.com;{1}
	`,
		"own join ann@example.com: Ann opened the chat | 1+[2]",
		"join bob@example.com: Bob joined | 3",
		"service bob@example.com: sent a voice clip, 99 bytes | 4",
		"service bob@example.com: sent a wink | 5",
		"service bob@example.com: searched for red shoes | 6",
		"leave bob@example.com: Bob left | 7",
	)
}
