package capture

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// The connections with the same ends, and the order in which they spoke.
func TestTable(t *testing.T) {
	key := &flowKey{port: [2]uint16{1, 2}}
	for gone := range 3 {
		tab := newTable()
		flows := []*flow{tab.add(key), tab.add(key), tab.add(key)}
		other := tab.add(&flowKey{})
		for i, f := range append(slices.Clone(flows), other) {
			tab.touch(f, time.Unix(int64(i), 0))
		}
		tab.touch(flows[0], time.Unix(9, 0))
		tab.touch(flows[0], time.Unix(10, 0))
		if last, n := tab.find(key).last(); n != 3 || last != flows[0] || tab.len() != 4 || tab.oldest() != flows[1] {
			t.Errorf("%d of the same ends", n)
		}
		tab.remove(flows[gone])
		tab.remove(flows[gone]) // it is no more
		var left, order []*flow
		for f := tab.find(key); f != nil; f = f.same {
			left = append(left, f)
		}
		for f := range tab.all() {
			order = append(order, f)
		}
		if len(left) != 2 || slices.Contains(left, flows[gone]) || tab.len() != 3 || tab.find(&flowKey{}) != other {
			t.Errorf("without the %d: %d of the same ends are left, %d in all", gone, len(left), tab.len())
		}
		want := slices.DeleteFunc([]*flow{flows[1], flows[2], other, flows[0]}, func(f *flow) bool { return f == flows[gone] })
		if !slices.Equal(order, want) {
			t.Errorf("without the %d: another order", gone)
		}
		for _, f := range append(left, other) {
			tab.remove(f)
		}
		if tab.find(key) != nil || tab.len() != 0 || tab.oldest() != nil {
			t.Error("something is left")
		}
		for range tab.all() {
			t.Error("something is left")
		}
	}
}

// What can't stand in a packet stands in its note, each by itself.
func TestNotesByThemselves(t *testing.T) {
	conn := &Conn{ID: 1, Client: "10.0.0.9:1034", Server: "10.0.0.5:1863"}
	at := time.Unix(1e9, 5).UTC()
	for name, change := range map[string]func(*Record){
		"nothing":        func(*Record) {},
		"resync":         func(r *Record) { r.Frame.Resync = true },
		"gap":            func(r *Record) { r.Frame.Gap = true },
		"text":           func(r *Record) { r.Text = "why" },
		"withheld":       func(r *Record) { r.Fate = Withheld },
		"injected":       func(r *Record) { r.Fate = Injected },
		"sent":           func(r *Record) { r.Sent = []byte("PNG 2\r\n") },
		"opaque":         func(r *Record) { r.Frame.Kind, r.Frame.LineLen, r.Frame.EOL = decode.Opaque, 0, 0 },
		"an offset":      func(r *Record) { r.Frame.Offset = 77 },
		"as large":       func(r *Record) { large(r, 65475) },
		"larger":         func(r *Record) { large(r, 65476) },
		"twice":          func(r *Record) { large(r, 2*65475) },
		"more than that": func(r *Record) { large(r, 2*65475+1) },
	} {
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte("PNG\r\n"))
		f.Next(&fr)
		r := Record{Time: at, Conn: conn, Kind: Data, From: decode.Client, Frame: fr}
		change(&r)
		list, err := readWritten(t, writePcapng(t, []Record{{Time: at, Conn: conn, Kind: Opened}, r}))
		if err != nil || len(list) < 2 {
			t.Errorf("%s: %d records, %v", name, len(list), err)
			continue
		}
		if s := differs(&placedRecord{r, 0}, &list[1]); s != "" {
			t.Errorf("%s: %s", name, s)
		}
	}
	for comment, want := range map[string]bool{
		"": false, "words": false, noteMark + `{"v":1}`: true, "words\n" + noteMark + `{"v":1}`: true, "words\n" + noteMark + `{"v":1}` + "\nmore": true,
		noteMark + `{"v":2}`: false, noteMark + `{"v":`: false, noteMark + "x\n" + noteMark + `{"v":1}`: true, "x" + noteMark + `{"v":1}`: false,
	} {
		if _, got := parseNote([]byte(comment)); got != want {
			t.Errorf("%q is a note: %v", comment, got)
		}
	}
}

func large(r *Record, n int) {
	line := fmt.Sprintf("MSG a@b A %d", n-20)
	for len(line)+2+(n-20) < n {
		line = strings.Replace(line, " A ", " AA ", 1)
		if len(line)+2+(n-20) < n {
			line = strings.Replace(line, "a@b", "aa@b", 1)
		}
	}
	r.Frame.LineLen = len(line)
	r.Frame.Raw = append([]byte(line+"\r\n"), strings.Repeat("x", n-len(line)-2)...)
}

// Texts that harm no terminal.
func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a ~": "", "\t": `\t`, "\x1f": `\x1f`, "\x7f": `\x7f`, "é→": "", "\ufffd": "", "\xff": `\xff`, "a\xc3": `a\xc3`, "\u200c\u200d": "", "\u200b": `\xe2\x80\x8b`,
		"\u200e": `\xe2\x80\x8e`, "\u202e": `\xe2\x80\xae`, "\u0080": `\xc2\x80`, "\\": `\\`, "a\r\n": `a\r\n`, "\x1b[1m": `\x1b[1m`,
	} {
		plain := want == "" || want == `\t` || want == `\\`
		if got := plainText([]byte(in)); got != plain {
			t.Errorf("%q is plain: %v", in, got)
		}
		if want == "" {
			want = in
		}
		if got := string(appendEscaped(nil, []byte(in))); got != want {
			t.Errorf("%q: %s; want %s", in, got, want)
		}
	}
}

// What one recording of several counts, and what rotates.
func TestMergedCounts(t *testing.T) {
	for joined, want := range map[int][2]int{0: {5, 4}, 2: {3, 2}, 4: {1, 0}, 5: {0, 0}, 9: {0, 0}} {
		m := &merged{joiner: newJoiner(), count: Stats{Connections: 5, MSNP: 4}, order: sources{{}}}
		m.joined = joined
		if s := m.stats(); s.Connections != want[0] || s.MSNP != want[1] {
			t.Errorf("%d joined: %d connections, %d of MSNP", joined, s.Connections, s.MSNP)
		}
	}
	for _, tt := range []struct {
		o    RecorderOptions
		want bool
	}{{RecorderOptions{}, false}, {RecorderOptions{RotateSize: 1}, true}, {RecorderOptions{RotateAfter: 1}, true}} {
		if tt.o.rotating() != tt.want {
			t.Errorf("%+v rotates: %v", tt.o, !tt.want)
		}
	}
}
