package transfer_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// stage is two people in a conversation, each of whose connections is recorded: alice's
// is 1, bob's 2.
type stage struct {
	t       testing.TB
	tracker *decode.Tracker
	framers map[string]*decode.Framer
	k       transfer.Tracker
	content map[int]*bytes.Buffer
	at      time.Time
	last    transfer.Packet
	offsets map[uint32]int // of bytes that are no MSNP
}

func newStage(t testing.TB) *stage {
	s := &stage{t: t, tracker: decode.NewTracker(), framers: map[string]*decode.Framer{}, at: time.Unix(1000, 0), content: map[int]*bytes.Buffer{}, offsets: map[uint32]int{}}
	s.k.Sink = func(x *transfer.Transfer) io.Writer {
		s.content[x.Number] = new(bytes.Buffer)
		return s.content[x.Number]
	}
	for id, who := range []string{"alice@example.com", "bob@example.com"} {
		s.tracker.Open(uint32(id+1), "192.0.2.1:1", "192.0.2.9:1863", s.at)
		s.say(uint32(id+1), decode.Client, "ANS 1 "+who+" 1.2 3\r\n")
		s.say(uint32(id+1), decode.Server, "ANS 1 OK\r\n")
	}
	return s
}

// say has somebody send bytes.
func (s *stage) say(conn uint32, from decode.Sender, raw string) (e *transfer.Event) {
	s.t.Helper()
	key := fmt.Sprint(conn, from)
	if s.framers[key] == nil {
		s.framers[key] = new(decode.Framer)
	}
	f := s.framers[key]
	f.Feed([]byte(raw))
	var fr decode.Frame
	for f.Next(&fr) {
		s.at = s.at.Add(time.Second)
		m := s.tracker.Frame(conn, from, &fr, s.at)
		if got := s.k.Message(m); got != nil {
			e = got
			if len(e.Packets) > 0 {
				s.last = e.Packets[len(e.Packets)-1]
			}
		}
	}
	return e
}

const (
	alice = "alice@example.com"
	bob   = "bob@example.com"
)

func msg(to string, packet []byte) string {
	return "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: " + to + "\r\n\r\n" + string(packet)
}

// sends has alice or bob send a packet: their own connection has it, and that of the
// other, if both are recorded.
func (s *stage) sends(who string, packet []byte) *transfer.Event { return s.sendsOn(who, packet, true) }

func (s *stage) sendsOn(who string, packet []byte, both bool) *transfer.Event {
	s.t.Helper()
	own, other, to := uint32(1), uint32(2), bob
	if who == bob {
		own, other, to = 2, 1, alice
	}
	body := msg(to, packet)
	e := s.say(own, decode.Client, fmt.Sprintf("MSG 5 D %d\r\n%s", len(body), body))
	if both {
		s.say(other, decode.Server, fmt.Sprintf("MSG %s Name %d\r\n%s", who, len(body), body))
	}
	return e
}

// v1 is a packet of version 1.
func v1(session, id, flags uint32, offset, total int, data []byte, app int) []byte {
	le := binary.LittleEndian
	b := make([]byte, 48)
	le.PutUint32(b, session)
	le.PutUint32(b[4:], id)
	le.PutUint64(b[8:], uint64(offset))
	le.PutUint64(b[16:], uint64(total))
	le.PutUint32(b[24:], uint32(len(data)))
	le.PutUint32(b[28:], flags)
	le.PutUint32(b[32:], id+7)
	b = append(b, data...)
	if app >= 0 {
		b = binary.BigEndian.AppendUint32(b, uint32(app))
	}
	return b
}

// ack acknowledges a blob of version 1.
func ack(id, unique uint32, size int) []byte {
	b := v1(0, 9999, p2p.FlagAck, 0, size, nil, 0)
	le := binary.LittleEndian
	le.PutUint32(b[32:], id)
	le.PutUint32(b[36:], unique)
	le.PutUint64(b[40:], uint64(size))
	return b
}

func slp(start, to, from, call, kind, body string) []byte {
	body += "\r\n\x00"
	return fmt.Appendf(nil, "%s\r\nTo: <msnmsgr:%s>\r\nFrom: <msnmsgr:%s>\r\nCall-ID: %s\r\nContent-Type: application/x-msnmsgr-%s\r\nContent-Length: %d\r\n\r\n%s", start, to, from, call, kind, len(body), body)
}

// object describes data as a display picture of bob's.
func object(data []byte) string {
	sum := sha1.Sum(data)
	return fmt.Sprintf(`<msnobj Creator="bob@example.com" Size="%d" Type="3" Location="0" Friendly="QgBvAGIA" SHA1D="%s"/>`, len(data), base64.StdEncoding.EncodeToString(sum[:]))
}

// asks has alice ask bob for an object, in as many packets as wanted.
func (s *stage) asks(session uint32, call, object string, pieces int) {
	s.t.Helper()
	b := slp("INVITE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, call, "sessionreqbody",
		fmt.Sprintf("EUF-GUID: {A4268EEC-FEC5-49E5-95C3-F126696BDBF6}\r\nSessionID: %d\r\nAppID: 12\r\nContext: %s\r\n", session, base64.StdEncoding.EncodeToString([]byte(object+"\x00"))))
	s.blob(alice, 0, 100+session, 0, b, (len(b)+pieces-1)/pieces, 0)
}

// offers has alice offer bob a file.
func (s *stage) offers(session uint32, call, name string, size int) {
	s.t.Helper()
	context := make([]byte, 574)
	context[4] = 2
	binary.LittleEndian.PutUint64(context[8:], uint64(size))
	context[16] = 1
	for i := range len(name) {
		context[20+2*i] = name[i]
	}
	b := slp("INVITE MSNMSGR:"+bob+" MSNSLP/1.0", bob, alice, call, "sessionreqbody",
		fmt.Sprintf("EUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nSessionID: %d\r\nAppID: 2\r\nContext: %s\r\n", session, base64.StdEncoding.EncodeToString(context)))
	s.blob(alice, 0, 100+session, 0, b, 9999, 0)
}

// blob has somebody send data in packets.
func (s *stage) blob(who string, session, id, flags uint32, data []byte, most, app int) {
	s.t.Helper()
	for at := 0; at < len(data); at += most {
		s.sends(who, v1(session, id, flags, at, len(data), data[at:min(len(data), at+most)], app))
	}
}

// answers has somebody reply by MSNSLP, or end a session.
func (s *stage) answers(who, start, call, kind, body string) {
	s.t.Helper()
	to := alice
	if who == alice {
		to = bob
	}
	b := slp(start, to, who, call, kind, body)
	s.sends(who, v1(0, uint32(5000+s.at.Unix()), 0, 0, len(b), b, 0))
}

func (s *stage) only() *transfer.Transfer {
	s.t.Helper()
	if list := s.k.Transfers(); len(list) != 1 {
		s.t.Fatalf("%d transfers", len(list))
	}
	return s.k.Transfers()[0]
}
