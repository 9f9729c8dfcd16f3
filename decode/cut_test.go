package decode

import (
	"strconv"
	"strings"
	"testing"
)

// A line that the recording cuts is read as far as it goes, and said to be cut.
func TestCutLines(t *testing.T) {
	for _, tt := range []struct {
		from    Sender
		dialect int
		line    string
		usage   string
		summary string
	}{
		// Rows told apart by what was not seen: the one without a word to come.
		{Server, 7, "LST 7 RL", "LST TrID list listver index total handle friendly {groups}", ""},
		{Server, 7, "LST 7 RL 12 1 3 bob@exam", "LST TrID list listver index total handle friendly {groups}", ""},
		{Server, 7, "LST 7 RL 12 0 0", "LST TrID list listver 0 0", ""},
		// The last value begins a word, an address, a dialect.
		{Client, 0, "VER 1 MSNP7 MS", "", "offers MSNP7 MS… (cut)"},
		{Client, 7, "USR 3 MD5 I al", "USR TrID MD5 I handle", "al wants to sign in by MD5… (cut)"},
		{Client, 10, "BLP 5 A", "BLP TrID AL|BL", "A… (cut)"},
		{Client, 18, "NFX", "", "… (cut)"},
		{Server, 18, "NFY PU", "NFY PUT|DEL length", "PU … (cut)"},
		// A number is not told the meaning of its beginning.
		{Server, 14, "NLN NLN bob@example.com 3", "", "bob@example.com (?) is online… (cut)"},
		{Server, 14, "RFS 1", "RFS bits", "send again: 1… (cut)"},
		// A server leaves a list-version out, and the line is cut.
		{Server, 7, "ADD 12 FL bob@example.com B", "ADD TrID list listver handle friendly {group}", "bob@example.com is on FL… (cut)"},
		// By prefix, in any order, the last a part of one.
		{Server, 10, "LST F=Bob N=bob@ex", "", "bob@ex (Bob) on ?… (cut)"},
		{Server, 10, "LST N=bob@example.com F=Bob C", "", "bob@example.com (Bob) on ?… (cut)"},
	} {
		fr := Frame{Kind: Command, Raw: []byte(tt.line), LineLen: len(tt.line), Gap: true}
		var m Message
		m.Decode(&fr, tt.from, 0, tt.dialect)
		usage := ""
		if m.Form != nil {
			usage = m.Form.Usage()
		}
		if !m.Cut() || m.Fits() || tt.usage != "" && usage != tt.usage || tt.summary != "" && m.Summary() != tt.summary {
			t.Errorf("%s: cut %v, fits %v, %s, %q", tt.line, m.Cut(), m.Fits(), usage, m.Summary())
		}
		for i := range m.Len() {
			if f := m.Field(i); f.Cut != (i+1 == m.Len()) || f.Cut && f.Means() != "" {
				t.Errorf("%s: field %s: cut %v, means %q", tt.line, f.Name, f.Cut, f.Means())
			}
		}
		// The same at the end of a stream: not the recording, but the stream ends there.
		fr.Gap = false
		if m.Decode(&fr, tt.from, 0, tt.dialect); m.Cut() || m.Len() > 0 && m.Field(m.Len()-1).Cut || strings.Contains(m.Summary(), "cut") {
			t.Errorf("%s, at the end: cut", tt.line)
		}
	}
}

// Of a payload that is cut before it is known what it is, it is said how much is there.
func TestCutPayload(t *testing.T) {
	for line, want := range map[string]string{
		"MSG a@b.c A 50|": "a@b.c: 0 of 50 bytes… (cut)",
		"MSG a@b.c A 50|MIME-Version: 1.0\r\nContent-Type: text/pl":                                                                     "a@b.c: 40 of 50 bytes… (cut)",
		"MSG a@b.c A 90|MIME-Version: 1.0\r\nContent-Type: text/plain\r\nX-MMS":                                                         "a@b.c: text/plain, 50 of 90 bytes… (cut)",
		"MSG a@b.c A 90|Content-Type: text/plain\r\n\r\n":                                                                               `a@b.c: ""… (cut)`,
		"MSG a@b.c A 90|Content-Type: text/plain\r\n\r\nhel":                                                                            `a@b.c: "hel"… (cut)`,
		"MSG Hotmail Hotmail 90|Content-Type: text/x-msmsgsprofile\r\npreferredEm":                                                      "Hotmail: profile… (cut)",
		"SDG 0 188|Routing: 1.0\r\nFrom: 1:bob@example.com\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\nCont": "bob@example.com: Text, 101 of 188 bytes… (cut)",
		"UBX a@b.c 30|": "a@b.c: 0 of 30 bytes… (cut)",
	} {
		head, body, _ := strings.Cut(line, "|")
		n, _ := strconv.Atoi(head[strings.LastIndexByte(head, ' ')+1:])
		missing := n - len(body)
		fr := Frame{Kind: Command, Raw: []byte(head + "\r\n" + body), LineLen: len(head), EOL: 2, Missing: missing, Gap: true}
		var m Message
		m.Decode(&fr, Server, 0, 0)
		if got := m.Summary(); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

// One word of several that is another is one fault, not a word missing and one too many.
func TestOneFault(t *testing.T) {
	for _, tt := range []struct {
		from    Sender
		dialect int
		line    string
		want    string
	}{
		{Client, 7, "BLP 2 XX", `line.parameter: privacy of BLP is "XX"; it should be AL or BL`},
		{Server, 12, "BLP 2 XX", `line.parameter: privacy of BLP is "XX"; it should be AL or BL`},
		{Server, 7, "BLP 2 9 XX", `line.parameter: privacy of BLP is "XX"; it should be AL or BL`},
		{Client, 7, "GTC 2 B", `line.parameter: prompt of GTC is "B"; it should be A or N`},
		{Client, 7, "IMS 2 MAYBE", `line.parameter: onoff of IMS is "MAYBE"; it should be ON or OFF`},
		{Client, 7, "BLP 2", "line.missing: AL|BL is missing in BLP TrID AL|BL"},
		{Client, 7, "BLP 2 AL x", "line.extra: 1 parameters more than BLP TrID AL|BL has"},
	} {
		m := read(tt.from, 0, tt.dialect, tt.line)
		var got []string
		for _, f := range m.lineFindings(nil) {
			got = append(got, f.Rule+": "+f.Text)
		}
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %s", tt.line, strings.Join(got, " / "))
		}
	}
}
