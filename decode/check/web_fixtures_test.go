package check

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// asks and says are lines of a script: a request to a web service on a connection, and an
// answer of it.
func asks(conn int, path, head, body string) string {
	return webLine(conn, "C", "POST "+path+" HTTP/1.1\r\nHost: web.example.com\r\n", head, body)
}

func says(conn int, status, header, head, body string) string {
	return webLine(conn, "S", "HTTP/1.1 "+status+"\r\nContent-Type: text/xml\r\n"+header, head, body)
}

func webLine(conn int, from, first, head, body string) string {
	body = "<Envelope><Header>" + head + "</Header><Body>" + body + "</Body></Envelope>"
	raw := fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", first, len(body), body)
	quoted := strconv.Quote(raw)
	return fmt.Sprintf("%d %s! %s\n", conn, from, quoted[1:len(quoted)-1])
}

const (
	webOpen  = "8 open 10.0.0.9:1008 10.0.0.2:443\n"
	webProxy = "8 open 10.0.0.9:1008 10.0.0.2:443 10.0.0.7:443\n"
	// webKey is the key of which $blob is the answer to webNonce.
	webKey   = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	webNonce = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"
	ticket   = "<TicketToken>t=abc&amp;p=</TicketToken>"
)

func tokens(token, key string) string {
	return asks(8, "/RST.srf", "<UsernameToken><Username>alice@example.com</Username><Password>x</Password></UsernameToken>", "<RequestMultipleSecurityTokens/>") +
		says(8, "200 OK", "", "", "<RequestSecurityTokenResponseCollection><RequestSecurityTokenResponse><RequestedSecurityToken><BinarySecurityToken>"+token+
			"</BinarySecurityToken></RequestedSecurityToken><RequestedProofToken><BinarySecret>"+key+"</BinarySecret></RequestedProofToken></RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>")
}

// signedIn is a sign-in of MSNP15 with that ticket.
func signedIn(ticket string) string {
	return "ds15 15\n1 S: USR 3 SSO S MBI_KEY_OLD " + webNonce + "\n1 C: USR 4 SSO S " + ticket + " $blob\n1 S: USR 4 OK alice@example.com 1 0\n"
}

func webLists(members string) string {
	return asks(8, "/abservice/SharingService.asmx", ticket, "<FindMembership/>") + says(8, "200 OK", "", "", "<FindMembershipResponse>"+members+"</FindMembershipResponse>")
}

func on(list string, accounts ...string) string {
	s := "<Membership><MemberRole>" + list + "</MemberRole><Members>"
	for _, a := range accounts {
		s += "<Member><PassportName>" + a + "</PassportName></Member>"
	}
	return s + "</Members></Membership>"
}

const firstLists = `1 C: ADL 5 #|<ml l="1"><d n="example.com"><c n="bob" l="3" t="1"/><c n="eve" l="4" t="1"/></d></ml>` + "\n1 S: ADL 5 OK\n1 C: BLP 6 BL\n1 S: BLP 6 BL\n1 C: CHG 7 NLN 0\n1 S: CHG 7 NLN 0\n"

func stores(key string) string {
	return asks(8, "/OimWS/oim.asmx", `<From memberName="alice@example.com"/><To memberName="bob@example.com"/><Ticket passport="t=abc&amp;p=" appid="PROD0119GSJUC$18" lockkey="`+key+`"/>`, "<MessageType>text</MessageType>")
}

var wantsKey = strings.Replace(says(8, "500 No", "", "", "<Fault><faultcode>q0:AuthenticationFailed</faultcode><detail><LockKeyChallenge>11111111111111111111</LockKeyChallenge></detail></Fault>"), "q0", "q0", 1)

const stored = "<StoreResponse/>"

func init() {
	for name, f := range map[string]fixture{
		"web.refused": {
			bad:  webOpen + asks(8, "/RST.srf", "", "<RequestSecurityToken/>") + says(8, "200 OK", "", "", "<Fault><faultcode>S:Client</faultcode></Fault>"),
			good: webOpen + stores("") + wantsKey + asks(8, "/x", "", "") + says(8, "302 Found", "", "", ""),
		},
		"web.broken": {
			bad:  webOpen + asks(8, "/RST.srf", "", "<RequestSecurityToken/>") + says(8, "200 OK", "Content-Encoding: gzip\r\n", "", ""),
			good: webOpen + asks(8, "/RST.srf", "", "<RequestSecurityToken/>") + says(8, "200 OK", "Content-Encoding: identity\r\n", "", ""),
		},
		"sso.blob":      {bad: webOpen + tokens("t=abc&amp;p=", "BAECAwQFBgcICQoLDA0ODxAREhMUFRYX") + signedIn("t=abc&p="), good: webOpen + tokens("t=abc&amp;p=", webKey) + signedIn("t=abc&p=")},
		"token.unknown": {bad: webOpen + tokens("t=abc&amp;p=", webKey) + signedIn("t=abd&p="), good: webOpen + tokens("t=abc&amp;p=", webKey) + signedIn("t=abc&p=")},
		"lockkey.wrong": {
			bad:  webOpen + tokens("t=abc&amp;p=", webKey) + stores("") + wantsKey + stores("00000000000000000000000000000000") + says(8, "200 OK", "", "", stored),
			good: webOpen + tokens("t=abc&amp;p=", webKey) + stores("") + wantsKey + stores(lockKey) + says(8, "200 OK", "", "", stored),
		},
		"ab.differs": {
			bad:  webOpen + tokens("t=abc&amp;p=", webKey) + signedIn("t=abc&p=") + webLists(on("Allow", "bob@example.com", "carol@example.com")+on("Block", "eve@example.com")) + firstLists,
			good: webOpen + tokens("t=abc&amp;p=", webKey) + signedIn("t=abc&p=") + webLists(on("Allow", "Bob@example.com")+on("Block", "eve@example.com")+on("Reverse", "x@example.com")) + firstLists,
		},
		"host.escapes": {
			bad:  webProxy + asks(8, "/abservice/abservice.asmx", ticket, "<ABFindAll/>") + says(8, "200 OK", "", "<PreferredHostName>by1.example.com</PreferredHostName>", "<ABFindAllResponse/>") + "+31s\n" + asks(8, "/abservice/abservice.asmx", ticket, "<ABFindAll/>"),
			good: webProxy + asks(8, "/abservice/abservice.asmx", ticket, "<ABFindAll/>") + says(8, "200 OK", "", "<PreferredHostName>WEB.example.com</PreferredHostName>", "<ABFindAllResponse/>") + "+31s\n" + asks(8, "/abservice/abservice.asmx", ticket, "<ABFindAll/>"),
		},
	} {
		fixtures[name] = f
	}
}

// lockKey is the answer to 11111111111111111111 of PROD0119GSJUC$18.
const lockKey = "5764f5f0d256c5b28f64fb698759c8a8"

// The edges of the rules on web services.
func TestWebRules(t *testing.T) {
	has := func(script, rule string) bool {
		for _, f := range play(t, script) {
			if f.Rule == rule {
				return true
			}
		}
		return false
	}
	start := webOpen + tokens("t=abc&amp;p=", webKey) + signedIn("t=abc&p=")
	book := on("Allow", "bob@example.com", "carol@example.com") + on("Block", "eve@example.com")
	changed := asks(8, "/abservice/SharingService.asmx", ticket, "<DeleteMember/>") + says(8, "200 OK", "", "", "<DeleteMemberResponse/>")
	deltas := asks(8, "/abservice/SharingService.asmx", ticket, "<FindMembership><deltasOnly>true</deltasOnly></FindMembership>") + says(8, "200 OK", "", "", "<FindMembershipResponse>"+book+"</FindMembershipResponse>")
	for name, c := range map[string]struct {
		script, rule string
		want         bool
	}{
		"lists changed since":   {start + webLists(book) + changed + firstLists, "ab.differs", false},
		"only changes":          {start + deltas + firstLists, "ab.differs", false},
		"nobody else's":         {strings.Replace(webOpen, "10.0.0.9", "10.0.0.8", 1) + webLists(book) + "nonce 15\n1 C: USR 4 SSO S t=abd&p= $blob\n1 S: USR 4 OK alice@example.com 1 0\n" + firstLists, "ab.differs", false},
		"more in the first ADL": {start + webLists(on("Allow", "bob@example.com")) + firstLists, "ab.differs", true},
		"other service":         {start + webLists(book+"<Info><Handle><Type>Messenger</Type></Handle></Info>"+on("Allow", "dave@example.com")+"<Info><Handle><Type>SocialNetwork</Type></Handle></Info>") + firstLists, "ab.differs", true},
		"401":                   {webOpen + asks(8, "/RST.srf", "", "") + says(8, "401 No", "", "", ""), "web.refused", true},
		"400":                   {webOpen + asks(8, "/RST.srf", "", "") + says(8, "400 No", "", "", ""), "web.refused", true},
		"399":                   {webOpen + asks(8, "/RST.srf", "", "") + says(8, "399 No", "", "", ""), "web.refused", false},
		"Passport says no":      {webOpen + `8 C! GET /login2.srf HTTP/1.1\r\n\r\n` + "\n" + `8 S! HTTP/1.1 200 OK\r\nWWW-Authenticate: Passport1.4 da-status=failed,cbtxt=no\r\nContent-Length: 0\r\n\r\n`, "web.refused", true},
		"no proxy":              {strings.Replace(fixtures["host.escapes"].bad, webProxy, webOpen, 1), "host.escapes", false},
		"not yet":               {strings.Replace(fixtures["host.escapes"].bad, "+31s", "+29s", 1), "host.escapes", false},
		"came for it":           {strings.Replace(fixtures["host.escapes"].bad, "+31s\n", asks(8, "http://BY1.example.com:80/abservice/abservice.asmx", ticket, "<ABFindAll/>")+"+31s\n", 1), "host.escapes", false},
	} {
		if got := has(c.script, c.rule); got != c.want {
			t.Errorf("%s: %s is %v: %v", name, c.rule, got, play(t, c.script))
		}
	}
}
