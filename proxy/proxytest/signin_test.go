package proxytest

import (
	"strings"
	"testing"
	"time"

	"msnproxy/decode/challenge"
)

// TestSignInOrder says lines to a fresh connection; {NS} and {DS} stand for the
// server's addresses.
func TestSignInOrder(t *testing.T) {
	for _, tt := range []struct {
		name, at, send, want string
		open                 bool
	}{
		{name: "redirect MSNP2", at: "DS",
			send: "VER 1 MSNP2 CVR0\r\nINF 2\r\nUSR 3 MD5 I alice@example.com\r\n",
			want: "VER 1 MSNP2\r\nINF 2 MD5\r\nXFR 3 NS {NS}\r\n"},
		{name: "redirect MSNP6", at: "DS",
			send: "VER 1 MSNP6 MSNP5 CVR0\r\nINF 2\r\nUSR 3 MD5 I alice@example.com\r\n",
			want: "VER 1 MSNP6\r\nINF 2 MD5\r\nXFR 3 NS {NS} 0\r\n"},
		{name: "redirect MSNP7", at: "DS",
			send: "VER 0 MSNP9 msnp7 CVR0\r\nINF 1\r\nUSR 2 MD5 I alice@example.com\r\n",
			want: "VER 0 MSNP7\r\nINF 1 MD5\r\nXFR 2 NS {NS} 0 {DS}\r\n"},
		{name: "lone LF, blanks in a row and at the end", at: "DS",
			send: "VER 1 MSNP7  CVR0 \nINF  2 \n", want: "VER 1 MSNP7\r\nINF 2 MD5\r\n", open: true},
		{name: "no dialect in common", at: "DS", send: "VER 1 MSNP8 MSNP9\r\n", want: "VER 1 0\r\n"},
		{name: "VER without dialects", at: "NS", send: "VER 1\r\n", want: "VER 1 0\r\n"},
		{name: "VER twice", at: "NS", send: "VER 1 MSNP5\r\nVER 2 MSNP5\r\n", want: "VER 1 MSNP5\r\n715 2\r\n"},
		{name: "INF first", at: "NS", send: "INF 1\r\n", want: "715 1\r\n"},
		{name: "INF twice", at: "NS", send: "VER 1 MSNP5\r\nINF 2\r\nINF 3\r\n", want: "VER 1 MSNP5\r\nINF 2 MD5\r\n715 3\r\n"},
		{name: "USR first", at: "NS", send: "USR 1 MD5 I alice@example.com\r\n", want: "715 1\r\n"},
		{name: "USR CTP", at: "NS", send: "VER 1 MSNP2\r\nUSR 2 CTP I alice@example.com\r\n", want: "VER 1 MSNP2\r\n715 2\r\n"},
		{name: "USR S first", at: "NS", send: "VER 1 MSNP5\r\nUSR 2 MD5 S 00\r\n", want: "VER 1 MSNP5\r\n715 2\r\n"},
		{name: "handle without domain", at: "DS", send: "VER 1 MSNP5\r\nUSR 2 MD5 I alice\r\n", want: "VER 1 MSNP5\r\n206 2\r\n", open: true},
		{name: "handle that is none", at: "DS", send: "VER 1 MSNP5\r\nUSR 2 MD5 I @example.com\r\n", want: "VER 1 MSNP5\r\n201 2\r\n", open: true},
		{name: "not signed in", at: "NS", send: "VER 1 MSNP5\r\nSYN 2 0\r\nPNG\r\n", want: "VER 1 MSNP5\r\n302 2\r\n302\r\n", open: true},
		{name: "CVR before USR", at: "NS", send: "VER 1 MSNP5\r\nCVR 2 0x0409 win 4.10 i386 MSMSGS 1\r\n", want: "VER 1 MSNP5\r\n731 2\r\n"},
		{name: "unknown command", at: "NS", send: "VER 1 MSNP5\r\nXYZ 2 a\r\n", want: "VER 1 MSNP5\r\n200 2\r\n", open: true},
		{name: "later than the dialect", at: "NS", send: "VER 1 MSNP5\r\nQRY 2 a 3\r\nabcADG 3 a 0\r\n", want: "VER 1 MSNP5\r\n200 2\r\n200 3\r\n", open: true},
		{name: "TrID that is no number", at: "DS", send: "VER one MSNP7\r\n"},
		{name: "TrID too large", at: "DS", send: "VER 4294967296 MSNP7\r\n"},
		{name: "no TrID", at: "DS", send: "VER\r\n"},
		{name: "OUT", at: "DS", send: "OUT\r\n", want: "OUT\r\n"},
		{name: "version check", at: "DS",
			send: "VER 1 MSNP1 CVR0\r\nCVQ 2 0x0409 win 4.10 i386 MSMSGS 1.0.0863 \r\n",
			want: "VER 1 CVR0\r\nCVQ 2 1.0.0863 1.0.0863 1.0.0863 http://dl.example/setup.exe http://info.example\r\n"},
		{name: "version check with a bad locale", at: "DS",
			send: "VER 1 CVR0\r\nCVQ 2 1033 win 4.10 i386 MSMSGS 1\r\n", want: "VER 1 CVR0\r\n710 2\r\n", open: true},
		{name: "version check with too little", at: "DS", send: "VER 1 CVR0\r\nCVQ 2 0x0409\r\n", want: "VER 1 CVR0\r\n731 2\r\n"},
		{name: "CVQ in MSNP7", at: "NS", send: "VER 1 MSNP7\r\nCVQ 2 0x0409 win 4 i386 MSMSGS 1\r\n", want: "VER 1 MSNP7\r\n731 2\r\n"},
		{name: "CVR0 can nothing else", at: "DS", send: "VER 1 CVR0\r\nINF 2\r\n", want: "VER 1 CVR0\r\n200 2\r\n", open: true},
		{name: "switchboard without cookie", at: "SB", send: "USR 1 alice@example.com 1.2.3\r\n", want: "911 1\r\n"},
		{name: "switchboard without call", at: "SB", send: "ANS 1 alice@example.com 1.2.3 4\r\n", want: "911 1\r\n"},
		{name: "switchboard not signed in", at: "SB", send: "CAL 1 bob@example.com\r\nMSG 2 U 3\r\nabc", want: "302 1\r\n302 2\r\n", open: true},
		{name: "switchboard knows no VER", at: "SB", send: "VER 1 MSNP7\r\n", want: "200 1\r\n", open: true},
		{name: "switchboard OUT", at: "SB", send: "OUT\r\n"},
		{name: "another protocol", at: "DS", send: "GET / HTTP/1.1\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Config{})
			at := map[string]string{"DS": s.DS, "NS": s.NS, "SB": s.SB}[tt.at]
			w := dialWire(t, at)
			w.send(tt.send)
			w.want(strings.NewReplacer("{NS}", s.NS, "{DS}", s.DS).Replace(tt.want))
			if tt.open {
				w.send("OUT\r\n")
				if tt.at != "SB" {
					w.want("OUT\r\n")
				}
			}
			w.closed()
		})
	}
}

func TestOptionsOfSignIn(t *testing.T) {
	s := start(t, Config{ListAllDialects: true, NoRedirect: true, SilentOut: true})
	w := dialWire(t, s.DS)
	w.send("VER 1 MSNP6 MSNP7 CVR0\r\nINF 2\r\nUSR 3 MD5 I alice@example.com\r\n")
	w.want("VER 1 MSNP7 MSNP6 CVR0\r\nINF 2 MD5\r\nUSR 3 MD5 S 1013928519.")
	w.line()
	w.send("OUT\r\n")
	w.closed()

	s = start(t, Config{AnnounceNS: "messenger.example"})
	w = dialWire(t, s.DS)
	w.send("VER 1 MSNP3\r\nUSR 2 MD5 I alice@example.com\r\n")
	w.want("VER 1 MSNP3\r\nXFR 2 NS messenger.example 0\r\n")
	w.closed()
}

// TestSignedIn compares what follows a sign-in, by dialect, with the sizes that
// the documents give.
func TestSignedIn(t *testing.T) {
	for _, tt := range []struct {
		dialect             string
		ok, profile, mail   string
		profileLen, mailLen int
	}{
		{"MSNP2", "USR 3 OK alice@example.com Alice", "text/x-msmsgsprofile", "application/x-msmsgsemailnotification", 95, 204},
		{"MSNP5", "USR 3 OK alice@example.com Alice", "text/x-msmsgsprofile", "text/x-msmsgsinitialemailnotification", 361, 219},
		{"MSNP6", "USR 3 OK alice@example.com Alice 0", "text/x-msmsgsprofile", "text/x-msmsgsinitialemailnotification", 361, 219},
		{"MSNP7", "USR 3 OK alice@example.com Alice 0", "text/x-msmsgsprofile", "text/x-msmsgsinitialemailnotification", 361, 219},
	} {
		t.Run(tt.dialect, func(t *testing.T) {
			accounts := DemoAccounts()
			accounts[0].Unverified = true
			s := start(t, Config{Accounts: accounts})
			w := dialWire(t, s.NS)
			w.send("VER 1 " + tt.dialect + "\r\nINF 2\r\nUSR 3 MD5 I ALICE@example.com\r\n")
			w.want("VER 1 " + tt.dialect + "\r\nINF 2 MD5\r\n")
			salt := strings.TrimPrefix(w.line(), "USR 3 MD5 S ")
			w.send("USR 3 MD5 S " + challenge.SignIn(salt, "wonderland") + "\r\n")
			w.want(tt.ok + "\r\n")
			for _, want := range []struct {
				contentType string
				size        int
			}{{tt.profile, tt.profileLen}, {tt.mail, tt.mailLen}} {
				ev := Event{Payload: []byte(w.notice())}
				if ev.ContentType() != want.contentType || len(ev.Payload) != want.size {
					t.Errorf("%s of %d bytes, want %s of %d:\n%s", ev.ContentType(), len(ev.Payload), want.contentType, want.size, ev.Payload)
				}
			}
			w.send("USR 4 MD5 I alice@example.com\r\n")
			w.want("207 4\r\n")
		})
	}
}

func TestWrongPassword(t *testing.T) {
	s := start(t, Config{})
	for _, handle := range []string{"alice@example.com", "nobody@example.com"} {
		w := dialWire(t, s.NS)
		w.send("VER 1 MSNP7\r\nINF 2\r\nUSR 3 MD5 I " + handle + "\r\n")
		w.want("VER 1 MSNP7\r\nINF 2 MD5\r\n")
		w.line()
		w.send("CVR 4 0x0409 win 4.10 i386 MSMSGS 1\r\n")
		w.want("715 4\r\n")
		w.closed()

		w = dialWire(t, s.NS)
		w.send("VER 1 MSNP7\r\nUSR 3 MD5 I " + handle + "\r\n")
		w.want("VER 1 MSNP7\r\n")
		w.line()
		w.send("USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903\r\n")
		w.want("911 4\r\n")
		w.closed()
	}
}

func TestSignInTimeout(t *testing.T) {
	s := start(t, Config{SignInTimeout: 10 * time.Millisecond, Linger: 10 * time.Millisecond})
	for _, addr := range []string{s.DS, s.NS, s.SB} {
		dialWire(t, addr).closed()
	}
}

func TestSecondSignIn(t *testing.T) {
	s := start(t, Config{})
	first := enter(t, s, 7, "alice@example.com", "wonderland")
	second := enter(t, s, 7, "alice@example.com", "wonderland")
	first.want("OUT OTH\r\n")
	first.closed()
	second.send("PNG\r\n")
	second.want("QNG\r\n")
	if !s.Online("alice@example.com") {
		t.Error("not online after the second sign-in")
	}
}

func TestCloseSaysGoodbye(t *testing.T) {
	s := start(t, Config{})
	w := enter(t, s, 7, "alice@example.com", "wonderland")
	x := enter(t, s, 7, "bob@example.com", "builder")
	idle := dialWire(t, s.SB)
	for _, w := range []*wire{w, x} {
		w.send("CHG 4 NLN\r\n")
		w.line()
	}
	go s.Close()
	x.line() // ILN of Alice
	for _, w := range []*wire{w, x} {
		for line := ""; line != "OUT SSD"; {
			if line = w.line(); strings.HasPrefix(line, "FLN") {
				t.Error("told that others leave while the server closes")
			}
		}
		w.closed()
	}
	idle.closed()
	s.Close()
	if n := s.Conns(); n != 0 {
		t.Errorf("%d connections after Close", n)
	}
}
