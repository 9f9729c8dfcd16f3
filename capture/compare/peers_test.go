package compare

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"msnproxy/capture/story"
)

// handing is a conversation in which bob sends alice a file: how it is cut, and by which
// numbers it goes.
type handing struct {
	data          string
	session, id   int
	chunk         int
	acks, prepare bool
	direct        int // bytes a piece on a direct connection; 0: on the switchboard
	name          string
}

func (h handing) packet(session, id, flags, offset, total int, data string) string {
	le := binary.LittleEndian
	b := make([]byte, 48, 48+len(data))
	le.PutUint32(b, uint32(session))
	le.PutUint32(b[4:], uint32(id))
	le.PutUint64(b[8:], uint64(offset))
	le.PutUint64(b[16:], uint64(total))
	le.PutUint32(b[24:], uint32(len(data)))
	le.PutUint32(b[28:], uint32(flags))
	le.PutUint32(b[32:], uint32(id+77))
	return string(b) + data
}

// write writes the recording, and returns its story.
func (h handing) write(t *testing.T) *story.Story {
	t.Helper()
	var sb strings.Builder
	escaped := func(mark, raw string) {
		sb.WriteString(mark + " ")
		for i := range len(raw) {
			fmt.Fprintf(&sb, `\x%02x`, raw[i])
		}
		sb.WriteString("\n")
	}
	sb.WriteString("Client opens a connection to 192.0.2.9:1863\n\nC: USR 1 alice@example.com 1.2\nS: USR 1 OK alice@example.com Alice\nC: CAL 2 bob@example.com\nS: CAL 2 RINGING 77\nS: JOI bob@example.com Bob\n")
	trid := 3
	sends := func(bob bool, packet string) {
		to := "bob@example.com"
		if bob {
			to = "alice@example.com"
		}
		body := "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: " + to + "\r\n\r\n" + packet + "\x00\x00\x00\x02"
		if bob {
			escaped("S=", fmt.Sprintf("MSG bob@example.com Bob %d\r\n%s", len(body), body))
			return
		}
		escaped("C=", fmt.Sprintf("MSG %d D %d\r\n%s", trid, len(body), body))
		fmt.Fprintf(&sb, "S: ACK %d\n", trid)
		trid++
	}
	slp := func(bob bool, id int, start, kind, body string) {
		body += "\r\n\x00"
		s := fmt.Sprintf("%s\r\nCall-ID: {%d}\r\nContent-Type: application/x-msnmsgr-%s\r\nContent-Length: %d\r\n\r\n%s", start, h.session, kind, len(body), body)
		for at := 0; at < len(s); at += h.chunk {
			sends(bob, h.packet(0, h.id+id, 0, at, len(s), s[at:min(len(s), at+h.chunk)]))
		}
		if h.acks {
			sends(!bob, h.packet(0, h.id+id+1, 2, 0, len(s), ""))
		}
	}
	context := make([]byte, 574)
	context[4], context[8], context[9], context[16] = 2, byte(len(h.data)), byte(len(h.data)>>8), 1
	copy(context[20:], strings.Join(strings.Split(h.name, ""), "\x00"))
	slp(true, 10, "INVITE MSNMSGR:alice@example.com MSNSLP/1.0", "sessionreqbody", fmt.Sprintf("EUF-GUID: {5D3E02AB-6190-11D3-BBBB-00C04F795683}\r\nSessionID: %d\r\nContext: %s\r\n", h.session, encode(context)))
	slp(false, 20, "MSNSLP/1.0 200 OK", "sessionreqbody", fmt.Sprintf("SessionID: %d\r\n", h.session))
	if h.direct > 0 {
		slp(false, 30, "MSNSLP/1.0 200 OK", "transrespbody", "Listening: true\r\nIPv4Internal-Addrs: 192.0.2.7\r\nIPv4Internal-Port: 6891\r\n")
	}
	if h.prepare {
		sends(true, h.packet(h.session, h.id+40, 0, 0, 4, "\x00\x00\x00\x00"))
	}
	all := "\x04\x00\x00\x00foo\x00"
	for at := 0; at < len(h.data); at += h.chunk {
		p := h.packet(h.session, h.id+50, 0x10, at, len(h.data), h.data[at:min(len(h.data), at+h.chunk)])
		if h.direct == 0 {
			sends(true, p)
		}
		all += string(binary.LittleEndian.AppendUint32(nil, uint32(len(p)))) + p
	}
	if h.direct > 0 {
		sb.WriteString("Client disconnects\n\nClient opens a connection to 192.0.2.7:6891\n\n")
		for at := 0; at < len(all); at += h.direct {
			escaped("C?", all[at:min(len(all), at+h.direct)])
		}
	} else {
		slp(true, 60, "BYE MSNMSGR:alice@example.com MSNSLP/1.0", "sessionclosebody", "")
	}
	sb.WriteString("Client disconnects\n")
	name := filepath.Join(t.TempDir(), "handing.txt")
	if err := os.WriteFile(name, []byte(sb.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, name)
}

// Two recordings agree on what is handed over, however it was cut and numbered.
func TestHandedOver(t *testing.T) {
	data := strings.Repeat("What is handed over counts, not how. ", 30)
	other := strings.Replace(data, "counts", "amount", 1)
	first := handing{data: data, session: 7, id: 100, chunk: 1202, name: "notes.txt"}
	with := func(change func(*handing)) handing {
		h := first
		change(&h)
		return h
	}
	direct := with(func(h *handing) { h.direct = 4000 })
	for _, tt := range []struct {
		name string
		a, b handing
		want string
	}{
		{"the same", first, first, ""},
		{"other numbers", first, with(func(h *handing) { h.session, h.id = 2000000000, 5000 }), ""},
		{"small pieces", first, with(func(h *handing) { h.chunk = 100 }), ""},
		{"acknowledged and prepared", first, with(func(h *handing) { h.acks, h.prepare = true, true }), ""},
		{"all of that", with(func(h *handing) { h.chunk = 300 }), with(func(h *handing) { h.session, h.id, h.chunk, h.acks, h.prepare = 99999, 7, 77, true, true }), ""},
		{"another content", first, with(func(h *handing) { h.data, h.chunk, h.session = other, 100, 8 }),
			"SB different MSG transfer/sha1: -" + sum(data) + " +" + sum(other)},
		{"another name", first, with(func(h *handing) { h.name, h.chunk = "other.txt", 500 }), "SB different MSG slp/body/Context/file name: -notes.txt +other.txt"},
		{"direct, the same", direct, direct, ""},
		{"direct, in small pieces", direct, with(func(h *handing) { h.direct, h.chunk, h.session = 17, 200, 4711 }), ""},
		{"direct, byte by byte", with(func(h *handing) { h.direct = 1 }), with(func(h *handing) { h.direct = 3; h.chunk = 1000 }), ""},
		{"direct, another content", direct, with(func(h *handing) { h.direct, h.data = 500, other }), "? different  transfer/sha1: -" + sum(data) + " +" + sum(other)},
	} {
		for _, back := range []bool{false, true} {
			a, b, want := tt.a, tt.b, tt.want
			if back {
				if a, b = b, a; want != "" {
					continue
				}
			}
			r, err := Stories(a.write(t), b.write(t), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(lines(r), "\n"); got != want {
				t.Errorf("%s: %s\nwant %s", tt.name, got, want)
			}
		}
	}
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func sum(s string) string {
	h := sha1.Sum([]byte(s))
	return encode(h[:])
}
