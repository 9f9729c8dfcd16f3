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
func peerPacket(from string, session, id, flags uint32, offset, total int64, data string) string {
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

func peerSLP(slp string) string { return peerPacket("bob", 0, 200, 0, 0, int64(len(slp)), slp) }

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
	return peerPacket(from, 0, 200, 0, 0, int64(len(slp)), slp)
}

func peerData(offset, total int64, data string) string {
	return peerPacket("bob", 7, 300, 0x10, offset, total, data)
}

func peerAnswer(data string) string {
	return peerPacket("bob", 7, 301, 0x20, 0, int64(len(data)), data)
}

var peerBye = peerPacket("bob", 0, 400, 0, 0, int64(len(bye)), bye)

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

// letIn is alice's answer to the offer: where she listens, and for which nonce.
var letIn = listens("Nonce: {04030201-0605-0807-090A-0B0C0D0E0F10}")

func listens(nonce string) string {
	body := "Bridge: TCPv1\r\nListening: true\r\n" + nonce + "\r\nIPv4Internal-Addrs: 10.0.0.7\r\nIPv4Internal-Port: 6891\r\n\r\n\x00"
	slp := fmt.Sprintf("MSNSLP/1.0 200 OK\r\nCall-ID: {1}\r\nContent-Type: application/x-msnmsgr-transrespbody\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return peerPacket("alice", 0, 500, 0, 0, int64(len(slp)), slp)
}

// greets: bob connects to where alice listens.
const greets = "9 open 10.0.0.8:1031 10.0.0.7:6891\n" + `9 C! \x04\x00\x00\x00foo\x00` + "\n"

// nonce lets bob in, if the last digit is 0.
func nonce(last string) string {
	return `9 C! \x10\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x1` + last + "\n"
}

// direct is what one sends on the connection of greets.
func direct(letter, raw string) string {
	var sb strings.Builder
	for i := range len(raw) {
		fmt.Fprintf(&sb, `\x%02x`, raw[i])
	}
	return fmt.Sprintf("9 %s! \\x%02x\\x%02x\\x00\\x00%s\n", letter, len(raw)&0xff, len(raw)>>8, sb.String())
}

// directData is content of bob's file without what a switchboard wants around it.
func directData(offset, total int, data string) string {
	b := make([]byte, 48)
	le := binary.LittleEndian
	le.PutUint32(b, 7)
	le.PutUint32(b[4:], 300)
	le.PutUint64(b[8:], uint64(offset))
	le.PutUint64(b[16:], uint64(total))
	le.PutUint32(b[24:], uint32(len(data)))
	le.PutUint32(b[28:], 0x10)
	return direct("C", string(b)+data)
}

// What is said of transfers, in which cases and where.
func TestPeersFindings(t *testing.T) {
	const a30 = "abcdefghijabcdefghijabcdefghij"
	sized := func(size, data string) string {
		return "talk 7\n" + invite("alice", "A4268EEC-FEC5-49E5-95C3-F126696BDBF6", base64.StdEncoding.EncodeToString([]byte(`<msnobj Creator="bob@example.com" Size="`+size+`" Type="3" Location="0" Friendly="AAA="/>`))) + peerAnswer(data)
	}
	file := func(size uint64) string {
		context := make([]byte, 574)
		context[4], context[16], context[20] = 2, 1, 'a'
		binary.LittleEndian.PutUint64(context[8:], size)
		return "talk 7\n" + invite("bob", "5D3E02AB-6190-11D3-BBBB-00C04F795683", base64.StdEncoding.EncodeToString(context))
	}
	// The hash of the bytes 1 to 16, and of others.
	hashed, wrong := listens("Hashed-Nonce: {8329C42C-5224-4613-29F1-F6D296EC8AEF}"), listens("Hashed-Nonce: {00000000-0605-0807-090A-0B0C0D0E0F10}")
	without := listens("Other: 1")
	elsewhere := strings.Replace(greets, "10.0.0.7:6891", "192.0.2.1:7000", 1)
	for name, tt := range map[string]struct{ script, want string }{
		"a file too long at once":     {"talk 7\n" + offered + peerData(0, 31, a30+"k"), "p2p.size transfer 1 (file of \"bob@example.com\"): the data has 31 bytes, and 30 were announced"},
		"beyond what packets say":     {"talk 7\n" + offered + peerData(0, 30, a30) + peerData(30, 30, "k"), "p2p.range 1 byte at 30 stand beyond the 30 of the blob, p2p.size transfer 1 (file of \"bob@example.com\"): the data has 31 bytes, and 30 were announced"},
		"it goes on":                  {"talk 7\n" + offered + peerData(0, 39, a30) + peerData(30, 39, "abcdefghi"), "p2p.size transfer 1 (file of \"bob@example.com\"): the data has 39 bytes, and 30 were announced"},
		"far beyond":                  {"talk 7\n" + offered + peerData(1<<62, 30, "abcd"), "p2p.range 4 bytes at 4611686018427387904 stand beyond the 30 of the blob, p2p.size transfer 1 (file of \"bob@example.com\"): the data reaches to byte 4611686018427387908, and 30 were announced"},
		"an object too long":          {sized("11", "abcdefghijkl"), "p2p.size transfer 1 (display picture of \"bob@example.com\"): the data has 12 bytes, and 11 were announced"},
		"an object as it should be":   {sized("12", "abcdefghijkl"), ""},
		"an object too short":         {sized("13", "abcdefghijkl"), "p2p.size transfer 1 (display picture of \"bob@example.com\"): the data has 12 bytes, and 13 were announced"},
		"an object's huge size":       {sized("9223372036854775808", "abcdefghijkl"), "p2p.range the display picture is to have 2^63 bytes or more"},
		"an object's largest size":    {sized("9223372036854775807", "abcd"), "p2p.size transfer 1 (display picture of \"bob@example.com\"): the data has 4 bytes, and 9223372036854775807 were announced"},
		"an object's senseless size":  {sized("-1", "abcdefghijkl"), ""},
		"a file's huge size":          {file(1 << 63), "p2p.range the file is to have 2^63 bytes or more"},
		"a file's largest size":       {file(1<<63 - 1), ""},
		"a huge offset":               {"talk 7\n" + offered + peerData(-1<<63, 30, "abcd"), "p2p.range the offset is 9223372036854775808, 2^63 or more"},
		"a huge offset twice":         {"talk 7\n" + offered + peerData(-1<<63, 30, "abcd") + peerData(-1, 30, "abcd"), "p2p.range the offset is 9223372036854775808, 2^63 or more"},
		"a huge total":                {"talk 7\n" + offered + peerData(0, -1<<63, "abcd"), "p2p.range the total size is 9223372036854775808, 2^63 or more"},
		"a huge total of no transfer": {"talk 7\n" + peerPacket("bob", 0, 300, 0, 0, -1, "abcd"), "p2p.range the total size is 18446744073709551615, 2^63 or more"},
		"the same however cut":        {"talk 7\n" + offered + peerData(0, 30, "abcdef") + peerData(3, 30, "defghi"), ""},
		"another however cut":         {"talk 7\n" + offered + peerData(0, 30, "abcdef") + peerData(3, 30, "deXghi") + peerData(0, 30, "Y"), "p2p.altered byte 5 of transfer 1 (file of \"bob@example.com\") came before, and was another"},
		"nobody's nonce":              {"talk 7\n" + offered + without + greets + nonce("f"), ""},
		"hashed":                      {"talk 7\n" + offered + hashed + greets + nonce("0"), ""},
		"hashed, wrong":               {"talk 7\n" + offered + wrong + greets + nonce("0"), "p2p.nonce what lets in to the direct connection of transfer 1 (file) is not the nonce that was offered"},
		"data before the nonce":       {"talk 7\n" + offered + letIn + greets + directData(0, 30, a30), "p2p.nonce what lets in to the direct connection of transfer 1 (file) is not the nonce that was offered"},
		"the server's is wrong":       {"talk 7\n" + offered + letIn + greets + nonce("0") + strings.Replace(nonce("1"), "9 C!", "9 S!", 1), "p2p.nonce what lets in to the direct connection of transfer 1 (file) is not the nonce that was offered"},
		"the server's is none":        {"talk 7\n" + offered + letIn + greets + nonce("0") + strings.Replace(directData(0, 30, a30), "9 C!", "9 S!", 1), ""},
		"to another place":            {"talk 7\n" + offered + letIn + elsewhere + nonce("f"), ""},
		"to another place, with data": {"talk 7\n" + offered + letIn + elsewhere + nonce("f") + directData(0, 30, a30), "p2p.nonce what lets in to the direct connection of transfer 1 (file) is not the nonce that was offered"},
		"no packet":                   {"talk 7\n" + offered + letIn + greets + nonce("0") + direct("C", "hello world"), "p2p.direct at byte 28 no P2P packet: as version 1 it has 11 bytes, and a header has 48; as version 2 its operation code is 101, and it is 0 to 3"},
		"a keep-alive":                {"talk 7\n" + offered + letIn + greets + direct("C", "") + nonce("0") + direct("S", "") + directData(0, 30, a30), ""},
	} {
		var got []string
		for _, l := range play(t, tt.script) {
			if strings.HasPrefix(l.Rule, "p2p.") && l.Rule != "p2p.total" {
				got = append(got, l.Rule+" "+l.Text)
			}
			if l.Rule == "frame.opaque" {
				t.Errorf("%s: %v", name, l)
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %s\nwant: %s", name, strings.Join(got, ", "), tt.want)
		}
	}
}

// What the recording can't tell, nobody is accused of.
func TestPeersSilent(t *testing.T) {
	direct := "MSNSLP/1.0 200 OK\r\nCall-ID: {1}\r\nContent-Type: application/x-msnmsgr-transrespbody\r\nContent-Length: 70\r\n\r\nListening: true\r\nIPv4Internal-Addrs: 1.2.3.4\r\nIPv4Internal-Port: 5\r\n\r\n"
	hole := peerData(0, 30, "abcd") + peerData(6, 30, "ghij")
	for name, script := range map[string]string{
		"a direct connection":      "talk 7\n" + offered + peerPacket("alice", 0, 500, 0, 0, int64(len(direct)), direct) + hole + peerBye + "2 close\n",
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
