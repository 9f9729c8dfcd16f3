package transfer_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

func picture(n int) []byte {
	b := []byte("\x89PNG\r\n\x1a\n")
	r := rand.New(rand.NewPCG(3, 4))
	for len(b) < n {
		b = append(b, byte(r.Uint32()))
	}
	return b[:n]
}

func TestPicture(t *testing.T) {
	s := newStage(t)
	data := picture(3000)
	s.asks(77, "{C1}", object(data), 3)
	x := s.only()
	if x.State != transfer.Offered || x.Kind != p2p.KindPicture || x.Name != "Bob" || x.Size != 3000 || x.From != bob || x.To != alice || x.Inviter != alice {
		t.Fatalf("%+v", x)
	}
	s.answers(bob, "MSNSLP/1.0 200 OK", "{C1}", "sessionreqbody", "SessionID: 77\r\n")
	if x.State != transfer.Accepted {
		t.Errorf("%v after 200 OK", x.State)
	}
	s.sends(bob, v1(77, 900, 0, 0, 4, make([]byte, 4), 12)) // data preparation
	if x.Received() != 0 || !x.First.IsZero() {
		t.Errorf("data preparation counts as %d bytes of content", x.Received())
	}
	s.blob(bob, 77, 901, p2p.FlagObject, data, 1202, 12)
	if x.State != transfer.Complete || x.Hash != p2p.Right || x.Packets != 3 || x.Path != transfer.Switchboard || x.Bye {
		t.Errorf("%+v", x)
	}
	if name, ext := x.Type(); name != "PNG picture" || ext != "png" || !bytes.Equal(x.Head, data[:64]) {
		t.Errorf("%s, %s, %q", name, ext, x.Head)
	}
	s.answers(alice, "BYE MSNMSGR:"+bob+" MSNSLP/1.0", "{C1}", "sessionclosebody", "")
	if x.State != transfer.Complete || !x.Bye || x.Broken() {
		t.Errorf("%+v", x)
	}
	if d := x.Over.Sub(x.Began); d <= 0 || x.Duration() != d {
		t.Errorf("it took %v, or %v", x.Duration(), d)
	}
	if !bytes.Equal(s.content[1].Bytes(), data) {
		t.Error("the content is another")
	}
	s.only()
}

func TestWrongHash(t *testing.T) {
	s := newStage(t)
	data := picture(50)
	s.asks(77, "{C1}", object(data), 1)
	data[49]++
	s.blob(bob, 77, 901, p2p.FlagObject, data, 20, 12)
	if x := s.only(); x.State != transfer.WrongHash || x.Hash != p2p.Wrong || !x.Broken() {
		t.Errorf("%+v", x)
	}
}

func TestEnds(t *testing.T) {
	const bye = "BYE MSNMSGR:x MSNSLP/1.0"
	some := func(s *stage) { s.sends(alice, v1(7, 50, p2p.FlagFile, 0, 100, make([]byte, 60), 2)) }
	tests := []struct {
		name string
		do   func(s *stage)
		want string // state, by, reason
		bad  bool   // Broken
	}{
		{"nobody answers", func(s *stage) {}, "offered;;", false},
		{"declined", func(s *stage) { s.answers(bob, "MSNSLP/1.0 603 Decline", "{C}", "sessionreqbody", "") }, "declined;bob@example.com;", false},
		{"an error", func(s *stage) { s.answers(bob, "MSNSLP/1.0 500 Internal Error", "{C}", "null", "") }, "failed;bob@example.com;Internal Error", false},
		{"taken back", func(s *stage) { s.answers(alice, bye, "{C}", "sessionclosebody", "") }, "cancelled;alice@example.com;", false},
		{"cancelled", func(s *stage) { some(s); s.answers(bob, bye, "{C}", "sessionclosebody", "") }, "cancelled;bob@example.com;", true},
		{"cancelled, by the session's number", func(s *stage) { some(s); s.answers(bob, bye, "{D}", "sessionclosebody", "SessionID: 7\r\n") }, "cancelled;bob@example.com;", true},
		{"bye of another session", func(s *stage) { some(s); s.answers(bob, bye, "{D}", "sessionclosebody", "SessionID: 8\r\n") }, "incomplete;;the recording ends", true},
		{"closed", func(s *stage) { some(s); s.sends(bob, v1(7, 51, p2p.FlagClose, 0, 0, nil, 2)) }, "cancelled;bob@example.com;close", true},
		{"incomplete", some, "incomplete;;the recording ends", true},
		{"all after the bye", func(s *stage) {
			some(s)
			s.answers(alice, bye, "{C}", "sessionclosebody", "")
			s.sends(alice, v1(7, 50, p2p.FlagFile, 60, 100, make([]byte, 40), 2))
		}, "complete;;", false},
		{"a direct connection declined", func(s *stage) { s.answers(bob, "MSNSLP/1.0 603 Decline", "{C}", "transrespbody", "") }, "offered;;", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			s.offers(7, "{C}", "a.txt", 100)
			tt.do(s)
			s.k.Finish(s.at)
			x := s.only()
			if got := fmt.Sprintf("%v;%s;%s", x.State, x.By, x.Reason); got != tt.want || x.Broken() != tt.bad {
				t.Errorf("%s, broken %v", got, x.Broken())
			}
		})
	}
}

func TestEmptyFile(t *testing.T) {
	s := newStage(t)
	s.offers(7, "{C}", "empty.txt", 0)
	s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "sessionreqbody", "")
	s.answers(alice, "BYE MSNMSGR:x MSNSLP/1.0", "{C}", "sessionclosebody", "")
	if x := s.only(); x.State != transfer.Complete {
		t.Errorf("%+v", x)
	}
}

// A session without content of its own ends.
func TestWebcam(t *testing.T) {
	s := newStage(t)
	b := slp("INVITE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, "{W}", "sessionreqbody", "EUF-GUID: {4BD96FC0-AB17-4425-A14A-439185962DC8}\r\nSessionID: 9\r\nAppID: 4\r\nContext: ewBCAA==\r\n")
	s.blob(alice, 0, 100, 0, b, 9999, 4)
	s.answers(bob, "MSNSLP/1.0 200 OK", "{W}", "sessionreqbody", "")
	s.sends(bob, v1(9, 101, 0, 0, 14, []byte("\x80\x00\x00\x00\x08\x00\x04\x00\x00\x00s\x00y\x00"), 4))
	s.answers(bob, "BYE MSNMSGR:x MSNSLP/1.0", "{W}", "sessionclosebody", "")
	s.k.Finish(s.at)
	if x := s.only(); x.State != transfer.Ended || x.Kind != "webcam" || x.Broken() || x.From != alice {
		t.Errorf("%+v", x)
	}
}

// Data whose invitation was not seen is a transfer, too.
func TestUnseen(t *testing.T) {
	for app, want := range map[int]string{12: "display picture", 11: "custom emoticon", 2: "file", 1: "object"} {
		s := newStage(t)
		s.blob(bob, 77, 901, p2p.FlagObject, picture(50), 20, app)
		if x := s.only(); !x.Unseen || x.Kind != want || x.State != transfer.Complete || x.Size != 50 || x.From != bob || x.To != alice {
			t.Errorf("%+v", x)
		}
	}
	s := newStage(t)
	s.sends(bob, v1(77, 901, 0, 0, 50, make([]byte, 50), 12))
	if n := len(s.k.Transfers()); n != 0 {
		t.Errorf("%d transfers of what has no flags", n)
	}
}

// The same number may name sessions one after another, and with other people.
func TestSameSession(t *testing.T) {
	s := newStage(t)
	for i := range 2 {
		s.offers(7, fmt.Sprintf("{C%d}", i), "a.txt", 10)
		s.blob(alice, 7, uint32(60+i), p2p.FlagFile, picture(10), 4, 2)
		s.answers(alice, "BYE MSNMSGR:x MSNSLP/1.0", fmt.Sprintf("{C%d}", i), "sessionclosebody", "")
	}
	list := s.k.Transfers()
	if len(list) != 2 || list[0].State != transfer.Complete || list[1].State != transfer.Complete || list[1].Packets != 3 {
		t.Fatalf("%d transfers", len(list))
	}
}

// Both may choose the same number for what they hand each other: content is of the
// transfer that goes its way.
func TestBothOffer(t *testing.T) {
	s := newStage(t)
	s.offers(7, "{C1}", "hers.txt", 6)
	context := make([]byte, 574)
	context[4], context[8], context[16] = 2, 6, 1
	b := slp("INVITE MSNMSGR:"+alice+" MSNSLP/1.0", alice, bob, "{C2}", "sessionreqbody",
		fmt.Sprintf("EUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nSessionID: 7\r\nAppID: 2\r\nContext: %s\r\n", base64.StdEncoding.EncodeToString(context)))
	s.blob(bob, 0, 500, 0, b, 9999, 0)
	s.blob(alice, 7, 60, p2p.FlagFile, []byte("ALICE!"), 3, 2)
	s.blob(bob, 7, 60, p2p.FlagFile, []byte("BOB..."), 3, 2)
	for n, want := range map[int]string{1: "ALICE!", 2: "BOB..."} {
		if c := s.content[n]; c == nil || c.String() != want {
			t.Errorf("transfer %d has %v, want %q", n, c, want)
		}
	}
}

// A file of which the sender ends before it has sent as many bytes as it announced, or
// of which it sends more, has not come as it should, whatever it says of the blob.
func TestOtherSize(t *testing.T) {
	for size, want := range map[int]transfer.State{9: transfer.WrongSize, 10: transfer.Complete, 11: transfer.Incomplete} {
		s := newStage(t)
		s.offers(7, "{C}", "a.txt", size)
		s.blob(alice, 7, 60, p2p.FlagFile, picture(10), 4, 2)
		s.answers(alice, "BYE MSNMSGR:x MSNSLP/1.0", "{C}", "sessionclosebody", "")
		if x := s.only(); x.State != want || x.Broken() != (want != transfer.Complete) {
			t.Errorf("10 bytes of %d: %v", size, x.State)
		}
	}
}

// What is said once more is the same: both connections were recorded, and here they
// also repeat.
func TestDoubled(t *testing.T) {
	s := newStage(t)
	s.offers(7, "{C}", "a.txt", 10)
	s.offers(7, "{C}", "a.txt", 10)
	for range 2 {
		s.blob(alice, 7, 60, p2p.FlagFile, picture(10), 4, 2)
	}
	if x := s.only(); x.Packets != 3 || x.Received() != 10 || s.content[1].Len() != 10 || !s.last.Again {
		t.Errorf("%+v", x)
	}
}

// A recording of one side, from the middle: nobody is named but by the packets.
func TestOneSide(t *testing.T) {
	s := newStage(t)
	s.tracker.Open(9, "192.0.2.1:1", "192.0.2.9:1863", s.at)
	b := msg(alice, v1(7, 60, p2p.FlagFile, 0, 10, picture(4), 2))
	s.say(9, decode.Server, fmt.Sprintf("MSG bob@example.com Bob %d\r\n%s", len(b), b))
	if x := s.only(); x.From != bob || x.To != alice || x.Received() != 4 {
		t.Errorf("%+v", x)
	}
}

func TestTotalChanges(t *testing.T) {
	s := newStage(t)
	s.offers(7, "{C}", "a.txt", 10)
	s.sends(alice, v1(7, 60, p2p.FlagFile, 0, 10, picture(4), 2))
	if e := s.sendsOn(alice, v1(7, 60, p2p.FlagFile, 4, 12, picture(4), 2), false); len(e.Packets) != 1 || e.Packets[0].TotalWas != 10 {
		t.Errorf("%+v", e)
	}
}

func TestAcks(t *testing.T) {
	for want, b := range map[string][]byte{
		"": ack(107, 114, 0),
		"it acknowledges 107 with the unique id 115, and that blob's is 114": ack(107, 115, 0),
		"it acknowledges 3 bytes of 107, which has ":                         ack(107, 114, 3),
	} {
		s := newStage(t)
		s.offers(7, "{C}", "a.txt", 10)
		if strings.Contains(want, "unique") || want == "" {
			size := s.inviteSize()
			binary.LittleEndian.PutUint64(b[16:], uint64(size))
			binary.LittleEndian.PutUint64(b[40:], uint64(size))
		}
		e := s.sendsOn(bob, b, false)
		if got := e.Packets[0].WrongAck; !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q, want %q", got, want)
		}
		if e.Transfer != s.only() {
			t.Error("the acknowledgement belongs to nothing")
		}
	}
	s := newStage(t)
	if e := s.sends(bob, ack(4711, 1, 1)); e.Packets[0].WrongAck != "" {
		t.Error("of what was not seen, something is wrong")
	}
	two := func(id uint32, tlv []byte, data string) []byte {
		b := []byte{byte(8 + len(tlv)), 0, 0, 0}
		b = append(binary.BigEndian.AppendUint32(b, id), tlv...)
		if data != "" {
			b[3] = byte(8 + len(data))
			b = append(append(b, 8, 1, 0, 0, 0, 0, 0, 0), data...)
		}
		return append(b, 0, 0, 0, 0)
	}
	s.sends(alice, two(1<<32-10, nil, "hello")) // ends at 3
	for end, want := range map[byte]string{3: "", 2: "", 4: "it acknowledges what was sent up to 4, and nothing was sent beyond 3"} {
		e := s.sendsOn(bob, two(5, []byte{2, 4, 0, 0, 0, end, 0, 0}, ""), false)
		if got := e.Packets[0].WrongAck; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// inviteSize is how long the invitation of offers is.
func (s *stage) inviteSize() int {
	return len(slp("INVITE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, "{C}", "sessionreqbody",
		fmt.Sprintf("EUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nSessionID: 7\r\nAppID: 2\r\nContext: %s\r\n", strings.Repeat("A", 768))))
}

// A direct connection, recorded too: found by its address and nonce, read wherever it is
// cut, and its content goes on where the switchboard's ended.
func TestDirect(t *testing.T) {
	data := picture(3000)
	for _, cut := range []int{1, 7, 100, 1400, 1 << 20} {
		s := newStage(t)
		s.offers(7, "{C}", "a.png", len(data))
		s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "sessionreqbody", "")
		s.sends(alice, v1(7, 60, p2p.FlagFile, 0, len(data), data[:1000], 2))
		s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "transrespbody", "Bridge: TCPv1\r\nListening: true\r\nNonce: {04030201-0605-0807-090A-0B0C0D0E0F10}\r\nIPv4Internal-Addrs: 192.0.2.7\r\nIPv4Internal-Port: 4000\r\n")
		s.tracker.Open(3, "192.0.2.1:5", "192.0.2.7:4000", s.at)
		frame := func(b []byte) []byte { return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...) }
		nonce := v1(0, 1, p2p.FlagHandshake, 0, 0, nil, -1)
		copy(nonce[32:], "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")
		stream := append([]byte(p2p.Greeting), frame(nonce)...)
		for at := 1000; at < len(data); at += 1352 {
			stream = append(stream, frame(v1(7, 60, p2p.FlagFile, at, len(data), data[at:min(len(data), at+1352)], -1))...)
		}
		end := slp("BYE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, "{C}", "sessionclosebody", "")
		stream = append(stream, frame(v1(0, 61, 0, 0, len(end), end, -1))...)
		if cut < len(p2p.Greeting) {
			s.direct(3, stream[:8]) // the tracker wants the greeting in one piece
			stream = stream[8:]
		}
		for len(stream) > 0 {
			n := min(cut, len(stream))
			s.direct(3, stream[:n])
			stream = stream[n:]
		}
		x := s.only()
		if x.State != transfer.Complete || !x.Mixed || x.Path != transfer.Direct || !x.Bye || !bytes.Equal(s.content[1].Bytes(), data) {
			t.Errorf("cut at %d: %+v", cut, x)
		}
	}
}

// direct has alice send bytes that are no MSNP.
func (s *stage) direct(conn uint32, b []byte) {
	fr := decode.Frame{Kind: decode.Opaque, Raw: b, Offset: int64(s.offsets[conn])}
	s.offsets[conn] += len(b)
	s.at = s.at.Add(time.Second)
	s.k.Message(s.tracker.Frame(conn, decode.Client, &fr, s.at))
}

// MSNP21 has no switchboard: packets stand in routed messages, several in one.
func TestRouted(t *testing.T) {
	s := newStage(t)
	s.tracker.Open(5, "192.0.2.1:1", "192.0.2.9:1863", s.at)
	s.say(5, decode.Client, "VER 1 MSNP21 CVR0\r\n")
	s.say(5, decode.Server, "VER 1 MSNP21\r\n")
	data := picture(30)
	a := v1(7, 60, p2p.FlagFile, 0, 30, data[:10], 2)
	body := append(append([]byte{}, a...), v1(7, 60, p2p.FlagFile, 10, 30, data[10:], 2)...)
	payload := fmt.Sprintf("Routing: 1.0\r\nTo: 1:bob@example.com\r\nFrom: 1:alice@example.com;epid={1}\r\n\r\nReliability: 1.0\r\n\r\n"+
		"Messaging: 2.0\r\nMessage-Type: Data\r\nContent-Type: application/x-msnmsgrp2p\r\nContent-Transfer-Encoding: binary\r\nBridging-Offsets: 0,%d\r\nContent-Length: %d\r\n\r\n%s", len(a), len(body), body)
	e := s.say(5, decode.Client, fmt.Sprintf("SDG 5 %d\r\n%s", len(payload), payload))
	if x := s.only(); len(e.Packets) != 2 || x.State != transfer.Complete || x.From != alice || x.To != bob || x.Path != transfer.Routed || !bytes.Equal(s.content[1].Bytes(), data) {
		t.Errorf("%+v", x)
	}
}

func TestTypes(t *testing.T) {
	for head, want := range map[string]string{
		"GIF89a...": "gif", "\xff\xd8\xff\xe0": "jpg", "RIFF\x00\x00\x00\x00WAVEfmt": "wav", "MSCF\x00": "cab", "PK\x03\x04": "zip",
		"hello\r\n": "txt", "h\xc3": "txt", "h\xc3x": "bin", "\x00\x01": "bin", "": "bin", "RIFF\x00\x00\x00\x00JUNK": "bin", "GIF88a": "txt",
	} {
		if _, ext := transfer.TypeOf([]byte(head)); ext != want {
			t.Errorf("%q is %s", head, ext)
		}
	}
}
