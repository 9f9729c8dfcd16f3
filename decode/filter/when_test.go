package filter

import (
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

func TestTimes(t *testing.T) {
	start := time.Date(2026, 11, 24, 22, 3, 34, 500e6, time.UTC)
	c := &decode.Connection{ID: 1}
	for _, tt := range []struct {
		expr string
		at   time.Duration // after start
		want bool
	}{
		{`time >= "22:03:34.5"`, 0, true}, {`time > "22:03:34.5"`, 0, false}, {`time <= "22:03:34.5"`, 0, true},
		{`time < "22:03:34.5"`, -1, true}, {`time == "22:03:34"`, 0, true}, {`time == "22:03:34"`, -500e6, true},
		{`time == "22:03:34"`, -500e6 - 1, false}, {`time == "22:03:34"`, 500e6, false}, {`time != "22:03:34"`, 500e6, true},
		{`time == "22:03"`, 25 * time.Second, true}, {`time == "22:03"`, 26 * time.Second, false}, {`"22:03" < time`, 0, true},
		{`time > "2026-11-24 22:03:34"`, 0, true}, {`time > "2026-11-24 22:04"`, 0, false}, {`time == "2026-11-24"`, time.Hour, true},
		{`time == "2026-11-24"`, 2 * time.Hour, false}, {`time < "2026-11-24T23:03:35+01:00"`, 0, true},
		{`time > "+5s"`, 5 * time.Second, false}, {`time > "+5s"`, 5*time.Second + 1, true}, {`not (time < "+5s")`, 5 * time.Second, true},
		{`time startsWith "2026-11-24T22"`, 0, true},
	} {
		f, err := CompileIn(tt.expr, time.UTC)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		var m decode.Message
		m.Occur(decode.Closed, 0, c, start.Add(tt.at))
		m.Start = start
		if got, err := f.Match(&m); got != tt.want || err != nil {
			t.Errorf("%s, %v after the start: %v, %v", tt.expr, tt.at, got, err)
		}
		m.Occur(decode.Closed, 0, c, time.Time{})
		if got, _ := f.Match(&m); got && !strings.HasPrefix(tt.expr, "not") {
			t.Errorf("%s holds of no time", tt.expr)
		}
	}
	for _, expr := range []string{`time > "noon"`, `time > "-5s"`, `time == ""`} {
		if _, err := CompileIn(expr, time.UTC); err == nil || !strings.Contains(err.Error(), "no time to compare with") {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

func TestEnds(t *testing.T) {
	c := &decode.Connection{ID: 3, Role: decode.NS}
	for _, tt := range []struct {
		how  decode.Occurrence
		by   decode.Sender
		expr string
		want bool
	}{
		{decode.Reset, decode.Server, `ended == "reset" and by == "server" and conn == 3 and role == "NS"`, true},
		{decode.Closed, decode.Client, `ended == "closed" and by == "client" and kind == "end" and number == 0`, true},
		{decode.HalfClosed, 0, `ended == "half-closed" and by == "" and from == ""`, false},
		{decode.Lost, decode.Client, `ended == "" and by == "" and kind == "lost"`, true},
		{decode.Closed, decode.Client, `verb == "MSG"`, false},
	} {
		f, err := Compile(tt.expr)
		if err != nil {
			if tt.want {
				t.Errorf("%s: %v", tt.expr, err)
			}
			continue
		}
		var m decode.Message
		m.Occur(tt.how, tt.by, c, time.Time{})
		if got, err := f.Match(&m); got != tt.want || err != nil {
			t.Errorf("%s of %v: %v, %v", tt.expr, tt.how, got, err)
		}
	}
}
