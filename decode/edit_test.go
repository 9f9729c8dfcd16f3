package decode

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"
)

// wireOf returns the bytes of an example of the table, its length counted.
func wireOf(example string) []byte {
	line, body, _ := strings.Cut(example, "\r\n")
	return Assemble(line, []byte(body))
}

// messageOf decodes the first frame of some bytes.
func messageOf(t *testing.T, raw []byte, from Sender, role Role, dialect int) *Message {
	t.Helper()
	f := Framer{MaxPayload: math.MaxInt32, MaxLine: math.MaxInt32}
	fr := new(Frame)
	f.Feed(raw)
	if !f.Next(fr) && !f.Flush(fr) {
		t.Fatalf("no frame in %q", raw)
	}
	m := new(Message)
	m.Decode(fr, from, role, dialect)
	return m
}

// countFrames counts the commands in a stream, by nothing but what the table says of
// lengths; -1: a payload is not whole.
func countFrames(stream []byte) int {
	for n := 0; ; n++ {
		i := bytes.IndexByte(stream, '\n')
		if i < 0 {
			if len(stream) > 0 {
				return -1
			}
			return n
		}
		words := strings.Fields(string(stream[:i]))
		stream = stream[i+1:]
		if len(words) == 0 {
			return -1
		}
		size, err := strconv.Atoi(words[len(words)-1])
		if err != nil || len(words) < 2 {
			continue
		}
		v := LookupVerb(words[0])
		spaced := len(words) <= 4 && strings.Trim(words[len(words)-2], `\ABCDEFGHIJKLMNOPQRSTUVWXYZ`) == "" &&
			(strings.HasPrefix(words[len(words)-2], "CON") || strings.HasPrefix(words[len(words)-2], "MSGR"))
		digits := words[0] >= "0" && words[0] <= "999"
		_, second := strconv.Atoi(words[1])
		switch {
		case v == nil:
			continue
		case digits && !(len(words) == 3 && second == nil) && !(len(words) > 2 && spaced):
			continue
		case !digits && v.PayloadFrom > 0 && len(words) < v.PayloadFrom:
			continue
		case !digits && v.PayloadFrom == 0 && !(v.Namespaced && len(words) > 2 && spaced):
			continue
		}
		if size > len(stream) {
			return -1
		}
		stream = stream[size:]
	}
}

// Whatever is done to a command of any row, it stays one command.
func TestEditKeepsFrames(t *testing.T) {
	before, after := "QNG 50\r\n", "NLN NLN alice@example.com Alice\r\n"
	done, refused := 0, 0
	for _, v := range append(Verbs(), errorVerb) {
		for i := range v.Forms {
			f := &v.Forms[i]
			for _, eol := range []string{"\r\n", "\n"} {
				raw := wireOf(f.Example)
				if eol == "\n" {
					raw = bytes.Replace(raw, []byte("\r\n"), []byte("\n"), 1)
				}
				from := f.From
				if from == Either {
					from = Client
				}
				m := messageOf(t, raw, from, f.Roles, f.First)
				if n := countFrames([]byte(before + string(raw) + after)); n != 3 {
					t.Errorf("%q: the framer of this test finds %d frames", raw, n)
				}
				for name, change := range changes(m) {
					e := NewEdit(m)
					err := change(e)
					got := e.Bytes()
					if !bytes.Equal(m.Frame.Raw, raw) {
						t.Fatalf("%q: %s: the message itself became %q", raw, name, m.Frame.Raw)
					}
					if err != nil {
						refused++
						if !bytes.Equal(got, raw) {
							t.Errorf("%q: %s was refused (%v), and made %q", raw, name, err, got)
						}
						if strings.HasPrefix(name, "must") {
							t.Errorf("%q: %s: %v", raw, name, err)
						}
						continue
					}
					done++
					if n := countFrames([]byte(before + string(got) + after)); n != 3 {
						t.Errorf("%q: %s: %q is %d frames", raw, name, got, n-2)
					}
					if line, _, _ := bytes.Cut(got, []byte("\n")); bytes.HasSuffix(line, []byte("\r")) != (eol == "\r\n") {
						t.Errorf("%q: %s: the line end of %q is another one", raw, name, got)
					}
					var fr Frame
					framer := Framer{MaxPayload: math.MaxInt32, MaxLine: math.MaxInt32}
					framer.Feed(append(bytes.Clone(got), after...))
					if !framer.Next(&fr) || !bytes.Equal(fr.Raw, got) {
						t.Errorf("%q: %s: %q is framed as %q", raw, name, got, fr.Raw)
					}
				}
			}
		}
	}
	if done < 2000 || refused > done {
		t.Errorf("%d changes done, %d refused", done, refused)
	}
}

// changes are what is done to each row. What must be possible says so.
func changes(m *Message) map[string]func(*Edit) error {
	all := map[string]func(*Edit) error{
		"must set args": func(e *Edit) error { return e.SetArgs(argsOf(m)) },
		"fewer args":    func(e *Edit) error { return e.SetArgs(argsOf(m)[:max(0, m.Len()-1)]) },
		"no args":       func(e *Edit) error { return e.SetArgs(nil) },
		"more args":     func(e *Edit) error { return e.SetArgs(append(argsOf(m), "12")) },
		"args twice":    func(e *Edit) error { return e.SetArgs(append(argsOf(m), argsOf(m)...)) },
		"empty args":    func(e *Edit) error { return e.SetArgs(make([]string, m.Len())) },
	}
	for _, p := range m.Form.Params {
		v, _ := m.Value(p.Name)
		must := "must "
		if p.Name == "length" || p.Kind.Name == "namespace" || v == "" {
			must = "" // its place may be taken, or a payload without it unseen
		}
		more := "x" + strings.Repeat("1", 300)
		if p.Kind.fit != nil && p.Kind.fit([]byte("7")) {
			more = "1111"
		}
		for how, value := range map[string]string{"edit": "7" + v[min(1, len(v)):], "grow": v + more, "shrink": v[:min(1, len(v))]} {
			all[must+how+" "+p.Name] = func(e *Edit) error { return e.SetParam(p.Name, value) }
		}
		for how, value := range map[string]string{"empty": "", "number": "3", "blank": "a b", "zero": "0", "line end": "a\r\nOUT\r\n"} {
			all[how+" "+p.Name] = func(e *Edit) error { return e.SetParam(p.Name, value) }
		}
	}
	if _, ok := m.TrID(); ok {
		all["must set trid"] = func(e *Edit) error { return e.SetTrID("4294967295") }
	}
	must := ""
	if len(m.Frame.Payload()) > 0 {
		must = "must "
	}
	body := string(m.Frame.Payload())
	for how, value := range map[string]string{"edit": "x" + body[min(1, len(body)):], "grow": body + strings.Repeat("\r\nOUT\r\n", 200), "shrink": body[:min(1, len(body))], "empty": ""} {
		all[must+how+" payload"] = func(e *Edit) error { return e.SetPayload([]byte(value)) }
	}
	for how, value := range map[string]string{"grow": "Grüße\r\n" + strings.Repeat("ü", 300), "empty": "", "set": "x"} {
		all[how+" text"] = func(e *Edit) error { return e.SetText(value) }
	}
	all["header"] = func(e *Edit) error { return e.SetHeader("X-New", "ü") }
	return all
}

func argsOf(m *Message) []string {
	args := make([]string, m.Len())
	for i := range args {
		args[i] = string(m.Arg(i))
	}
	return args
}

// What one change makes of a message, to the byte; or, behind "!", why it is refused.
func TestEdit(t *testing.T) {
	param := func(name, value string) func(*Edit) error {
		return func(e *Edit) error { return e.SetParam(name, value) }
	}
	args := func(list ...string) func(*Edit) error { return func(e *Edit) error { return e.SetArgs(list) } }
	text := func(s string) func(*Edit) error { return func(e *Edit) error { return e.SetText(s) } }
	body := func(s string) func(*Edit) error { return func(e *Edit) error { return e.SetPayload([]byte(s)) } }
	header := func(name, value string) func(*Edit) error {
		return func(e *Edit) error { return e.SetHeader(name, value) }
	}
	trid := func(n string) func(*Edit) error { return func(e *Edit) error { return e.SetTrID(n) } }
	routed := "Routing: 1.0\r\nTo: 1:bob@example.com\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\nContent-Length: 2\r\n\r\nhi"
	for _, test := range []struct {
		from    Sender
		dialect int
		raw     string
		change  func(*Edit) error
		want    string
	}{
		// Escapes: of encoded kinds only, and kept where nothing changed.
		{Server, 7, "JOI bob@example.com B%6fb\r\n", param("friendly", "Bob"), "JOI bob@example.com B%6fb\r\n"},
		{Server, 7, "JOI bob@example.com B%6fb\r\n", param("friendly", "100 % Bö"), "JOI bob@example.com 100%20%25%20B%C3%B6\r\n"},
		{Server, 7, "JOI bob@example.com Bob\r\n", param("handle", "eve@example.com"), "JOI eve@example.com Bob\r\n"},
		{Server, 7, "JOI bob@example.com Bob\r\n", param("handle", "e e"), "!handle can't be \"e e\": a blank parts parameters, and this one has no escapes"},
		{Server, 7, "JOI bob@example.com Bob\r\n", param("handle", "e\ne"), `!the character '\n' can't stand in a line`},
		{Server, 7, "JOI bob@example.com Bob\r\n", param("handle", "e\x7f"), `!the character '\x7f' can't stand in a line`},
		{Server, 7, "JOI bob@example.com Bob\n", param("friendly", "Eve"), "JOI bob@example.com Eve\n"},
		{Server, 7, "JOI bob@example.com  Bob \r\n", param("friendly", "Eve"), "JOI bob@example.com  Eve \r\n"},
		// Addresses keep what stands around the account, unless all of it is given.
		{Server, 18, "JOI 1:bob@example.com;{0f0e0d0c-0b0a-0908-0706-050403020100} Bob 1\r\n", param("handle", "eve@example.com"),
			"JOI 1:eve@example.com;{0f0e0d0c-0b0a-0908-0706-050403020100} Bob 1\r\n"},
		{Server, 18, "JOI 1:bob@example.com;{0f0e0d0c-0b0a-0908-0706-050403020100} Bob 1\r\n", param("handle", "2:eve@example.com"), "JOI 2:eve@example.com Bob 1\r\n"},
		// Parameters that may be missing.
		{Server, 7, "BYE bob@example.com 1\r\n", param("idle", ""), "BYE bob@example.com\r\n"},
		{Server, 7, "BYE bob@example.com\r\n", param("idle", "1"), "BYE bob@example.com 1\r\n"},
		{Server, 7, "BYE bob@example.com\r\n", param("idle", ""), "BYE bob@example.com\r\n"},
		{Server, 7, "OUT\r\n", param("reason", "OTH"), "OUT OTH\r\n"},
		{Server, 7, "OUT\r\n", param("minutes", "5"), "!OUT can't have minutes without reason before it: it is OUT {reason} {minutes}"},
		{Client, 10, "ADC 12 FL N=bob@example.com F=Bob\r\n", param("friendly", ""), "ADC 12 FL N=bob@example.com\r\n"},
		{Client, 10, "ADC 12 FL N=bob@example.com\r\n", param("friendly", "Bob B"), "ADC 12 FL N=bob@example.com F=Bob%20B\r\n"},
		{Client, 10, "ADC 12 FL N=bob@example.com C=11111111-2222-3333-4444-555555555555\r\n", param("friendly", "Bob"),
			"ADC 12 FL N=bob@example.com F=Bob C=11111111-2222-3333-4444-555555555555\r\n"},
		{Client, 10, "ADC 12 FL N=bob@example.com F=Bob\r\n", param("handle", "eve@example.com"), "ADC 12 FL N=eve@example.com F=Bob\r\n"},
		{Client, 10, "ADC 12 FL F=Bob N=bob@example.com\r\n", param("friendly", "Eve"), "ADC 12 FL F=Eve N=bob@example.com\r\n"},
		// Repeated ones.
		{Client, 7, "VER 1 MSNP8 MSNP7 CVR0\r\n", param("dialects", "MSNP7 CVR0"), "VER 1 MSNP7 CVR0\r\n"},
		{Client, 7, "VER 1 MSNP8\r\n", param("dialects", ""), "VER 1\r\n"},
		{Server, 7, "VER 1 0\r\n", param("dialects", "MSNP7"), "VER 1 0 MSNP7\r\n"},
		{Client, 7, "VER 1 MSNP8\r\n", args("1", "MSNP7", "CVR0"), "VER 1 MSNP7 CVR0\r\n"},
		{Client, 7, "VER  1 MSNP8\r\n", args("1", "MSNP8"), "VER  1 MSNP8\r\n"},
		{Client, 7, "VER 1 MSNP8\r\n", args("1", "MSNP 8"), "!parameter 2 can't be \"MSNP 8\""},
		{Client, 7, "VER 1 MSNP8\r\n", args(), "VER\r\n"},
		{Client, 7, "OUT\r\n", args("x", "y"), "OUT x y\r\n"},
		// TrIDs.
		{Client, 7, "PNG\r\n", trid("5"), "!PNG has no TrID here"},
		{Server, 7, "ACK 5\r\n", trid("6"), "ACK 6\r\n"},
		{Server, 7, "ACK 5\r\n", trid(""), "!it is a number"},
		{Server, 7, "ACK 5\r\n", trid("5 6"), "!it is a number"},
		{Server, 7, "911 5\r\n", trid("6"), "911 6\r\n"},
		{Server, 7, "NLN NLN bob@example.com Bob\r\n", trid("6"), "!NLN has no TrID here"},
		// Names that the row does not have.
		{Server, 7, "ACK 5\r\n", param("cookie", "1"), "!ACK has no cookie here: it is ACK TrID"},
		{Server, 7, "XYZ 5\r\n", param("cookie", "1"), "!the names of the parameters of XYZ are not known: set args"},
		{Server, 7, "XYZ 5\r\n", args("6"), "XYZ 6\r\n"},
		{Client, 7, "MSG 4 N 2\r\nhi", param("length", "3"), "!the length of MSG is counted from its payload"},
		// Lengths, where the table says that there is one.
		{Client, 7, "MSG 4 N 2\r\nhi", body("hello"), "MSG 4 N 5\r\nhello"},
		{Client, 7, "MSG 4 N 02\r\nhi", param("ack", "A"), "MSG 4 A 02\r\nhi"},
		{Client, 7, "MSG 4 N 2 \nhi", body("äö"), "MSG 4 N 4 \näö"},
		{Client, 7, "MSG 4 N 2\r\nhi", body(""), "MSG 4 N 0\r\n"},
		{Client, 7, "MSG 4 N 2\r\nhi", args("4", "A", "77"), "MSG 4 A 2\r\nhi"},
		{Client, 7, "MSG 4 N 2\r\nhi", args("4", "A"), "!would not tell that a payload of 2 bytes follows: it is MSG TrID U|N|A|D length"},
		{Client, 7, "MSG 4 N 2\r\nhi", args("4"), "!would not tell"},
		{Client, 7, "MSG 4 N 2\r\nhi", param("ack", ""), "!would not tell that a payload of 2 bytes follows"},
		{Server, 7, "ACK 5\r\n", body("x"), "!ACK has no payload here: it is ACK TrID"},
		{Server, 7, "ACK 5\r\n", body(""), "ACK 5\r\n"},
		{Server, 13, "ADL 7 OK\r\n", body("x"), "!ADL has no payload here: it is ADL TrID OK"},
		{Server, 13, "ADL 7 OK\r\n", param("word", "5"), "!would tell of a payload of 5 bytes, and 0 follow"},
		{Client, 11, "GCF 5 Shields.xml\r\n", param("file", "7"), "!would tell of a payload of 7 bytes"},
		{Client, 11, "GCF 5 Shields.xml\r\n", param("file", "0"), "GCF 5 0\r\n"},
		{Server, 11, "GCF 5 Shields.xml 9\r\n<config/>", body("<c/>"), "GCF 5 Shields.xml 4\r\n<c/>"},
		{Client, 7, "QRY 5 msmsgs@msnmsgr.com 4\r\nabcd", body("00"), "QRY 5 msmsgs@msnmsgr.com 2\r\n00"},
		{Server, 11, "UBX bob@example.com 7\r\n<Data/>", body("<Data></Data>"), "UBX bob@example.com 13\r\n<Data></Data>"},
		{Server, 14, "UBX bob@example.com 1 7\r\n<Data/>", body(""), "UBX bob@example.com 1 0\r\n"},
		{Server, 13, "241 12 5\r\n<ml/>", body("<ml></ml>"), "241 12 9\r\n<ml></ml>"},
		{Server, 7, "217 5 user 12\r\n", body("x"), "!217 has no payload here: it is 217 TrID text"},
		{Server, 18, "PUT 35 OK 0\r\n", body("abc"), "PUT 35 OK 3\r\nabc"},
		{Server, 18, "DEL 35 OK\r\n", body("abc"), "DEL 35 OK 3\r\nabc"},
		{Server, 24, "XYZ 5 CON\\USER 2\r\nhi", body("hello"), "XYZ 5 CON\\USER 5\r\nhello"},
		{Server, 24, "XYZ 5 CON\\USER\r\n", body("hello"), "!XYZ has no payload here"},
		{Server, 24, "XYZ 5\r\n", args("CON", "5"), "!would tell of a payload of 5 bytes"},
		// Text, in the charset of the message, and headers in their order and case.
		{Client, 7, "MSG 4 N 43\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n", text("ü"), "MSG 4 N 45\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nü"},
		{Client, 7, "MSG 4 N 56\r\nContent-type: text/plain; charset=windows-1252\r\n\r\ncolour", text("Größe €"),
			"MSG 4 N 57\r\nContent-type: text/plain; charset=windows-1252\r\n\r\nGr\xf6\xdfe \x80"},
		{Client, 7, "MSG 4 N 56\r\nContent-type: text/plain; charset=windows-1252\r\n\r\ncolour", text("語"), "!its charset, windows-1252, has no '語'"},
		{Client, 7, "MSG 4 N 30\r\nContent-Type: text/plain\n\nhello", text("Hi"), "MSG 4 N 28\r\nContent-Type: text/plain\n\nHi"},
		{Client, 7, "MSG 4 N 26\r\nContent-Type: text/plain\r\n", text("Hi"), "!its headers do not end in an empty line"},
		{Client, 7, "MSG 4 N 30\r\nContent-Type: text/plain\r\n\r\nhi", header("content-type", "text/html"), "MSG 4 N 29\r\nContent-Type: text/html\r\n\r\nhi"},
		{Client, 7, "MSG 4 N 30\r\nContent-Type: text/plain\r\n\r\nhi", header("X-New", "1"), "MSG 4 N 40\r\nContent-Type: text/plain\r\nX-New: 1\r\n\r\nhi"},
		{Client, 7, "MSG 4 N 28\r\nContent-Type: text/plain\n\nhi", header("X-New", "1"), "MSG 4 N 37\r\nContent-Type: text/plain\nX-New: 1\n\nhi"},
		{Client, 7, "MSG 4 N 12\r\nEmpty:\r\n\r\nhi", header("Empty", "1"), "MSG 4 N 14\r\nEmpty: 1\r\n\r\nhi"},
		{Client, 7, "MSG 4 N 30\r\nContent-Type: text/plain\r\n\r\nhi", header("X-New", "1\r\nX: 2"), "!a line break ends a header"},
		{Client, 7, "MSG 4 N 30\r\nContent-Type: text/plain\r\n\r\nhi", header("X: 1\r\nY", "1"), "!is no name of a header"},
		{Client, 7, "MSG 4 N 30\r\nContent-Type: text/plain\r\n\r\nhi", header("", "1"), "!is no name of a header"},
		{Client, 6, "QRY 5 msmsgs@msnmsgr.com 4\r\nabcd", header("X", "1"), "!a payload of the kind challenge has no headers"},
		{Client, 6, "QRY 5 msmsgs@msnmsgr.com 4\r\nabcd", text("1"), "!there is none in it"},
		{Server, 7, "ACK 5\r\n", text("1"), "!the text of ACK can't be set: it has no payload"},
		{Client, 9, "PGD 4 bob@example.com 1 15\r\n<TEXT>hi</TEXT>", text("a<b & c"), "PGD 4 bob@example.com 1 27\r\n<TEXT>a&lt;b &amp; c</TEXT>"},
		{Client, 18, "SDG 4 " + strconv.Itoa(len(routed)) + "\r\n" + routed, text("hello"),
			"SDG 4 " + strconv.Itoa(len(routed)+3) + "\r\n" + strings.Replace(routed, "2\r\n\r\nhi", "5\r\n\r\nhello", 1)},
		{Client, 18, "SDG 4 " + strconv.Itoa(len(routed)) + "\r\n" + routed, header("Content-Length", "77"),
			"SDG 4 " + strconv.Itoa(len(routed)+1) + "\r\n" + strings.Replace(routed, "2\r\n\r\nhi", "77\r\n\r\nhi", 1)},
		// What stands where the length should is none.
		{Server, 7, "MSG a b -5\r\n", body("q"), "!the payload of MSG can't be set: \"-5\" stands where its length should"},
		{Server, 7, "MSG a b 0x10\r\n", body("q"), "!\"0x10\" stands where its length should"},
		{Server, 7, "MSG a b c d\r\n", body("q"), "!\"d\" stands where its length should"},
		{Server, 7, "MSG a b\r\n", body("q"), "MSG a b 1\r\nq"},
		{Server, 7, "MSG a b -5\r\n", body(""), "MSG a b -5\r\n"},
		// What is no command.
		{Client, 7, "\r\n", args("1"), "!this is no command (blank)"},
		{Client, 7, "OUT", args("1"), "!the line of OUT has no end"},
	} {
		m := messageOf(t, []byte(test.raw), test.from, 0, test.dialect)
		e := NewEdit(m)
		err := test.change(e)
		if why, refused := strings.CutPrefix(test.want, "!"); refused {
			if err == nil || !strings.Contains(err.Error(), why) || string(e.Bytes()) != test.raw {
				t.Errorf("%q: want the error %q, got %v and %q", test.raw, why, err, e.Bytes())
			}
			continue
		}
		if err != nil || string(e.Bytes()) != test.want {
			t.Errorf("%q: want\n%q, got\n%q, %v", test.raw, test.want, e.Bytes(), err)
		}
	}
}

// The data of a file's block can be changed as far as two bytes tell its length.
func TestEditBlock(t *testing.T) {
	for size, ok := range map[int]bool{0: true, 300: true, 65535: true, 65536: false} {
		e := NewEdit(&Message{Frame: &Frame{Kind: Block, Raw: []byte{0, 1, 0, 'x'}}})
		err := e.SetPayload(make([]byte, size))
		if (err == nil) != ok {
			t.Errorf("%d bytes: %v", size, err)
		}
		if b := e.Bytes(); ok && (len(b) != size+3 || b[0] != 0 || int(b[1])+int(b[2])<<8 != size) {
			t.Errorf("%d bytes: %d, %v", size, len(b), b[:3])
		}
	}
}

// Missing bytes of a payload stay missing.
func TestEditIncomplete(t *testing.T) {
	m := messageOf(t, []byte("MSG 4 N 100\r\nhi"), Client, 0, 7)
	e := NewEdit(m)
	if err := e.SetPayload([]byte("hello")); err != nil || string(e.Bytes()) != "MSG 4 N 103\r\nhello" {
		t.Errorf("%q, %v", e.Bytes(), err)
	}
	if err := e.SetParam("ack", "A"); err != nil || string(e.Bytes()) != "MSG 4 A 103\r\nhello" {
		t.Errorf("%q, %v", e.Bytes(), err)
	}
}

func TestAssemble(t *testing.T) {
	for _, test := range []struct{ line, payload, want string }{
		{"ACK 5", "", "ACK 5\r\n"},
		{"MSG 4 N 0", "hi", "MSG 4 N 2\r\nhi"},
		{"MSG 4 N 77", "", "MSG 4 N 0\r\n"},
		{"MSG 4 N 77 ", "ü", "MSG 4 N 2 \r\nü"},
		{"MSG 4 N", "hi", "MSG 4 N 2\r\nhi"},
		{"MSG 4", "hi", "MSG 4\r\nhi"},
		{"QRY 5 x 32", "0123", "QRY 5 x 4\r\n0123"},
		{"911 5", "", "911 5\r\n"},
		{"241 12", "<ml/>", "241 12 5\r\n<ml/>"},
		{"ADL 7 OK", "", "ADL 7 OK\r\n"},
		{"XYZ 9", "", "XYZ 9\r\n"},
		{"XYZ CON 9", "hi", "XYZ CON 2\r\nhi"},
		{"X", "", "X\r\n"},
		{"", "", "\r\n"},
	} {
		if got := string(Assemble(test.line, []byte(test.payload))); got != test.want {
			t.Errorf("%q and %q: %q, want %q", test.line, test.payload, got, test.want)
		}
	}
}

// A message with other bytes is known as the one that it was.
func TestInstead(t *testing.T) {
	m := messageOf(t, []byte("ACK 5\r\n"), Server, SB, 7)
	m.Number, m.Conn, m.ReplyTo, m.Frame.Offset = 12, &Connection{ID: 3}, 11, 40
	a := m.Instead([]byte("NAK 5\r\n"))
	if a == nil || a.Name() != "NAK" || a.Number != 12 || a.Conn != m.Conn || a.ReplyTo != 11 || a.From != Server || a.Role != SB || a.Frame.Offset != 40 {
		t.Errorf("%+v", a)
	}
	for _, raw := range []string{"ACK 5\r\nACK 6\r\n", "", "\x00\x01", "MSG 1 N 3\r\nabcd"} {
		if a := m.Instead([]byte(raw)); a != nil {
			t.Errorf("%q is taken for %q", raw, a.Frame.Raw)
		}
	}
}
