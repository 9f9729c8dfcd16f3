package meaning

import (
	"fmt"
	"strings"
	"testing"
)

func TestCapabilities(t *testing.T) {
	for v, want := range map[string]string{
		"0":                     "nothing beyond text",
		"0:0":                   "nothing beyond text",
		"4":                     "ink as GIF",
		"1347272740":            "MSN Messenger 7.5, ink as GIF, messages in pieces, direct IM, winks, shared search, voice clips, secure channel, shared folders",
		"2684354596:32":         "Windows Live Messenger 2009, ink as GIF, messages in pieces, P2P version 2",
		"134217728":             "uses an alias",
		"268435456":             "MSN Messenger 6.0",
		"3221225472":            "Windows Live Messenger 2012",
		"3489660928":            "MSNC13",
		"4294967295":            "MSNC15",
		"0:16384":               "bit 0x4000, not known",
		"0:2147483648":          "conversations of several",
		"4294967296":            "",
		"0:4294967296":          "",
		"-1":                    "",
		"":                      "",
		":":                     "",
		"0:":                    "",
		":0":                    "",
		"1:2:3":                 "",
		"0x4":                   "",
		"99999999999999999999:": "",
	} {
		got := Capabilities(v)
		if v == "4294967295" {
			got, _, _ = strings.Cut(got, ",")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", v, got, want)
		}
	}
}

// Every bit has one name, and no two the same.
func TestBitsOfCapabilities(t *testing.T) {
	for _, table := range [][]Bit{capabilities, extended} {
		bits, names := map[uint32]bool{}, map[string]bool{}
		for _, b := range table {
			if b.Value == 0 || b.Value&(b.Value-1) != 0 || bits[b.Value] || names[b.Name] || b.Name == "" {
				t.Errorf("%+v", b)
			}
			bits[b.Value], names[b.Name] = true, true
		}
	}
	for i := range 32 {
		_, list, ok := ReadCapabilities(fmt.Sprintf("0:%d", uint32(1)<<i))
		if !ok || len(list) != 1 || !list[0].Extended || list[0].Value != 1<<i {
			t.Errorf("bit %d of the second half: %+v", i, list)
		}
		generation, list, ok := ReadCapabilities(fmt.Sprint(uint32(1) << i))
		if i < 28 && (!ok || generation != "" || len(list) != 1 || list[0].Extended || list[0].Value != 1<<i) || i >= 28 && (generation == "" || len(list) != 0) {
			t.Errorf("bit %d of the first half: %q %+v", i, generation, list)
		}
	}
}

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		f       func(string) string
		v, want string
	}{
		{Lists, "11", "FL AL RL"}, {Lists, "0", "no list"}, {Lists, "31", "FL AL BL RL PL"}, {Lists, "16", "PL"},
		{Lists, "99", "FL AL application contact hidden"}, {Lists, "129", "FL 0x80"}, {Lists, "x", ""}, {Lists, "4294967296", ""},
		{Refresh, "1", "lists"}, {Refresh, "2", "status and personal message"}, {Refresh, "3", "lists, status and personal message"}, {Refresh, "0", "nothing"},
		{Network, "1", "Messenger"}, {Network, "32", "Yahoo"}, {Network, "33", ""},
		{ClientType, "1", "computer"}, {ClientType, "5", ""},
		{Note, "4", "sign out one end point"}, {Note, "12", "call by tunnelled SIP"}, {Note, "13", ""},
		{MessageType, "3", "nudge"}, {MessageType, "4", ""},
		{PagedDevice, "1", "mobile phone"}, {Way, "G", "through the HTTP gateway"}, {Way, "D", ""},
		{Status, "BSY", "busy"}, {Status, "XYZ", ""},
	} {
		if got := tt.f(tt.v); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.v, got, tt.want)
		}
	}
}

func TestNamespaces(t *testing.T) {
	for v, want := range map[string]bool{"CON": true, "MSGR": true, `CON\USER`: true, `MSGR\PUT`: true, "CONX": false, "": false, `\MSGR`: false, "OK": false} {
		if Namespaced(v) != want {
			t.Errorf("%q: %v", v, !want)
		}
	}
}

func TestMedia(t *testing.T) {
	for _, tt := range []struct{ v, pieces, line string }{
		{"", "", ""},
		{`\0Music\01\0{0} - {1}\0Song\0Band\0\0\0`, "application=|kind=Music|enabled=1|format={0} - {1}|title=Song|artist=Band", "Song - Band"},
		{`iTunes\0Music\00\0{0}\0Song`, "application=iTunes|kind=Music|enabled=0|format={0}|title=Song", ""},
		{`\0Games\01\0plays {0}\0Chess\0\0x`, "application=|kind=Games|enabled=1|format=plays {0}|argument 0=Chess|argument 2=x", "plays Chess"},
		// What stands for {0} may say {1}, and that is no place.
		{`\0Music\01\0{0} - {1}\0{1}\0Band`, "application=|kind=Music|enabled=1|format={0} - {1}|title={1}|artist=Band", "{1} - Band"},
		{`\0Music\01\0{0}`, "application=|kind=Music|enabled=1|format={0}", ""},
		{`\0Music\01\0{0}\0a\0b\0c\0d\0e`, "application=|kind=Music|enabled=1|format={0}|title=a|artist=b|album=c|content id=d|argument 4=e", "a"},
		{"text", "application=text", ""},
	} {
		pieces, line := Media(tt.v)
		var list []string
		for _, p := range pieces {
			list = append(list, p.Name+"="+p.Value)
			if tt.v[p.At:p.At+len(p.Value)] != p.Value {
				t.Errorf("%q: %s is not at %d", tt.v, p.Name, p.At)
			}
		}
		if got := strings.Join(list, "|"); got != tt.pieces || line != tt.line {
			t.Errorf("%q:\n%s %q, want\n%s %q", tt.v, got, line, tt.pieces, tt.line)
		}
	}
	// However many separators there are, the pieces are bounded.
	if pieces, _ := Media(strings.Repeat(`a\0`, 1000)); len(pieces) != 32 {
		t.Errorf("%d pieces", len(pieces))
	}
}
