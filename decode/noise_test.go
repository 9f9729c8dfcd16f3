package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noises feeds lines, each "C: ..." or "S: ..." with "|" for a line end, to one
// connection of the tracker and returns the noise of each.
func noises(t *testing.T, tr *Tracker, id uint32, script ...string) []string {
	t.Helper()
	var got []string
	for _, line := range script {
		from := Client
		if line[0] == 'S' {
			from = Server
		}
		raw := strings.ReplaceAll(line[3:], "|", "\r\n")
		if head, body, ok := strings.Cut(raw, "\r\n"); ok {
			raw = head + "\r\n" + body
			if body != "" {
				raw = fmt.Sprintf("%s %d\r\n%s", head, len(body), body)
			}
		}
		frames := cut(&Framer{}, []byte(raw))
		if len(frames) != 1 {
			t.Fatalf("%q is %d frames: %q", raw, len(frames), describe(frames))
		}
		got = append(got, tr.Frame(id, from, &frames[0], time.Time{}).Noise.String())
	}
	return got
}

func TestNoise(t *testing.T) {
	const mime = "|MIME-Version: 1.0|Content-Type: "
	const repeated = "repeated presence"
	tests := []struct {
		name   string
		script []string
		want   []string
	}{
		{"keep-alive", []string{"C: PNG|", "S: QNG|", "S: QNG 41|"}, []string{"keep-alive", "keep-alive", "keep-alive"}},
		{"from the wrong side", []string{"S: PNG|"}, []string{""}},
		{"empty line", []string{"S: |"}, []string{"empty line"}},
		{"cut off", []string{"C: PNG"}, []string{""}},
		{"typing", []string{
			"C: MSG 4 U" + mime + "text/x-msmsgscontrol|TypingUser: a@example.com|||",
			"S: MSG a@example.com A|content-type:TEXT/X-MSMSGSCONTROL; charset=utf-8|typinguser:a@example.com||",
			"S: MSG a@example.com A" + mime + "text/x-msmsgscontrol|RecordingUser: a@example.com|||",
			"S: SDG 0|TypingUser: a@example.com|Content-Type: text/x-msmsgscontrol||",
		}, []string{"typing", "typing", "typing", "typing"}},
		{"not typing", []string{
			"C: MSG 4 U" + mime + "text/plain|TypingUser: a@example.com||Hello",
			"C: MSG 4 U" + mime + "text/x-msmsgscontrol|TypingUser:|||",
			"C: MSG 4 U" + mime + "text/x-msmsgscontrol|TypingUser: a@example.com||Hello",
			"C: MSG 4 U" + mime + "text/plain|Content-Type: text/x-msmsgscontrol|TypingUser: a@example.com|||",
			"C: MSG 4 U|Hello",
			"S: NOT|Content-Type: text/x-msmsgscontrol|TypingUser: a@example.com||",
		}, []string{"", "", "", "", "", ""}},
		{"presence", []string{
			"S: ILN 9 AWY bob@example.com Bob|", "S: NLN AWY bob@example.com Bob|", "S: NLN BSY bob@example.com Bob|",
			"S: NLN BSY bob@example.com Bob|", "S: NLN BSY bob@example.com Bobby|", "S: ILN 12 BSY bob@example.com Bobby|",
			"S: FLN bob@example.com|", "S: FLN bob@example.com|", "S: NLN BSY bob@example.com Bobby|",
		}, []string{"", repeated, "", repeated, "", repeated, "", repeated, ""}},
		{"another's presence between", []string{
			"S: NLN BSY bob@example.com Bob|", "S: NLN BSY carol@example.com Bob|", "S: NLN BSY bob@example.com Bob|",
		}, []string{"", "", repeated}},
		{"spelled otherwise", []string{
			"S: NLN BSY bob@example.com Bob|", "S: FLN Bob@Example.com|", "S: NLN BSY bob@example.com Bob|",
		}, []string{"", "", ""}},
		{"later dialects", []string{
			"S: NLN BSY bob@example.com 1 Bob 268435492 0|", "S: NLN BSY bob@example.com 1 Bob 268435492 0|", "S: NLN BSY bob@example.com 1 Bob 5 0|",
			"S: FLN bob@example.com 1 0:0|", "S: FLN bob@example.com 1 0:0|",
			"S: NLN BSY 1:bob@example.com Bob 1:0|", "S: NLN BSY 1:bob@example.com Bob 1:0|", "S: FLN 1:bob@example.com 0:0|", "S: FLN 1:bob@example.com 0:0|",
		}, []string{"", repeated, "", "", repeated, "", repeated, "", repeated}},
		{"own status", []string{"C: CHG 9 NLN|", "C: CHG 9 NLN|"}, []string{"", ""}},
		{"nobody's", []string{"S: NLN BSY|", "S: NLN BSY|", "S: NLN|", "S: ILN 9|", "S: FLN|"}, []string{"", "", "", "", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, noises(t, NewTracker(), 1, tt.script...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What was said on one connection is not repeated on another, nor on one that
// comes after it.
func TestNoiseOfConnection(t *testing.T) {
	tr := NewTracker()
	const line = "S: NLN BSY bob@example.com Bob|"
	c := tr.Open(1, "", "", time.Time{})
	got := append(noises(t, tr, 1, line, line), noises(t, tr, 2, line)...)
	tr.Close(1)
	got = append(got, noises(t, tr, 1, line)...)
	if diff := cmp.Diff([]string{"", "repeated presence", "", ""}, got); diff != "" {
		t.Error(diff)
	}
	if c.said != nil {
		t.Error("what was said is kept after the end")
	}
}

// What is remembered is bounded, and what is not remembered is not repeated.
func TestNoiseBounded(t *testing.T) {
	tr := NewTracker()
	for i := range maxSaid + 100 {
		noises(t, tr, 1, fmt.Sprintf("S: FLN user%d@example.com|", i))
	}
	if n := len(tr.Connection(1).said); n != maxSaid {
		t.Errorf("%d contacts are remembered", n)
	}
	last := fmt.Sprintf("S: FLN user%d@example.com|", maxSaid+99)
	if diff := cmp.Diff([]string{"", "repeated presence"}, noises(t, tr, 1, last, "S: FLN user0@example.com|")); diff != "" {
		t.Error(diff)
	}
}

// Finding out what is noise allocates nothing.
func TestNoiseAllocates(t *testing.T) {
	const body = "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: a@example.com\r\n\r\n\r\n"
	for _, raw := range []string{fmt.Sprintf("MSG a@example.com A %d\r\n%s", len(body), body), "NLN BSY bob@example.com Bob\r\n", "QNG\r\n"} {
		tr := NewTracker()
		fr := cut(&Framer{}, []byte(raw))[0]
		tr.Frame(1, Server, &fr, time.Time{})
		if n := testing.AllocsPerRun(100, func() { tr.Frame(1, Server, &fr, time.Time{}) }); n > 0 {
			t.Errorf("%q: %v allocations", raw, n)
		}
	}
}
