package capture

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
	"msnproxy/decode/payload"
)

// redactAll reads a recording and redacts it; it returns both versions, and what
// in the original was secret or somebody's.
func redactAll(t *testing.T, path string, all bool) (before, after []Record, secrets, handles map[string]bool) {
	t.Helper()
	in, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	red, err := NewRedactor(all)
	if err != nil {
		t.Fatal(err)
	}
	secrets, handles = map[string]bool{}, map[string]bool{}
	tr := decode.NewTracker()
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return before, after, secrets, handles
		}
		if err != nil {
			t.Fatal(err)
		}
		old := *rec
		old.Frame = rec.Frame.Clone()
		before = append(before, old)
		role, dialect := decode.Role(0), 0
		switch rec.Kind {
		case Opened:
			tr.Open(rec.Conn.ID, rec.Conn.Client, rec.Conn.Server, rec.Time)
		case Data:
			m := tr.Frame(rec.Conn.ID, rec.From, &rec.Frame, rec.Time)
			role, dialect = m.Conn.Role, m.Conn.Dialect
			collect(m, secrets, handles)
		}
		c := *rec
		red.Redact(&c, role, dialect)
		after = append(after, c)
	}
}

func collect(m *decode.Message, secrets, handles map[string]bool) {
	for _, f := range m.Fields() {
		if f.Param == nil || len(f.Raw) < 4 {
			continue
		}
		switch {
		case f.Param.Kind.Secret:
			secrets[string(f.Raw)] = true
		case f.Param.Kind.Name == "handle" && string(f.Raw) != "Hotmail":
			handles[string(f.Raw)] = true
		}
	}
	if p := m.Payload(); p != nil {
		for _, n := range p.Nodes {
			if payload.Secret(n.Name) && len(n.Value) >= 4 {
				secrets[n.Value] = true
			}
		}
	}
}

// spellings are a value as it may stand on the wire.
func spellings(s string) map[string][]byte {
	wide := func(big bool) (b []byte) {
		for _, u := range utf16.Encode([]rune(s)) {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return b
	}
	out := map[string][]byte{"plain": []byte(s), "percent": []byte(strings.ReplaceAll(s, "@", "%40")), "UTF-16LE": wide(false), "UTF-16BE": wide(true)}
	for i := range 3 {
		// Without the ends, which depend on what stands beside it.
		b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", i) + s))
		if len(b) > 10 {
			out["Base64"+string(rune('0'+i))] = []byte(b[4 : len(b)-4])
		}
	}
	return out
}

// Nothing of what is to go is left, in no spelling; the rest is what it was.
func TestRedact(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("testdata", "*.pcap"))
	for _, file := range append(files, filepath.Join("testdata", "msnp6-sign-in.txt")) {
		for _, all := range []bool{false, true} {
			before, after, secrets, handles := redactAll(t, file, all)
			if len(before) != len(after) || len(secrets) < 2 || len(handles) < 1 {
				t.Fatalf("%s: %d and %d records, %d secrets, %d handles", file, len(before), len(after), len(secrets), len(handles))
			}
			gone := secrets
			if all {
				for h := range handles {
					gone[h] = true
				}
			}
			var left bytes.Buffer
			for i := range after {
				left.Write(after[i].Frame.Raw)
				left.Write(after[i].Sent)
			}
			for s := range gone {
				for how, spelled := range spellings(s) {
					if bytes.Contains(bytes.ToLower(left.Bytes()), bytes.ToLower(spelled)) {
						t.Errorf("%s, all %v: %q is left, %s", file, all, s, how)
					}
				}
			}
			sameMeaning(t, file, before, after)
		}
	}
}

// sameMeaning checks that redaction changed nothing else: verbs, TrIDs, pairing,
// sessions, framing, challenges.
func sameMeaning(t *testing.T, file string, before, after []Record) {
	t.Helper()
	a, b := decode.NewTracker(), decode.NewTracker()
	offsets := map[*Conn]*[2]int64{}
	for i := range before {
		x, y := &before[i], &after[i]
		if x.Kind == Opened {
			a.Open(x.Conn.ID, x.Conn.Client, x.Conn.Server, x.Time)
			b.Open(y.Conn.ID, y.Conn.Client, y.Conn.Server, y.Time)
		}
		if x.Kind != Data {
			continue
		}
		if offsets[x.Conn] == nil {
			offsets[x.Conn] = new([2]int64)
		}
		at := &offsets[x.Conn][index(x.From)]
		if y.Frame.Offset != *at {
			t.Fatalf("%s: frame %d at %d, want %d", file, i, y.Frame.Offset, *at)
		}
		*at += int64(len(y.Frame.Raw))
		var framer decode.Framer
		var fr decode.Frame
		if x.Frame.Kind == decode.Command {
			framer.Feed(y.Frame.Raw)
			if !framer.Next(&fr) && !framer.Flush(&fr) || len(fr.Raw) != len(y.Frame.Raw) || fr.LineLen != y.Frame.LineLen || fr.EOL != y.Frame.EOL || fr.Missing != x.Frame.Missing {
				t.Fatalf("%s: %q does not frame: %+v", file, y.Frame.Raw, fr)
			}
		}
		m := a.Frame(x.Conn.ID, x.From, &x.Frame, x.Time)
		n := b.Frame(y.Conn.ID, y.From, &y.Frame, y.Time)
		mt, _ := m.TrID()
		nt, _ := n.TrID()
		if m.Name() != n.Name() || mt != nt || m.ReplyTo != n.ReplyTo || m.Form != n.Form || m.Conn.Role != n.Conn.Role {
			t.Fatalf("%s: %q became %q", file, x.Frame.Raw, y.Frame.Raw)
		}
		if s, u := m.Conn.Session, n.Conn.Session; (s == nil) != (u == nil) || s != nil && s.Number != u.Number {
			t.Fatalf("%s: the session of %q", file, y.Frame.Raw)
		}
		if v, w := m.Conn.Conversation, n.Conn.Conversation; (v == nil) != (w == nil) || v != nil && v.Number != w.Number {
			t.Fatalf("%s: the conversation of %q", file, y.Frame.Raw)
		}
		if (m.Challenge == nil) != (n.Challenge == nil) || m.Challenge != nil && m.Challenge.Result != n.Challenge.Result {
			t.Fatalf("%s: the challenge of %q", file, y.Frame.Raw)
		}
		if p := n.Payload(); p != nil && m.Payload().ContentType != p.ContentType {
			t.Fatalf("%s: content type %q became %q", file, m.Payload().ContentType, p.ContentType)
		}
	}
}

func TestRedactPayloads(t *testing.T) {
	alert := `<NOTIFICATION id="2" siteurl="http://a.example/bob"><TO pid="0x00014c30:0xe12ebd4d" name="alice@example.com"/><MSG id="0"><BODY lang="1033">loose<TEXT>Lunch &amp; call bob@example.com</TEXT></BODY></MSG></NOTIFICATION>`
	text := "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nsecret Straße 5 with bob@example.com"
	packet := func(length byte, data string) string {
		return "Content-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.com\r\n\r\n" + strings.Repeat("\x00", 16) + string([]byte{length}) + strings.Repeat("\x00", 7) + string([]byte{length}) + strings.Repeat("\x00", 23) + data + "\x00\x00\x00\x01"
	}
	binary := packet(7, "b\x00o\x00b\x00\n")
	bye := "BYE MSNMSGR:bob@example.com MSNSLP/1.0\r\nTo: <msnmsgr:bob@example.com>\r\nCall-ID: {1}\r\n\r\nloose\r\nContext: Ym9iQGV4\r\n\x00"
	mail := "Content-Type: text/x-msmsgsemailnotification\r\n\r\nFrom: =?\"utf-8\"?B?Ym9iQGV4YW1wbGUuY29t?=\r\nFrom-Addr: bob@example.com\r\nSubject: private\r\n"
	red, err := NewRedactor(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"NOT \x01" + alert, "MSG a@b.cc A \x01" + text, "MSG a@b.cc A \x01" + binary, "MSG a@b.cc A \x01" + packet(byte(len(bye)), bye), "MSG a@b.cc A \x01" + mail} {
		line, body, _ := strings.Cut(s, "\x01")
		raw := line + string(rune('0'+len(body)/100)) + string(rune('0'+len(body)/10%10)) + string(rune('0'+len(body)%10)) + "\r\n" + body
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(raw))
		if !f.Next(&fr) {
			t.Fatalf("%q", raw)
		}
		rec := Record{Kind: Data, Conn: &Conn{}, From: decode.Server, Frame: fr}
		red.Redact(&rec, 0, 0)
		out := string(rec.Frame.Raw)
		for _, gone := range []string{"alice", "bob@", "Lunch", "loose", "secret", "Stra", "private", "e12ebd4d", "b\x00o\x00b", "Ym9iQGV4"} {
			if strings.Contains(out, gone) {
				t.Errorf("%q is left in %q", gone, out)
			}
		}
		f = decode.Framer{}
		f.Feed(rec.Frame.Raw)
		if !f.Next(&fr) || len(fr.Raw) != len(rec.Frame.Raw) {
			t.Errorf("%q does not frame", out)
		}
		if p := payload.Decode(payload.Kind(decode.LookupVerb(line[:3]).Forms[len(decode.LookupVerb(line[:3]).Forms)-1].Payload), fr.Payload()); len(p.Problems) > 0 {
			t.Errorf("%q: %q", out, p.Problems)
		}
	}
}

// Of a packet of P2P remains what says which it is, with every length as it was.
func TestRedactPeers(t *testing.T) {
	red, err := NewRedactor(true)
	if err != nil {
		t.Fatal(err)
	}
	le := func(n, size int) string { return string([]byte{byte(n)}) + strings.Repeat("\x00", size-1) }
	header := func(session, length, flags int) string {
		return le(session, 4) + le(9, 4) + le(0, 8) + le(length, 8) + le(length, 4) + string([]byte{byte(flags), byte(flags >> 8)}) + "\x00\x00"
	}
	slp := "INVITE MSNMSGR:b@x MSNSLP/1.0\r\nTo: <b@x>\r\nCall-ID: {7}\r\n\r\nSessionID: 5\r\nNonce: {1}\r\nno colon\r\n\r\n\x00"
	for in, want := range map[string]string{
		header(5, 4, 0) + le(0, 16) + "\x00\x00\x00\x00":    header(5, 4, 0) + le(0, 16) + "\x00\x00\x00\x00",
		header(5, 4, 0x20) + le(0, 16) + "\x00\x00\x00\x00": header(5, 4, 0x20) + le(0, 16) + "xxxx",
		header(0, len(slp), 0) + le(0, 16) + slp:            header(0, len(slp), 0) + le(0, 16) + "INVITE MSNMSGR:xxx MSNSLP/1.0\r\nTo: xxxxx\r\nCall-ID: xxx\r\n\r\nSessionID: 5\r\nNonce: xxx\r\nxxxxxxxx\r\n\r\n\x00",
		header(0, 3, 0) + le(0, 16) + "a\nb":                header(0, 3, 0) + le(0, 16) + "xxx",
		strings.Replace(header(5, 9, 0), "\t\x00\x00\x00\x00\x00\x00\x00\t", "\t\x00\x00\x00\x00\x00\x00\x00\x02", 1) + le(0, 16) + "ab\nsecret": strings.Replace(header(5, 9, 0), "\t\x00\x00\x00\x00\x00\x00\x00\t", "\t\x00\x00\x00\x00\x00\x00\x00\x02", 1) + le(0, 16) + "xxxxxxxxx",
		"no packet\n": "xxxxxxxxx\n",
	} {
		if got := string(red.peers([]byte(in))); got != want {
			t.Errorf("%q\nbecame %q\nwanted %q", in, got, want)
		}
	}
}

// Challenges still verify after redaction.
func TestRedactChallenge(t *testing.T) {
	before, after, _, _ := redactAll(t, filepath.Join("testdata", "msnp6-sign-in.txt"), true)
	for i := range before {
		if strings.HasPrefix(string(before[i].Frame.Raw), "QRY 10 msmsgs") {
			if !bytes.Equal(before[i].Frame.Raw, after[i].Frame.Raw) {
				t.Errorf("%q", after[i].Frame.Raw)
			}
			if v := challenge.Verify("msmsgs@msnmsgr.com", "11111111111111111111", string(after[i].Frame.Payload())); v.Result != challenge.Right {
				t.Error(v)
			}
			return
		}
	}
	t.Error("no QRY")
}

func FuzzRedact(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "msnp6-sign-in.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if len(line) > 3 {
			f.Add([]byte(line[3:] + "\r\n"))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		red, err := NewRedactor(true)
		if err != nil {
			t.Fatal(err)
		}
		var framer decode.Framer
		var fr decode.Frame
		framer.Feed(b)
		for framer.Next(&fr) || framer.Flush(&fr) {
			rec := Record{Kind: Data, Conn: &Conn{}, From: decode.Server, Frame: fr.Clone()}
			red.Redact(&rec, 0, 0)
			if len(rec.Frame.Raw) == 0 || rec.Frame.LineLen+rec.Frame.EOL > len(rec.Frame.Raw) {
				t.Fatalf("%q became %q", fr.Raw, rec.Frame.Raw)
			}
		}
	})
}
