package capture

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode"
	"msnproxy/decode/http1"
	"msnproxy/decode/service"
)

func redactedWeb(t *testing.T, r *Redactor, raw string, from decode.Sender) decode.Frame {
	t.Helper()
	var f decode.Framer
	fr := reframe(&f, "web", []byte(raw))
	if fr.Kind != decode.Web {
		t.Fatalf("%q is %v", raw, fr.Kind)
	}
	rec := Record{Conn: &Conn{ID: 1}, Kind: Data, From: from, Frame: fr}
	r.Redact(&rec, decode.WEB, 0)
	out := rec.Frame
	if out.Kind == decode.Web && out.Missing == 0 {
		m, _ := http1.Parse(out.Raw)
		if n, g := http1.Size(out.Raw, m.Request, true); g != http1.Yes || n != len(out.Raw) {
			t.Fatalf("%q: %d %v of %d", out.Raw, n, g, len(out.Raw))
		}
	}
	return out
}

// A message of a web service is redacted in every form of its body: secrets always, people
// where all goes. The ticket stays joined with the one on the notification server.
func TestRedactWeb(t *testing.T) {
	body := `<Envelope><Header><From memberName="alice@example.com" friendlyName="Alice Liddell"/><To memberName='bob@example.com'/><Ticket passport="t=SecretTicketValue+1&amp;p=" appid="PROD0119GSJUC$18" lockkey="5764f5f0d256c5b28f64fb698759c8a8"/></Header><Body><MessageType>text</MessageType><Content>Meet me at 10.1.2.3</Content><Unknown>Wonderland</Unknown></Body></Envelope>`
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(body))
	w.Close()
	const head = "POST /OimWS/oim.asmx HTTP/1.1\r\nHost: ows.private.example\r\nX-Who: Liddell\r\nCookie: MSPAuth=SecretCookie\r\nSOAPAction: \"http://messenger.live.com/ws/2006/09/oim/Store2\"\r\n"
	forms := []string{
		fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body),
		fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(body), body),
		fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", head, z.Len(), z.String()),
	}
	for _, all := range []bool{false, true} {
		for i, raw := range forms {
			r, err := NewRedactor(all)
			if err != nil {
				t.Fatal(err)
			}
			out := redactedWeb(t, r, raw, decode.Client)
			got := string(out.Raw)
			gone := []string{"Secret"}
			kept := []string{"lockkey=\"5764f5f0d256c5b28f64fb698759c8a8\"", "PROD0119GSJUC$18", "Store2", "/OimWS/oim.asmx"}
			if all {
				gone = append(gone, "alice", "bob", "Liddell", "Wonderland", "10.1.2.3", "Meet", "private")
			} else {
				kept = append(kept, "alice@example.com", "Meet me at 10.1.2.3", "Wonderland")
			}
			for _, s := range gone {
				if strings.Contains(got, s) {
					t.Errorf("all %v, form %d: %q is still there: %s", all, i, s, got)
				}
			}
			for _, s := range kept {
				if !strings.Contains(got, s) {
					t.Errorf("all %v, form %d: %q is gone: %s", all, i, s, got)
				}
			}
			call, ok := service.Read(out.Raw, nil)
			if !ok || call.Name != "Store2" {
				t.Fatalf("%s", got)
			}
			line := "USR 4 SSO S t=SecretTicketValue+1&p= HAAAAAEAAAADZgAABIAA\r\n"
			rec := Record{Conn: &Conn{ID: 2}, Kind: Data, From: decode.Client, Frame: decode.Frame{Raw: []byte(line), LineLen: len(line) - 2, EOL: 2}}
			r.Redact(&rec, decode.NS, 15)
			if ticket := strings.Fields(string(rec.Frame.Raw))[4]; service.TokenID(ticket) != service.TokenID(call.Value("token")) {
				t.Errorf("%s and %s are of one ticket", ticket, call.Value("token"))
			}
		}
	}
}

// What is not whole, or cannot be read, tells nothing.
func TestRedactWebBroken(t *testing.T) {
	for _, raw := range []string{
		"POST /RST.srf HTTP/1.1\r\nContent-Length: 50\r\n\r\n<Password>TopSecret",
		"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 9\r\n\r\nTopSecret",
		"GET /who/TopSecret?x=TopSecret HTTP/1.1\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://TopSecret/TopSecret?TopSecret\r\nServer: TopSecret\r\nContent-Length: 9\r\n\r\nTopSecret",
	} {
		r, err := NewRedactor(true)
		if err != nil {
			t.Fatal(err)
		}
		from := decode.Client
		if strings.HasPrefix(raw, "HTTP") {
			from = decode.Server
		}
		if out := redactedWeb(t, r, raw, from); bytes.Contains(bytes.ToLower(out.Raw), []byte("topsecret")) {
			t.Errorf("%q became %q", raw, out.Raw)
		}
	}
}
