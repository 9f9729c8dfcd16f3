package replay

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msnproxy/decode/challenge"
)

// visitor is a client that speaks lines.
type visitor struct {
	t   testing.TB
	nc  net.Conn
	got string
}

func visit(t testing.TB, addr string) *visitor {
	t.Helper()
	nc, err := dialer(t)(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(soon))
	return &visitor{t: t, nc: nc}
}

func (p *visitor) send(text string) {
	p.t.Helper()
	if _, err := p.nc.Write([]byte(text)); err != nil {
		p.t.Fatalf("sending %q: %v", text, err)
	}
}

// want waits until the text has come, and returns what came to its end.
func (p *visitor) want(text string) string {
	p.t.Helper()
	buf := make([]byte, 4096)
	for {
		if i := strings.Index(p.got, text); i >= 0 {
			head := p.got[:i+len(text)]
			p.got = p.got[i+len(text):]
			return head
		}
		n, err := p.nc.Read(buf)
		p.got += string(buf[:n])
		if err != nil && !strings.Contains(p.got, text) {
			p.t.Fatalf("no %q, but %q, then %v", text, p.got, err)
		}
	}
}

// ask sends and waits.
func (p *visitor) ask(text, want string) string {
	p.t.Helper()
	p.send(text)
	return p.want(want)
}

// end waits for the end of the connection.
func (p *visitor) end() {
	p.t.Helper()
	buf := make([]byte, 4096)
	for {
		n, err := p.nc.Read(buf)
		p.got += string(buf[:n])
		if err != nil {
			if os.IsTimeout(err) {
				p.t.Fatalf("the connection stays; %q", p.got)
			}
			return
		}
	}
}

// signedIn signs alice in at the demo's recording, by way of the DS, with TrIDs that
// are not the recorded ones.
func signedIn(t testing.TB, s *Server) *visitor {
	t.Helper()
	ds := visit(t, s.Addr().String())
	ds.ask("VER 101 MSNP7 MSNP6 CVR0\r\n", "VER 101 MSNP7\r\n")
	ds.ask("INF 102\r\n", "INF 102 MD5\r\n")
	ds.ask("USR 103 MD5 I alice@example.com\r\n", "XFR 103 NS ")
	to, _, _ := strings.Cut(ds.want("\r\n"), " ")
	ds.end()
	ns := visit(t, to)
	ns.ask("VER 104 MSNP7\r\nINF 105\r\nUSR 106 MD5 I Alice@Example.com\r\n", "USR 106 MD5 S ")
	ns.want("\r\n")
	ns.ask("USR 107 MD5 S 00000000000000000000000000000000\r\n", "USR 107 OK alice@example.com Alice 1\r\n")
	return ns
}

// A request that the recording does not have is answered as the protocol says.
func TestRules(t *testing.T) { t.Parallel(); inMemory(t, rulesInMemory) }

func rulesInMemory(t *bubble) {
	s, e := serve(t, ServerConfig{Story: tell(t, demo), Patience: 200 * time.Millisecond})
	ns := signedIn(t, s)
	for _, test := range []struct{ ask, want string }{
		{"CVR 200 0x0407 win 4.10 i386 MSMSGS 4.6.0077 MSMSGS\r\n", "CVR 200 4.5.0121 4.5.0121 4.5.0121 "},
		{"PNG\r\n", "QNG\r\n"},
		{"PNG\r\n", "QNG\r\n"},
		{"SYN 201 26\r\n", "LST 201 RL 2/2"},
		{"CHG 202 IDL\r\n", "CHG 202 IDL\r\n"},
		{"URL 203 INBOX\r\n", "URL 203 /cgi-bin/HoTMaiL "},
		{"URL 204 COMPOSE\r\n", "URL 204 "},
		{"PRP 205 PHW 555\r\n", "PRP 205 "},
		{"BLP 206 BL\r\n", "BLP 206 1 BL\r\n"},
		{"GTC 207 N\r\n", "GTC 207 1 N\r\n"},
		{"ADD 208 AL dave@example.com Dave\r\n", "ADD 208 AL "},
		{"ADD 209 BL erin@example.com Erin\r\n", "ADD 209 BL "},
		{"ADD 210 FL frank@example.com Frank\r\n", "ADD 210 FL "},
		{"ADD 211 FL frank@example.com Frank 1\r\n", "ADD 211 FL "},
		{"ADD 212 AL gina@example.com Gina\r\n", "ADD 212 AL 1 gina@example.com Gina\r\n"},
		{"REM 213 RL dave@example.com\r\n", "REM 213 RL "},
		{"REM 214 AL dave@example.com\r\n", "REM 214 AL 1 dave@example.com\r\n"},
		{"REA 215 bob@example.com Bobby\r\n", "REA 215 "},
		{"LST 216 BL\r\n", "LST 216 BL 1 0 0\r\n"},
		{"FND 217 fname=x\r\n", "FND 217 0 0\r\n"},
		{"SND 218 dave@example.com 0x0409 MSMSGS MSMSGS\r\n", "SND 218 OK\r\n"},
		{"IMS 219 OFF\r\n", "IMS 219 0 OFF\r\n"},
		{"XYZ 220\r\n", "200 220\r\n"},
		{"XFR 222 SB\r\n", "XFR 222 SB 127.0.0.1:"},
		{"XFR 223 SB\r\n", "280 223\r\n"},
		{"QRY 224 msmsgs@msnmsgr.com 32\r\n00000000000000000000000000000000", "540 224\r\n"},
	} {
		if strings.HasPrefix(test.want, "LST 201 RL") {
			test.want = "carol@example.com Carol\r\n"
		}
		got := ns.ask(test.ask, test.want)
		if test.ask[:3] == "QRY" && !strings.Contains(got, "CHL 0 ") && !strings.Contains(e.String(), "wrong") {
			t.Error("no challenge was posed")
		}
	}
	ns.end()
	for _, want := range []string{
		"asked CVR 200, which is not quite message 42: lcid is \"0x0407\", recorded is \"0x0409\"",
		"asked CHG 202, which is not quite message 37: status is \"IDL\", recorded is \"NLN\"",
		"asked BLP 206 (not in the recording): answered by rule",
		"asked XYZ 220 (not in the recording): answered 200 (syntax error)",
		"the answer to the challenge is wrong",
	} {
		if !strings.Contains(e.String(), want) {
			t.Errorf("no event %q in\n%s", want, e)
		}
	}
}

// Who is not in the recording, and who does not know the password.
func TestTurnedAway(t *testing.T) { t.Parallel(); inMemory(t, turnedAwayInMemory) }

func turnedAwayInMemory(t *bubble) {
	cfg := ServerConfig{Story: tell(t, demo), Passwords: map[string]string{"alice@example.com": "secret"}}
	s, e := serve(t, cfg)
	p := visit(t, s.Addr().String())
	p.ask("VER 1 MSNP7\r\n", "VER 1 MSNP7\r\n")
	p.ask("USR 2 MD5 I mallory@example.com\r\n", "911 2\r\n")
	p.end()

	p = visit(t, s.Addr().String())
	p.ask("VER 1 MSNP12 MSNP11 CVR0\r\n", "VER 1 0\r\n")
	p.end()

	ds := visit(t, s.Addr().String())
	ds.ask("USR 1 MD5 I alice@example.com\r\n", "XFR 1 NS ")
	ds.end()
	for _, password := range []string{"wrong", "secret"} {
		p = visit(t, s.Addr().String())
		p.ask("VER 1 MSNP7\r\nUSR 2 MD5 I alice@example.com\r\n", "USR 2 MD5 S ")
		salt := strings.TrimSpace(p.want("\r\n"))
		want := "911 3\r\n"
		if password == "secret" {
			want = "USR 3 OK"
		}
		p.ask("USR 3 MD5 S "+challenge.SignIn(salt, password)+"\r\n", want)
		if password == "wrong" {
			p.end()
			ds = visit(t, s.Addr().String())
			ds.ask("USR 1 MD5 I alice@example.com\r\n", "XFR 1 NS ")
			ds.end()
		}
	}

	p = visit(t, s.Addr().String())
	p.ask("USR 1 alice@example.com 17.18.19\r\n", "911 1\r\n")
	p.end()
	for _, want := range []string{"mallory@example.com is not in the recording", "offers no dialect of the recording", "with another password", "a cookie that is not good for alice@example.com"} {
		if !strings.Contains(e.String(), want) {
			t.Errorf("no event %q in\n%s", want, e)
		}
	}
}

func TestPolicies(t *testing.T) { t.Parallel(); inMemory(t, policiesInMemory) }

func policiesInMemory(t *bubble) {
	for policy, want := range map[string]string{"error": "200 9\r\nCHG 10", "ignore": "CHG 10", "close": ""} {
		p, err := ParsePolicy(policy)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := serve(t, ServerConfig{Story: tell(t, demo), Unknown: p})
		ns := signedIn(t, s)
		ns.send("XYZ 9\r\nCHG 10 NLN\r\n")
		if want == "" {
			ns.end()
			continue
		}
		got := ns.want(want)
		if policy == "ignore" && strings.Contains(got, "200 9") {
			t.Errorf("not ignored: %q", got)
		}
	}
	if _, err := ParsePolicy("shrug"); err == nil {
		t.Error("a policy that does not exist")
	}
}

// What the live client says comes to the other account, not what was recorded.
func TestLiveWords(t *testing.T) { t.Parallel(); inMemory(t, liveWordsInMemory) }

func liveWordsInMemory(t *bubble) {
	s, e := serve(t, ServerConfig{Story: tell(t, testdata("javaserver-amsn082-msnp7.pcap"))})
	in := func(who string) *visitor {
		p := visit(t, s.Addr().String())
		p.ask("VER 1 MSNP7 CVR0\r\nINF 2\r\nUSR 3 MD5 I "+who+"@example.com\r\n", "USR 3 MD5 S 235759\r\n")
		p.ask("USR 4 MD5 S 0\r\nSYN 5 0\r\nCHG 6 NLN\r\n", "CHG 6 NLN\r\n")
		return p
	}
	alice, bob := in("alice"), in("bob")
	alice.want("NLN NLN bob@example.com Bob")
	sb := func(p *visitor, line, rest string) *visitor {
		to, cookie, _ := strings.Cut(strings.TrimSpace(p.want("\r\n")), " CKI ")
		to = to[strings.LastIndexByte(to, ' ')+1:]
		cookie, _, _ = strings.Cut(cookie, " ")
		b := visit(t, to)
		b.send(fmt.Sprintf(line, cookie) + rest)
		return b
	}
	bob.send("")
	alice.ask("REA 7 alice@example.com A\r\nCHG 8 BSY\r\nCHG 9 NLN\r\nXFR 10 SB\r\n", "XFR 10")
	hers := sb(alice, "USR 11 alice@example.com %s\r\n", "CAL 12 bob@example.com\r\n")
	hers.want("CAL 12 RINGING ")
	session := strings.TrimSpace(hers.want("\r\n"))
	if session == "1000" {
		t.Error("the session id is the recorded one")
	}
	bob.want("RNG " + session)
	his := sb(bob, "ANS 13 bob@example.com %s "+session+"\r\n", "")
	his.want("ANS 13 OK\r\n")
	hers.want("JOI bob@example.com")
	typing := "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: alice@example.com\r\n\r\n\r\n"
	hers.ask(fmt.Sprintf("MSG 14 A %d\r\n%s", len(typing), typing), "ACK 14\r\n")
	text := "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nsomething else, said live"
	hers.ask(fmt.Sprintf("MSG 15 A %d\r\n%s", len(text), text), "ACK 15\r\n")
	got := his.want("something else, said live")
	if !strings.Contains(got, fmt.Sprintf(" %d\r\n%s", len(text), text)) {
		t.Errorf("bob got %q", got)
	}
	if !strings.Contains(e.String(), "asked MSG 15, which is not quite message 96") {
		t.Errorf("not reported:\n%s", e)
	}
}

// Nothing in the server dials.
func TestNeverDials(t *testing.T) {
	files, err := filepath.Glob("server*.go")
	if err != nil || len(files) < 8 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range append(files, "translate.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if ok && (strings.HasPrefix(strings.ReplaceAll(sel.Sel.Name, "Dialect", ""), "Dial") || strings.HasPrefix(sel.Sel.Name, "Lookup") && fmt.Sprint(sel.X) == "net" || strings.HasPrefix(sel.Sel.Name, "Resolve")) {
				t.Errorf("%s: %v.%s", file, sel.X, sel.Sel.Name)
			}
			return true
		})
		for _, i := range f.Imports {
			switch i.Path.Value {
			case `"net/http"`, `"net/rpc"`, `"os/exec"`, `"syscall"`, `"msnproxy/proxy"`:
				t.Errorf("%s imports %s", file, i.Path.Value)
			}
		}
	}
}
