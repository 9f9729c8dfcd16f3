package check

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// peerPacket is a line of a script by which bob sends alice a packet of version 1.
func peerPacket(from string, session, id, flags uint32, offset, total int, data string) string {
	le := binary.LittleEndian
	b := make([]byte, 48)
	le.PutUint32(b, session)
	le.PutUint32(b[4:], id)
	le.PutUint64(b[8:], uint64(offset))
	le.PutUint64(b[16:], uint64(total))
	le.PutUint32(b[24:], uint32(len(data)))
	le.PutUint32(b[28:], flags)
	le.PutUint32(b[32:], id+7)
	return peerLine(from, string(b)+data+"\x00\x00\x00\x02")
}

func peerLine(from, packet string) string {
	line := "2 S: MSG bob@example.com Bob #|"
	to := "alice@example.com"
	if from == "alice" {
		line, to = "2 C: MSG 9 N #|", "bob@example.com"
	}
	line += "MIME-Version: 1.0|Content-Type: application/x-msnmsgrp2p|P2P-Dest: " + to + "||" + strings.ReplaceAll(packet, "\r\n", "|") + "\n"
	if strings.Count(line, "\n") > 1 || strings.Contains(packet, "|") {
		panic("a packet that can't stand in a script")
	}
	return line
}

func peerSLP(slp string) string { return peerPacket("bob", 0, 200, 0, 0, len(slp), slp) }

// offered: bob offers a file of 30 bytes in session 7.
var offered = func() string {
	context := make([]byte, 574)
	context[4], context[8], context[16], context[20] = 2, 30, 1, 'a'
	return invite("bob", "5D3E02AB-6190-11D3-BBBB-00C04F795683", base64.StdEncoding.EncodeToString(context))
}()

// asked: alice asks for a picture of bob's that is abcdefghijkl.
var asked = func() string {
	sum := sha1.Sum([]byte("abcdefghijkl"))
	return invite("alice", "A4268EEC-FEC5-49E5-95C3-F126696BDBF6", base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `<msnobj Creator="bob@example.com" Size="12" Type="3" Location="0" Friendly="AAA=" SHA1D="%s"/>`, base64.StdEncoding.EncodeToString(sum[:]))))
}()

func invite(from, euf, context string) string {
	body := "EUF-GUID: {" + euf + "}\r\nSessionID: 7\r\nContext: " + context + "\r\n\r\n\x00"
	slp := fmt.Sprintf("INVITE MSNMSGR:x@example.com MSNSLP/1.0\r\nCall-ID: {1}\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return peerPacket(from, 0, 200, 0, 0, len(slp), slp)
}

func peerData(offset, total int, data string) string {
	return peerPacket("bob", 7, 300, 0x10, offset, total, data)
}

func peerAnswer(data string) string { return peerPacket("bob", 7, 301, 0x20, 0, len(data), data) }

var peerBye = peerPacket("bob", 0, 400, 0, 0, len(bye), bye)

const bye = "BYE MSNMSGR:x@example.com MSNSLP/1.0\r\nCall-ID: {1}\r\nContent-Length: 3\r\n\r\n\r\n\x00"

// peerAck is alice's acknowledgement of bob's invitation to the file.
func peerAck(id, unique uint32) string {
	le := binary.LittleEndian
	size := strings.Index(offered, "INVITE")
	total := len(strings.ReplaceAll(offered[size:], "|", "\r\n")) - len("\x00\x00\x00\x02\n")
	b := make([]byte, 52)
	le.PutUint32(b[4:], 900)
	le.PutUint64(b[16:], uint64(total))
	le.PutUint32(b[28:], 2)
	le.PutUint32(b[32:], id)
	le.PutUint32(b[36:], unique)
	le.PutUint64(b[40:], uint64(total))
	return peerLine("alice", string(b))
}

// object describes an emoticon; sha1c instead of the right one, if it is not empty.
func object(sha1c string) string {
	if sha1c == "" {
		sum := sha1.Sum([]byte("Creatorbob@example.comSize9Type2Location0FriendlyAAA=SHA1Dxyz="))
		sha1c = base64.StdEncoding.EncodeToString(sum[:])
	}
	return `<msnobj Creator="bob@example.com" Size="9" Type="2" Location="0" Friendly="AAA=" SHA1D="xyz=" SHA1C="` + sha1c + `"/>`
}

// What the recording can't tell, nobody is accused of.
func TestPeersSilent(t *testing.T) {
	direct := "MSNSLP/1.0 200 OK\r\nCall-ID: {1}\r\nContent-Type: application/x-msnmsgr-transrespbody\r\nContent-Length: 70\r\n\r\nListening: true\r\nIPv4Internal-Addrs: 1.2.3.4\r\nIPv4Internal-Port: 5\r\n\r\n"
	hole := peerData(0, 30, "abcd") + peerData(6, 30, "ghij")
	for name, script := range map[string]string{
		"a direct connection":      "talk 7\n" + offered + peerPacket("alice", 0, 500, 0, 0, len(direct), direct) + hole + peerBye + "2 close\n",
		"a gap":                    "talk 7\n" + offered + peerData(0, 30, "abcd") + "2 lost S 100\n" + peerData(6, 30, "ghij") + peerBye + "2 close\n",
		"the middle":               "2 mid 10.0.0.9:1 10.0.0.5:1863\n2 S: JOI bob@example.com Bob\n" + offered + hole + peerBye + "2 close\n",
		"the recording ends":       "talk 7\n" + offered + peerData(0, 30, "abcd"),
		"it ends with a hole":      "talk 7\n" + offered + hole,
		"the end lacks":            "talk 7\n" + offered + peerData(0, 30, "abcd") + peerBye,
		"an unseen invitation":     "talk 7\n" + hole + peerBye + "2 close\n",
		"an unseen acknowledged":   "talk 7\n" + peerAck(200, 1),
		"nothing came":             "talk 7\n" + offered + "2 close\n",
		"an object without hashes": "talk 7\n2 S: MSG bob@example.com Bob #|MIME-Version: 1.0|Content-Type: text/x-mms-emoticon||:)\t<msnobj Creator=\"b\" SHA1C=\"x\"/>\t",
	} {
		for _, l := range play(t, script) {
			if strings.HasPrefix(l.Rule, "p2p.") {
				t.Errorf("%s: %v", name, l)
			}
		}
	}
}

// Findings are where they belong.
func TestPeersPlaces(t *testing.T) {
	found := play(t, "talk 7\n"+offered+peerData(0, 30, "abcd")+peerData(6, 30, "ghij")+"2 close\n")
	var got []string
	for _, l := range found {
		if strings.HasPrefix(l.Rule, "p2p.") {
			got = append(got, fmt.Sprintf("%d %s %s", l.Number, l.Rule, l.Text))
		}
	}
	want := []string{"18 p2p.gap bytes 4 to 5 of the 30 of transfer 1 (file) never came, though later ones did", "18 p2p.bye transfer 1 (file) was never ended by a BYE"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q", got)
	}
}
