package dissector

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// packets are one of each kind, without an application id.
func packets() (v1, handshake, slp, v2, ack []byte) {
	le, be := binary.LittleEndian, binary.BigEndian
	first := func(session, flags uint32, data string) []byte {
		b := make([]byte, 48)
		le.PutUint32(b, session)
		le.PutUint32(b[4:], 300)
		le.PutUint64(b[8:], 1000)
		le.PutUint64(b[16:], 6000)
		le.PutUint32(b[24:], uint32(len(data)))
		le.PutUint32(b[28:], flags)
		le.PutUint32(b[32:], 307)
		return append(b, data...)
	}
	v2 = []byte{8, 1, 0, 0, 0, 0, 1, 0, 20, 7, 0, 9, 0, 0, 0, 7, 1, 8, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0}
	v2 = append(v2, "abcdef"...)
	be.PutUint16(v2[2:], 26)
	ack = []byte{16, 0, 0, 0, 0, 0, 0, 9, 2, 4, 0, 0, 0, 7, 0, 0}
	return first(7, 0x20, "abc"), first(0, 0x100, ""), first(0, 0, "BYE MSNMSGR:a@example.com MSNSLP/1.0\r\nCSeq: 5\r\n\r\nSessionID: 7\r\n\r\n\x00"), v2, ack
}

// The parts of packets of P2P have names, on a switchboard and on a direct connection.
func TestPeers(t *testing.T) {
	v1, handshake, slp, v2, ack := packets()
	var names []string
	for _, n := range []string{"sessionid", "identifier", "dataoffset", "totalsize", "flag", "ackidentifier", "nonce", "packagenumber", "dataremaining", "data", "appid", "greeting"} {
		names = append(names, "-e", "msnp.p2p."+n)
	}
	names = append(names, "-e", "msnp.header")
	rows := []string{
		"7|300|1000|6000|0x00000020|307|||| 616263",
		"0|300|1000|6000|0x00000100||33010000000000000000000000000000||| ",
		"0|300|1000|6000|0x00000000|307|||| /BYE MSNMSGR:a@example.com MSNSLP/1.0,CSeq: 5,SessionID: 7",
		"7|256||||||9|77| 616263646566",
		"|9||||7|||| ",
	}
	row := func(out, app, greeting string) string {
		out, header, _ := strings.Cut(strings.ReplaceAll(out, " ", ""), "/")
		header = strings.ReplaceAll(header, "BYEMSNMSGR:a@example.comMSNSLP/1.0,CSeq:5,SessionID:7", "BYE MSNMSGR:a@example.com MSNSLP/1.0,CSeq: 5,SessionID: 7")
		return strings.ReplaceAll(out, "|", "\t") + "\t" + app + "\t" + greeting + "\t" + header
	}
	var talk, direct [][]byte
	var want, wantDirect []string
	direct = append(direct, []byte("\x04\x00\x00\x00foo\x00"))
	wantDirect = append(wantDirect, row("|||||||||", "", "foo"))
	for i, p := range [][]byte{v1, handshake, slp, v2, ack} {
		body := "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\n\r\n" + string(p) + "\x00\x00\x00\x0c"
		talk = append(talk, fmt.Appendf(nil, "MSG bob@example.com Bob %d\r\n%s", len(body), body))
		line := row(rows[i], "12", "")
		at := strings.LastIndexByte(line, '\t') + 1
		header := "MIME-Version: 1.0,Content-Type: application/x-msnmsgrp2p"
		if line[at:] != "" {
			header += "," + line[at:]
		}
		want = append(want, line[:at]+header)
		direct = append(direct, append(binary.LittleEndian.AppendUint32(nil, uint32(len(p))), p...))
		wantDirect = append(wantDirect, row(rows[i], "", ""))
	}
	show := func(segments [][]byte, port uint16) []string {
		out := tshark(t, append([]string{"-r", pcap(t, segments, port), "-Y", "msnp.verb || msnp_direct", "-T", "fields"}, names...)...)
		return strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	}
	if got := show(talk, 1863); !slices.Equal(got, want) {
		t.Errorf("on a switchboard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := show(direct, 6891); !slices.Equal(got, wantDirect) {
		t.Errorf("direct\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantDirect, "\n"))
	}
	// Lengths by themselves.
	var pieces [][]byte
	for _, s := range direct {
		pieces = append(pieces, s[:4], s[4:])
	}
	if got := show(pieces, 6891); !slices.Equal(got, wantDirect) {
		t.Errorf("direct, in pieces\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantDirect, "\n"))
	}
	if out := tshark(t, "-r", pcap(t, [][]byte{[]byte("\x04\x00\x00\x00bar\x00"), []byte("\x04")}, 6891), "-Y", "msnp_direct"); out != "" {
		t.Errorf("no greeting: %s", out)
	}
}
