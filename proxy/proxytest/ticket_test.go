package proxytest

import (
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode/challenge"
)

// enterByTicket signs in at the notification server in one of MSNP8 to 12. The next
// TrID to use is 5.
func enterByTicket(t *testing.T, s *Server, dialect int, account, password string) *wire {
	t.Helper()
	w := dialWire(t, s.NS)
	w.send(fmt.Sprintf("VER 1 MSNP%d CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 6.0 MSMSGS %s\r\nUSR 3 TWN I %[2]s\r\n", dialect, account))
	w.want(fmt.Sprintf("VER 1 MSNP%d\r\nCVR 2 6.0 6.0 6.0 http://dl.example/setup.exe http://info.example\r\n", dialect))
	if policy := w.line(); !strings.HasPrefix(policy, "USR 3 TWN S lc=1033,id=507,") {
		t.Fatalf("signing in: %q", policy)
	}
	w.send("USR 4 TWN S " + TicketFor(account, password).Text + "\r\n")
	return w
}

func TestTicketSignIn(t *testing.T) {
	s := start(t, Config{Dialects: []string{"MSNP12", "MSNP11", "MSNP10", "MSNP9", "MSNP8"}})
	for dialect, want := range map[int]string{8: "alice@example.com Alice 1 0", 9: "alice@example.com Alice 1 0", 10: "alice@example.com 1 0", 12: "alice@example.com 1 0"} {
		w := enterByTicket(t, s, dialect, "alice@example.com", "wonderland")
		w.want("USR 4 OK " + want + "\r\n")
		if dialect >= 11 {
			w.want("SBS 0 null\r\n")
		}
		if profile := w.notice(); strings.Contains(profile, "ABCHMigrated: 1\r\n") != (dialect >= 10) {
			t.Errorf("MSNP%d: %q", dialect, profile)
		}
		w.notice()
		w.send("PNG\r\n")
		w.want(map[bool]string{true: "QNG 50\r\n", false: "QNG\r\n"}[dialect >= 9])
		w.send("OUT\r\n")
		w.want("OUT\r\n")
		w.closed()
	}
	w := enterByTicket(t, s, 9, "alice@example.com", "wrong")
	w.want("911 4\r\n")
	w.closed()
	w = enterByTicket(t, s, 9, "zoe@example.com", "wrong")
	w.want("911 4\r\n")
	w.closed()
	for _, test := range []struct{ at, send, want string }{
		{s.DS, "VER 1 MSNP9 CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 6.0 MSMSGS a@b.c\r\nUSR 3 TWN I alice@example.com\r\n",
			"VER 1 MSNP9\r\nCVR 2 6.0 6.0 6.0 http://dl.example/setup.exe http://info.example\r\nXFR 3 NS " + s.NS + " 0 " + s.DS + "\r\n"},
		{s.NS, "VER 1 MSNP9 CVR0\r\nUSR 2 TWN I alice@example.com\r\n", "VER 1 MSNP9\r\n715 2\r\n"},
		{s.NS, "VER 1 MSNP9 CVR0\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 6.0 MSMSGS\r\n", "VER 1 MSNP9\r\n731 2\r\n"},
		{s.NS, "VER 1 MSNP9 CVR0\r\nINF 2\r\nOUT\r\n", "VER 1 MSNP9\r\n200 2\r\nOUT\r\n"},
	} {
		w := dialWire(t, test.at)
		w.send(test.send)
		w.want(test.want)
		w.closed()
	}
}

// The lists, byte for byte.
func TestCountedLists(t *testing.T) {
	s := start(t, Config{Dialects: []string{"MSNP12", "MSNP11", "MSNP10", "MSNP9", "MSNP8"}})
	bobID, friends := guid("bob@example.com"), guid("alice@example.com group 1")
	if len(bobID) != 36 || bobID == friends {
		t.Fatalf("ids %s, %s", bobID, friends)
	}
	const stamp = "2004-07-01T10:27:00.0000000+00:00"
	for _, test := range []struct {
		dialect          int
		send, want, same string
	}{
		{8, "SYN 5 0\r\n", "SYN 5 27 2 2\r\nGTC A\r\nBLP AL\r\nPRP PHH 555%200100\r\nPRP PHW\r\nPRP PHM\r\nPRP MOB N\r\nPRP MBE N\r\n" +
			"LSG 0 Other%20Contacts 0\r\nLSG 1 Friends 0\r\nLST bob@example.com Bob 11 1\r\nBPR PHM 555%200199\r\nBPR MOB Y\r\nLST carol@example.com Carol 8\r\n",
			"SYN 6 27\r\n"},
		{10, "SYN 5 0 0\r\n", "SYN 5 " + stamp + " " + stamp + " 2 1\r\nGTC A\r\nBLP AL\r\nPRP PHH 555%200100\r\nPRP PHW\r\nPRP PHM\r\nPRP MOB N\r\nPRP MBE N\r\nPRP MFN Alice\r\n" +
			"LSG Friends " + friends + "\r\nLST N=bob@example.com F=Bob C=" + bobID + " 11 " + friends + "\r\nBPR PHM 555%200199\r\nBPR MOB Y\r\nLST N=carol@example.com F=Carol 8\r\n",
			"SYN 6 " + stamp + " " + stamp + "\r\n"},
		{12, "SYN 5 0 0\r\n", "SYN 5 " + stamp + " " + stamp + " 2 1\r\nGTC A\r\nBLP AL\r\nPRP PHH 555%200100\r\nPRP PHW\r\nPRP PHM\r\nPRP MOB N\r\nPRP MBE N\r\nPRP MFN Alice\r\n" +
			"LSG Friends " + friends + "\r\nLST N=bob@example.com F=Bob C=" + bobID + " 11 1 " + friends + "\r\nBPR PHM 555%200199\r\nBPR MOB Y\r\nLST N=carol@example.com F=Carol 8 1\r\n",
			"SYN 6 " + stamp + " " + stamp + "\r\n"},
	} {
		w := enterByTicket(t, s, test.dialect, "alice@example.com", "wonderland")
		w.line()
		if test.dialect >= 11 {
			w.line()
		}
		w.notice()
		w.notice()
		w.send(test.send)
		w.want(test.want)
		w.send(test.same) // what it has is what there is
		w.want(test.same)
		w.send("OUT\r\n")
		w.want("OUT\r\n")
	}
	for _, dialect := range []string{"MSNP8", "MSNP12"} {
		c := signOn(t, s, Options{Account: "alice@example.com", Dialects: []string{dialect, "CVR0"}})
		lists, err := c.Sync(soon(t), 0)
		if err != nil || len(lists.Forward) != 1 || len(lists.Allow) != 1 || len(lists.Reverse) != 2 || len(lists.Block) != 0 || lists.Forward[0].Name != "Bob" || lists.Forward[0].Properties["MOB"] != "Y" {
			t.Errorf("%s: %+v, %v", dialect, lists, err)
		}
		if dialect == "MSNP8" && (lists.Version != 27 || lists.Groups[1] != "Friends" || len(lists.Forward[0].Groups) != 1) ||
			dialect == "MSNP12" && (lists.Stamp != stamp || lists.GroupIDs[friends] != "Friends" || lists.Forward[0].ID != bobID || len(lists.Forward[0].GroupIDs) != 1) {
			t.Errorf("%s: %+v", dialect, lists)
		}
		c.Close()
	}
}

// What MSNP10 to 12 say of lists, and what is refused.
func TestListsByID(t *testing.T) {
	s := start(t, Config{Dialects: []string{"MSNP11"}})
	w := enterByTicket(t, s, 11, "alice@example.com", "wonderland")
	w.line()
	w.line()
	w.notice()
	w.notice()
	carolID, group := guid("carol@example.com"), guid("alice@example.com group 2")
	for _, test := range []struct{ send, want string }{
		{"ADC 5 FL N=carol@example.com F=Carol", "ADC 5 FL N=carol@example.com F=Carol C=" + carolID +
			"\r\nBPR carol@example.com PHH\r\nBPR carol@example.com PHW\r\nBPR carol@example.com PHM\r\nBPR carol@example.com MOB N"},
		{"ADC 6 FL N=carol@example.com F=Carol", "215 6"},
		{"ADC 7 AL N=carol@example.com", "ADC 7 AL N=carol@example.com"},
		{"ADC 8 BL N=carol@example.com", "219 8"},
		{"ADC 9 AL N=zoe@example.com", "205 9"},
		{"ADC 10 XL N=carol@example.com", "201 10"},
		{"ADG 11 Pals", "ADG 11 Pals " + group},
		{"ADC 12 FL C=" + carolID + " " + group, "ADC 12 FL C=" + carolID + " " + group},
		{"ADC 13 FL C=" + carolID + " " + group, "215 13"},
		{"ADC 14 FL C=" + guid("zoe") + " " + group, "216 14"},
		{"ADC 15 FL C=" + carolID + " " + guid("none"), "224 15"},
		{"REG 16 " + group + " Mates", "REG 16 " + group + " Mates"},
		{"REG 17 " + group + " " + strings.Repeat("x", 62), "229 17"},
		{"SBP 18 " + carolID + " MFN Caro", "SBP 18 " + carolID + " MFN Caro"},
		{"SBP 19 " + carolID + " MFNX Caro", "201 19"},
		{"REM 20 FL " + carolID + " " + group, "REM 20 FL " + carolID + " " + group},
		{"REM 21 FL " + carolID + " " + group, "225 21"},
		{"REM 22 AL carol@example.com", "REM 22 AL carol@example.com"},
		{"REM 23 AL carol@example.com", "216 23"},
		{"REM 24 FL " + carolID, "REM 24 FL " + carolID},
		{"RMG 25 " + group, "RMG 25 " + group},
		{"RMG 26 " + group, "224 26"},
		{"PRP 27 MFN Al", "PRP 27 MFN Al"},
		{"PRP 28 MFN microsoft", "209 28"},
		{"PRP 29 PHH 1", "PRP 29 PHH 1"},
		{"BLP 30 BL", "BLP 30 BL"},
		{"GTC 31 N", "GTC 31 N"},
		{"ADD 32 AL carol@example.com Carol", "200 32"},
		{"GCF 33 Other.xml", "201 33"},
		{"URL 34 INBOX", "URL 34 /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2"},
	} {
		w.send(test.send + "\r\n")
		w.want(test.want + "\r\n")
	}
	w.send("ADC 40 PL N=bob@example.com\r\n")
	w.closed()
}

// Product ids are of two times.
func TestProductOfItsTime(t *testing.T) {
	s := start(t, Config{Dialects: []string{"MSNP11", "MSNP10", "MSNP7"}})
	const old, young = "msmsgs@msnmsgr.com", "PROD0090YUAUV{2B"
	for _, test := range []struct {
		dialect int
		product string
		right   bool
	}{{7, young, true}, {10, old, true}, {10, young, false}, {11, old, false}, {11, young, true}} {
		c := signOn(t, s, Options{Account: "bob@example.com", Dialects: []string{fmt.Sprintf("MSNP%d", test.dialect), "CVR0"}, Mute: true})
		posed, err := c.Do(soon(t), "CHL")
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := challenge.Respond(test.product, posed.Arg(0))
		if _, err := c.DoPayload(soon(t), "QRY", []byte(answer), test.product); (err == nil) != test.right {
			t.Errorf("MSNP%d %s: %v", test.dialect, test.product, err)
		}
		c.Close()
	}
}
