package check

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// macros stand for the beginnings that most scripts share. %d is the dialect.
var macros = map[string]string{
	"ns": `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: VER 1 MSNP%d CVR0
		1 S: VER 1 MSNP%[1]d
		1 C: INF 2
		1 S: INF 2 MD5
		1 C: USR 3 MD5 I alice@example.com
		1 S: USR 3 MD5 S 1234567890.123456789
		1 C: USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903
		1 S: USR 4 OK alice@example.com Alice`,
	"ns8": `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: VER 1 MSNP%d CVR0
		1 S: VER 1 MSNP%[1]d
		1 C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com
		1 S: CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b
		1 C: USR 3 TWN I alice@example.com
		1 S: USR 3 TWN S lc=1033
		1 C: USR 4 TWN S t=abc&p=def
		1 S: USR 4 OK alice@example.com Alice 1 0`,
	"ds15": `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: VER 1 MSNP%d CVR0
		1 S: VER 1 MSNP%[1]d
		1 C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com
		1 S: CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b
		1 C: USR 3 SSO I alice@example.com`,
	"nonce": `
		ds15 %d
		1 S: USR 3 SSO S MBI_KEY_OLD bm9uY2U=`,
	"ns15": `
		nonce %d
		1 C: USR 4 SSO S t=abc&p= HAAAAAEAAAADZgAABIAAAAgAAAA {0f0e0d0c-0b0a-0908-0706-050403020100}
		1 S: USR 4 OK alice@example.com 1 0`,
	"call": `
		ns %d
		1 C: CHG 5 NLN
		1 S: CHG 5 NLN
		1 C: XFR 6 SB
		1 S: XFR 6 SB 10.0.1.2:1863 CKI 17.1
		2 open 10.0.0.9:1031 10.0.1.2:1863
		2 C: USR 1 alice@example.com 17.1
		2 S: USR 1 OK alice@example.com Alice`,
	"talk": `
		call %d
		2 C: CAL 2 bob@example.com
		2 S: CAL 2 RINGING 4711
		2 S: JOI bob@example.com Bob`,
	"both": `
		3 open 10.0.0.8:1030 10.0.0.5:1863
		3 C: VER 1 MSNP%d CVR0
		3 S: VER 1 MSNP%[1]d
		3 C: INF 2
		3 S: INF 2 MD5
		3 C: USR 3 MD5 I bob@example.com
		3 S: USR 3 MD5 S 1234567890.123456789
		3 C: USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903
		3 S: USR 4 OK bob@example.com Bob
		call %[1]d
		2 C: CAL 2 bob@example.com
		3 S: RNG 4711 10.0.1.2:1863 CKI 84.5 alice@example.com Alice
		2 S: CAL 2 RINGING 4711
		4 open 10.0.0.8:1031 10.0.1.2:1863
		4 C: ANS 1 bob@example.com 84.5 4711
		4 S: IRO 1 1 1 alice@example.com Alice
		4 S: ANS 1 OK
		2 S: JOI bob@example.com Bob`,
	"ring": `
		ns %d
		1 S: RNG 4711 10.0.1.2:1863 CKI 84.5 bob@example.com Bob
		2 open 10.0.0.9:1031 10.0.1.2:1863`,
	"syn": `
		ns %d
		1 C: SYN 5 0
		1 S: SYN 5 9`,
}

// words stand for texts that would be long.
var words = strings.NewReplacer(
	"$text", "MIME-Version: 1.0|Content-Type: text/plain; charset=UTF-8||",
	"$plain", "MIME-Version: 1.0|Content-Type: text/plain; charset=",
	"$blob", "HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAAABAgMEBQYH5/b6UPUTyMkbVgyWJivzLXG/cLnbi6heZDPcDaN19raFPD126EaQQUkKltX7vdAMfHnoLDqagK3kpZIzyCXvzkmmW6IvHKU2tUFdVEJ4iq50Aoiu+mkP7WkXXvQ=",
	"$p2p", "MIME-Version: 1.0|Content-Type: application/x-msnmsgrp2p|P2P-Dest: bob@example.com||"+"\x08\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00",
	"$300", strings.Repeat("0123456789", 30),
	"$1700", strings.Repeat("0123456789", 170),
	"$100", strings.Repeat("0123456789", 10),
)

// stage runs a script through a tracker and a checker. Its lines:
//
//	CONN open CLIENT SERVER    a connection; "mid" instead of open: in mid-stream;
//	                           a third address is that of the proxy
//	CONN C: LINE|PAYLOAD       a command; | is CRLF, # in the line the payload's length
//	CONN C! BYTES              bytes as they are, with Go's escapes
//	CONN Cw LINE               a command that a proxy withholds; Ci: that it makes
//	CONN Se LINE => LINE       a command, and what a proxy sends on instead
//	CONN Sr LINE => LINE       the same, as a rule wants it; Sd: a rule withholds it
//	CONN Sb LINE => BYTES      bytes instead, as a rule wants it, with Go's escapes
//	CONN lost S 100            bytes of the server are missing
//	CONN close                 it is not said how; or how, and by whom:
//	CONN closed S              also reset, half
//	+DURATION                  time passes
//	MACRO DIALECT              a beginning from macros
type stage struct {
	t       testing.TB
	tracker *decode.Tracker
	checker *Checker
	framers map[string]*decode.Framer
	conns   map[uint32]*decode.Connection
	at      time.Time
	found   []Located
	tap     func(letter byte, raw string) // if set, gets the bytes instead
}

func newStage(t testing.TB) *stage {
	tr := decode.NewTracker()
	tr.Passwords = map[string]string{"alice@example.com": "password"}
	return &stage{t: t, tracker: tr, checker: New(), framers: map[string]*decode.Framer{},
		conns: map[uint32]*decode.Connection{}, at: time.Unix(1000, 0)}
}

// play runs a script to its end, and returns what was found.
func play(t *testing.T, script string) []Located {
	t.Helper()
	s := newStage(t)
	s.run(script)
	s.found = append(s.found, s.checker.Finish(s.at)...)
	if n := len(s.checker.conns) + len(s.checker.watched); n != 0 {
		t.Errorf("%d connections and accounts are kept after the end", n)
	}
	return s.found
}

func (s *stage) run(script string) {
	s.t.Helper()
	for line := range strings.SplitSeq(script, "\n") {
		if line = strings.TrimLeft(line, "\t "); line == "" {
			continue
		}
		s.at = s.at.Add(time.Millisecond)
		first, rest, _ := strings.Cut(line, " ")
		if macro, ok := macros[first]; ok {
			dialect, err := strconv.Atoi(rest)
			if err != nil {
				s.t.Fatalf("%q: %v", line, err)
			}
			s.run(fmt.Sprintf(macro, dialect))
			continue
		}
		if d, ok := strings.CutPrefix(line, "+"); ok {
			pause, err := time.ParseDuration(d)
			if err != nil {
				s.t.Fatalf("%q: %v", line, err)
			}
			s.at = s.at.Add(pause)
			continue
		}
		id, err := strconv.ParseUint(first, 10, 32)
		if err != nil {
			s.t.Fatalf("%q: %v", line, err)
		}
		s.line(uint32(id), rest)
	}
}

func (s *stage) line(id uint32, rest string) {
	s.t.Helper()
	verb, arg, _ := strings.Cut(rest, " ")
	switch verb {
	case "open", "mid":
		client, server, _ := strings.Cut(arg, " ")
		server, via, _ := strings.Cut(server, " ")
		s.conns[id] = s.tracker.Open(id, client, server, s.at)
		s.conns[id].Via = via
		s.checker.Opened(s.conns[id], verb == "mid")
	case "close":
		for _, from := range []decode.Sender{decode.Client, decode.Server} {
			f := s.framer(id, from)
			for fr := (decode.Frame{}); f.Flush(&fr); {
				s.frame(id, from, &fr)
			}
		}
		s.found = append(s.found, s.checker.Closed(s.conns[id], s.at)...)
		s.tracker.Close(id)
	case "half":
		s.checker.HalfClosed(s.conns[id], senderOf(arg))
	case "closed", "reset":
		how := map[string]decode.Occurrence{"closed": decode.Closed, "reset": decode.Reset}[verb]
		s.found = append(s.found, s.checker.Ended(s.conns[id], how, senderOf(arg), s.at)...)
		s.tracker.Close(id)
	case "lost":
		from, n, _ := strings.Cut(arg, " ")
		count, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			s.t.Fatalf("%q: %v", rest, err)
		}
		sender := decode.Client
		if from == "S" {
			sender = decode.Server
		}
		f := s.framer(id, sender)
		for fr := (decode.Frame{}); f.Gap(count, &fr); {
			s.frame(id, sender, &fr)
		}
		s.found = append(s.found, s.checker.Lost(s.conns[id], sender, count, s.at)...)
	case "C:", "S:":
		s.bytes(id, verb[0], wire(arg))
	case "C!", "S!":
		raw, err := strconv.Unquote(`"` + arg + `"`)
		if err != nil {
			s.t.Fatalf("%q: %v", rest, err)
		}
		s.bytes(id, verb[0], raw)
	case "Cw", "Sw", "Ci", "Si", "Ce", "Se", "Cr", "Sr", "Cd", "Sd", "Cb", "Sb":
		s.fated(id, verb, arg)
	default:
		s.t.Fatalf("%q is no line of a script", rest)
	}
}

// wire makes the bytes of a command of "LINE|PAYLOAD".
func wire(line string) string {
	line, payload, _ := strings.Cut(words.Replace(line), "|")
	payload = strings.ReplaceAll(payload, "|", "\r\n")
	return strings.ReplaceAll(line, "#", strconv.Itoa(len(payload))) + "\r\n" + payload
}

func (s *stage) framer(id uint32, from decode.Sender) *decode.Framer {
	key := fmt.Sprint(id, from)
	if s.framers[key] == nil {
		s.framers[key] = &decode.Framer{}
	}
	return s.framers[key]
}

func (s *stage) bytes(id uint32, letter byte, raw string) {
	if s.tap != nil {
		s.tap(letter, raw)
		return
	}
	from := decode.Client
	if letter == 'S' {
		from = decode.Server
	}
	f := s.framer(id, from)
	f.Feed([]byte(raw))
	for fr := (decode.Frame{}); f.Next(&fr); {
		s.frame(id, from, &fr)
	}
}

func (s *stage) frame(id uint32, from decode.Sender, fr *decode.Frame) {
	m := s.tracker.Frame(id, from, fr, s.at)
	s.conns[id] = m.Conn
	s.found = append(s.found, s.checker.Message(m)...)
}

// fated plays a line that a proxy does not pass on as it came.
func (s *stage) fated(id uint32, what, arg string) {
	from := map[byte]decode.Sender{'C': decode.Client, 'S': decode.Server}[what[0]]
	fate := map[byte]decode.Fate{'w': decode.Withheld, 'i': decode.Injected, 'd': decode.Withheld}[what[1]]
	var by []string
	if strings.Contains("rdb", what[1:]) {
		by = []string{"rule \"test\""}
	}
	arg, sent, edited := strings.Cut(arg, " => ")
	var f decode.Framer
	f.Feed([]byte(wire(arg)))
	var fr decode.Frame
	if !f.Next(&fr) {
		s.t.Fatalf("%q is no frame", arg)
	}
	var instead []byte
	if edited {
		instead = []byte(wire(sent))
	}
	if what[1] == 'b' {
		raw, err := strconv.Unquote(`"` + sent + `"`)
		if err != nil {
			s.t.Fatalf("%q: %v", sent, err)
		}
		instead = []byte(raw)
	}
	m := s.tracker.Relayed(id, from, &fr, s.at, decode.Relay{Fate: fate, Sent: instead, ChangedBy: by})
	s.conns[id] = m.Conn
	s.found = append(s.found, s.checker.Message(m)...)
}

// manyMessages sends n messages that ask for an acknowledgement, which come when
// all are sent.
func manyMessages(n int) string {
	var out, back strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "\n2 C: MSG %d A #|$text", i+10)
		fmt.Fprintf(&back, "\n2 S: ACK %d", i+10)
	}
	return out.String() + back.String()
}

// senderOf reads C, S, or nothing where it is not known.
func senderOf(letter string) decode.Sender {
	return map[string]decode.Sender{"C": decode.Client, "S": decode.Server}[letter]
}
