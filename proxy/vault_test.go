package proxy

import (
	"fmt"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

func TestVault(t *testing.T) {
	const nonce = "bm9uY2Vub25jZW5vbmNlbm9uY2Vub25jZW5vbmNlbm9uY2Vub25jZW5vbmNlbm9u"
	right, err := challenge.SSO(aSecret, nonce, [8]byte{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	wrong, _ := challenge.SSO("AAECAwQFBgcICQoLDA0ODxAREhMUFRYY", nonce, [8]byte{})
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	var v vault
	v.keep([]byte(answering(giveTokens)), now)
	for _, c := range []struct {
		name, ticket, nonce, answer string
		after                       time.Duration
		want                        string
	}{
		{"right", aToken, nonce, right, 0, "sso right"},
		{"wrong", aToken, nonce, wrong, 0, "sso wrong"},
		{"no answer that can be read", aToken, nonce, "HAAA", 0, ""},
		{"for another nonce", aToken, nonce[:60] + "AAAA", right, 0, "sso wrong"},
		{"another ticket", "t=other&p=", nonce, right, 0, ""},
		{"no nonce", aToken, "", right, 0, ""},
		{"no answer", aToken, nonce, "", 0, ""},
		{"a day later", aToken, nonce, right, 24 * time.Hour, "sso right"},
		{"more than a day later", aToken, nonce, right, 24*time.Hour + 1, ""},
	} {
		if got := v.verdict(c.ticket, c.nonce, c.answer, now.Add(c.after)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	// Of many the newest are kept.
	for i := range 1025 {
		v.mu.Lock()
		v.keys.Put(fmt.Sprint(i), key{})
		v.mu.Unlock()
	}
	if v.keys.Len() != 1024 {
		t.Errorf("%d are kept", v.keys.Len())
	}
	if got := v.verdict(aToken, nonce, right, now); got != "" {
		t.Errorf("the oldest of more than 1024: %q", got)
	}
	var none vault
	if got := none.verdict(aToken, nonce, right, now); got != "" {
		t.Errorf("nobody handed it out: %q", got)
	}
	// What was masked is no key.
	none.keep([]byte(answering(`<a><RequestSecurityTokenResponseCollection><RequestSecurityTokenResponse><RequestedSecurityToken><BinarySecurityToken>masked-0123456789abcdef</BinarySecurityToken></RequestedSecurityToken><RequestedProofToken><BinarySecret>masked-0123456789abcdef</BinarySecret></RequestedProofToken></RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection></a>`)), now)
	if none.keys.Len() != 0 {
		t.Error("a stand-in is kept as a key")
	}
}

func TestJudge(t *testing.T) {
	const nonce = "bm9uY2Vub25jZW5vbmNlbm9uY2Vub25jZW5vbmNlbm9uY2Vub25jZW5vbmNlbm9u"
	right, _ := challenge.SSO(aSecret, nonce, [8]byte{})
	c := &conn{p: &Proxy{}}
	now := time.Now()
	c.p.vault.keep([]byte(answering(giveTokens)), now)
	for _, x := range []struct {
		from       decode.Sender
		line, want string
	}{
		{decode.Client, "USR 4 SSO S " + aToken + " " + right, ""}, // there is no nonce yet
		{decode.Server, "USR 3 SSO S MBI_KEY_OLD " + nonce, ""},
		{decode.Client, "UUX 4 0", ""},
		{decode.Client, "USR 4 SSO S " + aToken + " " + right, "sso right"},
		{decode.Client, "USR 4 SSO S " + aToken + " " + right + " {0f0e0d0c-0b0a-0908-0706-050403020100}", "sso right"},
		{decode.Client, "USR 4 SSO S " + aToken + " " + right[:100] + "AAAA" + right[104:], "sso wrong"},
		{decode.Client, "USR 4 TWN S " + aToken, ""},
	} {
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(x.line + "\r\n"))
		if !f.Next(&fr) {
			t.Fatalf("%q is no frame", x.line)
		}
		if got := c.judge(&fr, x.from, now); got != x.want {
			t.Errorf("%.60q: %q, want %q", x.line, got, x.want)
		}
	}
}

// The key passes on one connection, the answer that it makes on another: the record of that
// has the verdict, and neither has the key.
func TestVerdictIsRecorded(t *testing.T) {
	const nonce = "bm9uY2Vub25jZW5vbmNlbm9uY2Vub25jZW5vbmNlbm9uY2Vub25jZW5vbmNlbm9u"
	right, _ := challenge.SSO(aSecret, nonce, [8]byte{})
	wrong, _ := challenge.SSO("AAECAwQFBgcICQoLDA0ODxAREhMUFRYY", nonce, [8]byte{})
	for _, keep := range []bool{false, true} {
		u := newUpstream(t)
		p, seen := webProxy(t, u, Config{KeepSecrets: keep})
		client := dial(t, p.Addr().String())
		send(t, client, request(u.Addr().String(), "/RST2.srf", askTokens))
		server := u.next(t)
		expect(t, server, request(u.Addr().String(), "/RST2.srf", askTokens))
		send(t, server, answering(giveTokens))
		expect(t, client, answering(giveTokens))
		for answer, want := range map[string]string{right: "sso right", wrong: "sso wrong"} {
			if keep {
				want = "" // whoever has the recording has the key
			}
			client := dial(t, p.Addr().String())
			send(t, client, "USR 3 SSO I alice@example.com\r\n")
			server := u.next(t)
			expect(t, server, "USR 3 SSO I alice@example.com\r\n")
			send(t, server, "USR 3 SSO S MBI_KEY_OLD "+nonce+"\r\n")
			expect(t, client, "USR 3 SSO S MBI_KEY_OLD "+nonce+"\r\n")
			line := "USR 4 SSO S " + aToken + " " + answer + "\r\n"
			send(t, client, line)
			expect(t, server, line)
			r := seen.wait(t, "ticket", func(r *capture.Record) bool { return r.Kind == capture.Data && string(r.Frame.Raw) == line })
			if r.Verdict != want {
				t.Errorf("secrets kept %v: verdict %q, want %q", keep, r.Verdict, want)
			}
		}
	}
}
