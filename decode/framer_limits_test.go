package decode

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// early feeds the chunks and returns the frames that are there before the link ends.
func early(f *Framer, chunks ...string) []Frame {
	var frames []Frame
	var fr Frame
	for _, c := range chunks {
		f.Feed([]byte(c))
		for f.Next(&fr) {
			frames = append(frames, fr.Clone())
		}
	}
	return frames
}

// lineOf returns a command line that has n bytes before its LF.
func lineOf(n int) string { return "USR 1 TWN S " + strings.Repeat("t", n-13) + "\r\n" }

// A line has up to 8 KiB before its LF, a payload up to 1 MiB, unless the framer is
// told otherwise. What has more is opaque.
func TestFramerLimits(t *testing.T) {
	message := func(n int) string { return fmt.Sprintf("MSG a@b A %d\r\n", n) + strings.Repeat("x", n) }
	for _, tt := range []struct {
		name  string
		f     Framer
		in    string
		whole bool // it is one command
	}{
		{"line of 8 KiB", Framer{}, lineOf(8192), true},
		{"line beyond 8 KiB", Framer{}, lineOf(8193), false},
		{"line of 100", Framer{MaxLine: 100}, lineOf(100), true},
		{"line beyond 100", Framer{MaxLine: 100}, lineOf(101), false},
		{"line of one", Framer{MaxLine: 1}, "PNG\r\n", false},
		{"payload of 1 MiB", Framer{}, message(1048576), true},
		{"payload beyond 1 MiB", Framer{}, message(1048577), false},
		{"payload of 100", Framer{MaxPayload: 100}, message(100), true},
		{"payload beyond 100", Framer{MaxPayload: 100}, message(101), false},
		{"payload of one", Framer{MaxPayload: 1}, message(1), true},
		{"payload beyond one", Framer{MaxPayload: 1}, message(2), false},
	} {
		b := []byte(tt.in)
		for _, chunks := range [][][]byte{{b}, {b[:2], b[2:]}, {b[:len(b)-1], b[len(b)-1:]}} {
			f := tt.f
			frames := cut(&f, chunks...)
			if whole := len(frames) == 1 && frames[0].Kind == Command && frames[0].Complete(); whole != tt.whole {
				t.Errorf("%s, in %d pieces: %d frames, the first %s", tt.name, len(chunks), len(frames), frames[0].Kind)
			}
		}
	}
}

// A line that is too long is given up as soon as that is seen, and not held.
func TestLineWithoutEnd(t *testing.T) {
	for n, want := range map[int]int{20: 0, 21: 1} {
		for _, mid := range []bool{false, true} {
			f := Framer{MaxLine: 20, MidStream: mid}
			if got := early(&f, strings.TrimSuffix(lineOf(n+1), "\r\n")); len(got) != want {
				t.Errorf("%d bytes, mid-stream %v: %q", n, mid, describe(got))
			}
		}
	}
}

// The quick way takes plain commands, whole and within the limits, and makes the same
// of them as the other.
func TestQuickWay(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want bool
	}{
		{"PNG\r\n", true},
		{"PNG\n", true},
		{"PNG \r\n", true},
		{"PNG", false},
		{"PN\n", false},
		{"PNGX\r\n", false},
		{"PNG\rX\n", false},
		{"ZZZ 1\r\n", false},
		{"FIL 9\r\n", false}, // blocks follow
		{"INF 2 56789 12345678\n", true},
		{"INF 2 56789 123456789\n", false},
		{"INF 2 56789 12345678\r\n", false},
		{"MSG 4 N 0\r\n", true},
		{"MSG 4 N 5\r\nhello", true},
		{"MSG 4 N 5\r\nhell", false},
		{"MSG 4 N 8\r\nhello123", true},
		{"MSG 4 N 9\r\nhello1234", false},
		{"MSG 4 N\r\n", true}, // no length, no payload
		{"NLN BSY a@b 5\r\n", true},
	} {
		var quick, slow Frame
		f := Framer{MaxLine: 20, MaxPayload: 8}
		f.Feed([]byte(tt.in))
		if got := f.quick(&quick); got != tt.want {
			t.Errorf("%q: %v", tt.in, got)
		}
		if !tt.want {
			continue
		}
		g := Framer{MaxLine: 20, MaxPayload: 8}
		for _, b := range single([]byte(tt.in)) {
			g.Feed(b)
			g.Next(&slow)
		}
		if diff := cmp.Diff(slow, quick); diff != "" || f.Offset() != g.Offset() || len(f.Pending()) != 0 {
			t.Errorf("%q: %s, then at %d and %d", tt.in, diff, f.Offset(), g.Offset())
		}
	}
}

// A payload whose length is known is put together in one place, with room made once.
func TestFramerGrowsOnce(t *testing.T) {
	const line, n = "MSG a@b A 5000\r\n", 5000
	var f Framer
	var fr Frame
	f.Feed([]byte(line))
	f.Next(&fr)
	f.Feed(make([]byte, 10))
	if got := cap(f.own); got != len(line)+n {
		t.Errorf("room for %d bytes, want %d", got, len(line)+n)
	}
	at := &f.own[0]
	for range n/10 - 1 {
		if f.Next(&fr) {
			t.Fatal("early")
		}
		f.Feed(make([]byte, 10))
		if &f.own[0] != at {
			t.Fatal("moved")
		}
	}
	if !f.Next(&fr) || len(fr.Payload()) != n {
		t.Error("no message")
	}
}

// A framer with nothing pending holds on to 1 KiB and not more.
func TestFramerHolds(t *testing.T) {
	for size, want := range map[int]int{1024: 1024, 1025: 0} {
		f := Framer{own: make([]byte, 0, size)}
		f.Feed([]byte("PNG\r\n"))
		if cap(f.own) != want {
			t.Errorf("of %d bytes %d are held, want %d", size, cap(f.own), want)
		}
	}
}

// No opaque frame is longer than 64 KiB.
func TestOpaqueBound(t *testing.T) {
	for n, want := range map[int]string{65536: "[65536]", 65537: "[65536 1]", 131073: "[65536 65536 1]"} {
		for _, mid := range []bool{false, true} {
			var got []int
			for _, fr := range early(&Framer{MidStream: mid}, strings.Repeat("\xff", n)) {
				got = append(got, len(fr.Raw))
			}
			if fmt.Sprint(got) != want {
				t.Errorf("%d bytes: %v, want %s", n, got, want)
			}
		}
	}
}

// A command is there with its last byte, not with the next one.
func TestFramesAreThereAtOnce(t *testing.T) {
	for _, tt := range []struct {
		f    Framer
		in   string
		want []string
	}{
		{Framer{}, "MSG a@b A 2\r\nhi", []string{`0 "MSG a@b A 2" "hi"`}},
		{Framer{}, "\r\n", []string{`0 blank "\r\n"`}},
		{Framer{}, "\n", []string{`0 blank "\n"`}},
		{Framer{}, "PNG\n", []string{`0 "PNG" ""`}},
		{Framer{MidStream: true}, "PNG\n", []string{`0 "PNG" "" resync`}},
		{Framer{}, "FIL 2\r\n\x00\x02\x00ab", []string{`0 "FIL 2" ""`, `7 block "\x00\x02\x00ab"`}},
		{Framer{}, "FIL 2\r\n\x01\x00\x00", []string{`0 "FIL 2" ""`, `7 block "\x01\x00\x00"`}},
		{Framer{}, "FIL 2\r\n\x01\x00", []string{`0 "FIL 2" ""`}},
		{Framer{}, "ZZZ 1 CON 9\r\nPNG", nil},
		{Framer{}, "ZZZ 1 CON 9\r\nPNG ", []string{`0 "ZZZ 1 CON 9" ""`}},
		{Framer{}, "ZZZ 1 CON 2\r\nP", nil},
		{Framer{}, "ZZZ 1 CON 2\r\nPN", []string{`0 "ZZZ 1 CON 2" ""`}},
		{Framer{}, "ZZZ 1 CON 2\r\n<", nil},
		{Framer{}, "ZZZ 1 CON 2\r\n<>", []string{`0 "ZZZ 1 CON 2" "<>"`}},
	} {
		f := tt.f
		if diff := cmp.Diff(tt.want, describe(early(&f, tt.in))); diff != "" {
			t.Errorf("%q: %s", tt.in, diff)
		}
		f = tt.f
		if diff := cmp.Diff(tt.want, describe(early(&f, tt.in[:1], tt.in[1:]))); diff != "" {
			t.Errorf("%q in two: %s", tt.in, diff)
		}
	}
}

// In a gap whose length is known the framer stays in step as far as the payload
// reaches that the gap lies in: no search, which an unknown verb does not end.
func TestGapReach(t *testing.T) {
	const known, unknown = "PNG\r\n", "ZZZ 1\r\n"
	for _, tt := range []struct {
		before string
		gap    int64
		step   bool
	}{
		{"MSG a@b A 10\r\nabc", 7, true},
		{"MSG a@b A 10\r\nabc", 8, false},
		{"MSG a@b A 10\r\nabcdefghi", 1, true},
		{"MSG a@b A 10\r\nabcdefghi", 2, false},
		{"MSG a@b A 10\r\nabc", -1, false},
		{"PNG\r\n", 0, false},
		{"PNG\r\n", 1, false},
		{"PNG\r\n", -1, false},
		{"FIL 4\r\n\x00\x04\x00ab", 2, true},
		{"FIL 4\r\n\x00\x04\x00ab", 3, false},
		{"FIL 4\r\n\x00\x04", 3, false},
	} {
		var f Framer
		var fr Frame
		early(&f, tt.before)
		for f.Gap(tt.gap, &fr) {
			if !fr.Gap || fr.Complete() {
				t.Errorf("%q: %+v", tt.before, fr)
			}
		}
		if f.InStep() != tt.step || f.Offset() != int64(len(tt.before))+max(tt.gap, 0) {
			t.Errorf("%q and a gap of %d: in step %v, at %d", tt.before, tt.gap, f.InStep(), f.Offset())
		}
		frames := cut(&f, []byte(unknown+known))
		if first := frames[0]; first.Kind == Command != tt.step || first.Gap == tt.step {
			t.Errorf("%q and a gap of %d: %q, gap %v", tt.before, tt.gap, describe(frames), first.Gap)
		}
	}
}

// A payload of which the gap took a part goes on as opaque bytes up to its end.
func TestGapWithinPayload(t *testing.T) {
	var f Framer
	var fr Frame
	early(&f, "MSG a@b A 10\r\nabc")
	for f.Gap(0, &fr) {
	}
	if diff := cmp.Diff([]string{`17 opaque "defghij"`, `24 "ZZZ 1" "" resync`}, describe(cut(&f, []byte("defghijZZZ 1\r\n")))); diff != "" {
		t.Error(diff)
	}
}

// The bytes of a file that a gap took count: the next block is one as long as some of
// the file is to come.
func TestGapWithinBlock(t *testing.T) {
	for _, tt := range []struct {
		size int
		want string
	}{
		{4, "opaque"},
		{5, "block"},
	} {
		var f Framer
		var fr Frame
		early(&f, fmt.Sprintf("FIL %d\r\n\x00\x04\x00a", tt.size))
		for f.Gap(3, &fr) {
			if fr.Kind != Block || fr.Missing != 3 {
				t.Errorf("%+v", fr)
			}
		}
		if frames := cut(&f, []byte("\x00\x01\x00e")); frames[0].Kind.String() != tt.want {
			t.Errorf("a file of %d: %q", tt.size, describe(frames))
		}
	}
}

// At the end a block with its header whole is one, cut short.
func TestBlockCutShort(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x05":        `7 opaque "\x00\x05"`,
		"\x00\x05\x00":    `7 block "\x00\x05\x00" missing 5`,
		"\x00\x05\x00abc": `7 block "\x00\x05\x00abc" missing 2`,
	} {
		if got := describe(cut(&Framer{}, []byte("FIL 5\r\n"+in))); len(got) != 2 || got[1] != want {
			t.Errorf("%q: %q, want %s", in, got, want)
		}
	}
	for in, want := range map[string]int{"": 0, "\x00\x05": 0, "\x00\x05\x00": 5, "\x00\x05\x01ab": 259, "\x00\x05\x00abcde": 0, "\x00\x01\x00ab": 0} {
		if got := BlockMissing([]byte(in)); got != want {
			t.Errorf("%q: %d missing, want %d", in, got, want)
		}
	}
}

// Blocks end with the file's last byte, or with an end block.
func TestBlocksEnd(t *testing.T) {
	for in, want := range map[string]string{
		"FIL 2\r\n\x00\x02\x00ab\x00\x01\x00c":             "command block opaque",
		"FIL 3\r\n\x00\x02\x00ab\x00\x01\x00c":             "command block block",
		"FIL 3\r\n\x00\x02\x00ab\x01\x00\x00\x00\x01":      "command block block opaque",
		"FIL 9\r\n\x00\x00\x01" + strings.Repeat("x", 256): "command block",
		"FIL\r\n\x00\x01\x00a":                             "command opaque",
		"FIL 1\r\n\x02\x01\x00a":                           "command opaque",
	} {
		var kinds []string
		for _, fr := range cut(&Framer{}, []byte(in)) {
			kinds = append(kinds, fr.Kind.String())
		}
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// What the parts of a frame are, whole or not.
func TestFrameParts(t *testing.T) {
	for _, tt := range []struct {
		fr                  Frame
		line, payload, verb string
		complete            bool
	}{
		{Frame{Raw: []byte("MSG 1 N 2\r\nhi"), LineLen: 9, EOL: 2}, "MSG 1 N 2", "hi", "MSG", true},
		{Frame{Raw: []byte("PNG\n"), LineLen: 3, EOL: 1}, "PNG", "", "PNG", true},
		{Frame{Raw: []byte("PNG\r"), LineLen: 3}, "PNG", "", "PNG", false},
		{Frame{Raw: []byte("PN"), LineLen: 2}, "PN", "", "", false},
		{Frame{Raw: []byte("MSG 1 N 2\r\nh"), LineLen: 9, EOL: 2, Missing: 1}, "MSG 1 N 2", "h", "MSG", false},
		{Frame{Kind: Opaque, Raw: []byte("MSG 1 N")}, "", "MSG 1 N", "", false},
		{Frame{Kind: Blank, Raw: []byte("\r\n"), EOL: 2}, "", "", "", true},
		{Frame{Kind: Block, Raw: []byte("\x00\x01\x00a")}, "", "a", "", true},
		{Frame{Kind: Block, Raw: []byte("\x00\x01")}, "", "", "", true},
	} {
		fr := &tt.fr
		if string(fr.Line()) != tt.line || string(fr.Payload()) != tt.payload || string(fr.Verb()) != tt.verb || fr.Complete() != tt.complete {
			t.Errorf("%q: %q, %q, %q, %v", fr.Raw, fr.Line(), fr.Payload(), fr.Verb(), fr.Complete())
		}
		if c := fr.Clone(); !bytes.Equal(c.Raw, fr.Raw) || &c.Raw[0] == &fr.Raw[0] {
			t.Errorf("%q: clone %q", fr.Raw, c.Raw)
		}
	}
}

// Names of the ends of a connection, and of what frames are.
func TestFrameWords(t *testing.T) {
	var got []string
	for _, s := range []Sender{0, Client, Server, Either} {
		got = append(got, s.String()+" "+s.Letter()+" "+s.Peer().String())
	}
	for k := Command; k <= Opaque; k++ {
		got = append(got, k.String())
	}
	want := []string{"unknown S either", "client C server", "server S client", "either S unknown", "command", "blank", "block", "opaque"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
