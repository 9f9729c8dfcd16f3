package rule

import (
	"strings"
	"testing"

	"msnproxy/decode"
)

// Each preset says what it does, whom it tests and what is right, and its rules can apply.
func TestPresets(t *testing.T) {
	list := Presets()
	if len(list) != 27 {
		t.Errorf("%d presets", len(list))
	}
	for _, p := range list {
		if p.About == "" || p.Right == "" || !strings.Contains(" client server receiver both ", " "+p.Tests+" ") {
			t.Errorf("%s: %+v", p.Name, p)
		}
		for _, value := range append([]string{""}, p.Values...) {
			rules, err := p.Rules(value)
			if err != nil || len(rules) == 0 {
				t.Errorf("%s %s: %v", p.Name, value, err)
				continue
			}
			s := New()
			for _, r := range rules {
				if s.Add(r); r.By() != "fault "+p.Name {
					t.Errorf("%s is named %s", p.Name, r.By())
				}
			}
			for _, a := range s.Advise() {
				if !strings.Contains(a.Text, "any verb") {
					t.Errorf("%s: %s", p.Name, a)
				}
			}
		}
	}
}

// What each preset makes of messages.
func TestPresetEffects(t *testing.T) {
	const text = "MSG bob@example.com Bob 0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"
	for _, tt := range []struct{ fault, said, want string }{
		{"split", "2S " + text + "hi", `fault cut payload; fault cut crlf`},
		{"split", "2S ACK 2", `fault cut crlf`},
		{"glue", "2S ACK 2", `fault coalesce 50ms`},
		{"lf", "2S MSG bob@example.com Bob 0\r\nhi", `frame "MSG bob@example.com Bob 2\nhi"`},
		{"lf", "1S XFR 15 SB 10.0.1.200:1863 CKI 1", ``},
		{"wrong-length", "2S MSG bob@example.com Bob 0\r\nhi", `frame "MSG bob@example.com Bob 3\r\nhi"`},
		{"wrong-length +1", "2C MSG 4 N 0\r\nhi", `frame "MSG 4 N 3\r\nhi"`},
		{"wrong-length -1", "2S MSG bob@example.com Bob 0\r\nhi", `frame "MSG bob@example.com Bob 1\r\nhi"`},
		{"wrong-length huge", "2S MSG bob@example.com Bob 0\r\nhi", `frame "MSG bob@example.com Bob 1000002\r\nhi"`},
		{"chars-for-bytes", "2S MSG bob@example.com Bob 0\r\nh€", `frame "MSG bob@example.com Bob 2\r\nh€"`},
		{"chars-for-bytes", "2S MSG bob@example.com Bob 0\r\nhi", ``},
		{"lost-ack", "2S ACK 2", `drop`},
		{"nak", "2C MSG 4 N 0\r\nhi", `drop; send after client later 0s "NAK 4\r\n"`},
		{"nak", "2C MSG 4 U 0\r\nhi", ``},
		{"late-ack", "2S ACK 2", `delay 0s postpone 1m0s`},
		{"silent-qng", "1S QNG", `drop`},
		{"wrong-qry", "1C QRY 22 msmsgs@msnmsgr.com 0\r\n8f2f5a91b72102cd28355e9fc9000d6e", `frame "QRY 22 msmsgs@msnmsgr.com 32\r\n00000000000000000000000000000000"`},
		{"no-qry", "1C QRY 22 msmsgs@msnmsgr.com 0\r\n8f2f5a91b72102cd28355e9fc9000d6e", `drop`},
		{"busy", "1S USR 3 OK alice@example.com Alice 1", `frame "600 3\r\n"; end client reset false`},
		{"busy 911", "1S USR 3 OK alice@example.com Alice 1", `frame "911 3\r\n"; end client reset false`},
		{"busy 500", "1S XFR 15 SB 10.0.1.200:1863 CKI 1.2.3", `frame "500 15\r\n"`},
		{"busy 928", "2S CAL 2 RINGING 11752013", `frame "928 2\r\n"`},
		{"busy", "1S XFR 3 NS 10.0.0.5:1863 0 10.0.0.1:1863", ``},
		{"dead-switchboard", "1S XFR 15 SB 10.0.1.200:1863 CKI 1.2.3", `frame "XFR 15 SB 127.0.0.1:1 CKI 1.2.3\r\n"`},
		{"dead-switchboard", "1S RNG 11752013 10.0.1.200 CKI 849.5 bob@example.com Bob", `frame "RNG 11752013 127.0.0.1:1 CKI 849.5 bob@example.com Bob\r\n"`},
		{"dead-switchboard", "1S XFR 3 NS 10.0.0.5:1863 0 10.0.0.1:1863", ``},
		{"stale-cookie", "2C USR 1 alice@example.com 17262740.1050826919.32308", `frame "USR 1 alice@example.com 1.1.1\r\n"`},
		{"stale-cookie", "2C ANS 1 alice@example.com 849102291.520491113 11752013", `frame "ANS 1 alice@example.com 1.1.1 11752013\r\n"`},
		{"double", "1S NLN BSY bob@example.com Bob", `repeat 1`},
		{"double", "1S ILN 9 AWY bob@example.com Bob", `repeat 1`},
		{"reorder-presence", "1S NLN BSY bob@example.com Bob", `send before client later 0s "FLN bob@example.com\r\n"`},
		{"elsewhere", "1S CHG 9 NLN", `send after client later 0s "OUT OTH\r\n"; end client reset false`},
		{"elsewhere", "1C CHG 9 NLN", ``},
		{"late-ring", "1S RNG 11752013 10.0.1.200:1863 CKI 849.5 bob@example.com Bob", `delay 0s postpone 1m0s`},
		{"trid-0", "1S CHG 9 NLN", `frame "CHG 0 NLN\r\n"`},
		{"trid-0 replies", "1C CHG 9 NLN", ``},
		{"trid-0 requests", "1C CHG 9 NLN", `frame "CHG 0 NLN\r\n"`},
		{"wrong-trid", "2S ACK 2", `frame "ACK 1002\r\n"`},
		{"unknown-verb", "1S CHG 9 NLN", `send after client later 0s "XYZ 0 what is this\r\n"; send after server later 0s "XYZ 9\r\n"`},
		{"syn-short", "1S LST 8 FL 9 1 2 bob@example.com Bob 0", `drop`},
		{"syn-short", "1S LST 8 BL 9 0 0", ``},
		{"syn-long", "1S LST 8 FL 9 1 2 bob@example.com Bob 0", `repeat 1`},
		{"percent", "1S NLN BSY bob@example.com Bob", `frame "NLN BSY bob@example.com %zz%2%\r\n"`},
		{"percent", "1S ILN 9 AWY bob@example.com Bob", `frame "ILN 9 AWY bob@example.com %zz%2%\r\n"`},
		{"percent", "2S MSG bob@example.com Bob 0\r\nhi", `frame "MSG bob@example.com %zz%2% 2\r\nhi"`},
		{"percent", "2S JOI bob@example.com Bob", `frame "JOI bob@example.com %zz%2%\r\n"`},
		{"utf8-cut", "1S NLN BSY bob@example.com Bob", `frame "NLN BSY bob@example.com Bob%E2%82\r\n"`},
		{"utf8-cut", "1S ILN 9 AWY bob@example.com Bob", `frame "ILN 9 AWY bob@example.com Bob%E2%82\r\n"`},
		{"utf8-cut", "2S " + text + "hi", `frame "MSG bob@example.com Bob 47\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nhi\xe2\x82"`},
		{"percent", "8S NLN BSY bob@example.com 1 Bob 268435492 0", `frame "NLN BSY bob@example.com 1 %zz%2% 268435492 0\r\n"`},
		{"utf8-cut", "8S ILN 9 BSY bob@example.com 1 Bob 268435492 0", `frame "ILN 9 BSY bob@example.com 1 Bob%E2%82 268435492 0\r\n"`},
		{"reorder-presence", "8S NLN BSY bob@example.com 1 Bob 268435492 0", `send before client later 0s "FLN bob@example.com 1\r\n"`},
		{"percent", "9S NLN BSY 1:bob@example.com Bob 268435492:0", `frame "NLN BSY 1:bob@example.com %zz%2% 268435492:0\r\n"`},
		{"reorder-presence", "9S NLN BSY 1:bob@example.com Bob 268435492:0", `send before client later 0s "FLN 1:bob@example.com 0:0\r\n"`},
		{"long-name", "1S MSG Hotmail Hotmail 0\r\nhi", ``},
		{"long-name", "1C REA 25 alice@example.com Alice", `frame "REA 25 alice@example.com ` + strings.Repeat("x", 400) + `\r\n"`},
	} {
		rules, err := ParseFault(tt.fault)
		if err != nil {
			t.Errorf("%s: %v", tt.fault, err)
			continue
		}
		s := New()
		s.Add(rules...)
		conn, from, line := uint32(tt.said[0]-'0'), tt.said[1], tt.said[3:]
		got := told(newDesk(t).look(s, conn, map[byte]decode.Sender{'C': 1, 'S': 2}[from], line))
		name, _, _ := strings.Cut(tt.fault, " ")
		if tt.want != "" {
			tt.want += "; by fault " + name
		}
		if got != tt.want {
			t.Errorf("%s of %q:\n%s\nwant\n%s", tt.fault, tt.said, got, tt.want)
		}
		for _, r := range s.Rules() {
			if r.Failed > 0 {
				t.Errorf("%s: %+v", tt.fault, r)
			}
		}
	}
}

func TestParseFault(t *testing.T) {
	for in, want := range map[string]string{
		`lost-ack`:                           `fault lost-ack: drop if verb == "ACK"`,
		`lost-ack if role == "SB"`:           `fault lost-ack: drop if (verb == "ACK") and (role == "SB")`,
		`every 3, per connection: lost-ack`:  `fault lost-ack: every 3, per connection: drop if verb == "ACK"`,
		`chance 0.5,skip 1,last,again: glue`: `fault glue: chance 0.5, skip 1, last, again: coalesce 50ms`,
		`glue if account == "a"`:             `fault glue: coalesce 50ms if account == "a"`,
		`first 2:syn-short`:                  `fault syn-short: first 2, per connection: drop if verb == "LST" and from == "server" and handle != ""`,
		`every 2: syn-short`:                 `fault syn-short: every 2, first 1, per connection: drop if verb == "LST" and from == "server" and handle != ""`,
		`skip 1: trid-repeat if true`:        `fault trid-repeat: every 2, skip 1, per connection: set trid = trid - 1 if (from == "server" and trid > 1 and verb in ["CHG", "ADD", "ADC", "REM", "REA", "PRP", "BLP", "GTC", "CAL", "ACK"]) and (true)`,
		`slice 1 if role == "SB"`:            `fault slice: slice 1 if role == "SB"`,
		`every 2: drop`:                      `fault drop: every 2: drop`,
	} {
		rules, err := ParseFault(in)
		if err != nil || len(rules) != 1 {
			t.Errorf("%s: %v, %v", in, rules, err)
			continue
		}
		if got := rules[0].By() + ": " + rules[0].String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		`lost-akc`:               `there is no fault "lost-akc" (did you mean lost-ack?) in column 1`,
		`every 2: wormhole`:      `there is no fault "wormhole" (neither an action nor a preset`,
		`busy 912`:               `busy takes one of 600, 500, 911, 928, and not 912`,
		`lost-ack 3`:             `lost-ack takes no value, and not 3`,
		`lost-ack if acount > 1`: `did you mean account?) in column 13`,
		`lost-ack if`:            `a condition is missing`,
		`evry 2: lost-ack`:       `did you mean every?`,
		``:                       `an action is missing`,
		`slice 1 if`:             `a condition is missing`,
		`delay`:                  `a time is missing`,
	} {
		if _, err := ParseFault(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
	s := New()
	for range 2 {
		rules, err := ParseFault("lost-ack")
		if err != nil {
			t.Fatal(err)
		}
		s.Add(rules...)
	}
	if got := s.All()[1].Name; got != "fault lost-ack (2)" {
		t.Error(got)
	}
}
