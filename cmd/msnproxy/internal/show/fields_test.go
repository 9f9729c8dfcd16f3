package show

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/address"
)

// listed writes lines as "name=value (meaning) <bytes>", indented by depth, the
// bytes only where they are not the value.
func listed(raw []byte, lines []Line) string {
	var sb strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&sb, "%s%s=%s", strings.Repeat(" ", l.Depth), l.Name, l.Value)
		if l.Means != "" {
			fmt.Fprintf(&sb, " (%s)", l.Means)
		}
		if l.Secret {
			sb.WriteString(" secret")
		}
		switch wire := string(raw[l.Start:l.End]); {
		case l.Start == l.End && l.Value != "":
			sb.WriteString(" -")
		case strings.HasSuffix(l.Value, " bytes"):
			fmt.Fprintf(&sb, " <%d to %d>", l.Start, l.End)
		case wire != l.Value:
			fmt.Fprintf(&sb, " <%q>", wire)
		}
		sb.WriteByte('\n')
	}
	return sb.String()
}

// p2pInvite is an invitation to a display picture in a P2P packet.
func p2pInvite() string {
	context := base64.StdEncoding.EncodeToString([]byte(`<msnobj Creator="bob@example.com" Size="99" Type="3" Friendly="QgBvAGIA"/>` + "\x00"))
	body := "EUF-GUID: {A4268EEC-FEC5-49E5-95C3-F126696BDBF6}\r\nSessionID: 7\r\nAppID: 1\r\nContext: " + context + "\r\n\r\n\x00"
	slp := fmt.Sprintf("INVITE MSNMSGR:bob@example.com MSNSLP/1.0\r\nTo: <msnmsgr:bob@example.com>\r\nContent-Type: application/x-msnmsgr-sessionreqbody\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	h := make([]byte, 48)
	binary.LittleEndian.PutUint32(h[4:], 4711)
	binary.LittleEndian.PutUint64(h[16:], uint64(len(slp)))
	binary.LittleEndian.PutUint32(h[24:], uint32(len(slp)))
	binary.LittleEndian.PutUint32(h[32:], 1<<31)
	return "MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.com\r\n\r\n" + string(h) + slp + "\x00\x00\x00\x0c"
}

// with puts a payload behind a line that lacks its length.
func with(line, body string) string { return fmt.Sprintf("%s %d\r\n%s", line, len(body), body) }

func msg(body string) string { return with("MSG a@example.com Al%20B", body) }

func TestLines(t *testing.T) {
	for _, tt := range lineTests {
		t.Run(tt.name, func(t *testing.T) {
			fr := tt.frame
			if tt.raw != "" {
				var f decode.Framer
				f.Feed([]byte(tt.raw))
				if !f.Next(&fr) && !f.Flush(&fr) {
					t.Fatal("no frame")
				}
			}
			m := decode.NewTracker().Frame(1, max(tt.from, decode.Client), &fr, time.Time{})
			lines := Lines(nil, m)
			checkLines(t, m, lines)
			if diff := cmp.Diff(strings.TrimLeft(tt.want, "\n"), listed(fr.Raw, lines)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// checkLines checks that the places are within the frame, those of a payload's parts
// within the payload, that fields of the same depth stand in order, and that plain
// parameters are as they stand on the wire.
func checkLines(t *testing.T, m *decode.Message, lines []Line) {
	t.Helper()
	raw := m.Frame.Raw
	at := []int{0} // where the last line of each depth begins
	top := Line{}  // the last line of depth 0
	for i, l := range lines {
		if l.Start < 0 || l.Start > l.End || l.End > len(raw) {
			t.Fatalf("%.200q: %+v is not within the %d bytes", raw, l, len(raw))
		}
		if l.Depth > len(at) || i == 0 && l.Depth != 0 {
			t.Fatalf("%.200q: %+v is too deep", raw, l)
		}
		if l.Depth == 0 {
			top = l
		} else if l.End > l.Start && (l.Start < top.Start || l.End > top.End) {
			t.Errorf("%.200q: %+v is not within %.200q", raw, l, top.Name)
		}
		last := 0
		if l.Depth < len(at) {
			last = at[l.Depth]
		}
		at = append(at[:l.Depth], last)
		if l.End > l.Start && l.Name != "text" {
			if l.Start < last {
				t.Errorf("%.200q: %+v begins before what is above it", raw, l)
			}
			at[l.Depth] = l.Start
		}
	}
	for i := range m.Len() {
		f, found := m.Field(i), false
		for _, l := range lines {
			if l.Depth == 0 && l.Name == f.Name && l.Start == f.Token.Start && l.End == f.Token.End {
				found = l.Value == f.Value() && (f.Param != nil && f.Param.Kind.Encoded || l.Value == string(raw[l.Start:l.End]) || l.Value == accountOf(f) || strings.Contains(l.Value, "\ufffd"))
			}
		}
		if !found {
			t.Errorf("%.200q: no line for %s", raw, f.Name)
		}
	}
}

// accountOf is the account of a parameter that is an address: what else there is of it
// stands below.
func accountOf(f decode.Field) string {
	if f.Param == nil || f.Param.Kind.Name != "handle" {
		return ""
	}
	return address.Parse(string(f.Raw)).Account
}

// Every message of the real captures, and of the table's examples.
func TestLinesOfCaptures(t *testing.T) {
	files, err := filepath.Glob("../../../../capture/testdata/*.*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			r, err := capture.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			n, tr := 0, decode.NewTracker()
			for {
				rec, err := r.Next()
				if errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if rec.Kind == capture.Data {
					m := tr.Frame(rec.Conn.ID, rec.From, &rec.Frame, rec.Time)
					checkLines(t, m, Lines(nil, m))
					n++
				}
			}
			if n < 20 {
				t.Errorf("only %d messages", n)
			}
		})
	}
}

func TestLinesOfExamples(t *testing.T) {
	tr := decode.NewTracker()
	for _, r := range records() {
		if r.Kind == capture.Data {
			m := tr.Frame(1, r.From, &r.Frame, r.Time)
			checkLines(t, m, Lines(nil, m))
		}
	}
	for _, v := range decode.Verbs() {
		for i := range v.Forms {
			var f decode.Framer
			var fr decode.Frame
			f.Feed([]byte(v.Forms[i].Example + "\r\n"))
			for f.Next(&fr) || f.Flush(&fr) {
				m := tr.Frame(1, v.Forms[i].From, &fr, time.Time{})
				checkLines(t, m, Lines(nil, m))
			}
		}
	}
}
