package payload

import (
	"strings"
	"testing"
)

// In a list of contacts everybody has a name and lists, in a line for a list as well.
func TestListSummary(t *testing.T) {
	for xml, want := range map[string]string{
		`<ml l="1"><d n="example.com"><c n="bob" l="3" t="1"/><c n="eve" l="5" t="1"/></d><t><c n="tel:+15550100" l="3"/></t></ml>`: "bob@example.com FL AL, eve@example.com FL BL, tel:+15550100 FL AL",
		`<ml><d n="example.org"><c n="zoe" l="8" t="1" f="Zo%C3%AB"/></d></ml>`:                                                     "zoe@example.org (Zoë) RL",
		`<ml><d n="yahoo.example"><c n="joe"/></d></ml>`:                                                                            "joe@yahoo.example",
		`<ml><d n="yahoo.example"><c n="joe" t="32"/></d></ml>`:                                                                     "joe@yahoo.example of Yahoo",
		`<ml><d n="example.com"><c n="bob" t="1"/></d></ml>`:                                                                        "bob@example.com of Messenger",
		`<ml><d n="example.com"><c n="bob" l="2" t="77"/></d></ml>`:                                                                 "bob@example.com of network 77 AL",
		`<ml l="1"></ml>`: "nobody",
		`<ML><D N="example.com"><C N="bob" L="3"/></D></ML>`:                                                                                                  "bob@example.com FL AL",
		`<ml l="1"><d n="example.com"><c n="bob" t="1"><s l="3" n="IM"/><s l="3" n="PE"/><s l="3" n="PF"/></c></d></ml>`:                                      "bob@example.com FL AL for IM PE PF",
		`<ml l="1"><d n="example.com"><c n="bob" t="1"><s l="3" n="IM"/><s l="1" n="PE"/></c></d></ml>`:                                                       "bob@example.com FL AL for IM",
		`<ml><d n="live.com"><c n="00000000-0000-0000-0009-000000000001" l="3" t="9"/></d></ml>`:                                                              "00000000-0000-0000-0009-000000000001@live.com FL AL",
		`<ml><d n="a.example"><c n="1" l="1"/><c n="2" l="1"/><c n="3" l="1"/><c n="4" l="1"/><c n="5" l="1"/></d></ml>`:                                      "1@a.example FL, 2@a.example FL, 3@a.example FL, 4@a.example FL, 5@a.example FL",
		`<ml><d n="a.example"><c n="1" l="1"/><c n="2" l="1"/><c n="3" l="1"/><c n="4" l="1"/><c n="5" l="1"/></d><d n="b.example"><c n="6" l="1"/></d></ml>`: "1@a.example FL, 2@a.example FL, 3@a.example FL, 4@a.example FL, 5@a.example FL and 1 more",
		`<mail><c n="x"/></mail>`: "mail",
		`0 6 6`:                   `text "0 6 6"`,
	} {
		if got := Decode(XML, []byte(xml)).Summary; got != want {
			t.Errorf("%s:\n%s, want\n%s", xml, got, want)
		}
	}
}

// What somebody tells of themselves, in a line.
func TestPresenceSummary(t *testing.T) {
	for xml, want := range map[string]string{
		`<Data><PSM>gone fishing &amp; away</PSM><CurrentMedia>\0Music\01\0{0} - {1}\0Song\0Band\0\0\0</CurrentMedia></Data>`: `"gone fishing & away", listens to Song - Band`,
		`<Data><PSM></PSM><CurrentMedia>\0Games\01\0{0}\0Chess</CurrentMedia></Data>`:                                         `plays Chess`,
		`<Data><CurrentMedia>\0Other\01\0{0}\0it</CurrentMedia></Data>`:                                                       `is at it`,
		`<Data><PSM>x</PSM><CurrentMedia>\0Music\00\0{0}\0Song</CurrentMedia></Data>`:                                         `"x"`,
		`<Data><PSM></PSM><CurrentMedia></CurrentMedia></Data>`:                                                               `no personal message`,
		`<Data/>`: `no personal message`,
		`<EndpointData><Capabilities>2684354596:32</Capabilities></EndpointData>`: `end point of Windows Live Messenger 2009`,
		`<EndpointData><Capabilities>4:32</Capabilities></EndpointData>`:          `end point of 4:32`,
		`<EndpointData/>`: `end point of a client that does not say what it can`,
		`<Data><PSM>x</PSM></Data><EndpointData id="{0f}"><Capabilities>0:0</Capabilities></EndpointData><EndpointData id="{1f}"/>`:     `"x", end points: 2`,
		`<PrivateEndpointData><EpName>HOME</EpName><Idle>true</Idle><ClientType>1</ClientType><State>AWY</State></PrivateEndpointData>`: `end point "HOME", computer, away, idle`,
		`<PrivateEndpointData><EpName></EpName><Idle>false</Idle><ClientType>9</ClientType></PrivateEndpointData>`:                      `end point 9`,
		`<Data><PSM>x</PSM></Data><PrivateEndpointData id="{0f}"><EpName>HOME</EpName></PrivateEndpointData>`:                           `"x"`,
		`<Data><PSM>x</PSM></Data><Other/>`: `Data "x"`,
		`<config>a</config>`:                `config "a"`,
	} {
		if got := Decode(XML, []byte(xml)).Summary; got != want {
			t.Errorf("%s:\n%s, want\n%s", xml, got, want)
		}
	}
}

// What XML says by numbers is said in words where a message is opened.
func TestElementMeanings(t *testing.T) {
	for xml, want := range map[string]string{
		`<ml l="1"><d n="example.org"><c n="zoe" l="8" t="32" f="Zo%C3%AB"/></d></ml>`:            `ml= / @l=1 (the first list of this sign-in) / d= / @n=example.org / c= (zoe@example.org) / @n=zoe / @l=8 (RL) / @t=32 (Yahoo) / @f=Zoë / handle=zoe@example.org`,
		`<ml><d n="a.example"><c n="b" t="1"><s l="3" n="IM"/></c></d></ml>`:                      `ml= / d= / @n=a.example / c= (b@a.example) / @n=b / @t=1 (Messenger) / s= / @l=3 (FL AL) / @n=IM (messages) / handle=b@a.example`,
		`<EndpointData id="{0F0E}"><Capabilities>4:32</Capabilities></EndpointData>`:              `EndpointData= / @id={0F0E} / Capabilities=4:32 (ink as GIF, P2P version 2)`,
		`<PrivateEndpointData><ClientType>3</ClientType><State>AWY</State></PrivateEndpointData>`: `PrivateEndpointData= / ClientType=3 (mobile) / State=AWY (away)`,
		`<user><s n="IM"><Status>BSY</Status></s></user>`:                                         `user= / s= / @n=IM / Status=BSY (busy)`,
		`<network><status>SignedIn</status></network>`:                                            `network= / status=SignedIn`,
		`<Data><CurrentMedia>\0Music\01\0{0}\0A &amp; B</CurrentMedia></Data>`:                    `Data= / CurrentMedia=\0Music\01\0{0}\0A & B (A & B) / application= / kind=Music / enabled=1 / format={0} / title=A & B`,
		`<Data><PSM>x</PSM><CurrentMedia></CurrentMedia></Data>`:                                  `Data= / PSM=x / CurrentMedia=`,
	} {
		p := Decode(XML, []byte(xml))
		nodes, problems := p.Unfold()
		var list []string
		walk(nodes, func(n *Node) {
			s := n.Name + "=" + n.Value
			if n.Meaning != "" {
				s += " (" + n.Meaning + ")"
			}
			list = append(list, s)
			if n.End > n.Start && xml[n.Start:n.End] != n.Value && n.Name != "@f" && !strings.Contains(xml[n.Start:n.End], "&") {
				t.Errorf("%s: %s stands at %q", xml, n.Name, xml[n.Start:n.End])
			}
		})
		if got := strings.Join(list, " / "); got != want || len(problems) > 0 {
			t.Errorf("%s %v\n%s, want\n%s", xml, problems, got, want)
		}
	}
}

func walk(nodes []Node, f func(*Node)) {
	for i := range nodes {
		f(&nodes[i])
		walk(nodes[i].Children, f)
	}
}

// The pieces of what somebody listens to stand where they stand, if nothing in them was
// escaped.
func TestPlacesOfMedia(t *testing.T) {
	for _, tt := range []struct {
		xml  string
		want map[string]int // where the pieces stand; 0: nowhere
	}{
		{`<Data><CurrentMedia>\0Music\01\0{0}\0Song\0Band\0</CurrentMedia></Data>`, map[string]int{"application": 0, "kind": 22, "enabled": 29, "format": 32, "title": 37, "artist": 43}},
		{`<Data><CurrentMedia>x\0Music\01\0{0}\0A &amp; B</CurrentMedia></Data>`, map[string]int{"application": 0, "kind": 0, "enabled": 0, "format": 0, "title": 0}},
	} {
		nodes, _ := Decode(XML, []byte(tt.xml)).Unfold()
		media := find(nodes, "CurrentMedia")
		if len(media.Children) != len(tt.want) {
			t.Errorf("%s: %d pieces", tt.xml, len(media.Children))
		}
		for _, n := range media.Children {
			if n.Start != tt.want[n.Name] || n.Start > 0 && n.End != n.Start+len(n.Value) || n.Start == 0 && n.End != 0 {
				t.Errorf("%s: %s from %d to %d, want %d", tt.xml, n.Name, n.Start, n.End, tt.want[n.Name])
			}
		}
	}
}

// Numbers at the bounds of what they can be.
func TestBoundsOfValues(t *testing.T) {
	for v, want := range map[string]string{"0": "1970-01-01 00:00:00 UTC", "-1": "", "8589934592": "2242-03-16 12:56:32 UTC", "8589934593": ""} {
		if got := unixTime(v); got != want {
			t.Errorf("%s: %q", v, got)
		}
	}
	for v, want := range map[string]string{"-2147483648": "0x80000000", "-2147483649": "", "4294967295": "0xffffffff", "4294967296": ""} {
		if got := unsignedHex(v); got != want {
			t.Errorf("%s: %q", v, got)
		}
	}
}

// The halves of an account's number, and the number that they make.
func TestAccountNumber(t *testing.T) {
	for _, tt := range []struct{ high, low, want string }{
		{"84736", "-1434729391", "with MemberIdHigh the CID 363941209031761, 0x00014b00aa7bc451"},
		{"-1", "1", "with MemberIdHigh the CID -4294967295, 0xffffffff00000001"},
		{"0", "4294967295", "with MemberIdHigh the CID 4294967295, 0x00000000ffffffff"},
		{"0", "4294967296", ""}, {"-2147483649", "0", ""}, {"", "1", ""}, {"1", "x", ""},
	} {
		if got := accountNumber(tt.high, tt.low); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.high, tt.low, got, tt.want)
		}
	}
	p := Decode(MIME, []byte("MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsprofile\r\nMemberIdHigh: 1\r\nMemberIdLow: 2\r\n\r\n"))
	if n := p.Find("MemberIdLow"); n.Meaning != "0x00000002, with MemberIdHigh the CID 4294967298, 0x0000000100000002" {
		t.Errorf("%q", n.Meaning)
	}
}
