package filter

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// What a connection belongs to is 0 until it is known, and then its number.
func TestNumbersOfConnection(t *testing.T) {
	m := message(t, decode.Client, "PNG\r\n")
	for _, expr := range []string{"session == 0", "conversation == 0", "latency_ms == 0"} {
		if got, err := must(t, expr).Match(m); !got || err != nil {
			t.Errorf("%s: %v, %v", expr, got, err)
		}
	}
	m.Conn = &decode.Connection{ID: 3, Session: &decode.Session{Number: 7}, Conversation: &decode.Conversation{Number: 5}}
	m.Latency = 1500 * time.Microsecond
	for _, expr := range []string{"session == 7", "conversation == 5", "latency_ms == 1.5"} {
		if got, err := must(t, expr).Match(m); !got || err != nil {
			t.Errorf("%s: %v, %v", expr, got, err)
		}
	}
}

func must(t *testing.T, expr string) *Filter {
	t.Helper()
	f, err := Compile(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return f
}

func TestAsksFindings(t *testing.T) {
	for expr, want := range map[string]bool{`severity == 2`: true, `"mime.header" in findings`: true, `verb == "MSG"`: false} {
		if got := must(t, expr).AsksFindings(); got != want {
			t.Errorf("%s: %v", expr, got)
		}
	}
	if (*Filter)(nil).AsksFindings() {
		t.Error("no filter asks for findings")
	}
}

// Up to two letters may be wrong for a name to be suggested, and the mark stands below
// the place.
func TestSuggestion(t *testing.T) {
	for name, want := range map[string]string{"verbxy": "did you mean verb?", "verbxyz": "explain filter", "VERB": "did you mean verb?"} {
		_, err := Compile(name + ` == "MSG"`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	_, err := Compile(`verb == "MSG" and acount == "a"`)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	lines := strings.Split(e.Error(), "\n")
	if at := strings.Index(lines[1], "acount"); strings.Index(lines[2], "^") != at {
		t.Errorf("the mark is not below the name:\n%v", e)
	}
}

func TestNamesSorted(t *testing.T) {
	for what, list := range map[string][]string{"names": nameList(allNames()), "parameters": parameterList()} {
		if !slices.IsSorted(list) || len(list) < 10 {
			t.Errorf("%s are not sorted: %v", what, list)
		}
	}
}

func nameList(list []*Name) (names []string) {
	for _, n := range list {
		names = append(names, n.Name)
	}
	return names
}

func parameterList() (names []string) {
	for _, n := range Parameters() {
		names = append(names, n.Name)
	}
	return names
}

func TestParseWhen(t *testing.T) {
	const h, m, s, ms = time.Hour, time.Minute, time.Second, time.Millisecond
	for _, tt := range []struct {
		text string
		want When // without At
	}{
		{"22:03:34", When{Kind: Clock, Clock: 22*h + 3*m + 34*s, Unit: s}},
		{"22:03:34.005", When{Kind: Clock, Clock: 22*h + 3*m + 34*s + 5*ms, Unit: 1}},
		{"22:03", When{Kind: Clock, Clock: 22*h + 3*m, Unit: m}},
		{"2026-11-24", When{Kind: Date, Unit: 24 * h}},
		{"2026-11-24 22:03:34", When{Kind: Date, Unit: s}},
		{"+5s", When{Kind: Step, Step: 5 * s, Unit: 1}},
		{" -2m ", When{Kind: Step, Step: -2 * m, Unit: 1}},
	} {
		got, ok := ParseWhen(tt.text, time.UTC)
		got.At = time.Time{}
		if !ok || got != tt.want {
			t.Errorf("%q: %+v, %v; want %+v", tt.text, got, ok, tt.want)
		}
	}
	for _, text := range []string{"", " ", "5s", "noon", "25:00"} {
		if got, ok := ParseWhen(text, time.UTC); ok {
			t.Errorf("%q is no time, but %+v", text, got)
		}
	}
}

// A step is exact, and the first message is +0s.
func TestSteps(t *testing.T) {
	start := time.Date(2026, 11, 24, 22, 3, 34, 0, time.UTC)
	for _, tt := range []struct {
		expr string
		at   time.Duration
		want bool
	}{
		{`time >= "+0s"`, 0, true}, {`time == "+0s"`, 0, true}, {`time == "+0s"`, 1, false},
		{`time == "+5s"`, 5*time.Second - 1, false}, {`time == "+5s"`, 5 * time.Second, true}, {`time == "+5s"`, 5*time.Second + 1, false},
	} {
		var m decode.Message
		m.Occur(decode.Closed, 0, &decode.Connection{ID: 1}, start.Add(tt.at))
		m.Start = start
		if got, err := must(t, tt.expr).Match(&m); got != tt.want || err != nil {
			t.Errorf("%s at %v: %v, %v", tt.expr, tt.at, got, err)
		}
	}
}
