package action

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"msnproxy/decode"
	"msnproxy/proxy/gate/valve"
)

// message decodes one frame.
func message(t *testing.T, from decode.Sender, raw string) *decode.Message {
	t.Helper()
	var f decode.Framer
	fr := new(decode.Frame)
	f.Feed([]byte(raw))
	if !f.Next(fr) && !f.Flush(fr) || len(fr.Raw) != len(raw) {
		t.Fatalf("%q is not one frame", raw)
	}
	m := new(decode.Message)
	m.Decode(fr, from, 0, 7)
	m.Conn = &decode.Connection{ID: 3, Account: "alice@example.com", Role: decode.SB, Dialect: 7}
	return m
}

// apply carries out a list on a message, and returns the error of the first action that
// failed.
func apply(t *testing.T, e *Effect, m *decode.Message, list, by string) error {
	t.Helper()
	actions, err := ParseList(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range actions {
		if err := e.Apply(m, a, by); err != nil {
			return err
		}
	}
	return nil
}

const (
	chat = "MSG 4 N 57\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nany colour"
	call = "RNG 11752013 10.0.1.200:1863 CKI 849102291.520491113 bob@example.com Bob%20B\r\n"
)

func TestApply(t *testing.T) {
	own := []string{"rule \"x\""}
	for _, test := range []struct {
		from decode.Sender
		raw  string
		list string
		want Effect
	}{
		{decode.Server, "ACK 5\r\n", `forward`, Effect{Decided: true}},
		{decode.Server, "ACK 5\r\n", `drop`, Effect{Decided: true, Drop: true, By: own}},
		{decode.Server, "ACK 5\r\n", `drop, forward`, Effect{Decided: true, By: own}},
		{decode.Server, "ACK 5\r\n", `delay 1s, delay 2s, postpone 5s, postpone 1s`, Effect{Delay: 3 * time.Second, Postpone: 6 * time.Second, By: own}},
		{decode.Server, "ACK 5\r\n", `hold, hold for 5s`, Effect{Hold: true, HeldBy: `rule "x"`}},
		{decode.Server, "ACK 5\r\n", `hold for 5s, hold`, Effect{Hold: true, HeldBy: `rule "x"`}},
		{decode.Server, "ACK 5\r\n", `hold for 5s, hold for 7s, hold for 6s`, Effect{Hold: true, HeldBy: `rule "x"`, HoldFor: 7 * time.Second}},
		{decode.Server, "ACK 5\r\n", `repeat, repeat 2`, Effect{Repeat: 3, By: own}},
		{decode.Server, "ACK 5\r\n", `close client, reset`, Effect{Ends: []End{{decode.Client, false}, {decode.Either, true}}, By: own}},
		{decode.Server, "ACK 5\r\n", `mark a, remark "{verb} of {account}", remark "x"`, Effect{Mark: "a", Remark: "ACK of alice@example.com; x"}},
		{decode.Server, "ACK 5\r\n", `slice 1 every 3ms, stall`, Effect{Faults: []Fault{
			{valve.Fault{Kind: valve.Slice, Size: 1, Time: 3 * time.Millisecond}, "rule \"x\""}, {valve.Fault{Kind: valve.Stall}, "rule \"x\""}}}},
		{decode.Server, "ACK 5\r\n", `set trid = trid + 1`, Effect{Frame: []byte("ACK 6\r\n"), By: own}},
		{decode.Server, "ACK 5\r\n", `set trid = 5`, Effect{}},
		{decode.Client, "VER 1 MSNP8 CVR0\r\n", `set args = map(args, # == "MSNP8" ? "MSNP7" : #)`, Effect{Frame: []byte("VER 1 MSNP7 CVR0\r\n"), By: own}},
		{decode.Client, "VER 1 MSNP7 CVR0\r\n", `set args = map(args, # == "MSNP8" ? "MSNP7" : #)`, Effect{}},
		{decode.Client, "VER 1 MSNP8 MSNP7 CVR0\r\n", `set args = filter(args, # != "MSNP8")`, Effect{Frame: []byte("VER 1 MSNP7 CVR0\r\n"), By: own}},
		{decode.Client, chat, `set text = replace(text, "colour", "color")`,
			Effect{Frame: []byte(strings.Replace(strings.Replace(chat, "57", "56", 1), "colour", "color", 1)), By: own}},
		{decode.Client, chat, `set header "content-type" = content + "; x=1"`,
			Effect{Frame: []byte(strings.Replace(strings.Replace(chat, "57", "62", 1), "/plain", "/plain; x=1", 1)), By: own}},
		{decode.Client, "QRY 5 msmsgs@msnmsgr.com 4\r\nabcd", `set payload = "00000000000000000000000000000000"`,
			Effect{Frame: []byte("QRY 5 msmsgs@msnmsgr.com 32\r\n00000000000000000000000000000000"), By: own}},
		{decode.Server, call, `set friendly = "Eve E", set handle = "eve@example.com"`,
			Effect{Frame: []byte("RNG 11752013 10.0.1.200:1863 CKI 849102291.520491113 eve@example.com Eve%20E\r\n"), By: own}},
		{decode.Server, "USR 7 OK alice@example.com Alice 1\r\n", `replace "911 {trid}", close client`,
			Effect{Frame: []byte("911 7\r\n"), Decided: true, Ends: []End{{decode.Client, false}}, By: own}},
		{decode.Server, "ACK 5\r\n", `drop, replace "ACK {trid}"`, Effect{Decided: true, By: own}},
		{decode.Client, chat, `drop, reply "NAK {trid}"`,
			Effect{Drop: true, Decided: true, Sends: []Send{{To: decode.Client, Frame: []byte("NAK 4\r\n")}}, By: own}},
		{decode.Server, chat[:0] + "ACK 5\r\n", `reply "PNG"`,
			Effect{Drop: true, Decided: true, Sends: []Send{{To: decode.Server, Frame: []byte("PNG\r\n")}}, By: own}},
		{decode.Server, "ACK 5\r\n", `before send client "OUT", after 10s send server "PNG", send client raw "\x00{{"`,
			Effect{Sends: []Send{{To: decode.Client, When: Before, Frame: []byte("OUT\r\n")}, {To: decode.Server, Later: 10 * time.Second, Frame: []byte("PNG\r\n")},
				{To: decode.Client, Frame: []byte("\x00{"), Raw: true}}, By: own}},
		{decode.Server, call, `send client "MSG a@example.com A 0\r\nContent-Type: text/plain\r\n\r\n{friendly}"`,
			Effect{Sends: []Send{{To: decode.Client, Frame: []byte("MSG a@example.com A 33\r\nContent-Type: text/plain\r\n\r\nBob B")}}, By: own}},
		{decode.Server, call, `send client "JOI {handle} {friendly}"`, // as it stands on the wire
			Effect{Sends: []Send{{To: decode.Client, Frame: []byte("JOI bob@example.com Bob%20B\r\n")}}, By: own}},
		{decode.Server, call, `send client "JOI {args[4]} {friendly + \" C\"}"`,
			Effect{Sends: []Send{{To: decode.Client, Frame: []byte("JOI bob@example.com Bob%20B%20C\r\n")}}, By: own}},
		{decode.Server, "ACK 5\r\n", `send client "XYZ {account} {role} {ended == '' ? 'x' : ''} {dialect}"`,
			Effect{Sends: []Send{{To: decode.Client, Frame: []byte("XYZ alice@example.com SB x 7\r\n")}}, By: own}},
		{decode.Server, call, `replace "{line} U"`, Effect{Frame: []byte(strings.TrimSuffix(call, "\r\n") + " U\r\n"), Decided: true, By: own}},
		{decode.Client, "VER 1 MSNP8 MSNP7 CVR0\r\n", `replace "VER {trid} {join(args[1:], ' ')} MSNP2"`,
			Effect{Frame: []byte("VER 1 MSNP8 MSNP7 CVR0 MSNP2\r\n"), Decided: true, By: own}},
		{decode.Server, "ACK 5\r\n", `raw "ACK\xff{trid}"`, Effect{Frame: []byte("ACK\xff5"), Decided: true, Raw: true, By: own}},
		{decode.Server, "ACK 5\r\n", `raw "ACK {trid}\r\n"`, Effect{Decided: true, Raw: true, By: own}},
		{decode.Server, "ACK 5\r\n", `raw "x", replace "ACK 6"`, Effect{Frame: []byte("ACK 6\r\n"), Decided: true, By: own}},
		{decode.Server, "ACK 5\r\n", `raw "x", replace "ACK 5"`, Effect{Frame: []byte("ACK 5\r\n"), Decided: true, By: own}},
		{decode.Server, "ACK 5\r\n", `raw "x", drop, send client "OUT"`,
			Effect{Frame: []byte("x"), Drop: true, Decided: true, Raw: true, Sends: []Send{{To: decode.Client, Frame: []byte("OUT\r\n")}}, By: own}},
	} {
		m := message(t, test.from, test.raw)
		var e Effect
		if err := apply(t, &e, m, test.list, own[0]); err != nil {
			t.Errorf("%s: %v", test.list, err)
			continue
		}
		if d := cmp.Diff(test.want, e, cmpopts.IgnoreUnexported(Effect{})); d != "" {
			t.Errorf("%q: %s: %s", test.raw, test.list, d)
		}
		if string(m.Frame.Raw) != test.raw {
			t.Errorf("%s: the message itself became %q", test.list, m.Frame.Raw)
		}
	}
}

// What fails changes nothing, and says which action it was.
func TestApplyFails(t *testing.T) {
	for _, test := range []struct{ raw, list, want string }{
		{"ACK 5\r\n", `set cookie = "1"`, `set cookie = "1": ACK has no cookie here: it is ACK TrID`},
		{"ACK 5\r\n", `set payload = "x"`, "ACK has no payload here"},
		{"ACK 5\r\n", `set trid = args[7]`, "args[7]"},
		{"ACK 5\r\n", `set args = [["x"]]`, "a list"},
		{"PNG\r\n", `reply "NAK {trid}"`, `PNG has no trid`},
		{"ACK 5\r\n", `reply "XYZ {cookie}"`, `ACK has no cookie`},
		{"ACK 5\r\n", `reply "XYZ {text}"`, `ACK has no text`},
		{"ACK 5\r\n", `reply "XYZ {handle}"`, `ACK has no handle`},
		{"XYZ 5\r\n", `reply "XYZ {trid}"`, `XYZ has no trid`},
		{"ACK 5\r\n", `replace "{account}"`, `"alice@example.com" is no command`},
		{"ACK 5\r\n", `replace "ACK 1\r\n{verb}"`, `ACK has no payload as its line stands, and 3 bytes follow it`},
		{"ACK 5\r\n", `raw ""`, `drop sends nothing`},
	} {
		m := message(t, decode.Server, test.raw)
		var e Effect
		err := apply(t, &e, m, test.list, "api")
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: want %q, got %v", test.list, test.want, err)
		}
		if d := cmp.Diff(Effect{}, e, cmpopts.IgnoreUnexported(Effect{})); d != "" {
			t.Errorf("%s: %s", test.list, d)
		}
	}
	var e Effect
	m := message(t, decode.Server, "ACK 5\r\n")
	if err := apply(t, &e, m, `raw "\x00", set trid = 6`, "api"); err == nil || !strings.Contains(err.Error(), "bytes now that are no command") {
		t.Error(err)
	}
	if err := apply(t, &e, m, `raw "ACK 7\r\n", set trid = 6`, "api"); err == nil || !strings.Contains(err.Error(), "nothing is put right") {
		t.Error(err)
	}
	if err := e.Apply(m, Action{}, "api"); err == nil {
		t.Error("no action is one")
	}
}

// The second decider sees what the first made of the message; both are named, once.
func TestDecidersInOrder(t *testing.T) {
	m := message(t, decode.Client, chat)
	m.Number = 12
	var e Effect
	if err := apply(t, &e, m, `set text = text + " and shape", set ack = "A"`, "rule \"a\""); err != nil {
		t.Fatal(err)
	}
	now := e.Current(m)
	if now.Payload().Text != "any colour and shape" || now.Number != 12 || now.Conn != m.Conn {
		t.Fatalf("%q, number %d", now.Frame.Raw, now.Number)
	}
	if again := e.Current(m); again != now {
		t.Error("it is decoded twice")
	}
	for _, seen := range []*decode.Message{m, now} { // told either way
		e := e
		if err := apply(t, &e, seen, `set text = replace(text, "shape", "form"), forward`, "operator"); err != nil {
			t.Fatal(err)
		}
		want := "MSG 4 A 66\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nany colour and form"
		if string(e.Frame) != want {
			t.Errorf("%q", e.Frame)
		}
		if d := cmp.Diff([]string{"rule \"a\"", "operator"}, e.By); d != "" {
			t.Error(d)
		}
	}
}
