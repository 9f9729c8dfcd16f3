package service

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode/http1"
)

// of returns a message with a body of a type.
func of(request bool, kind, body string) string {
	first := "HTTP/1.1 200 OK"
	if request {
		first = "POST /x HTTP/1.1"
	}
	if kind != "" {
		kind = "Content-Type: " + kind + "\r\n"
	}
	return fmt.Sprintf("%s\r\n%sContent-Length: %d\r\n\r\n%s", first, kind, len(body), body)
}

func asking(headers string) string {
	return "GET /a HTTP/1.1\r\n" + headers + "\r\n\r\n"
}

func answering(headers string) string {
	return "HTTP/1.1 302 Found\r\n" + headers + "\r\nContent-Length: 0\r\n\r\n"
}

// utf16 is ASCII with two bytes a letter.
func utf16(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return b.String()
}

// noForm is said in the stead of what can't be judged.
const noForm = "no XML and no form are left out"

// TestMaskHoles: SEC begins what must not be there afterwards, KEEP what must.
func TestMaskHoles(t *testing.T) {
	deep := func(n int) string {
		return strings.Repeat("<a>", n-1) + "<Password>SEC1</Password>" + strings.Repeat("</a>", n-1)
	}
	for name, c := range map[string]struct{ raw, want string }{
		"text that is a form":  {of(true, "text/plain", "login=KEEP&passwd=SEC1"), noForm},
		"JSON":                 {of(true, "application/json", `{"password":"SEC1"}`), noForm},
		"multipart":            {of(true, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"passwd\"\r\n\r\nSEC1\r\n--b--\r\n"), noForm},
		"HTML":                 {of(false, "text/html", `<html><a href="http://x/?t=SEC1">x</a>`), noForm},
		"HTML as XML":          {of(false, "text/xml", `<!DOCTYPE HTML><input type="password" value="SEC1">`), noForm},
		"XHTML":                {of(false, "application/xhtml+xml", `<a>SEC1</a>`), noForm},
		"HTML of no type":      {of(false, "", `<html><input value="SEC1">`), noForm},
		"UTF-16":               {of(true, "text/xml; charset=utf-16", utf16("<Password>SEC1</Password>")), noForm},
		"UTF-16 by no name":    {of(true, "text/xml", "\xff\xfe"+utf16("<Password>SEC1</Password>")), noForm},
		"UTF-16 as a picture":  {of(true, "image/png", "\xff\xfe"+utf16("<Password>SEC1</Password>")), noForm},
		"UTF-7":                {of(true, "text/xml; charset=utf-7", "+ADw-Password+AD4-SEC1"), noForm},
		"a charset of XML":     {of(true, "text/xml", `<?xml version="1.0" encoding="ebcdic-cp-us"?><a>SEC1</a>`), noForm},
		"a known charset":      {of(true, "text/xml; charset=windows-1252", `<?xml version="1.0" encoding="ISO-8859-1"?><a>KEEP</a><Password>SEC1</Password>`), ">KEEP<"},
		"entities":             {of(true, "text/xml", `<!DOCTYPE a [<!ENTITY p "SEC1">]><Password>&p;</Password>`), noForm},
		"form as XML":          {of(true, "text/xml", "passwd=SEC1"), noForm},
		"picture that is none": {of(true, "image/png", "passwd=SEC1"), noForm},
		"picture":              {of(false, "image/png", "\x89PNG\r\n\x1a\n=KEEP"), "\n=KEEP"},
		"words":                {of(false, "text/plain", "the service is KEEP."), " KEEP."},
		"a long word":          {of(false, "text/plain", "SEC"+strings.Repeat("a", maxWord-2)), noForm},
		"the longest word":     {of(false, "text/plain", "KEEP"+strings.Repeat("a", maxWord-4)), "KEEPaaa"},
		"MSNP":                 {of(true, "application/x-msn-messenger", "VER 1 KEEP\r\n"), "VER 1 KEEP\r\n"},
		"form of no type":      {of(true, "", "login=KEEP&passwd=SEC1&x=1"), "login=KEEP&passwd=masked-"},
		"form, other signs":    {of(true, "application/x-www-form-urlencoded", "a=KEEP&b=1;pwd=SEC1;SEC2&c=KEEP"), "a=KEEP&b=1;pwd=masked-"},
		"XML in a form":        {of(true, "application/x-www-form-urlencoded", "a=KEEP&x=%3CPassword%3ESEC1%3C/Password%3E"), "a=KEEP&x=masked-"},
		"address in a form":    {of(true, "application/x-www-form-urlencoded", "ru=http%3A%2F%2Fx%2F%3Ft%3DSEC1&c=KEEP"), "c=KEEP"},

		"markup in CDATA":   {of(true, "text/xml", "<a><b>KEEP</b><![CDATA[<Password>SEC1</Password>]]></a>"), "<b>KEEP</b>"},
		"harmless CDATA":    {of(true, "text/xml", "<a><![CDATA[<b>KEEP</b>]]></a>"), "[<b>KEEP</b>]"},
		"escaped markup":    {of(true, "text/xml", "<a><b>&lt;wsse:Password&gt;SEC1&lt;/wsse:Password&gt;</b>KEEP</a>"), "KEEP"},
		"escaped twice":     {of(true, "text/xml", "<a><b>&amp;lt;Password&amp;gt;SEC1&amp;lt;/Password&amp;gt;</b>KEEP</a>"), "KEEP"},
		"a fault repeats":   {of(false, "text/xml", "<Fault><faultcode>KEEP</faultcode><faultstring>bad: passwd=SEC1</faultstring></Fault>"), "KEEP"},
		"a bare <":          {of(true, "text/xml", "<a><Password>SEC1<SEC2</Password>KEEP</a>"), "</Password>KEEP"},
		"a comment inside":  {of(true, "text/xml", "<a><Password>SEC1<!-- SEC2 -->SEC3</Password>KEEP</a>"), "</Password>KEEP"},
		"a comment, no end": {of(true, "text/xml", "<a><Password>SEC1<!-- SEC2 --></b>SEC3</Password>KEEP</a>"), "KEEP"},
		"commented out":     {of(true, "text/xml", "<a><!-- <Password>SEC1</Password> -->KEEP<!-- KEEP2 --></a>"), "KEEP<!-- KEEP2 -->"},
		"CDATA in between":  {of(true, "text/xml", "<a><Password>SEC1<![CDATA[SEC2]]>SEC3</Password>KEEP</a>"), "KEEP"},
		"attributes":        {of(true, "text/xml", `<a Password="SEC1" id="KEEP"><Login pwd='SEC2' accessToken="SEC3"/></a>`), `id="KEEP"`},
		"elements":          {of(true, "text/xml", `<a><passwd>SEC1</passwd><AccessToken>SEC2</AccessToken><TokenType>KEEP</TokenType></a>`), "KEEP"},
		"addresses in XML":  {of(true, "text/xml", `<a url="http://x/?a=KEEP&amp;t=SEC1">http://u:SEC2@x/?p=SEC3</a>`), "a=KEEP"},
		"at the depth":      {of(true, "text/xml", deep(maxDepth)), "<Password>masked-"},
		"beyond the depth":  {of(true, "text/xml", deep(maxDepth+1)), "nested too deep are left out"},
		"beside chunks":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nKEEP\r\n0\r\nSet-Cookie: a=SEC1\r\n\r\n", "KEEP"},
		"in a chunk's line": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=SEC1\r\nKEEP\r\n0\r\n\r\n", "KEEP"},

		"a password with signs":  {asking("Authorization: Passport1.4 sign-in=KEEP,pwd=SEC1,SEC2 SEC3;SEC4,lc=KEEP2"), ",lc=KEEP2"},
		"a password at the end":  {asking("Authorization: Passport1.4 sign-in=KEEP,pwd=SEC1,SEC2 SEC3;SEC4"), "sign-in=KEEP,pwd=masked-"},
		"blanks around =":        {asking("Authorization: Passport1.4 sign-in=KEEP, pwd = SEC1"), "pwd = masked-"},
		"a password in quotes":   {asking("Authorization: Passport1.4 pwd='SEC1,x',lc=KEEP"), "',lc=KEEP"},
		"folded":                 {asking("Authorization: Passport1.4 sign-in=KEEP,\r\n pwd=SEC1\r\nCookie: a=1;\r\n b=SEC2"), "KEEP"},
		"ticket with blanks":     {answering("Authentication-Info: Passport1.4 da-status=KEEP, from-PP = 't=SEC1&p=SEC2',ru=http://x/?t=SEC3"), "da-status=KEEP"},
		"a lone cookie":          {asking("Cookie: A=SEC1; SEC2"), "A=masked-"},
		"joined cookies":         {answering("Set-Cookie: A=SEC1; path=/KEEP, B=SEC2; expires=Wed, 09 KEEP2; C=SEC3; HttpOnly"), "expires=Wed, 09 KEEP2; C=masked-"},
		"a lone Set-Cookie":      {answering("set-cookie: SEC1; path=/KEEP"), "path=/KEEP"},
		"an own header":          {asking("X-Auth: SEC1\r\nX-Token: SEC2\r\nX-Kind: KEEP"), "KEEP"},
		"userinfo":               {answering("Location: http://KEEP:SEC1@x/?id=1#access_token=SEC2"), "http://KEEP:masked-"},
		"userinfo without a :":   {answering("Location: http://SEC1@KEEP/"), "@KEEP/"},
		"Refresh":                {answering("Refresh: 0; url=http://KEEP/?t=SEC1"), "KEEP"},
		"Referer":                {asking("Referer: http://KEEP/?a=1;t=SEC1"), "KEEP"},
		"userinfo of the target": {"GET http://KEEP:SEC1@x/y HTTP/1.1\r\n\r\n", "http://KEEP:masked-"},
		"signs of the target":    {"GET /x?login=KEEP;passwd=SEC1&pw=SEC2&%70wd=SEC3 HTTP/1.1\r\n\r\n", "login=KEEP"},
		"address in an address":  {"GET /x?a=KEEP&ru=http://x/?t=SEC1&ru=http%3A%2F%2Fx%2F%3Fa%3D1%26t%3DSEC2&ru=%2568%253Ft%253DSEC3 HTTP/1.1\r\n\r\n", "a=KEEP"},
	} {
		got := string(Mask([]byte(c.raw), NewMasker()))
		if strings.Contains(got, "SEC") || strings.Contains(got, "S\x00E\x00C") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q in it", name, got, c.want)
		}
		h, _ := http1.Parse([]byte(got))
		if n, g := http1.Size([]byte(got), h.Request, true); g != http1.Yes || n != len(got) {
			t.Errorf("%s: %d %v of %d: %q", name, n, g, len(got), got)
		}
		if again := Mask([]byte(got), NewMasker()); string(again) != got {
			t.Errorf("%s: masked twice:\n%s\n%s", name, got, again)
		}
	}
}

func TestMaskAgain(t *testing.T) {
	m := NewMasker()
	Mask([]byte(of(true, "text/xml", "<a><Password>se&amp;cret</Password><BinarySecurityToken>t=TheTicket&amp;p=TheProfile</BinarySecurityToken><Password>short</Password></a>")), m)
	for _, c := range []struct{ body, want string }{
		{"it was se&cret", "masked"}, {"it was se&amp;cret", "masked"}, {"it was TheTicket", "masked"}, {"TheProfile", "masked"},
		{"it was short", "it was short"},     // 5 bytes
		{"NotTheTicketAt", "NotTheTicketAt"}, // part of a longer word
		{"<TheProfile>a", "<TheProfile>a"},   // a name
		{"no TheProfil e", "no TheProfil e"}, // not all of it
		{"[TheTicket]", "[" + maskMark + TokenID("t=TheTicket&p=TheProfile") + "]"},
	} {
		got := string(Mask([]byte(of(false, "text/xml", "<x>"+c.body+"</x>")), m))
		if c.want == "masked" {
			if !strings.Contains(got, maskMark) || strings.Contains(got, "cret") || strings.Contains(got, "The") {
				t.Errorf("%q: %q", c.body, got)
			}
		} else if !strings.Contains(got, "<x>"+c.want+"</x>") {
			t.Errorf("%q: %q", c.body, got)
		}
	}
	head := string(Mask([]byte("GET /TheTicket HTTP/1.1\r\nX-A: TheTicket\r\nTheTicket: a\r\n\r\n"), m))
	if strings.Count(head, "TheTicket") != 1 || !strings.Contains(head, "\r\nTheTicket: masked-") {
		t.Error(head)
	}
	if other := Mask([]byte("GET /TheTicket HTTP/1.1\r\n\r\n"), NewMasker()); !bytes.Contains(other, []byte("TheTicket")) {
		t.Errorf("%s", other)
	}
}

// Of many secrets the last are known.
func TestMaskBounded(t *testing.T) {
	m := NewMasker()
	for i := range maxSeen + 1 {
		m.keep(fmt.Sprintf("%08d-secret", i*1000), "x")
	}
	if len(m.seen.to) != maxSeen || len(m.seen.order) != maxSeen {
		t.Error(len(m.seen.to), len(m.seen.order))
	}
	for i, want := range map[int]int{0: 0, 1: 1, maxSeen: 1} {
		if got := m.seen.find(fmt.Appendf(nil, "a %08d-secret", i*1000)); len(got) != want {
			t.Errorf("secret %d: %v", i, got)
		}
	}
	m.keep(strings.Repeat("ab", maxLong/2), "x")
	m.keep(strings.Repeat("cd", maxLong/2)+"c", "x")
	if m.seen.to[strings.Repeat("ab", maxLong/2)] == "" || m.seen.to[strings.Repeat("cd", maxLong/2)+"c"] != "" {
		t.Error("the length of what is kept")
	}
	m = NewMasker()
	for i := range maxLike + 1 {
		m.keep(fmt.Sprintf("secret%08d", i), "x")
	}
	for i, want := range map[int]int{0: 0, 1: 1, maxLike: 1} {
		if got := m.seen.find(fmt.Appendf(nil, "a secret%08d", i)); len(got) != want {
			t.Errorf("secret %d of those that begin alike: %v", i, got)
		}
	}
}

// However a body is made, masking it takes no longer than its length is worth.
func TestMaskEvil(t *testing.T) {
	const size = 1 << 18
	for _, s := range []string{"<Password>", "<a>", "<!--", "<![CDATA[", "&lt;a>", "<a x=1>", "</a>"} {
		Mask([]byte(of(true, "text/xml", "<a>"+strings.Repeat(s, size/len(s)))), NewMasker())
	}
	for _, s := range []string{";", "?a=", "%3Fa=", "%253Fa%253D", "a=%3C&", "://", "&", ",a=<a>"} {
		Mask([]byte(of(true, "application/x-www-form-urlencoded", "a="+strings.Repeat(s, size/len(s)))), NewMasker())
	}
}
