package inspector

import (
	"strings"
	"testing"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

func (b *paneBench) findings() *findingsPane { return b.ins.main[findingsView].(*findingsPane) }

// listed counts the findings in the list.
func (p *findingsPane) listed() (n int) {
	for i := range p.groups {
		n += len(p.groups[i].refs)
	}
	return n
}

// Which findings are listed, by what was asked for.
func TestFindingsListed(t *testing.T) {
	b := openPaneBench(t, "java")
	all := b.x.FindingCounts()
	if all[decode.Warning] == 0 || all[decode.Note] == 0 {
		t.Fatal("the capture tells nothing:", all)
	}
	b.keys("4")
	count := func(least decode.Severity, scope index.Scope) (n int) {
		for _, r := range b.x.Findings(least, nil) {
			if scope.Has(b.x.Row(r.Row).Conn) {
				n++
			}
		}
		return n
	}
	session := index.Scope{Session: 1}
	for _, test := range []struct {
		name string
		do   func()
		want int
	}{
		{"at first", func() {}, all[decode.Warning] + all[decode.Error]},
		{"errors", func() { b.keys("v") }, all[decode.Error]},
		{"all", func() { b.keys("v") }, all[decode.Error] + all[decode.Warning] + all[decode.Note]},
		{"by rule", func() { b.keys("l") }, all[decode.Error] + all[decode.Warning] + all[decode.Note]},
		{"unfolded", func() { b.keys("z") }, all[decode.Error] + all[decode.Warning] + all[decode.Note]},
		{"a session", func() { b.ins.setScope(session); b.settle() }, count(decode.Note, session)},
		{"its warnings, by name", func() { b.command("severity warning") }, count(decode.Warning, session)},
		{"no such", func() { b.command("severity loud") }, count(decode.Warning, session)},
		{"a filter for nothing", func() { b.ins.applyFilter(`verb == "ZZZ"`); b.settle() }, 0},
		{"again all", func() { b.ins.applyFilter(""); b.ins.setScope(index.Scope{}); b.settle() }, all[decode.Warning] + all[decode.Error]},
	} {
		test.do()
		if got := b.findings().listed(); got != test.want {
			t.Errorf("%s: %d findings, want %d:\n%s", test.name, got, test.want, strings.Join(b.main(), "\n"))
		}
	}
}

// The selected message and the selected line are one, whichever is chosen.
func TestFindingsSelection(t *testing.T) {
	for _, byRule := range []bool{false, true} {
		b := openPaneBench(t, "java")
		b.keys("4")
		p := b.findings()
		b.command("severity note")
		if byRule {
			b.keys("Right")
		}
		b.keys("g")
		for n := range p.lines() {
			if r, ok := p.ref(p.sel); p.sel != n || ok && r.Row != b.ins.sel {
				t.Fatalf("line %d, want %d; row %d", p.sel, n, b.ins.sel)
			}
			b.keys("j")
		}
		if l := p.lineAt(p.numberOf(findingLine{0, 0})); l != (findingLine{0, 0}) {
			t.Errorf("line %v", l)
		}
		// A message with a finding, chosen elsewhere, and one without.
		for row := range b.x.Len() {
			b.ins.selectRow(row)
			b.settle()
			r, ok := p.ref(p.sel)
			if has := len(b.x.FindingsOn(row)) > 0; has != p.exact || has && (!ok || r.Row != row) || ok && !p.exact && r.Row > row && p.sel > 0 {
				t.Fatalf("by rule %v: row %d with findings: %v, line %d: exact %v, row %d", byRule, row, has, p.sel, p.exact, r.Row)
			}
		}
	}
}

// From a message without a finding, the next line is the next finding.
func TestFindingsFromBetween(t *testing.T) {
	b := openPaneBench(t, "java")
	b.keys("4")
	p := b.findings()
	refs := p.groups[0].refs
	between := refs[2].Row - 1
	for between > refs[1].Row && len(b.x.FindingsOn(between)) > 0 {
		between--
	}
	if between == refs[1].Row {
		t.Skip("the findings lie one at the other")
	}
	for key, want := range map[string]int{"j": refs[2].Row, "k": refs[1].Row} {
		b.ins.selectRow(between)
		b.settle()
		b.keys(key)
		if b.ins.sel != want {
			t.Errorf("%s from %d: row %d, want %d", key, between, b.ins.sel, want)
		}
	}
	b.ins.selectRow(0)
	b.settle()
	b.keys("j")
	if want := refs[0].Row; b.ins.sel != want && b.ins.sel != refs[1].Row {
		t.Errorf("row %d, want %d", b.ins.sel, want)
	}
}

func TestFindingsEnter(t *testing.T) {
	b := openPaneBench(t, "java")
	b.keys("4 G Enter")
	if b.ins.view != messagesView || len(b.x.FindingsOn(b.ins.sel)) == 0 || !b.ins.rows.Shows(b.ins.sel) {
		t.Errorf("view %v, row %d", b.ins.view, b.ins.sel)
	}
	b.keys("4 l g")
	p := b.findings()
	open := p.lines()
	b.keys("Enter")
	if b.ins.view != findingsView || p.lines() != open-len(p.groups[0].refs) || !strings.Contains(b.selectedLine(), "▸") {
		t.Errorf("%d lines, were %d: %q", p.lines(), open, b.selectedLine())
	}
	// It stays so when more is found.
	b.keys("v v v")
	if !p.closed[p.groups[0].rule] && !p.closed[p.groups[len(p.groups)-1].rule] {
		t.Error("the rule is open again")
	}
}

// Live: findings come, and the selection stays where it is.
func TestFindingsLive(t *testing.T) {
	b := newPaneBench(t, Options{})
	records := paneRecords(t, "java")
	b.keys("4")
	b.sees("Nothing was found so far")
	for i, r := range records {
		if err := b.x.Add(r); err != nil {
			t.Fatal(err)
		}
		if i%10 == 0 {
			b.settle()
		}
		if i == len(records)/2 {
			b.keys("g")
		}
	}
	sel := b.ins.sel
	b.x.Finish()
	b.settle()
	n := b.x.FindingCounts()
	if p := b.findings(); p.listed() != n[decode.Warning]+n[decode.Error] || b.ins.sel != sel {
		t.Errorf("%d findings, want %v; row %d, was %d", p.listed(), n, b.ins.sel, sel)
	}
}
