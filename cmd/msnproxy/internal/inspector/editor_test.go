package inspector

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msnproxy/decode"
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// holdText has a text message held, with the editor on it.
func (s *stand) holdText(text string) {
	s.t.Helper()
	s.chatting()
	s.command(`hold verb == "MSG"`)
	s.say(1, "C: MSG 4 A 67\n"+typed+text)
	s.keys("K", "e")
}

func TestEditor(t *testing.T) {
	s := openStand(t, 120, 40)
	s.holdText("hello")
	client := s.out(1, decode.Client)
	s.sees("Edit MSG 4 of the client, #1", "what goes on: 79 bytes")
	s.key("Enter") // the text is selected
	if got := s.ins.prompt.input.GetText(); got != "hello" {
		t.Fatalf("Enter asks for %q", got)
	}
	s.clear()
	s.enter(`gr\xc3\xbc\xc3\x9fe\r\n"you"`)
	s.sees("1 change", "! length: 76 (was 67)", "what goes on: 88 bytes", `grüße`, `"you"`)
	s.keys("g", "j", "Enter") // ack
	s.clear()
	s.enter("Q")
	s.sees("2 changes", "the line does not fit")
	s.keys("g", "j", "j", "Enter")
	s.sees("length is counted; E, with raw, sends any")
	s.key("u")
	s.sees("taken back: set ack", "1 change")
	s.lacks("the line does not fit")
	s.key("h")
	s.enter("X-Note: one")
	s.sees("2 changes", "X-Note")
	s.key(":")
	s.enter(`set nothing = 1`)
	s.key("Esc")
	s.key("p")
	s.enter("hex 4142zz")
	s.key("Esc")
	s.sees("2 changes")
	s.key("Esc")
	s.sees("2 changes kept with the message", "edited]")
	s.key("A")
	s.went(1, decode.Client, client+crlf("MSG 4 A 89\n"+strings.TrimSuffix(typed, "\n")+"X-Note: one\n\n")+"grüße\r\n\"you\"")
	s.sees("MSG 4 was forwarded, changed: 101 bytes (79 came)", "changed by operator")
}

func TestEditorUndoesAll(t *testing.T) {
	s := openStand(t, 80, 24)
	s.holdText("hello")
	client := s.out(1, decode.Client)
	s.keys("Enter")
	s.clear()
	s.enter("one")
	s.keys("Enter")
	s.clear()
	s.enter("two")
	s.sees("2 changes", "two")
	s.keys("u")
	s.sees("one")
	s.keys("u")
	s.sees("hello")
	s.keys("u")
	s.sees("it is as it came")
	s.keys("Enter")
	s.clear()
	s.enter("three")
	s.keys("U", "A")
	s.went(1, decode.Client, client+"MSG 4 A 67\r\n"+crlf(typed)+"hello")
	s.sees("MSG 4 was forwarded as it came")
}

// A payload of bytes comes from hex, from a file, or from a text with escapes.
func TestEditorPayload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "payload")
	if err := os.WriteFile(file, []byte("\x00\xff{x}\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for typedIn, want := range map[string]string{
		"hex 00 ff 4d":  "\x00\xffM",
		"< " + file:     "\x00\xff{x}\r\n",
		`a\r\n\x01{y}"`: "a\r\n\x01{y}\"",
	} {
		s := openStand(t, 80, 24)
		s.holdText("hello")
		client := s.out(1, decode.Client)
		s.key("p")
		s.enter(typedIn)
		s.key("A")
		s.went(1, decode.Client, client+fmt.Sprintf("MSG 4 A %d\r\n", len(want))+want)
	}
	for text, wrong := range map[string]string{"< /nowhere/at/all": "can't be read", "hex 4": "hex is pairs", `\q`: "escape"} {
		if _, err := payloadText(text); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The user's editor gets the notation of transcripts. CRLF is put back, the length counted
// anew unless raw is said.
func TestExternalEditor(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(string) string
		want string
		says string
	}{
		"text":    {func(s string) string { return strings.Replace(s, "hello", "two\nlines", 1) }, "MSG 4 A 72\r\n" + crlf(typed) + "two\r\nlines", ""},
		"windows": {func(s string) string { return strings.ReplaceAll(strings.Replace(s, "hello", "hi", 1), "\n", "\r\n") }, "MSG 4 A 64\r\n" + crlf(typed) + "hi", ""},
		"line":    {func(s string) string { return strings.Replace(s, "MSG 4 A 67", "MSG 9 N 1", 1) }, "MSG 9 N 67\r\n" + crlf(typed) + "hello", "TrID 9 (was 4)"},
		"raw": {func(s string) string {
			return strings.Replace(strings.Replace(s, "# raw", "raw", 1), "A 67", "A 70", 1)
		}, "MSG 4 A 70\r\n" + crlf(typed) + "hello", "length: 70 (right is 67): the server waits for 3 bytes more"},
		"two": {func(s string) string {
			return strings.Replace(strings.Replace(s, "# raw", "raw", 1), "A 67", "A 60", 1)
		}, "MSG 4 A 60\r\n" + crlf(typed) + "hello", "are not one message"},
		"same":    {func(s string) string { return s }, "MSG 4 A 67\r\n" + crlf(typed) + "hello", "nothing was changed"},
		"escapes": {func(s string) string { return "# x\nC= MSG 4 A 9\\r\\n\nC+ a\\x00b\n" }, "MSG 4 A 3\r\na\x00b", "length: 3 (was 67)"},
		"empty":   {func(s string) string { return "# nothing\n\n" }, "MSG 4 A 67\r\n" + crlf(typed) + "hello", "nothing is left of the message"},
		"garbage": {func(s string) string { return "hello\n" }, "MSG 4 A 67\r\n" + crlf(typed) + "hello", "line 1 is no message"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStand(t, 120, 40)
			s.holdText("hello")
			client := s.out(1, decode.Client)
			s.ins.runEditor = func(file string) error {
				b, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				if !strings.Contains(string(b), "C: MSG 4 A 67\nMIME-Version: 1.0\n") {
					t.Errorf("the editor gets\n%s", b)
				}
				return os.WriteFile(file, []byte(c.edit(string(b))), 0o600)
			}
			s.key("E")
			s.sees(c.says)
			s.key("A")
			s.went(1, decode.Client, client+c.want)
		})
	}
	s := openStand(t, 120, 40)
	s.holdText("hello")
	s.ins.runEditor = func(string) error { return errors.New("the editor fails") }
	s.key("E")
	s.sees("not changed: the editor fails")
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "/nowhere/editor -w")
	if err := runEditor("x"); err == nil || !strings.Contains(err.Error(), "/nowhere/editor") || !strings.Contains(err.Error(), "VISUAL or EDITOR") {
		t.Errorf("an editor that is not there: %v", err)
	}
}

// What an editor of frames gets reads back to the same bytes.
func TestFrameText(t *testing.T) {
	for _, frame := range []string{
		"PNG\r\n", "OUT OTH\r\n", "MSG 1 N 5\r\nhello", "MSG 1 N 7\r\nhello\r\n", "MSG 1 N 6\r\nhello\n", "MSG 1 N 3\r\na\nb",
		"MSG 1 N 4\r\n\r\n\r\n", "MSG 1 N 3\r\n\x00\xffa", "MSG 1 N 5\r\na\r\nb\n", "MSG 1 N 6\r\n# a\r\nb", "MSG 1 N 0\r\n", "QRY 3 x 32\r\n0123456789abcdef0123456789abcdef",
	} {
		text, eol, err := frameText(decode.Client, []byte(frame), "it")
		if err != nil {
			t.Fatal(err)
		}
		got, raw, err := parseFrame(text, eol)
		if err != nil || raw || string(got) != frame {
			t.Errorf("%q becomes %q, raw %v, %v by way of\n%s", frame, got, raw, err, text)
		}
	}
}

func TestCompose(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	s.say(1, "C: CAL 4 dave@example.com", "S: CAL 4 RINGING 11752013")
	client, server := s.out(1, decode.Client), s.out(1, decode.Server)
	s.keys("i", "c")
	s.sees("to the client of #1")
	for _, r := range "BYE" {
		s.key(string(r))
	}
	s.sees(" BYE bob@example.com") // what Tab would make of it
	s.key("Tab")
	if got := s.ins.prompt.input.GetText(); !strings.HasPrefix(got, "BYE ") {
		t.Fatalf("Tab makes of BYE %q", got)
	}
	s.clear()
	s.enter("BYE bob@example.com")
	server += "BYE bob@example.com\r\n"
	s.went(1, decode.Server, server)
	s.sees("sent to the client of #1: BYE bob@example.com", "injected by operator")
	s.command(`compose client MSG bob@example.com Bob 0\r\nsay "hi" {conn}`)
	server += "MSG bob@example.com Bob 10\r\nsay \"hi\" 1"
	s.went(1, decode.Server, server)
	s.command(`compose client raw BYE\x00\n`)
	server += "BYE\x00\n"
	s.went(1, decode.Server, server)
	s.command(`compose client bye`)
	s.sees("not sent: ")
	s.command(`compose nobody OUT`)
	s.sees("compose to whom?")
	s.keys("i", "s")
	s.enter("CAL 9 carol@example.com")
	s.went(1, decode.Client, client+"CAL 100004 carol@example.com\r\n")
	s.sees("its own number 100004; the reply does not reach the client")
	s.say(1, "S: CAL 100004 RINGING 1")
	s.went(1, decode.Server, server)
}

func TestSendAgain(t *testing.T) {
	s := openStand(t, 120, 40)
	s.chatting()
	server := s.out(1, decode.Server)
	s.keys("G", "S") // the ACK
	server += "ACK 3\r\n"
	s.went(1, decode.Server, server)
	s.sees("sent to the client of #1: ACK 3")
	s.ins.runEditor = func(file string) error {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(file, []byte(strings.Replace(string(b), "ACK 3", "NAK 3", 1)), 0o600)
	}
	s.key("#")
	s.enter("7")
	s.key("I")
	s.went(1, decode.Server, server+"NAK 3\r\n")
	s.conns[1].Close()
	s.key("S")
	s.sees("not sent: connection 1 is not open")
	s.keys("i")
	s.sees("nothing can be sent: no connection is open")
}

// TestEditorScreens compares the editor.
func TestEditorScreens(t *testing.T) {
	for _, size := range []struct{ w, h int }{{80, 24}, {160, 48}} {
		s := openStand(t, size.w, size.h)
		s.holdText("hello")
		s.key("Enter")
		s.clear()
		s.enter("good day, Bob")
		s.key("Esc")
		s.key("e")
		compareGolden(t, fmt.Sprintf("held-editor-%dx%d", size.w, size.h), frame(s.text(), size.w))
	}
}

// What is odd is said, and can be sent.
func TestOddities(t *testing.T) {
	for name, c := range map[string]struct{ do, says, sent string }{
		"bytes that are no text": {`replace "MSG 4 A 0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n\xff\xfe"`, "UTF-8", "MSG 4 A 45\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n\xff\xfe"},
		"an unknown command":     {`replace "XYZ 4"`, "no command is called XYZ", "XYZ 4\r\n"},
		"the other end's":        {`replace "JOI bob@example.com Bob"`, "the client never says JOI here", "JOI bob@example.com Bob\r\n"},
		"no number":              {`set trid = "x"`, "the line does not fit", "MSG x A 67\r\n" + crlf(typed) + "hello"},
		"two messages":           {`raw "OUT\r\nOUT\r\n"`, "these 10 bytes are not one message: the server may lose step", "OUT\r\nOUT\r\n"},
		"nothing":                {`drop`, "nothing is sent", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStand(t, 120, 40)
			s.holdText("hello")
			client := s.out(1, decode.Client)
			s.key(":")
			s.enter(c.do)
			s.sees(c.says, "1 change")
			s.key("A")
			s.went(1, decode.Client, client+c.sent)
		})
	}
}

// A message that is let go by somebody else ends its editing.
func TestEditorOfWhatIsGone(t *testing.T) {
	s := openStand(t, 80, 24)
	s.holdText("hello")
	s.key("Enter")
	if _, err := s.g.Decide(8, nil, "api"); err != nil {
		t.Fatal(err)
	}
	s.enter("x")
	s.sees("not changed: message 8: it is not held", "is not held any more")
	s.key("j")
	s.sees("MSG 4 is not held any more")
	s.lacks("what goes on")
}

// A challenge that was changed makes the client's answer wrong.
func TestEditedChallenge(t *testing.T) {
	s := openStand(t, 120, 40)
	s.open(2)
	s.command(`hold from == "server"`)
	s.say(2, "C: USR 1 TWN I alice@example.com", "S: CHL 0 20881396011094013213")
	s.keys("K", "e", ":")
	s.enter(`set challenge = "1"`)
	s.sees("the client answers this challenge, and the server expects the answer to its own")
	s.keys("u")
	s.lacks("expects the answer")
	s.keys("A")
	s.open(3)
	s.say(3, "C: VER 1 MSNP7", "S: VER 1 MSNP7")
	s.keys("K", "A")
	s.say(3, "C: USR 2 MD5 I alice@example.com", "S: USR 2 MD5 S 1013928519.693957190")
	s.keys("K", "e", ":")
	s.enter(`set challenge = "1"`)
	s.sees("the client answers this challenge, and the server expects the answer to its own")
}
