package transfer_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// The newest transfers are kept, and numbers go on.
func TestMax(t *testing.T) {
	s := newStage(t)
	s.k.Max = 8
	for i := range uint32(9) {
		s.offers(100+i, fmt.Sprintf("{C%d}", i), "a.txt", 4)
	}
	list := s.k.Transfers()
	if len(list) != 7 || s.k.Dropped() != 2 || list[0].Number != 3 || list[6].Number != 9 {
		t.Fatalf("%d transfers, %d dropped", len(list), s.k.Dropped())
	}
	s.blob(alice, 100, 5, p2p.FlagFile, picture(4), 4, 2) // its transfer is forgotten
	if x := s.k.Transfers()[7]; !x.Unseen || x.Number != 10 {
		t.Errorf("%+v", x)
	}
	s.answers(alice, "BYE MSNMSGR:x MSNSLP/1.0", "{C0}", "sessionclosebody", "")
	s.blob(alice, 102, 6, p2p.FlagFile, picture(4), 4, 2)
	if list[0].State != transfer.Complete {
		t.Errorf("%+v", list[0])
	}
	if (&transfer.Tracker{}).Dropped() != 0 {
		t.Error("something was dropped of nothing")
	}
}

// An answer is an error from 400 on.
func TestStatus(t *testing.T) {
	for status, want := range map[string]transfer.State{"399 Odd": transfer.Offered, "400 Odd": transfer.Failed, "404 Not Found": transfer.Failed, "100 Trying": transfer.Offered, "200 OK": transfer.Accepted} {
		s := newStage(t)
		s.offers(7, "{C}", "a.txt", 100)
		s.answers(bob, "MSNSLP/1.0 "+status, "{C}", "sessionreqbody", "")
		if x := s.only(); x.State != want {
			t.Errorf("%s: %v", status, x.State)
		}
	}
	s := newStage(t)
	s.offers(7, "{C}", "a.txt", 100)
	s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "sessionreqbody", "")
	s.answers(bob, "MSNSLP/1.0 603 Decline", "{C}", "null", "") // of the direct connection
	if x := s.only(); x.State != transfer.Accepted {
		t.Errorf("%v", x.State)
	}
}

// Of very many offers of direct connections the first count.
func TestOffers(t *testing.T) {
	s := newStage(t)
	s.offers(7, "{C}", "a.txt", 100)
	for i := range 40 {
		s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "transrespbody", fmt.Sprintf("Listening: true\r\nIPv4Internal-Addrs: 192.0.2.%d\r\nIPv4Internal-Port: 1\r\n", i))
		s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "transrespbody", fmt.Sprintf("Listening: true\r\nIPv4Internal-Addrs: 192.0.2.%d\r\nIPv4Internal-Port: 1\r\n", i))
	}
	if x := s.only(); len(x.Addresses) != 32 || x.State != transfer.Offered {
		t.Errorf("%d addresses, %v", len(x.Addresses), x.State)
	}
	s.k.Finish(s.at)
	if x := s.only(); x.State != transfer.Offered {
		t.Errorf("%v", x.State)
	}
}

// What was accepted and never came may have gone another way.
func TestReasons(t *testing.T) {
	for _, direct := range []bool{false, true} {
		s := newStage(t)
		s.offers(7, "{C}", "a.txt", 100)
		s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "sessionreqbody", "")
		if direct {
			s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "transrespbody", "IPv4Internal-Addrs: 192.0.2.7\r\nIPv4Internal-Port: 1\r\n")
		}
		s.k.Finish(s.at)
		if x := s.only(); x.State != map[bool]transfer.State{false: transfer.Incomplete, true: transfer.Unrecorded}[direct] || x.Broken() == direct || strings.Contains(x.Reason, "direct connection") != direct || !x.Over.Equal(s.at) {
			t.Errorf("%+v", x)
		}
	}
}

// Content without flags is known by its size; how it begins is kept over packets.
func TestWithoutFlags(t *testing.T) {
	s := newStage(t)
	s.offers(7, "{C}", "a.txt", 100)
	data := picture(100)
	s.blob(alice, 7, 60, 0, data, 10, 2)
	if x := s.only(); x.State != transfer.Complete || string(x.Head) != string(data[:64]) {
		t.Errorf("%+v", x)
	}
	s = newStage(t)
	s.offers(7, "{C}", "a.txt", 100)
	s.blob(alice, 7, 60, 0, picture(99), 99, 2) // a message of the session
	if x := s.only(); x.Received() != 0 || x.State != transfer.Accepted {
		t.Errorf("%+v", x)
	}
}

// v2 is a packet of version 2 with data.
func v2(id uint32, session uint32, tf byte, remaining uint64, data []byte) []byte {
	b := []byte{8, 0, 0, 0}
	b = binary.BigEndian.AppendUint32(b, id)
	head := []byte{8, tf, 0, 3}
	head = binary.BigEndian.AppendUint32(head, session)
	if remaining > 0 {
		head = append(binary.BigEndian.AppendUint64(append(head, 1, 8), remaining), 0, 0)
		head[0] = 20
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(head)+len(data)))
	return append(append(append(b, head...), data...), 0, 0, 0, 1)
}

// Version 2: the end of a content may come first, as its size is known of the invitation.
func TestVersion2(t *testing.T) {
	s := newStage(t)
	data := picture(100)
	s.asks(77, "{C1}", object(data), 1)
	s.sends(bob, v2(150, 77, 4, 0, data[60:]))
	if x := s.only(); x.Received() != 40 || x.State != transfer.Accepted || len(x.Head) != 0 {
		t.Errorf("%+v", x)
	}
	s.sends(bob, v2(50, 77, 5, 40, data[:60]))
	if x := s.only(); x.State != transfer.Complete || x.Hash != p2p.Right || string(x.Head) != string(data[:60]) {
		t.Errorf("%+v", x)
	}
	for tf, want := range map[byte]string{5: "object", 7: "file"} {
		s := newStage(t)
		s.sends(bob, append(v2(50, 78, tf, 0, data)[:8+8+100], 0, 0, 0, 0))
		if x := s.only(); x.Kind != want || x.Size != 100 {
			t.Errorf("%+v", x)
		}
	}
}

// MSNSLP may come without a packet around it, by the notification server.
func TestBootstrap(t *testing.T) {
	s := newStage(t)
	s.offers(7, "{C}", "a.txt", 100)
	s.tracker.Open(5, "192.0.2.1:1", "192.0.2.9:1863", s.at)
	s.say(5, decode.Client, "VER 1 MSNP18 CVR0\r\n")
	s.say(5, decode.Server, "VER 1 MSNP18\r\n")
	b := slp("MSNSLP/1.0 200 OK", alice, bob, "{C}", "transrespbody", "IPv4Internal-Addrs: 192.0.2.7\r\nIPv4Internal-Port: 1\r\n")
	s.say(5, decode.Server, fmt.Sprintf("UBN bob@example.com 3 %d\r\n%s", len(b), b))
	if x := s.only(); len(x.Addresses) != 1 {
		t.Errorf("%+v", x)
	}
	s.say(5, decode.Client, fmt.Sprintf("UUN 9 bob@example.com 3 %d\r\n%s", len(b), strings.ReplaceAll(string(b), "192.0.2.7", "192.0.2.8")))
	if x := s.only(); len(x.Addresses) != 2 {
		t.Errorf("%+v", x)
	}
}

// Of a direct connection that no offer tells of, the content is there all the same, by
// whichever side; the nonce tells whose it is, where the address does not.
func TestDirectUnknown(t *testing.T) {
	frame := func(b []byte) []byte { return append(binary.LittleEndian.AppendUint32(nil, uint32(len(b))), b...) }
	for _, offered := range []bool{false, true} {
		s := newStage(t)
		if offered {
			s.asks(7, "{C}", object(picture(10)), 1)
			s.answers(bob, "MSNSLP/1.0 200 OK", "{C}", "transrespbody", "Nonce: {04030201-0605-0807-090A-0B0C0D0E0F10}\r\n")
		}
		s.tracker.Open(3, "192.0.2.1:5", "192.0.2.7:4000", s.at)
		s.direct(3, []byte(p2p.Greeting))
		s.direct(3, frame([]byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")))
		session := uint32(7)
		if offered {
			session = 8 // another number than was agreed on: the nonce counts
		}
		s.directFrom(3, decode.Server, frame(v1(session, 60, p2p.FlagObject, 0, 10, picture(10), -1)))
		list := s.k.Transfers()
		x := list[len(list)-1]
		if x.State != transfer.Complete || x.Path != transfer.Direct || !x.Unseen {
			t.Errorf("offered %v: %+v", offered, x)
		}
		if offered && (x.From != bob || x.To != alice) || !offered && (x.From != "" || x.To != "") {
			t.Errorf("offered %v: from %s to %s", offered, x.From, x.To)
		}
		// A hole ends it.
		s.k.Message(s.lost(3, decode.Server))
		s.directFrom(3, decode.Server, frame(v1(9, 61, p2p.FlagObject, 0, 10, picture(10), -1)))
		if len(s.k.Transfers()) != len(list) {
			t.Error("something comes of what is behind a hole")
		}
	}
}

func (s *stage) lost(conn uint32, from decode.Sender) *decode.Message {
	m := &decode.Message{}
	m.Occur(decode.Lost, from, s.tracker.Connection(conn), s.at)
	return m
}

func (s *stage) directFrom(conn uint32, from decode.Sender, b []byte) {
	fr := decode.Frame{Kind: decode.Opaque, Raw: b, Offset: int64(s.offsets[conn+1000])}
	s.offsets[conn+1000] += len(b)
	s.at = s.at.Add(time.Second)
	s.k.Message(s.tracker.Frame(conn, from, &fr, s.at))
}

// What a recording from the middle tells of who is who.
func TestWhoIsWho(t *testing.T) {
	invitation := slp("INVITE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, "{C}", "sessionreqbody", "EUF-GUID: {4BD96FC0-AB17-4425-A14A-439185962DC8}\r\nSessionID: 9\r\n")
	// The client's account is known by P2P-Src, or by what MSNSLP says.
	for _, headers := range []string{"P2P-Dest: bob@example.com;{2}\r\nP2P-Src: alice@example.com;{1}\r\n", "P2P-Dest: bob@example.com\r\n", ""} {
		s := newStage(t)
		s.tracker.Open(9, "192.0.2.1:1", "192.0.2.9:1863", s.at)
		s.say(9, decode.Server, "JOI bob@example.com Bob\r\n")
		body := "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\n" + headers + "\r\n" + string(v1(0, 5, 0, 0, len(invitation), invitation, 0))
		s.say(9, decode.Client, fmt.Sprintf("MSG 5 D %d\r\n%s", len(body), body))
		if x := s.only(); x.From != alice || x.To != bob {
			t.Errorf("%q: from %s to %s", headers, x.From, x.To)
		}
	}
	// A server's word counts for more than P2P-Src.
	s := newStage(t)
	body := "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.com\r\nP2P-Src: alice@example.com\r\n\r\n" + string(v1(7, 5, p2p.FlagFile, 0, 3, []byte("abc"), 2))
	s.say(1, decode.Server, fmt.Sprintf("MSG bob@example.com Bob %d\r\n%s", len(body), body))
	if x := s.only(); x.From != bob || x.To != alice {
		t.Errorf("from %s to %s", x.From, x.To)
	}
	// An object whose size nobody says has that of its packets.
	s = newStage(t)
	s.asks(7, "{C}", `<msnobj Creator="bob@example.com" Type="3"/>`, 1)
	s.blob(bob, 7, 5, p2p.FlagObject, picture(9), 5, 12)
	if x := s.only(); x.Size != 9 || x.State != transfer.Complete || x.Hash != p2p.Unjudged {
		t.Errorf("%+v", x)
	}
	// Two with one Call-ID and other session numbers are two; without a Call-ID, too.
	s = newStage(t)
	s.asks(7, "{C}", object(picture(1)), 1)
	s.asks(8, "{C}", object(picture(1)), 1)
	if n := len(s.k.Transfers()); n != 2 {
		t.Errorf("%d transfers", n)
	}
}
