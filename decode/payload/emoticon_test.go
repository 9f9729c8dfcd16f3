package payload

import (
	"strings"
	"testing"
)

func TestEmoticons(t *testing.T) {
	const object = `<msnobj Creator="bob@example.com" Size="1" Type="2" SHA1D="AAAA"/>`
	for _, tt := range []struct{ body, want string }{
		{"(a)\t" + object + "\t", ""},
		{"(a)\t" + object, ""},
		{"(a)\t" + object + "\t(b)\t" + object + "\t", ""},
		{"(a)\t0\t", ""}, // after redaction
		{"(a)\t1\t", "is no msnobj"},
		{"(a)", "an emoticon without a picture"},
		{"(a)\t" + object + "\t(b)\t", "an emoticon without a picture"},
		{"\t" + object, "an emoticon without a shortcut"},
		{"(a)\t<msnobj", "is no msnobj"},
		{"(a)\t\t\t\t\x1b[31m", "is no msnobj"},
		{"", "no emoticon"},
	} {
		p := Decode(MIME, []byte("MIME-Version: 1.0\r\nContent-Type: text/x-mms-emoticon\r\n\r\n"+tt.body))
		got := strings.Join(p.Problems, "; ")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.body, got, tt.want)
		}
	}
}
