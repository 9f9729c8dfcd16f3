package decode

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cut feeds the chunks to a new framer and returns copies of all frames.
func cut(f *Framer, chunks ...[]byte) []Frame {
	var frames []Frame
	var fr Frame
	for _, c := range chunks {
		f.Feed(bytes.Clone(c))
		for f.Next(&fr) {
			frames = append(frames, fr.Clone())
		}
	}
	for f.Flush(&fr) {
		frames = append(frames, fr.Clone())
	}
	return frames
}

func single(b []byte) [][]byte {
	var chunks [][]byte
	for i := range b {
		chunks = append(chunks, b[i:i+1])
	}
	return chunks
}

func describe(frames []Frame) []string {
	var s []string
	for _, fr := range frames {
		d := fmt.Sprintf("%d %s %q", fr.Offset, fr.Kind, fr.Raw)
		if fr.Kind == Command {
			d = fmt.Sprintf("%d %q %q", fr.Offset, fr.Line(), fr.Payload())
		}
		if fr.Missing > 0 {
			d += fmt.Sprintf(" missing %d", fr.Missing)
		}
		if fr.Resync {
			d += " resync"
		}
		s = append(s, d)
	}
	return s
}

const textMessage = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nMSG 9 A 12\r\nPNG\r\n"

var streams = []struct {
	name, in string
	want     []string
}{
	{"lines", "VER 1 MSNP7 CVR0\r\nINF 2\r\n", []string{
		`0 "VER 1 MSNP7 CVR0" ""`, `18 "INF 2" ""`}},
	{"lone LF, trailing blank, empty line", "INF 2 \n\r\n\nOUT\r\n", []string{
		`0 "INF 2 " ""`, `7 blank "\r\n"`, `9 blank "\n"`, `10 "OUT" ""`}},
	{"QRY glued to PNG", "QRY 22 msmsgs@msnmsgr.com 32\r\n8f2f5a91b72102cd28355e9fc9000d6ePNG\r\n", []string{
		`0 "QRY 22 msmsgs@msnmsgr.com 32" "8f2f5a91b72102cd28355e9fc9000d6e"`, `62 "PNG" ""`}},
	{"QRY from the server", "QRY 22\r\nQNG 41\r\n", []string{`0 "QRY 22" ""`, `8 "QNG 41" ""`}},
	{"payload that looks like commands", fmt.Sprintf("MSG 4 N %d\r\n%sACK 4\r\n", len(textMessage), textMessage), []string{
		fmt.Sprintf("0 %q %q", fmt.Sprintf("MSG 4 N %d", len(textMessage)), textMessage), `91 "ACK 4" ""`}},
	{"no payload although the line ends in a number", "UUX 8\r\nGCF 5 Shields.xml\r\nSDC 2 OK\r\nADL 7 OK\r\n241 12\r\nXFR 3 SB a:1 CKI 1 U m 1\r\n", []string{
		`0 "UUX 8" ""`, `7 "GCF 5 Shields.xml" ""`, `26 "SDC 2 OK" ""`, `36 "ADL 7 OK" ""`, `46 "241 12" ""`, `54 "XFR 3 SB a:1 CKI 1 U m 1" ""`}},
	{"payload of an error", "241 12 5\r\n<ml/>911 7\r\n", []string{`0 "241 12 5" "<ml/>"`, `15 "911 7" ""`}},
	{"free text of an error", "217 User not online\r\n911 7 code 5\r\n", []string{`0 "217 User not online" ""`, `21 "911 7 code 5" ""`}},
	{"length 0", "UUX 8 0\r\nSDC 2 a@b 1 M M X X N 0\r\nOUT\r\n", []string{
		`0 "UUX 8 0" ""`, `9 "SDC 2 a@b 1 M M X X N 0" ""`, `34 "OUT" ""`}},
	{"unknown verb", "ZZZ 1 5\r\nOUT\r\n", []string{`0 "ZZZ 1 5" ""`, `9 "OUT" ""`}},
	{"last line without its end", "PNG\r\nOUT", []string{`0 "PNG" ""`, `5 "OUT" ""`}},
	{"payload cut short", "MSG a@b A 10\r\nabc", []string{`0 "MSG a@b A 10" "abc" missing 7`}},
	{"MSNFTP", "VER MSNFTP\r\nFIL 11\r\n\x00\x0b\x00hello world\x01\x00\x00BYE 16777989\r\n", []string{
		`0 "VER MSNFTP" ""`, `12 "FIL 11" ""`, `20 block "\x00\v\x00hello world"`, `34 block "\x01\x00\x00"`, `37 "BYE 16777989" ""`}},
	{"MSNFTP without end block", "FIL 4\r\n\x00\x02\x00ab\x00\x02\x00cdCCL\r\n", []string{
		`0 "FIL 4" ""`, `7 block "\x00\x02\x00ab"`, `12 block "\x00\x02\x00cd"`, `17 "CCL" ""`}},
	{"binary", "\x16\x03\x01\x02\x00 hello\r\nworld\r\n", []string{
		`0 opaque "\x16\x03\x01\x02\x00 hello\r\nworld\r\n"`}},
	{"wrong length, too short", "MSG a@b A 3\r\nabcdefNLN BSY a@b A\r\nFLN a@b\r\n", []string{
		`0 "MSG a@b A 3" "abc"`, `16 opaque "def"`, `19 "NLN BSY a@b A" "" resync`, `34 "FLN a@b" ""`}},
	{"wrong length, too long", "MSG a@b A 8\r\nabcdeNLN BSY a@b A\r\nFLN a@b\r\n", []string{
		`0 "MSG a@b A 8" "abcdeNLN"`, `21 opaque " BSY a@b A\r\n"`, `33 "FLN a@b" "" resync`}},
	{"payload too long to wait for", "MSG a@b A 99999999999999999999\r\nabc\r\nPNG\r\nOUT\r\n", []string{
		`0 opaque "MSG a@b A 99999999999999999999\r\nabc\r\n"`, `37 "PNG" "" resync`, `42 "OUT" ""`}},
}

func TestFramer(t *testing.T) {
	for _, tt := range streams {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, describe(cut(&Framer{}, []byte(tt.in)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Cutting a stream anywhere, and everywhere, gives the same frames.
func TestFramerCuts(t *testing.T) {
	for _, tt := range streams {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(strings.Join(tt.want, ""), "opaque") {
				t.Skip("where opaque bytes are divided depends on what came together")
			}
			b := []byte(tt.in)
			for i := range b {
				if diff := cmp.Diff(tt.want, describe(cut(&Framer{}, b[:i], b[i:]))); diff != "" {
					t.Fatalf("cut at %d: %s", i, diff)
				}
			}
			if diff := cmp.Diff(tt.want, describe(cut(&Framer{}, single(b)...))); diff != "" {
				t.Error("one by one:", diff)
			}
		})
	}
}

// Whatever comes, in whatever pieces, all of it comes out, in order.
func TestFramerLosesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := []string{"MSG ", "alice@example.com ", "5", "\r\n", "\n", "QRY ", "32", "FIL 9\r\n", "\x00\x03\x00", "\x01", " ", "OUT", "911 4", "é", "NLN BSY a@b A\r\n", "\r"}
	for range 3000 {
		var b []byte
		for range rnd.IntN(30) {
			b = append(b, words[rnd.IntN(len(words))]...)
		}
		checkLossless(t, b, rnd)
	}
}

func checkLossless(t *testing.T, b []byte, rnd *rand.Rand) {
	t.Helper()
	for _, mid := range []bool{false, true} {
		var chunks [][]byte
		for rest := b; len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			chunks = append(chunks, rest[:n])
			rest = rest[n:]
		}
		off := int64(0)
		var got []byte
		for _, fr := range cut(&Framer{MidStream: mid, MaxLine: 64, MaxPayload: 256}, chunks...) {
			if fr.Offset != off || len(fr.Raw) == 0 {
				t.Fatalf("%q: frame %q at %d, want %d", chunks, fr.Raw, fr.Offset, off)
			}
			off += int64(len(fr.Raw))
			got = append(got, fr.Raw...)
		}
		if !bytes.Equal(got, b) {
			t.Fatalf("%q: got %q", chunks, got)
		}
	}
}

func TestFramerMidStream(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"in a payload", "lo world</ml>ADL 9 OK\r\nQNG 41\r\n",
			`0 opaque "lo world</ml>"|13 "ADL 9 OK" "" resync|23 "QNG 41" ""`},
		{"in a text that quotes commands", "hi\r\nMSG 1 fake 10\r\nwhat?\r\nNLN BSY bob@example.com Bob\r\n",
			`0 opaque "hi\r\nMSG 1 fake 10\r\nwhat?\r\n"|26 "NLN BSY bob@example.com Bob" "" resync`},
		{"at a command", "ACK 4\r\nOUT\r\n", `0 "ACK 4" "" resync|7 "OUT" ""`},
		{"nothing to find", "no commands here\r\nat all", `0 opaque "no commands here\r\nat all"`},
		{"payload before a command without a line end", "d6ePNG\r\nACK 5\r\n",
			`0 opaque "d6ePNG\r\n"|8 "ACK 5" "" resync`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(describe(cut(&Framer{MidStream: true}, []byte(tt.in))), "|")
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFramerGap(t *testing.T) {
	tests := []struct {
		name, before string
		gap          int64
		after, want  string
	}{
		{"between commands", "ACK 4\r\n", 7, "ACK 6\r\n", `0 "ACK 4" ""|14 "ACK 6" "" resync`},
		{"in a line", "NLN BSY al", 5, "@b A\r\nACK 6\r\n", `0 "NLN BSY al" ""|15 opaque "@b A\r\n"|21 "ACK 6" "" resync`},
		{"in a payload", "MSG a@b A 10\r\nabc", 4, "hijPNG\r\n", `0 "MSG a@b A 10" "abc" missing 7|21 opaque "hij"|24 "PNG" "" resync`},
		{"beyond a payload", "MSG a@b A 10\r\nabc", 9, "G\r\nACK 6\r\n", `0 "MSG a@b A 10" "abc" missing 7|26 opaque "G\r\n"|29 "ACK 6" "" resync`},
		{"unknown length", "MSG a@b A 10\r\nabc", -1, "xx\r\nACK 6\r\n", `0 "MSG a@b A 10" "abc" missing 7|17 opaque "xx\r\n"|21 "ACK 6" "" resync`},
		{"in a block", "FIL 8\r\n\x00\x08\x00ab", 3, "fgh\x01\x00\x00BYE 1\r\n",
			`0 "FIL 8" ""|7 block "\x00\b\x00ab" missing 6|15 opaque "fgh"|18 block "\x01\x00\x00"|21 "BYE 1" "" resync`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var f Framer
			var fr Frame
			var frames []Frame
			f.Feed([]byte(tt.before))
			for f.Next(&fr) {
				frames = append(frames, fr.Clone())
			}
			for f.Gap(tt.gap, &fr) {
				frames = append(frames, fr.Clone())
			}
			frames = append(frames, cut(&f, []byte(tt.after))...)
			if got := strings.Join(describe(frames), "|"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Every proper prefix of a valid example is incomplete, and never a wrong frame.
func TestEveryPrefix(t *testing.T) {
	for _, v := range verbs {
		for i := range v.Forms {
			ex := example(&v.Forms[i])
			for n := range ex {
				var f Framer
				var fr Frame
				f.Feed(ex[:n])
				if f.Next(&fr) {
					t.Errorf("%q: frame %q of the first %d bytes", ex, fr.Raw, n)
				}
				if string(f.Pending()) != string(ex[:n]) {
					t.Errorf("%q: pending %q of the first %d bytes", ex, f.Pending(), n)
				}
				for f.Flush(&fr) {
					if fr.Complete() && n > 0 {
						t.Errorf("%q: %q is called complete", ex, fr.Raw)
					}
				}
			}
		}
	}
}

// example returns a row's example as it stands on the wire.
func example(f *Form) []byte {
	if strings.Contains(f.Example, "\r\n") {
		return []byte(f.Example)
	}
	return []byte(f.Example + "\r\n")
}

func TestFramerKeepsNoMemoryIdle(t *testing.T) {
	var f Framer
	var fr Frame
	f.Feed([]byte("MSG a@b A 100000\r\n"))
	for f.Next(&fr) {
		t.Fatal("early")
	}
	f.Feed(make([]byte, 100000))
	if !f.Next(&fr) || f.Next(&fr) {
		t.Fatal("want one frame")
	}
	f.Feed([]byte("PNG\r\n"))
	if !f.Next(&fr) {
		t.Fatal("want PNG")
	}
	if cap(f.own) > keepBuffer {
		t.Errorf("an idle framer holds %d bytes", cap(f.own))
	}
}

func TestFramerAllocatesNothing(t *testing.T) {
	stream := []byte(strings.Repeat("NLN BSY alice@example.com Alice\r\nMSG a@b A 5\r\nhello", 100))
	var f Framer
	var fr Frame
	if n := testing.AllocsPerRun(20, func() {
		f.Feed(stream)
		for f.Next(&fr) {
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFramer(f *testing.F) {
	for _, s := range streams {
		f.Add([]byte(s.in), uint64(7))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		checkLossless(t, b, rand.New(rand.NewPCG(seed, 1)))
		Plausible(b)
	})
}

// TestBeyond: the end of a payload that is too long to be taken for one is known, if
// its length can be believed.
func TestBeyond(t *testing.T) {
	for _, tt := range []struct {
		length int
		want   int64
	}{
		{100, 0},
		{101, int64(len("PNG\r\nMSG a@b A 101\r\n") + 101)},
		{maxBeyond - len("MSG a@b A 67108841\r\n"), int64(len("PNG\r\n") + maxBeyond)},
		{maxBeyond - len("MSG a@b A 67108841\r\n") + 1, 0},
		{math.MaxInt32, 0},
	} {
		f := Framer{MaxPayload: 100}
		var fr Frame
		f.Feed(fmt.Appendf(nil, "PNG\r\nMSG a@b A %d\r\n", tt.length))
		for f.Next(&fr) {
		}
		if f.Beyond() != tt.want {
			t.Errorf("a payload of %d: beyond %d, want %d", tt.length, f.Beyond(), tt.want)
		}
	}
}
