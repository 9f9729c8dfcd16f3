package inspector

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
	"msnproxy/decode/filter"
)

func (b *paneBench) stats() *statsPane { return b.ins.main[statsView].(*statsPane) }

// pickStat selects the first line of which the text is part.
func (b *paneBench) pickStat(text string) {
	b.t.Helper()
	p := b.stats()
	for i := range p.report.lines {
		if strings.Contains(p.nameOf(i), text) {
			p.sel = i
			b.settle()
			return
		}
	}
	b.t.Fatalf("no line is about %q", text)
}

// sums adds up a report's commands.
func sums(r *report) (count, bytes, wanted, open int64) {
	for _, c := range r.commands {
		count, bytes, wanted, open = count+c.Count, bytes+c.Bytes, wanted+c.Wanted, open+c.open
	}
	return count, bytes, wanted, open
}

// With a scope that everything is in, what is shown is everything, to the last
// number; and as it comes, too.
func TestStatsOfWhatIsShown(t *testing.T) {
	for _, name := range []string{"amsn", "twisted", "java", "demo", "go"} {
		b := newPaneBench(t, Options{})
		for i, r := range paneRecords(t, name) {
			if err := b.x.Add(r); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				b.ins.applyFilter(`size >= 0`)
				b.keys("5")
			}
			if i%7 == 0 {
				b.settle()
			}
		}
		b.x.Finish()
		b.settle()
		b.sees("Of what is shown · size >= 0")
		shown := b.stats().report
		b.ins.applyFilter("")
		b.settle()
		b.sees("Everything")
		all := b.stats().report
		for i, want := range all.commands {
			got := shown.commands[i]
			if got.Verb != want.Verb || got.Count != want.Count || got.Bytes != want.Bytes || got.p50 != want.p50 || got.max != want.max || got.open > want.open {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
		}
		if shown.Messages != all.Messages || shown.Bytes != all.Bytes || len(shown.accounts) != len(all.accounts) || len(shown.conns) != len(all.conns) {
			t.Errorf("%s: %d messages, want %d", name, shown.Messages, all.Messages)
		}
	}
}

// Of a filter that hides replies, no request counts as unanswered that was answered.
func TestStatsFilter(t *testing.T) {
	b := openPaneBench(t, "java")
	b.keys("5")
	_, _, _, before := sums(b.stats().report)
	b.ins.applyFilter(`from == "client"`)
	b.settle()
	count, _, _, open := sums(b.stats().report)
	clients := int64(0)
	for i := range b.x.Len() {
		if r := b.x.Row(i); r.Kind == index.Message && r.From == decode.Client {
			clients++
		}
	}
	if count != clients || before == 0 || open != before {
		t.Errorf("%d messages, want %d; %d without a reply, %d before", count, clients, open, before)
	}
	b.ins.applyFilter(`noise == "typing"`) // folded away, and counted all the same
	b.settle()
	if count, _, _, _ := sums(b.stats().report); count == 0 {
		t.Error("what is folded away is not counted")
	}
}

func TestStatsEnter(t *testing.T) {
	for _, test := range []struct{ line, filter string }{
		{"client MSG", `verb == "MSG"`}, {"server (block)", `kind == "block"`}, {"alice@example.com", `account == "alice@example.com"`},
		{strconv.Itoa(int(errorStats)) + " 216", "error == 216"},
	} {
		b := openPaneBench(t, "twisted")
		b.keys("5")
		b.pickStat(test.line)
		b.keys("Enter")
		shown, _, _, _ := b.ins.rows.Counts()
		if q := b.ins.rows.Query(); q.Filter != test.filter || b.ins.view != messagesView || shown == 0 {
			t.Errorf("%s: filter %q in view %v shows %d", test.line, q.Filter, b.ins.view, shown)
		}
	}
	b := openPaneBench(t, "twisted")
	b.keys("5")
	b.pickStat(strconv.Itoa(int(connStats)) + " 4")
	b.keys("Enter")
	c := b.x.Row(b.ins.sel).Conn
	if q := b.ins.rows.Query(); q.Scope.Conn == 0 || c.Index != q.Scope.Conn || c.Facts.ID != 4 {
		t.Errorf("%+v", q)
	}
}

// Whatever an account is called, the filter for it compiles and means it.
func TestStatsQuoting(t *testing.T) {
	for _, handle := range []string{`a"b@x`, "a\\\"b\n\x01\x7f\u202e", "日本@x", `" or true or "`, "\xff"} {
		f, err := filter.Compile("account == " + strconv.Quote(handle))
		if err != nil {
			t.Errorf("%q: %v", handle, err)
			continue
		}
		for account, want := range map[string]bool{handle: true, "other": false} {
			ok, err := f.Match(&decode.Message{Frame: &decode.Frame{}, Conn: &decode.Connection{Account: account}})
			if err != nil || ok != want && handle != "\xff" {
				t.Errorf("%q matches %q: %v, %v", handle, account, ok, err)
			}
		}
	}
}

// Moving stops at what is something, and the heading of what is selected is seen.
func TestStatsMoves(t *testing.T) {
	b := openPaneBench(t, "twisted")
	b.size(80, 24)
	b.keys("5")
	p := b.stats()
	seen := 0
	for range p.report.lines {
		if !p.report.lines[p.sel].selectable() || b.selectedLine() == "" {
			t.Fatalf("line %d", p.sel)
		}
		seen++
		at := p.sel
		if b.keys("j"); p.sel == at {
			break
		}
	}
	if p.sel != len(p.report.lines)-1 {
		t.Errorf("after %d lines at %d of %d", seen, p.sel, len(p.report.lines))
	}
	b.keys("g")
	b.sees("messages   131")
	b.keys("G")
	b.sees("not on the list")
	b.keys("k")
	b.sees("account")
	b.keys("PgUp PgDn")
}

// Counting does not go on when nothing changes, and not while the display is held.
func TestStatsCalm(t *testing.T) {
	b := newPaneBench(t, Options{Live: true})
	records := paneRecords(t, "demo")
	add := func(from, to int) {
		for _, r := range records[from:to] {
			if err := b.x.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		b.settle()
	}
	b.keys("5")
	add(0, 50)
	r := b.stats().report
	b.settle()
	if b.stats().report != r {
		t.Error("counted although nothing changed")
	}
	b.keys("P")
	add(50, 100)
	if b.stats().report != r {
		t.Error("counted while the display is held")
	}
	b.keys("P")
	add(100, len(records))
	if got := b.stats().report.Messages; got != b.x.Summary().Messages {
		t.Errorf("%d messages, want %d", got, b.x.Summary().Messages)
	}
}

func TestBlocksAndNumbers(t *testing.T) {
	for _, test := range []struct {
		part float64
		want string
	}{{0, ""}, {0.001, "▏"}, {0.5, "██"}, {0.6, "██▌"}, {1, "████"}} {
		if got := blocks(test.part, 4); got != test.want {
			t.Errorf("%v: %q, want %q", test.part, got, test.want)
		}
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if got := spread(time.Millisecond, time.Second, time.Second, 11); cells(got) != 11 || !strings.Contains(got, "●─") {
		t.Errorf("%q", got)
	}
	for s, columns := range statColumns {
		for w := 20; w < 200; w++ {
			sum, least := -1, -1
			for i, n := range fit(columns, w) {
				if n > 0 {
					sum += n + 1
				}
				if columns[i].drop == 0 {
					least += columns[i].width + 1
				}
			}
			if sum > max(w, least) {
				t.Errorf("section %d at %d: %d cells", s, w, sum)
			}
		}
		if least := 57; fit(columns, least)[0] == 0 {
			t.Errorf("section %d", s)
		}
	}
}

// A copy of the counts shares nothing with them.
func TestTallyClone(t *testing.T) {
	b := newPaneBench(t, Options{})
	records := paneRecords(t, "amsn")
	var early, late string
	for i, r := range records {
		_ = b.x.Add(r)
		if i == len(records)/2 {
			var c *tally.Tally
			b.x.Tally(func(all *tally.Tally) { c = all.Clone() })
			early = describe(c)
			defer func() {
				if late = describe(c); early != late {
					t.Errorf("%s\n%s", early, late)
				}
			}()
		}
	}
}

func describe(c *tally.Tally) string {
	var s strings.Builder
	for _, k := range c.Commands() {
		s.WriteString(k.Verb + strconv.FormatInt(k.Count, 10) + k.Latency.Percentile(90).String() + " ")
	}
	for _, k := range c.Conns() {
		s.WriteString(k.Account + strconv.FormatInt(k.Messages[0], 10) + " ")
	}
	return s.String()
}
