package service

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode/http1"
)

const (
	ticket   = "t=EwCgAdJ0cSecret+Ticket/1&p=ProfilePart"
	inXML    = "t=EwCgAdJ0cSecret+Ticket/1&amp;p=ProfilePart"
	key      = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	password = "hunter&2<'\"é"
)

// request and answer write a message with its length.
func request(path, action, body string, headers ...string) string {
	h := strings.Join(headers, "")
	if action != "" {
		h += "SOAPAction: \"" + action + "\"\r\nContent-Type: text/xml; charset=utf-8\r\n"
	}
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x.example\r\n%sContent-Length: %d\r\n\r\n%s", path, h, len(body), body)
}

func answer(body string, headers ...string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n%sContent-Length: %d\r\n\r\n%s", strings.Join(headers, ""), len(body), body)
}

func soap(head, body string) string {
	return `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>` + head + `</soap:Header><soap:Body>` + body + `</soap:Body></soap:Envelope>`
}

const auth = `<ABApplicationHeader xmlns="http://www.msn.com/webservices/AddressBook"><ApplicationId>CFE80F9D</ApplicationId><PartnerScenario>Initial</PartnerScenario></ABApplicationHeader><ABAuthHeader><ManagedGroupRequest>false</ManagedGroupRequest><TicketToken>` + inXML + `</TicketToken></ABAuthHeader>`

var rst2 = request("/RST2.srf", "", `<Envelope><Header><ps:AuthInfo><ps:HostingApp>{7108E71A-9926-4FCB-BCC9-9A9D3F32E423}</ps:HostingApp></ps:AuthInfo><wsse:Security><wsse:UsernameToken wsu:Id="user"><wsse:Username>alice@example.com</wsse:Username><wsse:Password>hunter&amp;2&lt;'"é</wsse:Password></wsse:UsernameToken></wsse:Security></Header><Body><ps:RequestMultipleSecurityTokens Id="RSTS"><wst:RequestSecurityToken Id="RST0"><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>http://Passport.NET/tb</wsa:Address></wsa:EndpointReference></wsp:AppliesTo></wst:RequestSecurityToken><wst:RequestSecurityToken Id="RST1"><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>messengerclear.live.com</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wsp:PolicyReference URI="MBI_KEY_OLD"/></wst:RequestSecurityToken></ps:RequestMultipleSecurityTokens></Body></Envelope>`)

var rst2Answer = answer(`<S:Envelope><S:Header><psf:pp><psf:PUID>00037FFE</psf:PUID><psf:browserCookies><psf:browserCookie Name="MH">CookieSecret</psf:browserCookie></psf:browserCookies><psf:credProperties><psf:credProperty Name="AuthMembername">alice@example.com</psf:credProperty></psf:credProperties></psf:pp></S:Header><S:Body><wst:RequestSecurityTokenResponseCollection><wst:RequestSecurityTokenResponse><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>http://Passport.NET/tb</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:RequestedSecurityToken><EncryptedData Id="BinaryDAToken0"><CipherData><CipherValue>CipherSecret</CipherValue></CipherData></EncryptedData></wst:RequestedSecurityToken></wst:RequestSecurityTokenResponse><wst:RequestSecurityTokenResponse><wsp:AppliesTo><wsa:EndpointReference><wsa:Address>messengerclear.live.com</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:RequestedSecurityToken><wsse:BinarySecurityToken Id="Compact1">` + inXML + `</wsse:BinarySecurityToken></wst:RequestedSecurityToken><wst:RequestedProofToken><wst:BinarySecret>` + key + `</wst:BinarySecret></wst:RequestedProofToken></wst:RequestSecurityTokenResponse></wst:RequestSecurityTokenResponseCollection></S:Body></S:Envelope>`)

// calls are messages with what is read of them: an example of every row.
var calls = []struct {
	name, raw, want string
}{
	{"nexus", "GET /rdr/pprdr.asp HTTP/1.0\r\n\r\n", ""},
	{"nexus", "HTTP/1.1 200 OK\r\nPassportURLs: DARealm=Passport.Net,DALogin=login.example.com/login2.srf,DAReg=https://register.example.com/uixpwiz.srf,ConfigVersion=15\r\nContent-Length: 0\r\n\r\n",
		"login=login.example.com/login2.srf register=https://register.example.com/uixpwiz.srf realm=Passport.Net configversion=15"},
	{"login2", "GET /login2.srf HTTP/1.1\r\nAuthorization: Passport1.4 OrgVerb=GET,OrgURL=http%3A%2F%2Fmessenger%2Emsn%2Ecom,sign-in=alice%40example.com,pwd=hunter%262%3C'%22%C3%A9,lc=1033,id=507,tw=40\r\n\r\n",
		"handle=alice@example.com password=" + password + " site=507"},
	{"login2", "HTTP/1.1 200 OK\r\nAuthentication-Info: Passport1.4 da-status=success,tname=MSPAuth,tname=MSPProf,tname=MSPSec,from-PP='" + ticket + "',ru=http://messenger.msn.com\r\nSet-Cookie: MSPAuth=EwCgAdJ0cSecret+Ticket/1; path=/\r\nContent-Length: 0\r\n\r\n",
		"status=success token=" + ticket},
	{"login2", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Passport1.4 da-status=failed,srealm=Passport.NET,ts=-2,prompt,cburl=http://x,cbtxt=Type%20your%20password\r\nContent-Length: 0\r\n\r\n",
		"refused=failed why=Type%20your%20password"},
	{"RST2", rst2, "app={7108E71A-9926-4FCB-BCC9-9A9D3F32E423} handle=alice@example.com password=" + password + " address=http://Passport.NET/tb address=messengerclear.live.com policy=MBI_KEY_OLD"},
	{"RST", strings.Replace(rst2, "/RST2.srf", "/RST.srf", 1), "app={7108E71A-9926-4FCB-BCC9-9A9D3F32E423} handle=alice@example.com password=" + password + " address=http://Passport.NET/tb address=messengerclear.live.com policy=MBI_KEY_OLD"},
	{"RST2", rst2Answer, "puid=00037FFE address=http://Passport.NET/tb ciphertoken=CipherSecret address=messengerclear.live.com token=" + ticket + " secret=" + key},
	{"sha1auth", "POST /ppsecure/sha1auth.srf?lc=1033 HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 88\r\n\r\nmode=ttl&username=alice%40example.com&id=2&creds=CredSecret&auth=AuthSecret&token=TokSecr",
		"handle=alice@example.com site=2 creds=CredSecret auth=AuthSecret token=TokSecr"},
	{"GetClientConfig", request("/Config/MsgrConfig.asmx", "http://www.msn.com/webservices/Messenger/Client/GetClientConfig", soap("", `<GetClientConfig><clientinfo><Country>us</Country><CLCID>0409</CLCID><ver>8.5.1302</ver></clientinfo></GetClientConfig>`)), "country=us lcid=0409 ver=8.5.1302"},
	{"GetClientConfig", answer(soap("", `<GetClientConfigResponse><GetClientConfigResult><![CDATA[<MsgrConfig><AbchServer>https://contacts.example.com/abservice</AbchServer></MsgrConfig>]]></GetClientConfigResult></GetClientConfigResponse>`)), ""},
	{"FindMembership", request("/abservice/SharingService.asmx", "http://www.msn.com/webservices/AddressBook/FindMembership", soap(auth, `<FindMembership><serviceFilter><Types><ServiceType>Messenger</ServiceType></Types></serviceFilter><deltasOnly>false</deltasOnly></FindMembership>`)),
		"scenario=Initial token=" + ticket + " service=Messenger changes=false"},
	{"FindMembership", answer(soap(`<ServiceHeader><Version>15</Version><CacheKey>12r1;xx</CacheKey><PreferredHostName>by1.contacts.example.com</PreferredHostName></ServiceHeader>`,
		`<FindMembershipResponse><FindMembershipResult><Services><Service><Memberships><Membership><MemberRole>Allow</MemberRole><Members><Member xsi:type="PassportMember"><MembershipId>1</MembershipId><PassportName>bob@example.com</PassportName></Member></Members></Membership><Membership><MemberRole>Block</MemberRole><Members><Member><Email>eve@example.com</Email></Member></Members></Membership></Memberships><Info><Handle><Id>1</Id><Type>Messenger</Type></Handle></Info></Service></Services></FindMembershipResult></FindMembershipResponse>`)),
		"cachekey=12r1;xx host=by1.contacts.example.com list=Allow handle=bob@example.com list=Block mail=eve@example.com service=Messenger"},
	{"AddMember", request("/abservice/SharingService.asmx", "x/AddMember", soap(auth, `<AddMember><memberships><Membership><MemberRole>Block</MemberRole><Members><Member><PassportName>bob@example.com</PassportName></Member></Members></Membership></memberships></AddMember>`)),
		"scenario=Initial token=" + ticket + " list=Block handle=bob@example.com"},
	{"DeleteMember", request("/abservice/SharingService.asmx", "x/DeleteMember", soap(auth, `<DeleteMember/>`)), "scenario=Initial token=" + ticket},
	{"CreateCircle", request("/abservice/SharingService.asmx", "x/CreateCircle", soap(auth, `<CreateCircle><properties><DisplayName>Friends</DisplayName></properties></CreateCircle>`)), "scenario=Initial token=" + ticket + " friendly=Friends"},
	{"FindMembershipOfSomebody", request("/abservice/SharingService.asmx", "x/FindMembershipOfSomebody", soap(auth, `<FindMembershipOfSomebody/>`)), "scenario=Initial token=" + ticket},
	{"ABFindAll", request("/abservice/abservice.asmx", "x/ABFindAll", soap(auth, `<ABFindAll><abId>0-0</abId><abView>Full</abView><deltasOnly>false</deltasOnly></ABFindAll>`)), "scenario=Initial token=" + ticket + " abid=0-0 view=Full changes=false"},
	{"ABFindAll", answer(soap("", `<ABFindAllResponse><ABFindAllResult><groups><Group><groupId>g1</groupId><groupInfo><name>Work</name></groupInfo></Group></groups><contacts><Contact><contactId>c1</contactId><contactInfo><passportName>bob@example.com</passportName><displayName>Bob &amp; Co</displayName></contactInfo></Contact></contacts><ab><abInfo><ownerEmail>alice@example.com</ownerEmail></abInfo></ab></ABFindAllResult></ABFindAllResponse>`)),
		"group=Work contact=c1 handle=bob@example.com friendly=Bob & Co owner=alice@example.com"},
	{"ABFindContactsPaged", answer(soap("", `<ABFindContactsPagedResponse><ABFindContactsPagedResult><CircleResult><CircleTicket>CircSecret</CircleTicket></CircleResult></ABFindContactsPagedResult></ABFindContactsPagedResponse>`)), "circleticket=CircSecret"},
	{"ABContactAdd", request("/abservice/abservice.asmx", "x/ABContactAdd", soap(auth, `<ABContactAdd><abId>0</abId><contacts><Contact><contactInfo><passportName>bob@example.com</passportName></contactInfo></Contact></contacts></ABContactAdd>`)), "scenario=Initial token=" + ticket + " abid=0 handle=bob@example.com"},
	{"ABGroupAdd", request("/abservice/abservice.asmx", "x/ABGroupAdd", soap(auth, `<ABGroupAdd><groupInfo><GroupInfo><name>Work</name></GroupInfo></groupInfo></ABGroupAdd>`)), "scenario=Initial token=" + ticket + " group=Work"},
	{"ManageWLConnection", request("/abservice/abservice.asmx", "x/ManageWLConnection", soap(auth, `<ManageWLConnection><contactId>c1</contactId><relationshipType>3</relationshipType><action>1</action></ManageWLConnection>`)), "scenario=Initial token=" + ticket + " contact=c1 relationship=3 relation=1"},
	{"ABSomething", request("/abservice/abservice.asmx", "", soap(auth, `<ABSomething/>`)), "scenario=Initial token=" + ticket},
	{"GetMetadata", request("/rsi/rsi.asmx", "x/GetMetadata", soap(`<PassportCookie><t>EwCgAdJ0cSecret+Ticket/1</t><p>ProfilePart</p></PassportCookie>`, `<GetMetadata/>`)), "token=EwCgAdJ0cSecret+Ticket/1 profile=ProfilePart"},
	{"GetMetadata", answer(soap("", `<GetMetadataResponse><MD><M><I>id1</I><E>bob@example.com</E><N>Bob</N></M></MD></GetMetadataResponse>`)), "message=id1 handle=bob@example.com friendly=Bob"},
	{"GetMessage", answer(soap("", `<GetMessageResponse><GetMessageResult>From: x</GetMessageResult></GetMessageResponse>`)), "content=From: x"},
	{"DeleteMessages", request("/rsi/rsi.asmx", "x/DeleteMessages", soap("", `<DeleteMessages><messageIds><messageId>a</messageId><messageId>b</messageId></messageIds></DeleteMessages>`)), "message=a message=b"},
	{"Store", request("/OimWS/oim.asmx", "http://messenger.msn.com/ws/2004/09/oim/Store", soap(`<From memberName="alice@example.com" friendlyName="=?utf-8?B?QQ==?=" msnpVer="MSNP12" buildVer="7.5"/><To memberName='bob@example.com'/><Ticket passport="`+inXML+`" appid="PROD0090YUAUV{2B" lockkey="0123"/><Sequence><MessageNumber>1</MessageNumber></Sequence>`, `<MessageType>text</MessageType><Content>hi</Content>`)),
		"handle=alice@example.com friendly==?utf-8?B?QQ==?= dialect=MSNP12 client=7.5 to=bob@example.com token=" + ticket + " product=PROD0090YUAUV{2B lockkey=0123 number=1 type=text content=hi"},
	{"Store2", request("/OimWS/oim.asmx", "http://messenger.live.com/ws/2006/09/oim/Store2", soap(``, `<MessageType>text</MessageType>`)), "type=text"},
	{"Store", request("/OimWS/oim.asmx", "", soap(``, `<MessageType>text</MessageType>`)), "type=text"},
	{"GetProfile", answer(soap("", `<GetProfileResponse><GetProfileResult><ExpressionProfile><DisplayName>Alice</DisplayName><PersonalStatus>hi</PersonalStatus></ExpressionProfile></GetProfileResult></GetProfileResponse>`)), "friendly=Alice psm=hi"},
	{"UpdateDocument", request("/storageservice/SchematizedStore.asmx", "x/UpdateDocument", soap("", `<UpdateDocument/>`)), ""},
	{"usertile", "GET /storage/usertile/ab/static?t=TileSecret HTTP/1.1\r\n\r\n", "token=TileSecret"},
	{"tabs", "GET /svcs/mms/tabs.asp HTTP/1.1\r\n\r\n", ""},
	{"porttest", "POST http://gateway.messenger.example.com/ HTTP/1.1\r\nHost: gateway.messenger.example.com\r\nContent-Length: 0\r\n\r\n", ""},
}

func values(c *Call) string {
	var list []string
	for _, v := range c.Values {
		list = append(list, v.Param.Name+"="+v.Text)
	}
	return strings.Join(list, " ")
}

func TestRead(t *testing.T) {
	for _, x := range calls {
		c, ok := Read([]byte(x.raw), nil)
		if !ok {
			t.Errorf("%s: is not read: %.80q", x.name, x.raw)
			continue
		}
		if c.Name != x.name || values(c) != x.want {
			t.Errorf("%s: %s\n got %s\nwant %s", x.name, c.Name, values(c), x.want)
		}
		for _, v := range c.Values {
			if at := x.raw[v.Start:v.End]; at != v.Text && plain([]byte(at)) != v.Text && unescape([]byte(at)) != v.Text {
				t.Errorf("%s: %s stands at %q", x.name, v.Text, at)
			}
		}
	}
}

// A row with an example of its own is one that is tried.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range Actions() {
		if seen[a.Name] || Lookup(strings.ToUpper(a.Name)) != a {
			t.Errorf("%s is there twice", a.Name)
		}
		seen[a.Name] = true
	}
}

func TestNotOurs(t *testing.T) {
	for _, raw := range []string{
		"GET / HTTP/1.1\r\n\r\n",
		"GET /index.html HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: gateway.messenger.example.com\r\nContent-Length: 1\r\n\r\nx",
		"PUT /RST2.srf HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
		answer("<x/>"),
		"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
		"VER 1 MSNP8\r\n",
	} {
		if c, ok := Read([]byte(raw), nil); ok {
			t.Errorf("%q is %s", raw, c.Name)
		}
	}
}

func TestFaults(t *testing.T) {
	body := soap("", `<soap:Fault><faultcode xmlns:q0="x">q0:AuthenticationFailed</faultcode><faultstring>no</faultstring><detail><TweenerChallenge>ct=1</TweenerChallenge><LockKeyChallenge>123</LockKeyChallenge></detail></soap:Fault>`)
	c, ok := Read([]byte(answer(body)), Lookup("Store"))
	if !ok || !c.Fault || c.Name != "Store" || values(c) != "fault=q0:AuthenticationFailed why=no tweener=ct=1 challenge=123" {
		t.Errorf("%v %+v", ok, c)
	}
	if _, ok := Read([]byte(answer(body)), nil); ok {
		t.Error("a fault of anybody is taken for one of ours")
	}
	c, ok = Read([]byte(answer(soap("", "<ABFindAllResponse/>"))), Lookup("ABService"))
	if !ok || c.Name != "ABFindAll" {
		t.Errorf("%+v", c)
	}
}

func TestMembers(t *testing.T) {
	for _, x := range calls {
		if c, _ := Read([]byte(x.raw), nil); c != nil && c.Name == "FindMembership" && !c.HTTP.Request {
			list, all := c.Members()
			if got := fmt.Sprint(list, all); got != "[{AL bob@example.com} {BL eve@example.com}] true" {
				t.Error(got)
			}
		}
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// forms returns a message as it is, with its body in chunks, and compressed.
func forms(raw string) []string {
	m, _ := http1.Parse([]byte(raw))
	body := string(m.Sent())
	if body == "" {
		return []string{raw}
	}
	head := func(add string) string {
		s := string(m.WithBody(nil))
		return s[:len(s)-2] + add + "\r\n"
	}
	z := gzipped(body)
	plainHead := strings.Replace(head(""), "Content-Length: 0\r\n", "", 1)
	with := func(add, body string) string { return plainHead[:len(plainHead)-2] + add + "\r\n" + body }
	return []string{raw,
		with("Transfer-Encoding: chunked\r\n", fmt.Sprintf("5\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", body[:5], len(body)-5, body[5:])),
		with(fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n", len(z)), z),
		with("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(z), z)),
	}
}

func TestMask(t *testing.T) {
	masker := NewMasker()
	secretWords := []string{"cSecret", "CookieS", "CipherS", "CredS", "AuthS", "CircS", "TileS", "EwCgAd", "hunter", "ProfilePart", key, "TokSecr"}
	for _, x := range calls {
		for i, raw := range forms(x.raw) {
			before, ok := Read([]byte(raw), nil)
			if !ok {
				t.Fatalf("%s, form %d is not read: %q", x.name, i, raw)
			}
			got := Mask([]byte(raw), masker)
			for _, w := range secretWords {
				if bytes.Contains(got, []byte(w)) {
					t.Errorf("%s, form %d: %q is still there: %s", x.name, i, w, got)
				}
			}
			if n, g := http1.Size(got, before.HTTP.Request, false); g != http1.Yes || n != len(got) {
				t.Errorf("%s, form %d: %d %v of %d", x.name, i, n, g, len(got))
			}
			if again := Mask(got, NewMasker()); !bytes.Equal(again, got) {
				t.Errorf("%s: masked twice:\n%s\n%s", x.name, got, again)
			}
			after, ok := Read(got, nil)
			if !ok || len(after.Values) != len(before.Values) {
				t.Fatalf("%s, form %d: %v\n%s", x.name, i, ok, got)
			}
			for j, v := range after.Values {
				old := before.Values[j]
				switch {
				case !v.Param.Kind.Secret() && v.Text != old.Text:
					t.Errorf("%s: %s became %s", x.name, old.Text, v.Text)
				case v.Param.Kind.Secret() && (!IsMasked(v.Text) || v.Param.Kind != Password && TokenID(v.Text) != TokenID(old.Text)):
					t.Errorf("%s: %s became %s", x.name, old.Text, v.Text)
				}
			}
		}
	}
}

func TestMaskPasswords(t *testing.T) {
	pw := func(b []byte) string { c, _ := Read(b, nil); return c.Value("password") }
	a, b := NewMasker(), NewMasker()
	if first, again := pw(Mask([]byte(rst2), a)), pw(Mask([]byte(rst2), a)); first != again {
		t.Error("one password is masked in two ways")
	}
	if pw(Mask([]byte(rst2), a)) == pw(Mask([]byte(rst2), b)) {
		t.Error("a password is masked alike by two maskers: it can be guessed")
	}
	if login := pw(Mask([]byte(calls[2].raw), a)); login != pw(Mask([]byte(rst2), a)) {
		t.Error("the same password looks different in another service")
	}
	if strings.Contains(pw(Mask([]byte(rst2), a)), TokenID(password)) {
		t.Error("a password is masked as a token")
	}
}

func TestMaskOthers(t *testing.T) {
	m := NewMasker()
	for _, c := range []struct{ raw, want string }{
		{"no HTTP", "no HTTP"},
		{"GET /?a=b HTTP/1.1\r\nA: b\r\n\r\n", "GET /?a=b HTTP/1.1\r\nA: b\r\n\r\n"},
		{"GET /?t=x&a=b HTTP/1.1\r\nCookie: A=x; B=y\r\n\r\n", "GET /?t=M(x)&a=b HTTP/1.1\r\nCookie: A=M(x); B=M(y)\r\n\r\n"},
		{"HTTP/1.1 302 Found\r\nLocation: https://a/?t=x&b=c\r\nSet-Cookie: a=x; path=/\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: https://a/?t=M(x)&b=c\r\nSet-Cookie: a=M(x); path=/\r\nContent-Length: 0\r\n\r\n"},
		{"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\ntoken=x&a", "POST / HTTP/1.1\r\nContent-Length: 31\r\n\r\ntoken=M(x)&a"},
		{answer("<a><b:TicketToken>x"), ""},
		{answer("<a><TicketToken>x<!-- y --></b></TicketToken>"), ""},
		{answer("<a <TicketToken>x"), ""},
		{answer("<TicketToken><![CDATA[x]]>"), ""},
		{answer("<TICKETTOKEN \r\n a=b>\r\n x \r\n</TICKETTOKEN>"), ""},
	} {
		got := string(Mask([]byte(c.raw), m))
		for _, v := range []string{"x", "y"} {
			c.want = strings.ReplaceAll(c.want, "M("+v+")", maskMark+TokenID(v))
		}
		if c.want == "" {
			if !strings.Contains(got, maskMark+TokenID("x")) || strings.Contains(got, ">x") || strings.Contains(got, "[x") {
				t.Errorf("%q: %q", c.raw, got)
			}
		} else if got != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.raw, got, c.want)
		}
	}
	basic := string(Mask([]byte("GET / HTTP/1.1\r\nAuthorization: Basic YWxpY2U6eA==\r\n\r\n"), m))
	if strings.Contains(basic, "YWxp") || !strings.Contains(basic, "Basic masked-") {
		t.Error(basic)
	}
	broken := "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 11\r\n\r\nTopSecret.."
	if got := string(Mask([]byte(broken), m)); strings.Contains(got, "TopSecret") || !strings.Contains(got, "11 bytes are left out") {
		t.Error(got)
	}
	large := answer(strings.Repeat("a", MaxBody+1))
	if got := Mask([]byte(large), m); len(got) > 300 {
		t.Errorf("%d bytes", len(got))
	}
	if fits := answer("<a>" + strings.Repeat("a", MaxBody-3)); len(Mask([]byte(fits), m)) != len(fits) {
		t.Error("a body at the bound is left out")
	}
}

func TestTokenID(t *testing.T) {
	want := TokenID("abc")
	for _, s := range []string{"t=abc&p=", "t=abc&p=def", " t=abc ", "abc&p=x", maskMark + want} {
		if TokenID(s) != want {
			t.Errorf("%s: %s", s, TokenID(s))
		}
	}
	if TokenID("") != "" || TokenID("t=") != "" || TokenID("abd") == want || len(want) != 16 || IsMasked("masked-0123456789abcde") || IsMasked("masked-0123456789abcdeg") {
		t.Error("an id of nothing, or the same for two")
	}
}

func TestIssued(t *testing.T) {
	want := `[{cipher http://Passport.NET/tb CipherSecret  alice@example.com} {ticket messengerclear.live.com ` + ticket + " " + key + ` alice@example.com}]`
	for _, raw := range forms(rst2Answer) {
		if got := fmt.Sprint(IssuedBy([]byte(raw))); got != want {
			t.Errorf("%s", got)
		}
	}
	if got := fmt.Sprint(IssuedBy([]byte(calls[3].raw))); got != "[{ticket  "+ticket+"  }]" {
		t.Error(got)
	}
	if got := IssuedBy([]byte(rst2)); got != nil {
		t.Error(got)
	}
	masked := IssuedBy(Mask([]byte(rst2Answer), NewMasker()))
	if len(masked) != 2 || TokenID(masked[1].Token) != TokenID(ticket) || !IsMasked(masked[1].BinarySecret) {
		t.Error(masked)
	}
}

func TestHosts(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{calls[1].raw, "login.example.com register.example.com"},
		{"HTTP/1.1 200 OK\r\nPassportURLs: DARealm=Passport.Net,DALogin=127.0.0.1:8080/login2.srf,DAReg=localhost/x,ConfigVersion=15\r\nContent-Length: 0\r\n\r\n", "127.0.0.1:8080 localhost"},
		{"HTTP/1.1 302 Found\r\nLocation: https://other.example.com:8443/login2.srf\r\nContent-Length: 0\r\n\r\n", "other.example.com:8443"},
		{"HTTP/1.1 302 Found\r\nLocation: /login2.srf\r\nContent-Length: 0\r\n\r\n", ""},
		{answer(soap("", `<GetClientConfigResponse><R><![CDATA[<MsgrConfig><A>https://contacts.example.com/abservice?a=http://b.example</A><C>HTTP://c.example</C>`+`</MsgrConfig>]]></R></GetClientConfigResponse>`)), "contacts.example.com b.example c.example"},
		{answer(`<MsgrConfig a="https://d.example/x"><S>ftp://no.example</S></MsgrConfig>`), "d.example"},
		{answer(soap(`<h:PreferredHostName> by1.contacts.example.com </h:PreferredHostName>`, `<ABFindAllResponse/>`)), "by1.contacts.example.com"},
		{calls[5].raw, ""},
	} {
		for i, raw := range forms(c.raw) {
			var got []string
			for _, s := range Hosts([]byte(raw)) {
				got = append(got, s.Host)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("form %d: %q, want %q", i, got, c.want)
			}
			out, n := WithHosts([]byte(raw), func(s Span) (string, bool) { return "proxy.example:1", true })
			if n != len(got) || n == 0 && string(out) != raw {
				t.Errorf("%d swapped of %d", n, len(got))
			}
			for _, s := range Hosts(out) {
				if s.Host != "proxy.example:1" {
					t.Errorf("%s is still there", s.Host)
				}
			}
			if size, g := http1.Size(out, false, false); n > 0 && (size != len(out) || g != http1.Yes) {
				t.Errorf("%d %v of %d", size, g, len(out))
			}
		}
	}
	raw := []byte(calls[1].raw)
	out, n := WithHosts(raw, func(s Span) (string, bool) { return "x", s.Why == "PassportURLs" && strings.HasPrefix(s.Host, "login") })
	if n != 1 || !bytes.Contains(out, []byte("DALogin=x/login2.srf,DAReg=https://register.example.com/")) {
		t.Errorf("%s", out)
	}
}

// FuzzMask: what is masked is one message again, holds no secret, and stays so.
func FuzzMask(f *testing.F) {
	for _, c := range calls {
		f.Add([]byte(c.raw))
	}
	m := NewMasker()
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := http1.Parse(b)
		if !ok {
			return
		}
		n, g := http1.Size(b, h.Request, true)
		if g != http1.Yes || n != len(b) {
			return
		}
		Read(b, nil)
		Hosts(b)
		IssuedBy(b)
		got := Mask(b, m)
		if n, g := http1.Size(got, h.Request, true); g != http1.Yes || n != len(got) {
			t.Fatalf("%q\nbecame %q: %d %v of %d", b, got, n, g, len(got))
		}
		after, ok := http1.Parse(got)
		if !ok {
			t.Fatalf("%q", got)
		}
		body, err := after.Body(MaxBody)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range Secrets(after, body) {
			if !IsMasked(s.Text) {
				t.Fatalf("%q\nbecame %q: %q is not masked", b, got, s.Text)
			}
		}
	})
}
