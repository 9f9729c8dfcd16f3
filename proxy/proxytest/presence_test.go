package proxytest

import (
	"testing"
	"time"

	"msnproxy/decode/challenge"
)

// both has Alice and Bob online and knowing of each other, at TrID 5.
func both(t *testing.T, config Config) (s *Server, a, b *wire) {
	config.NoChallenge = true
	s = start(t, config)
	a = enter(t, s, 7, "alice@example.com", "wonderland")
	a.send("CHG 4 NLN\r\n")
	a.want("CHG 4 NLN\r\n")
	b = enter(t, s, 7, "bob@example.com", "builder")
	b.send("CHG 4 NLN\r\n")
	b.want("CHG 4 NLN\r\nILN 4 NLN alice@example.com Alice\r\n")
	a.want("NLN NLN bob@example.com Bob%20M%C3%BCller\r\n")
	return s, a, b
}

func TestPresence(t *testing.T) {
	const bobOnline = "NLN NLN bob@example.com Bob%20M%C3%BCller\r\n"
	for _, tt := range []struct{ name, send, reply, seen string }{
		{"status", "CHG 5 AWY\r\n", "CHG 5 AWY\r\n", "NLN AWY bob@example.com Bob%20M%C3%BCller\r\n"},
		{"the same status", "CHG 5 NLN\r\n", "CHG 5 NLN\r\n", ""},
		{"hidden", "CHG 5 HDN\r\nCHG 6 NLN\r\n", "CHG 5 HDN\r\nCHG 6 NLN\r\n", "FLN bob@example.com\r\n" + bobOnline},
		{"name", "REA 5 bob@example.com B\r\n", "REA 5 10 bob@example.com B\r\n", "NLN NLN bob@example.com B\r\n"},
		{"block", "REM 5 AL alice@example.com\r\nADD 6 BL alice@example.com Alice\r\nREM 7 BL alice@example.com\r\n",
			"REM 5 AL 10 alice@example.com\r\nADD 6 BL 11 alice@example.com Alice\r\nREM 7 BL 12 alice@example.com\r\n",
			"FLN bob@example.com\r\n" + bobOnline},
		{"privacy", "REM 5 AL alice@example.com\r\nBLP 6 BL\r\nADD 7 AL alice@example.com A\r\n",
			"REM 5 AL 10 alice@example.com\r\nBLP 6 11 BL\r\nADD 7 AL 12 alice@example.com A\r\n",
			"FLN bob@example.com\r\n" + bobOnline},
		{"reverse list", "REM 5 FL alice@example.com\r\nADD 6 FL alice@example.com Al 0\r\n",
			"REM 5 FL 10 alice@example.com\r\nADD 6 FL 11 alice@example.com Al 0\r\n" +
				"BPR 11 alice@example.com PHH 555%200100\r\nBPR 11 alice@example.com PHW\r\n" +
				"BPR 11 alice@example.com PHM\r\nBPR 11 alice@example.com MOB N\r\n" +
				"ILN 6 NLN alice@example.com Alice\r\n",
			"REM 0 RL 28 bob@example.com\r\nADD 0 RL 29 bob@example.com Bob%20M%C3%BCller\r\n"},
		{"property", "PRP 5 PHH 1\r\nPRP 6 PHH\r\n", "PRP 5 10 PHH 1\r\nPRP 6 11 PHH\r\n",
			"BPR 28 bob@example.com PHH 1\r\nBPR 29 bob@example.com PHH\r\n"},
		{"sign-out", "OUT\r\n", "OUT\r\n", "FLN bob@example.com\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, a, b := both(t, Config{})
			b.send(tt.send)
			b.want(tt.reply)
			a.want(tt.seen)
			a.send("PNG\r\n")
			a.want("QNG\r\n")
		})
	}
}

func TestPresenceEndsWithTheConnection(t *testing.T) {
	_, a, b := both(t, Config{})
	b.nc.Close()
	a.want("FLN bob@example.com\r\n")
}

func TestChallenge(t *testing.T) {
	right := func(c string) string {
		answer, _ := challenge.Respond("msmsgs@msnmsgr.com", c)
		return "QRY 9 msmsgs@msnmsgr.com 32\r\n" + answer
	}
	for _, tt := range []struct {
		name   string
		answer func(first, second string) string
		want   string
		closed bool
	}{
		{"the newest, then the other", func(a, b string) string { return right(b) + right(a) }, "QRY 9\r\n540 9\r\n", true},
		{"both in order", func(a, b string) string { return right(a) + "PNG\r\n" + right(b) }, "QRY 9\r\nQNG\r\nQRY 9\r\n", false},
		{"twice", func(a, b string) string { return right(a) + right(a) }, "QRY 9\r\n540 9\r\n", true},
		{"wrong", func(a, b string) string { return right("1") }, "540 9\r\n", true},
		{"short", func(a, b string) string { return "QRY 9 msmsgs@msnmsgr.com 3\r\nabc" }, "540 9\r\n", true},
		{"unknown product", func(a, b string) string { return "QRY 9 me 2\r\nabPNG\r\n" }, "540 9\r\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Config{})
			w := enter(t, s, 6, "alice@example.com", "wonderland")
			w.send("CHG 4 NLN\r\n")
			w.want("CHG 4 NLN\r\nCHL 0 ")
			first := w.line()
			w.send("CHL 5\r\n")
			w.want("CHL 5 ")
			second := w.line()
			w.send(tt.answer(first, second))
			w.want(tt.want)
			if !tt.closed {
				w.send("PNG\r\n")
				w.want("QNG\r\n")
				return
			}
			w.closed()
		})
	}
}

func TestChallengeNotAnswered(t *testing.T) {
	s := start(t, Config{ChallengeTimeout: 10 * time.Millisecond})
	w := enter(t, s, 6, "alice@example.com", "wonderland")
	w.send("CHG 4 NLN\r\n")
	w.want("CHG 4 NLN\r\nCHL 0 ")
	w.line()
	w.want("OUT\r\n")
	w.closed()
}

func TestTriggers(t *testing.T) {
	s := start(t, Config{NoChallenge: true})
	const who = "alice@example.com"
	for name, f := range map[string]func() error{
		"challenge": func() error { return s.Challenge(who) },
		"mail":      func() error { return s.SendMail("nobody@example.com", "a@b.c", "x") },
		"time out":  func() error { return s.TimeOut(who) },
		"restart":   func() error { return s.Restart(who) },
	} {
		if f() == nil {
			t.Errorf("%s of somebody who is not there: no error", name)
		}
	}
	old := enter(t, s, 4, who, "wonderland")
	if s.Challenge(who) == nil || s.Notify(who, "") == nil || s.Page(who, "x") == nil {
		t.Error("MSNP4 has no CHL, NOT and IPG")
	}
	for _, step := range []struct {
		do   error
		want string
	}{
		{s.SendMail(who, "bob@example.com", "Just saying hello."), "MSG Hotmail Hotmail 265\r\n" +
			"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsemailnotification; charset=UTF-8\r\n\r\n" +
			"From: bob\r\nMessage-URL: /cgi-bin/getmsg?msg=1\r\nPost-URL: http://mail.example/\r\n" +
			"Subject: =?\"us-ascii\"?Q?Just saying hello.?=\r\nDest-Folder: ACTIVE\r\nFrom-Addr: bob@example.com\r\nid: 2\r\n\r\n"},
		{s.MoveMail(who, "ACTIVE", "trAsH", 3), "MSG Hotmail Hotmail 147\r\n" +
			"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsactivemailnotification; charset=UTF-8\r\n\r\n" +
			"Src-Folder: ACTIVE\r\nDest-Folder: trAsH\r\nMessage-Delta: 3\r\n\r\n"},
		{s.Warn(who, 5), "MSG Hotmail Hotmail 90\r\n" +
			"MIME-Version: 1.0\r\nContent-Type: application/x-msmsgssystemmessage\r\n\r\nType: 1\r\nArg1: 5\r\n\r\n"},
		{s.Move(who), "XFR 0 NS " + s.NS + " 0\r\n"},
		{s.Restart(who), "XFR 0 NS 0\r\n"},
	} {
		if step.do != nil {
			t.Fatal(step.do)
		}
		old.want(step.want)
	}
	old.send("VER 5 MSNP7\r\nINF 6\r\n")
	old.want("VER 5 MSNP7\r\nINF 6 MD5\r\n")

	w := enter(t, s, 7, who, "wonderland")
	w.send("CHG 4 NLN\r\n")
	w.want("CHG 4 NLN\r\n")
	for _, step := range []struct {
		do   error
		want string
	}{
		{s.Notify(who, ""), "NOT 293\r\n" + alert(1, who)},
		{s.Notify(who, "<N/>"), "NOT 4\r\n<N/>"},
		{s.Page(who, "<P/>"), "IPG 4\r\n<P/>"},
		{s.Move(who), "XFR 0 NS " + s.NS + " 0 " + s.NS + "\r\n"},
		{s.Kick(who, "OTH"), "OUT OTH\r\n"},
	} {
		if step.do != nil {
			t.Fatal(step.do)
		}
		w.want(step.want)
	}
	w.closed()
	if s.Online(who) {
		t.Error("online after a kick")
	}
}
