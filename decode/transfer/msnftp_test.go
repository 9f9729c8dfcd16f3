package transfer_test

import (
	"fmt"
	"strings"
	"testing"

	"msnproxy/decode"
	"msnproxy/decode/transfer"
)

// step is a step of an invitation, sent by alice or bob and seen on both connections.
func (s *stage) step(who, keys string) {
	s.t.Helper()
	body := "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n" + strings.ReplaceAll(keys, "|", "\r\n") + "\r\nInvitation-Cookie: 77\r\n"
	own, other := uint32(1), uint32(2)
	if who == bob {
		own, other = 2, 1
	}
	s.say(own, decode.Client, fmt.Sprintf("MSG 5 N %d\r\n%s", len(body), body))
	s.say(other, decode.Server, fmt.Sprintf("MSG %s Name %d\r\n%s", who, len(body), body))
}

const (
	ftpInvite = "Application-File: a.txt|Application-FileSize: 5|Invitation-Command: INVITE"
	ftpAccept = "Invitation-Command: ACCEPT|IP-Address: 192.0.2.1|Port: 7000|AuthCookie: 99"
	ftpBegin  = "C VER MSNFTP\r\n;S VER MSNFTP\r\n;C USR bob@example.com 99\r\n;S FIL 5\r\n;C TFR\r\n;"
)

func TestMSNFTP(t *testing.T) {
	for _, tt := range []struct {
		name, server string
		steps        []string // of bob, but for the first
		talk         string
		want         string
	}{
		{"nobody answers", "", nil, "", "offered;;;0 of 5;;false"},
		{"declined", "", []string{"Invitation-Command: CANCEL|Cancel-Code: REJECT"}, "", "declined;bob@example.com;;0 of 5;;false"},
		{"cancelled after that", "", []string{"Invitation-Command: ACCEPT", "Invitation-Command: CANCEL|Cancel-Code: FAIL"}, "", "cancelled;bob@example.com;;0 of 5;;false"},
		{"whole", "192.0.2.1:7000", []string{ftpAccept}, ftpBegin + "S \x00\x03\x00abc;S \x00\x02\x00de;S \x01\x00\x00;C BYE 16777989\r\n", "complete;;;5 of 5;MSNFTP;true"},
		{"whole, at another address", "192.0.2.8:1", []string{ftpAccept}, ftpBegin + "S \x00\x05\x00abcde;C BYE 16777989\r\n", "complete;;;5 of 5;MSNFTP;true"},
		{"the connection closes", "192.0.2.1:7000", []string{ftpAccept}, ftpBegin + "S \x00\x03\x00abc;", "incomplete;;the connection closed;3 of 5;MSNFTP;false"},
		{"cancelled by the sender", "192.0.2.1:7000", []string{ftpAccept}, ftpBegin + "S \x00\x03\x00abc;C CCL\r\n", "cancelled;;;3 of 5;MSNFTP;false"},
		{"failed", "192.0.2.1:7000", []string{ftpAccept}, ftpBegin + "C BYE 2147942405\r\n", "failed;;disk full;0 of 5;;true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t)
			s.k.MSNFTP = true
			s.step(alice, ftpInvite)
			for _, keys := range tt.steps {
				s.step(bob, keys)
			}
			if tt.talk != "" {
				s.tracker.Open(3, "192.0.2.5:1", tt.server, s.at)
				for _, line := range strings.Split(strings.TrimSuffix(tt.talk, ";"), ";") {
					from := decode.Client
					if line[0] == 'S' {
						from = decode.Server
					}
					s.say(3, from, line[2:])
				}
			}
			s.k.Closed(3)
			s.k.Finish(s.at)
			x := s.only()
			if got := fmt.Sprintf("%v;%s;%s;%d of %d;%s;%v", x.State, x.By, x.Reason, x.Received(), x.Size, x.Path, x.Bye); got != tt.want {
				t.Errorf("%s\nwanted %s", got, tt.want)
			}
			if x.From != alice || x.To != bob || x.Name != "a.txt" {
				t.Errorf("%+v", x)
			}
			if x.State == transfer.Complete && s.content[1].String() != "abcde" {
				t.Errorf("%q", s.content[1])
			}
		})
	}
}

// Without the conversation the file is there all the same; without being asked for it is
// not followed.
func TestMSNFTPAlone(t *testing.T) {
	for _, wanted := range []bool{true, false} {
		s := newStage(t)
		s.k.MSNFTP = wanted
		s.tracker.Open(3, "192.0.2.5:1", "192.0.2.1:6891", s.at)
		for _, line := range strings.Split(ftpBegin+"S \x00\x05\x00abcde", ";") {
			s.say(3, map[byte]decode.Sender{'C': decode.Client, 'S': decode.Server}[line[0]], line[2:])
		}
		if n := len(s.k.Transfers()); !wanted && n != 0 {
			t.Errorf("%d transfers", n)
		} else if wanted {
			if x := s.only(); !x.Unseen || x.State != transfer.Complete || s.content[1].String() != "abcde" {
				t.Errorf("%+v", x)
			}
		}
	}
}

// Behind a hole nothing tells where a block belongs.
func TestMSNFTPLost(t *testing.T) {
	s := newStage(t)
	s.k.MSNFTP = true
	s.step(alice, ftpInvite)
	s.step(bob, ftpAccept)
	s.tracker.Open(3, "192.0.2.5:1", "192.0.2.1:7000", s.at)
	for _, line := range strings.Split(ftpBegin+"S \x00\x02\x00ab", ";") {
		s.say(3, map[byte]decode.Sender{'C': decode.Client, 'S': decode.Server}[line[0]], line[2:])
	}
	s.k.Message(s.lost(3, decode.Server))
	s.say(3, decode.Server, "\x00\x03\x00cde")
	if x := s.only(); x.Received() != 2 || x.State != transfer.Accepted {
		t.Errorf("%+v", x)
	}
}
