package decode

import "testing"

func TestHidesRedirect(t *testing.T) {
	const whole = "XFR 0 NS 10.9.8.7:1863 0 10.9.8.7:1863\r\n"
	for raw, hides := range map[string]bool{
		"":                              false,
		"QNG 5\r\n":                     false,
		"\r\n":                          false,
		whole:                           false,
		"QNG 5\r\n" + whole + "\r\nQNG": false,
		whole + whole:                   false,
		"RNG 1 10.9.8.7:1863 CKI 1 a@example.com A\r\n": false,
		"MSG a b 5\r\nhello":                            false,
		"MSG a b 3\r\nhello":                            false, // a wrong length hides nothing by itself
		"MSG a b 500\r\nhello":                          false,
		"MSG a b 1\r\nX":                                false, // whole: nothing goes on with it
		"XFR 0 NS 0\r\n":                                false,
		"XFRS 1\r\n":                                    false,
		whole[:len(whole)-2]:                            true, // no line end
		"XFR 0 NS 10.9":                                 true,
		"XFR":                                           true,
		"XF":                                            true,
		"R":                                             true,
		"QNG 5\r\nX":                                    true,
		"MSG a b 500\r\nhello" + whole:                  true, // who counts otherwise reads it
		"MSG a b 2\r\nhello" + whole:                    true,
		"MSG a b 41\r\n\n" + whole:                      true,
		"ab" + whole:                                    true,
		"QNG 5\r\n\x00\x01" + whole:                     true,
		"XFR 0 NS ldap://10.9.8.7\r\n":                  true, // no address is found
		"XFR 0 NS 10.9.8.7:1863 G D\r\n":                true, // a gateway, which can't be rewritten
	} {
		if got := HidesRedirect([]byte(raw)); got != hides {
			t.Errorf("%q: %v", raw, got)
		}
	}
}
