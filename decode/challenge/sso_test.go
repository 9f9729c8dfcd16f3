package challenge

import (
	"encoding/base64"
	"strings"
	"testing"
)

// Published vectors, and one that was computed for this project.
var ssoVectors = []struct {
	secret, nonce, response string
	iv                      [8]byte
}{
	{strings.Repeat("A", 31) + "=", strings.Repeat("A", 63) + "=",
		"HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAAAAAAAAAAA7XgT5ohvaZdoXdrWUUcMF2G8OK2JohyYcK5l5MJSitab33scxJeK/RQXcUr0L+R2ZA9CEAzn0izmUzSMp2LZdxSbHtnuxCmptgtoScHp9E26HjQVkA9YJxgK/HM=", [8]byte{}},
	{strings.Repeat("B", 31) + "=", strings.Repeat("B", 63) + "=",
		"HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAAAAAAAAAAAywfWRZVnRRZTqPkW6HBIrOmPuYiFbzcpvYmP2QzhpH+VdKwtqUTt/gdbDqlMZvR1o7ve9ex44otMOxYtnNYIQ+lfoj+PKcsHT+T7GA1hfMsTVbGqoYYe3B5/WW0=", [8]byte{}},
	{"AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v",
		"HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAABAgMEBQYH5/b6UPUTyMkbVgyWJivzLXG/cLnbi6heZDPcDaN19raFPD126EaQQUkKltX7vdAMfHnoLDqagK3kpZIzyCXvzkmmW6IvHKU2tUFdVEJ4iq50Aoiu+mkP7WkXXvQ=",
		[8]byte{0, 1, 2, 3, 4, 5, 6, 7}},
}

func TestSSO(t *testing.T) {
	for _, v := range ssoVectors {
		got, err := SSO(v.secret, v.nonce, v.iv)
		if err != nil || got != v.response {
			t.Errorf("SSO(%q, %q) = %q, %v; want %q", v.secret, v.nonce, got, err, v.response)
		}
		if !VerifySSO(v.secret, v.nonce, v.response) {
			t.Errorf("%q is called wrong", v.response)
		}
		if VerifySSO(v.secret, v.nonce+"=", v.response) || VerifySSO("QUJD", v.nonce, v.response) {
			t.Errorf("%q is called right for another nonce or secret", v.response)
		}
		b, err := ParseSSO(v.response)
		if err != nil || b.Mode != 1 || b.Cipher != 0x6603 || b.Hash != 0x8004 || len(b.IV) != 8 || len(b.Sum) != 20 || len(b.Text) != 72 || [8]byte(b.IV) != v.iv {
			t.Errorf("ParseSSO(%q) = %+v, %v", v.response, b, err)
		}
	}
}

func TestSSOWrong(t *testing.T) {
	if _, err := SSO("no Base64!", "AAAA", [8]byte{}); err == nil {
		t.Error("a secret that is no Base64 is taken")
	}
	raw, _ := base64.StdEncoding.DecodeString(ssoVectors[0].response)
	for n := range len(raw) {
		if _, err := ParseSSO(base64.StdEncoding.EncodeToString(raw[:n])); err == nil {
			t.Errorf("the first %d bytes of an answer are taken", n)
		}
	}
	for _, s := range []string{"", "HAAAAA", ssoVectors[0].response + "AAAA", "HAAAAAEAAAADZgAABIAAAP////////////////8="} {
		if _, err := ParseSSO(s); err == nil || VerifySSO("QUJD", "AAAA", s) {
			t.Errorf("%q is taken", s)
		}
	}
	// A nonce that fills no whole blocks is no reason to fail.
	if got, err := SSO("QUJD", "abc", [8]byte{}); err != nil || !VerifySSO("QUJD", "abc", got) {
		t.Errorf("a short nonce: %q, %v", got, err)
	}
}

func FuzzParseSSO(f *testing.F) {
	for _, v := range ssoVectors {
		f.Add(v.response)
	}
	f.Add("HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAA==")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ParseSSO(s)
		if n := len(b.IV) + len(b.Sum) + len(b.Text); err == nil && n+28 != base64.StdEncoding.DecodedLen(len(s))-strings.Count(s, "=") && !strings.ContainsAny(s, "\r\n") {
			t.Errorf("%q: parts of %d bytes", s, n)
		}
	})
}
