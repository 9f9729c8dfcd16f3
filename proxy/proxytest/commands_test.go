package proxytest

import (
	"strings"
	"testing"
)

// TestCommands says lines as Alice, whose list-version is 27, to a server on
// which nobody else is signed in. An answer that ends in "closed" is followed
// by the end of the connection.
func TestCommands(t *testing.T) {
	long := strings.Repeat("a", 62)
	for _, tt := range []struct {
		name    string
		dialect int // 0: 7
		send    string
		want    string
	}{
		{name: "SYN, nothing new", send: "SYN 4 27\r\n", want: "SYN 4 27\r\n"},
		{name: "SYN with no number", send: "SYN 4 x\r\n", want: "closed"},
		{name: "SYN in MSNP7", send: "SYN 4 0\r\n", want: "SYN 4 27\r\nGTC 4 27 A\r\nBLP 4 27 AL\r\n" +
			"PRP 4 27 PHH 555%200100\r\nPRP 4 27 PHW\r\nPRP 4 27 PHM\r\nPRP 4 27 MOB N\r\nPRP 4 27 MBE N\r\n" +
			"LSG 4 27 1 2 0 Other%20Contacts 0\r\nLSG 4 27 2 2 1 Friends 0\r\n" +
			"LST 4 FL 27 1 1 bob@example.com Bob 1\r\n" +
			"BPR 27 bob@example.com PHH\r\nBPR 27 bob@example.com PHW\r\n" +
			"BPR 27 bob@example.com PHM 555%200199\r\nBPR 27 bob@example.com MOB Y\r\n" +
			"LST 4 AL 27 1 1 bob@example.com Bob\r\nLST 4 BL 27 0 0\r\n" +
			"LST 4 RL 27 1 2 bob@example.com Bob%20M%C3%BCller\r\nLST 4 RL 27 2 2 carol@example.com Carol\r\n"},
		{name: "SYN in MSNP4", dialect: 4, send: "SYN 4 0\r\n", want: "SYN 4 27\r\nGTC 4 27 A\r\nBLP 4 27 AL\r\n" +
			"LST 4 FL 27 1 1 bob@example.com Bob\r\nLST 4 AL 27 1 1 bob@example.com Bob\r\nLST 4 BL 27 0 0\r\n" +
			"LST 4 RL 27 1 2 bob@example.com Bob%20M%C3%BCller\r\nLST 4 RL 27 2 2 carol@example.com Carol\r\n"},
		{name: "LST", send: "LST 4 FL\r\nLST 5 BL\r\nLST 6 XL\r\n",
			want: "LST 4 FL 27 1 1 bob@example.com Bob 1\r\nLST 5 BL 27 0 0\r\n201 6\r\n"},
		{name: "LSG", send: "LSG 4\r\n", want: "LSG 4 27 1 2 0 Other%20Contacts 0\r\nLSG 4 27 2 2 1 Friends 0\r\n"},
		{name: "LSG before MSNP7", dialect: 6, send: "LSG 4\r\n", want: "200 4\r\n"},
		{name: "GTC", send: "GTC 4 N\r\nGTC 5 N\r\nGTC 6 A\r\nGTC 7 X\r\n", want: "GTC 4 28 N\r\n218 5\r\nGTC 6 29 A\r\nclosed"},
		{name: "BLP", send: "BLP 4 AL\r\nBLP 5 BL\r\nBLP 6\r\n", want: "218 4\r\nBLP 5 28 BL\r\nclosed"},
		{name: "PRP", send: "PRP 4 PHH 123%20(4567)\r\nPRP 5 PHH\r\nPRP 6 MOB Y\r\nPRP 7 MOB 1\r\nPRP 8 MBE Y\r\nPRP 9 ABC 1\r\nPRP 10 PHONE 1\r\n",
			want: "PRP 4 28 PHH 123%20(4567)\r\nPRP 5 29 PHH\r\nPRP 6 30 MOB Y\r\n201 7\r\n201 8\r\n715 9\r\nclosed"},
		{name: "PRP too long", send: "PRP 4 PHH " + strings.Repeat("1", 96) + "\r\n", want: "closed"},
		{name: "PRP before MSNP5", dialect: 4, send: "PRP 4 PHH 1\r\n", want: "200 4\r\n"},
		{name: "CHG", send: "CHG 4 BSY\r\nCHG 5 HDN\r\nCHG 6 FLN\r\nCHG 7 XXX\r\nCHG 8\r\n",
			want: "CHG 4 BSY\r\nCHG 5 HDN\r\n201 6\r\n201 7\r\n201 8\r\n"},
		{name: "IMS", send: "IMS 4 OFF\r\nIMS 5 ON\r\nIMS 6\r\n", want: "IMS 4 0 OFF\r\nIMS 5 0 ON\r\n201 6\r\n"},
		{name: "IMS before MSNP3", dialect: 2, send: "IMS 4 OFF\r\n", want: "200 4\r\n"},
		{name: "ADD", send: "ADD 4 AL carol@example.com carol@example.com\r\nADD 5 FL carol@example.com Carol%20C 0\r\nADD 6 FL carol@example.com Carol 1\r\n",
			want: "ADD 4 AL 28 carol@example.com carol@example.com\r\nADD 5 FL 29 carol@example.com Carol%20C 0\r\n" +
				"BPR 29 carol@example.com PHH\r\nBPR 29 carol@example.com PHW\r\nBPR 29 carol@example.com PHM\r\nBPR 29 carol@example.com MOB N\r\n" +
				"ADD 6 FL 30 carol@example.com Carol 1\r\n"},
		{name: "ADD before MSNP7", dialect: 4, send: "ADD 4 FL carol@example.com Carol\r\nADD 5 FL carol@example.com Carol\r\n",
			want: "ADD 4 FL 28 carol@example.com Carol\r\n215 5\r\n"},
		{name: "ADD refused", send: "ADD 4 AL carol\r\nADD 5 AL carol Carol\r\nADD 6 XL bob@example.com Bob\r\n" +
			"ADD 7 FL dave@example.com Dave\r\nADD 8 AL bob@example.com Bob\r\nADD 9 FL bob@example.com Bob 1\r\n" +
			"ADD 10 BL bob@example.com Bob\r\nADD 11 FL carol@example.com Carol 7\r\nADD 12 RL bob@example.com Bob\r\n",
			want: "201 4\r\n201 5\r\n201 6\r\n205 7\r\n215 8\r\n215 9\r\n219 10\r\n224 11\r\nclosed"},
		{name: "REM", send: "REM 4 AL bob@example.com\r\nADD 5 BL bob@example.com Bob\r\nREM 6 FL bob@example.com 1\r\nREM 7 FL bob@example.com\r\n",
			want: "REM 4 AL 28 bob@example.com\r\nADD 5 BL 29 bob@example.com Bob\r\nREM 6 FL 30 bob@example.com 1\r\n216 7\r\n"},
		{name: "REM refused", send: "REM 4 BL bob@example.com\r\nREM 5 FL bob@example.com 3\r\nREM 6 FL bob@example.com 0\r\nREM 7 XX bob@example.com\r\nREM 8 RL bob@example.com\r\n",
			want: "216 4\r\n224 5\r\n225 6\r\n201 7\r\nclosed"},
		{name: "REA", send: "REA 4 bob@example.com Robert\r\nREA 5 alice@example.com Alice%20B\r\nREA 6 dave@example.com D\r\n" +
			"REA 7 alice@example.com Hot%6Dail\r\nREA 8 bob@example.com\r\n",
			want: "REA 4 28 bob@example.com Robert\r\nREA 5 29 alice@example.com Alice%20B\r\n216 6\r\n209 7\r\n201 8\r\n"},
		{name: "REA too often", send: strings.Repeat("REA 4 bob@example.com B\r\n", 6),
			want: "REA 4 28 bob@example.com B\r\nREA 4 29 bob@example.com B\r\nREA 4 30 bob@example.com B\r\n" +
				"REA 4 31 bob@example.com B\r\nREA 4 32 bob@example.com B\r\n800 4\r\n"},
		{name: "groups", send: "ADG 4 Pals 0\r\nREG 5 2 Chums 0\r\nRMG 6 2\r\nRMG 7 0\r\nRMG 8 2\r\nREG 9 2 A 0\r\nADG 10 " + long + " 0\r\nREG 11 1 " + long + " 0\r\nADG 12\r\nRMG 13 30\r\n",
			want: "ADG 4 28 Pals 2 0\r\nREG 5 29 2 Chums 0\r\nRMG 6 30 2\r\n230 7\r\n224 8\r\n224 9\r\n229 10\r\n229 11\r\n201 12\r\nclosed"},
		{name: "RMG takes contacts along", send: "RMG 4 1\r\nLST 5 FL\r\n", want: "RMG 4 28 1\r\nLST 5 FL 28 0 0\r\n"},
		{name: "absurd group name", send: "ADG 4 " + long + long + "aaaa 0\r\n", want: "closed"},
		{name: "CVR", send: "CVR 4 0x0409 win 4.10 i386 MSMSGS 4.5.0121 MSMSGS\r\nCVR 5 1033 a b c d e\r\nCVR 6 0x0409\r\n",
			want: "CVR 4 4.5.0121 4.5.0121 4.5.0121 http://dl.example/setup.exe http://info.example\r\n710 5\r\n731 6\r\nclosed"},
		{name: "URL", send: "URL 4 INBOX\r\nURL 5 COMPOSE bob@example.com\r\nURL 6 CHAT 0x0409\r\nURL 7 N2PFUND\r\nURL 8\r\n",
			want: "URL 4 /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2\r\n" +
				"URL 5 /cgi-bin/compose?to=bob@example.com https://login.example/md5auth.srf?lc=1033 2\r\n" +
				"URL 6 http://chat.example/ https://login.example/md5auth.srf?lc=1033 2\r\n201 7\r\n201 8\r\n"},
		{name: "URL in MSNP2", dialect: 2, send: "URL 4 PASSWORD\r\nURL 5 MOBILE\r\n",
			want: "URL 4 /password https://login.example/md5auth.srf?lc=1033\r\n201 5\r\n"},
		{name: "PNG", send: "PNG\r\nPNG\r\n", want: "QNG\r\nQNG\r\n"},
		{name: "SND", send: "SND 4 dave@example.org 0x0409 MSMSGS MSMSGS\r\nSND 5 1\r\n", want: "SND 4 OK\r\n503 5\r\nclosed"},
		{name: "SDC", send: "SDC 4 dave@example.org 0x0409 MSMSGS MSMSGS X X Alice 5\r\nHelloSDC 5 dave@example.org 0x0409 MSMSGS MSMSGS X X Alice 0\r\nSDC 6 a@b.c 0\r\n",
			want: "SDC 4 OK\r\nSDC 5 OK\r\n503 6\r\nclosed"},
		{name: "FND", send: "FND 4 fname=bob lname=* city=* state=* country=US\r\nSND 5 1\r\nFND 6 fname=Zoe lname=* city=* state=* country=*\r\n" +
			"FND 7 fname=[ lname=* city=* state=* country=*\r\nFND 8 fname=Bob\r\n",
			want: "FND 4 1 1 fname=Bob lname=Lee city=New%20York state=NY country=US\r\nSND 5 OK\r\nFND 6 0 0\r\n201 7\r\n201 8\r\n"},
		{name: "PAG", send: "PAG 4 bob@example.com 2\r\nhiPAG 5 carol@example.com 2\r\nhi", want: "220 5\r\n"},
		{name: "XFR", send: "XFR 4 SB\r\nCHG 5 HDN\r\nXFR 6 SB\r\nXFR 7 NS\r\n", want: "913 4\r\nCHG 5 HDN\r\n913 6\r\n201 7\r\n"},
		{name: "XFR with IMS off", send: "CHG 4 NLN\r\nIMS 5 OFF\r\nXFR 6 SB\r\n", want: "CHG 4 NLN\r\nIMS 5 0 OFF\r\n913 6\r\n"},
		{name: "not here", send: "CAL 4 bob@example.com\r\nMSG 5 U 2\r\nhiNLN\r\n", want: "200 4\r\n200 5\r\nclosed"},
		{name: "blank lines", send: "\r\nPNG\r\n\nPNG\r\n", want: "QNG\r\nQNG\r\n"},
		{name: "OUT", send: "OUT\r\nPNG\r\n", want: "OUT\r\nclosed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			accounts := DemoAccounts()
			accounts[1].Directory = DirectoryEntry{First: "Bob", Last: "Lee", City: "New York", State: "NY", Country: "US"}
			s := start(t, Config{Accounts: accounts, NoChallenge: true})
			defaultTo(&tt.dialect, 7)
			w := enter(t, s, tt.dialect, "alice@example.com", "wonderland")
			w.send(tt.send)
			want, closed := strings.CutSuffix(tt.want, "closed")
			w.want(want)
			if !closed {
				w.send("OUT\r\n")
				w.want("OUT\r\n")
			}
			w.closed()
		})
	}
}

func TestLimitsOfLists(t *testing.T) {
	accounts := DemoAccounts()
	accounts[0].Groups = make([]string, 30)
	for i := range accounts[0].Groups {
		accounts[0].Groups[i] = "g"
	}
	s := start(t, Config{Accounts: accounts, MaxForward: 1})
	w := enter(t, s, 7, "alice@example.com", "wonderland")
	w.send("ADG 4 More 0\r\nADD 5 FL carol@example.com Carol 0\r\n")
	w.want("223 4\r\n210 5\r\n")
}

func TestTooManyHits(t *testing.T) {
	var accounts []Account
	for i := range 51 {
		accounts = append(accounts, Account{Handle: string(rune('a'+i/26)) + string(rune('a'+i%26)) + "@example.com",
			Password: "x", Directory: DirectoryEntry{First: "Bob"}})
	}
	s := start(t, Config{Accounts: accounts})
	w := enter(t, s, 7, "aa@example.com", "x")
	w.send("FND 4 fname=Bob lname=* city=* state=* country=*\r\n")
	w.want("301 4\r\n")
}

func TestUnverifiedMayNotRename(t *testing.T) {
	accounts := DemoAccounts()
	accounts[0].Unverified = true
	s := start(t, Config{Accounts: accounts})
	w := enter(t, s, 7, "alice@example.com", "wonderland")
	w.send("REA 4 alice@example.com A\r\n")
	w.want("209 4\r\n")
}

func TestConfigErrors(t *testing.T) {
	for _, tt := range []struct {
		config Config
		want   string
	}{
		{Config{Dialects: []string{"MSNP19"}}, `dialect "MSNP19"`},
		{Config{Accounts: []Account{{Handle: "alice"}}}, `account "alice": the handle is no e-mail address`},
		{Config{Accounts: []Account{{Handle: "a@b.c"}, {Handle: "A@b.c"}}}, "named twice"},
		{Config{Accounts: []Account{{Handle: "a@b.c", Name: strings.Repeat("ü", 100)}}}, "more than 387 bytes"},
		{Config{Accounts: []Account{{Handle: "a@b.c", Groups: make([]string, 31)}}}, "more than 30 groups"},
		{Config{Accounts: []Account{{Handle: "a@b.c", Forward: []Contact{{Handle: "x"}}}}}, `contact "x"`},
		{Config{Accounts: []Account{{Handle: "a@b.c", Forward: []Contact{{Handle: "x@y.z", Groups: []int{1}}}}}}, "group 1"},
		{Config{Accounts: []Account{{Handle: "a@b.c", Properties: map[string]string{"ABC": ""}}}}, `unknown property "ABC"`},
	} {
		s, err := Start(tt.config)
		if err == nil {
			s.Close()
			t.Errorf("no error, want %q", tt.want)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %q, want %q", err, tt.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("NewServer does not panic")
		}
	}()
	NewServer(Config{Dialects: []string{"MSNP19"}})
}
