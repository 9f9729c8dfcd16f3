package chat

import (
	"fmt"
	"testing"
)

const (
	circleAt = "9:00000000-0000-0000-0009-000000000001@live.com"
	groupAt  = "10:0badcafe-1234-0001-5678-9abc00000000@live.com"
)

// roster is what is published about a circle.
func roster(from, to, block, headers string, members ...string) string {
	body := ""
	if len(members) > 0 {
		body = `<circle><roster><id>IM</id>`
		for _, m := range members {
			body += "<user><id>" + m + "</id></user>"
		}
		body += "</roster></circle>"
	}
	return `raw Routing: 1.0\r\nTo: ` + to + `\r\nFrom: ` + from + `\r\n\r\nReliability: 1.0\r\n\r\n` + block + `: 1.0\r\n` + headers +
		fmt.Sprintf(`Content-Type: application/circles+xml\r\nContent-Length: %d\r\n\r\n`, len(body)) + body
}

// Who comes to a circle and leaves it is told as on a switchboard: of rosters, of what is
// taken from them, and of the presence of members by way of it.
func TestCircle(t *testing.T) {
	const ann, uri = "1:ann@example.com;epid={1}", `Uri: /circle\r\n`
	gone := func(who string) string { return `Uri: /circle/roster(IM)/user(1:` + who + `)\r\n` }
	checkChat(t, signIn(1, "ann@example.com")+
		"1 S: NLN NLN "+circleAt+" My%20Circle 0:0\n"+
		"1 C: PUT 5 # "+roster(ann, circleAt, "Publication", uri, "1:ann@example.com")+"\n"+
		"1 S: PUT 5 OK # "+roster(circleAt, ann, "Publication", uri)+"\n"+
		"1 S: NFY PUT # "+roster(circleAt, ann, "Publication", uri+`NotifType: Full\r\n`, "1:ann@example.com", "1:bob@example.com")+"\n"+
		"1 S: NLN BSY 1:bob@example.com;via="+circleAt+" Bob 0:0\n"+
		"1 S: NFY PUT # "+roster(circleAt, ann, "Notification", uri+`NotifType: Partial\r\n`, "1:carol@example.com")+"\n"+
		"1 S: NLN NLN 1:carol@example.com;via="+circleAt+" Carol 0:0\n"+
		"1 S: SDG 0 # "+sdg("1:carol@example.com;via="+circleAt, ann, "Text", "hi all")+"\n"+
		"1 S: NFY DEL # "+roster(circleAt, ann, "Publication", gone("carol@example.com")+`NotifNum: 2\r\n`)+"\n"+
		"1 S: FLN 1:bob@example.com;via="+circleAt+" 0:0\n"+
		"1 S: FLN 1:bob@example.com;via="+circleAt+" 0:0\n"+
		"1 C: DEL 6 # "+roster(ann, circleAt, "Publication", gone("ann@example.com"))+"\n"+
		"1 S: DEL 6 OK\n",
		"own join ann@example.com: ann@example.com joined | 6+[7 8]",
		"join bob@example.com: Bob is already here | 8+[9]",
		"join carol@example.com: Carol joined | 10+[11]",
		"said carol@example.com: hi all | 12",
		"leave carol@example.com: Carol left | 13",
		"leave bob@example.com: Bob went offline | 14",
		"own leave ann@example.com: ann@example.com left | 16",
	)
}

// A group chat of MSNP21: made, people are asked in, one comes, one can't be, one is
// removed, and whom a whole roster does not name has left.
func TestGroupChat(t *testing.T) {
	const ann, uri = "1:ann@example.com;epid={1}", `Uri: /circle\r\n`
	checkChat(t, signIn(1, "ann@example.com")+
		"1 C: PUT 5 # "+roster(ann, "10:00000000-0000-0000-0000-000000000000@live.com", "Publication", uri, "1:ann@example.com")+"\n"+
		"1 S: PUT 5 OK # "+roster(groupAt, ann, "Publication", "")+"\n"+
		"1 C: PUT 6 # "+roster(ann, groupAt, "Publication", uri, "1:bob@example.com")+"\n"+
		"1 S: PUT 6 OK # "+roster(groupAt, ann, "Publication", "")+"\n"+
		"1 S: NFY PUT # "+roster(groupAt, ann, "Notification", uri, "1:bob@example.com")+"\n"+
		"1 C: PUT 7 # "+roster(ann, groupAt, "Publication", uri, "1:dave@example.com")+"\n"+
		"1 S: 933 7\n"+
		"1 C: DEL 8 # "+roster(ann, groupAt, "Publication", `Uri: /circle/roster(IM)/user(1:bob@example.com)\r\n`)+"\n"+
		"1 S: NFY PUT # "+roster(groupAt, ann, "Notification", uri, "1:erin@example.com")+"\n"+
		"1 S: NFY PUT # "+roster(groupAt, ann, "Notification", uri+`NotifType: Full\r\n`, "1:ann@example.com")+"\n",
		"own join ann@example.com: ann@example.com joined | 6+[8 14]",
		"own call ann@example.com: ann@example.com invited bob@example.com | 7+[8]",
		"join bob@example.com: bob@example.com joined | 9",
		"own call ann@example.com: ann@example.com invited dave@example.com | 10+[11]",
		"notice ann@example.com: dave@example.com could not be called: invalid circle membership or contact list | 11+[10]",
		"leave bob@example.com: bob@example.com was removed by ann@example.com | 12",
		"join erin@example.com: erin@example.com joined | 13",
		"leave erin@example.com: erin@example.com left | 14",
	)
}
