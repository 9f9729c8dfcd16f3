package offer

import (
	"strings"
	"testing"

	"msnproxy/decode"
)

// said returns a client's line as a message.
func said(t *testing.T, from decode.Sender, line string) *decode.Message {
	t.Helper()
	var f decode.Framer
	fr, m := new(decode.Frame), new(decode.Message)
	f.Feed([]byte(line))
	if !f.Next(fr) {
		t.Fatalf("%q is no frame", line)
	}
	m.Decode(fr, from, 0, 0)
	return m
}

func TestApply(t *testing.T) {
	for _, tt := range []struct{ list, line, want string }{
		{"MSNP9,MSNP8", "VER 1 MSNP10 MSNP9 MSNP8 CVR0\r\n", "VER 1 MSNP9 MSNP8 CVR0\r\n"},
		{"MSNP8,MSNP9", "VER 1 MSNP10 MSNP9 MSNP8 CVR0\r\n", "VER 1 MSNP9 MSNP8 CVR0\r\n"}, // the client's order
		{"msnp8", "VER 7 MSNP9 msnp8 CvRO\n", "VER 7 msnp8 CvRO\n"},                        // its spelling
		{"MSNP8", "VER  1  MSNP9  MSNP08   CVR0 \r\n", "VER  1  MSNP08   CVR0 \r\n"},
		{"MSNP8", "VER 1 CVR0 MSNP9 MSNP8\r\n", "VER 1 CVR0 MSNP8\r\n"},
		{"MSNP8", "VER 1 MSNP8 MSNP8 CVR0\r\n", "VER 1 MSNP8 MSNP8 CVR0\r\n"},
		{"MSNP1", "VER 1 MSNP18 MSNP1\r\n", "VER 1 MSNP1\r\n"},
		{"MSNP8", "VER 1 MSNP8 DUNNO9 CVR0\r\n", "VER 1 MSNP8 CVR0\r\n"}, // what is not named goes, whatever it is
		{"MSNP8,CVR0", "VER 1 MSNP9 MSNP8\r\n", "VER 1 MSNP8\r\n"},       // what the client leaves out stays out
		{"MSNP8", "VER MSNP9 MSNP8 CVR0\r\n", "VER MSNP8 CVR0\r\n"},      // the TrID is missing
		{"MSNP8", "VER x MSNP9 MSNP8\r\n", "VER x MSNP8\r\n"},
		{"MSNP8", "VER 4294967295 MSNP8\r\n", "VER 4294967295 MSNP8\r\n"},
		// Nothing is left.
		{"MSNP8", "VER 3 MSNP9 CVR0\r\n", "refused VER 3 0\r\n"},
		{"MSNP8", "VER MSNP9 CVR0\n", "refused VER 0 0\r\n"},
		{"MSNP8", "VER 3 CVR0\r\n", "refused VER 3 0\r\n"},
		{"MSNP8", "VER 3\r\n", "refused VER 3 0\r\n"},
		{"MSNP8", "VER 3\tMSNP8\tCVR0\r\n", "refused VER 0 0\r\n"}, // one word; who knows how a server reads it
		{"MSNP8", "VER 3 MSNP65544 MSNP+8 MSNP MSN8 MSNP8x\r\n", "refused VER 3 0\r\n"},
		// No offer.
		{"MSNP8", "VER MSNFTP\r\n", "none"},
		{"MSNP8", "VER\r\n", "none"},
		{"MSNP8", "CVR 2 MSNP9 MSNP8\r\n", "none"},
		// Anyway.
		{"anyway MSNP12,MSNP8", "VER 1 MSNP9 MSNP8 CVR0\r\n", "VER 1 MSNP8 MSNP12 CVR0\r\n"},
		{"anyway MSNP12,MSNP11", "VER 1 MSNP9 CVR0\r\n", "VER 1 MSNP12 MSNP11 CVR0\r\n"},
		{"anyway MSNP12", "VER 1 CVR0 MSNP8\r\n", "VER 1 MSNP12 CVR0\r\n"},
		{"anyway MSNP12", "VER 1 MSNP9\r\n", "VER 1 MSNP12\r\n"},
		{"anyway MSNP9", "VER 1 MSNP9 CVR0\r\n", "VER 1 MSNP9 CVR0\r\n"},
		{"anyway MSNP9", "VER 1\r\n", "VER 1 MSNP9\r\n"},
	} {
		names, anyway := strings.CutPrefix(tt.list, "anyway ")
		l, err := Parse([]string{names}, anyway)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if o := l.Apply(said(t, decode.Client, tt.line)); o != nil {
			if got = string(o.Frame); o.Frame == nil {
				got = "refused " + string(o.Refusal)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q becomes %q; want %q", tt.list, tt.line, got, tt.want)
		}
	}
	l, _ := Parse([]string{"MSNP8"}, false)
	if l.Apply(said(t, decode.Server, "VER 1 MSNP9\r\n")) != nil {
		t.Error("what the server says is no offer")
	}
	if l.Apply(nil) != nil {
		t.Error("nothing is no offer")
	}
}

func TestWhatIsToldOfAnOffer(t *testing.T) {
	l, _ := Parse([]string{"MSNP12", "msnp8"}, true)
	o := l.Apply(said(t, decode.Client, "VER 1 MSNP9 msnp8 CVR0\r\n"))
	if got := strings.Join(o.Said, " ") + "; " + strings.Join(o.Added, " "); got != "MSNP9 msnp8; MSNP12" {
		t.Error(got)
	}
	if l.String() != "MSNP12,MSNP8" || !l.Anyway() {
		t.Error(l, l.Anyway())
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ words, want, err string }{
		{"MSNP9,MSNP8", "MSNP9,MSNP8", ""},
		{"msnp9, Msnp8,,MSNP9,cvr0", "MSNP9,MSNP8", ""},
		{"MSNP65535", "MSNP65535", ""},
		{"MSNP65536", "", `"MSNP65536" is no dialect`},
		{"9", "", `"9" is no dialect; they are MSNP2 to MSNP21`},
		{"MSNP", "", `"MSNP" is no dialect`},
		{"MSNP9;MSNP8", "", `"MSNP9;MSNP8" is no dialect`},
		{"", "", "no dialect is named"},
		{"CVR0", "", "no dialect is named"},
	} {
		l, err := Parse([]string{tt.words}, false)
		if err != nil {
			if tt.err == "" || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: %v; want %s", tt.words, err, tt.err)
			}
			continue
		}
		if tt.err != "" || l.String() != tt.want || l.Anyway() {
			t.Errorf("%q: %s; want %s %s", tt.words, l, tt.want, tt.err)
		}
	}
}
