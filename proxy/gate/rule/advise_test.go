package rule

import (
	"os"
	"strings"
	"testing"
)

func TestAdvise(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{`set cookie = "1" if verb == "ACK"`, `error set cookie = "1" can't apply: there is no cookie in ACK ("msnproxy explain ACK")`},
		{`set cookie = "1" if verb == "XFR" and from == "client"`, `error set cookie = "1" can't apply: there is no cookie in XFR of the client`},
		{`set cookie = "1" if verb == "XFR"`, ``},
		{`set cookie = "1" if verb in ["ACK", "RNG"]`, ``},
		{`set cookie = "1" if verb in ["ACK", "XYZ"]`, `warning there is no command XYZ in MSNP2 to MSNP21`},
		{`set text = "a" if verb == "ACK"`, `error set text = "a" can't apply: no payload follows ACK`},
		{`set payload = "a" if verb in ["NAK", "ACK"]`, `no payload follows ACK, NAK`},
		{`set header X = "a" if verb == "ACK"`, `can't apply: no payload follows ACK`},
		{`set text = "a" if verb == "MSG"`, ``},
		{`set args = args if verb == "ACK"`, ``},
		{`set trid = 3 if verb == "NLN"`, `error set trid = 3 can't apply: there is no trid in NLN`},
		{`set trid = 3 if verb == "MSG" and from == "server"`, `there is no trid in MSG of the server`},
		{`set trid = 3 if verb == "911"`, ``},
		{`reply "NAK {cookie}" if verb == "ACK"`, `error cookie is always empty in ACK: there is no cookie in it`},
		{`reply "NAK {trid}" if verb == "NLN"`, ``},
		{`remark "{friendly} {account}" if verb == "NLN"`, ``},
		{`drop if verb == "XYZ"`, `warning there is no command XYZ in MSNP2 to MSNP21`},
		{`drop if verb == "ACK" and from == "client"`, `error it never matches: there is no ACK of the client in MSNP2 to MSNP21`},
		{`drop if verb in ["ACK", "MSG"] and from == "client"`, ``},
		{`drop if verb == "ACK" and verb == "NAK"`, `error no message can fulfil its condition`},
		{`drop if verb == "ACK" and cookie != ""`, `error no message can fulfil its condition`},
		{`chance 0: drop if verb == "ACK"`, `error its chance is 0`},
		{`drop`, `warning its condition may hold of any verb of both sides`},
		{`drop if account == "a"`, `any verb of both sides`},
		{`drop if from == "client"`, `any verb of the client`},
		{`drop if from == "server" or verb == "MSG"`, `any verb of the server`},
		{`drop if verb == ""`, ``},
	} {
		r, err := ParseLine(tt.line)
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		s := New()
		s.Add(r)
		var got []string
		for _, a := range s.Advise() {
			severity := "warning "
			if a.Wrong {
				severity = "error "
			}
			got = append(got, severity+a.Text)
		}
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
	nine, err := os.ReadFile("testdata/nine.toml")
	if err != nil {
		t.Fatal(err)
	}
	if list := parse(t, string(nine)).Advise(); len(list) > 0 {
		t.Errorf("%v", list)
	}
	s := parse(t, "\n[[rule]]\nname = 'a'\ndo = ['drop']")
	if a := s.Advise()[0]; !strings.HasPrefix(a.String(), `line 2: rule "a": its condition`) {
		t.Error(a)
	}
}
