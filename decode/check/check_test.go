package check

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msnproxy/decode"
)

var update = flag.Bool("update", false, "write docs/checks.md and the golden files anew")

// Each rule has a pair of scripts, and finds fault with the one only.
func TestRules(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			f, ok := fixtures[r.ID]
			if !ok {
				t.Fatalf("%s has no fixtures", r.ID)
			}
			found := play(t, f.bad)
			if !slices.ContainsFunc(found, func(l Located) bool { return l.Rule == r.ID }) {
				t.Errorf("%s is not found in\n%s\nbut %v", r.ID, f.bad, found)
			}
			for _, l := range found {
				if l.Rule == r.ID && l.Severity != r.Severity {
					t.Errorf("%v: the rule says %v", l, r.Severity)
				}
				if l.Rule != r.ID && !slices.Contains(f.also, l.Rule) {
					t.Errorf("bad script: besides, %v", l)
				}
				if l.Conn == 0 || l.Text == "" || l.Time.IsZero() {
					t.Errorf("%v lacks something", l)
				}
			}
			for _, l := range play(t, f.good) {
				if l.Rule == r.ID || !slices.Contains(f.also, l.Rule) {
					t.Errorf("good script: %v", l)
				}
			}
		})
	}
	for id := range fixtures {
		if Lookup(id) == nil {
			t.Errorf("fixtures for %s, which is no rule", id)
		}
	}
	if n := len(Rules()); n < 40 {
		t.Errorf("%d rules", n)
	}
}

// Rules are well-formed: the reference page and the filters live on that.
func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	last := ""
	var groups []string
	for _, r := range Rules() {
		if seen[r.ID] {
			t.Errorf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		if g := r.Group(); g != last {
			if slices.Contains(groups, g) {
				t.Errorf("group %s is in two pieces", g)
			}
			groups, last = append(groups, g), g
		}
		if groupTitles[r.Group()] == "" {
			t.Errorf("group %s has no title", r.Group())
		}
		if r.Severity < decode.Note || r.Severity > decode.Error || r.First < 2 || r.Last != 0 && r.Last < r.First {
			t.Errorf("%+v", r)
		}
		if !strings.HasSuffix(r.About, ".") || len(r.About) < 40 || r.Source == "" {
			t.Errorf("%s: %q, source %q", r.ID, r.About, r.Source)
		}
	}
}

// docs/checks.md is what the rules say.
func TestDocs(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDocs(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("..", "..", "docs", "checks.md"), b.String())
	if odd := regexp.MustCompile(`(?m)^([0-9]+[.)]|[-+*>]) .*`).FindString(b.String()); odd != "" {
		t.Errorf("this line is a list in Markdown: %s", odd)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what the rules say (go test ./decode/check -update):\n%s", path, diff)
	}
}

func TestSelect(t *testing.T) {
	tests := []struct {
		names   []string
		in, out string
	}{
		{nil, "trid.form frame.lost", ""},
		{[]string{"trid.form"}, "trid.form", "trid.range frame.lost"},
		{[]string{"trid"}, "trid.form trid.range", "frame.lost"},
		{[]string{"trid.*", "-trid.range"}, "trid.form", "trid.range frame.lost"},
		{[]string{"-trid"}, "frame.lost", "trid.form trid.range"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.names, " "), func(t *testing.T) {
			in, err := Select(tt.names)
			if err != nil {
				t.Fatal(err)
			}
			for id := range strings.FieldsSeq(tt.in) {
				if !in(id) {
					t.Errorf("%s is out", id)
				}
			}
			for id := range strings.FieldsSeq(tt.out) {
				if in(id) {
					t.Errorf("%s is in", id)
				}
			}
		})
	}
	for name, want := range map[string]string{
		"trid.nosuch":    `there is no rule "trid.nosuch"; there are trid.form, `,
		"chal.late":      `there is no rule "chal.late"; there are challenge.late, switchboard.late`,
		"":               `there is no rule ""; the groups are frame, line, `,
		"nothing at all": `there is no rule "nothing at all"; the groups are `,
	} {
		if _, err := Select([]string{name}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Select(%q): %v, want %s...", name, err, want)
		}
	}
}

// Findings that become clear later are about the earlier message.
func TestLocated(t *testing.T) {
	found := play(t, fixtures["trid.unanswered"].bad)
	if len(found) != 1 {
		t.Fatal(found)
	}
	l := found[0]
	if want := fmt.Sprintf("#1 message 9 (client, byte %d): warning trid.unanswered: REA with TrID 5 has no reply, but later requests have", l.Offset); l.String() != want || l.Offset == 0 {
		t.Errorf("%v, want %s", l, want)
	}
	if lost := play(t, fixtures["frame.lost"].bad)[0]; lost.Number != 0 || lost.String() != "#1: note frame.lost: 100 bytes of the server are missing in the recording here" {
		t.Error(lost)
	}
}

// Apply tells what is on the message in hand from what is on earlier ones.
func TestApply(t *testing.T) {
	tr, k := decode.NewTracker(), New()
	at := time.Unix(1000, 0)
	k.Opened(tr.Open(1, "10.0.0.9:1", "10.0.0.5:1863", at), false)
	var got []string
	for _, line := range []string{"C: VER 1 MSNP7", "S: VER 1 MSNP7 CVR0", "S: USR 9 OK alice@example.com A", "C: USR 8 MD5 I  alice@example.com"} {
		from := decode.Client
		if line[0] == 'S' {
			from = decode.Server
		}
		var f decode.Framer
		f.Feed([]byte(line[3:] + "\r\n"))
		var fr decode.Frame
		f.Next(&fr)
		m := tr.Frame(1, from, &fr, at)
		for _, l := range k.Apply(m) {
			got = append(got, fmt.Sprintf("%d: %d %s", m.Number, l.Number, l.Rule))
		}
		for _, f := range m.Findings {
			got = append(got, fmt.Sprintf("%d: %s", m.Number, f.Rule))
		}
	}
	want := []string{"1: version.cvr0", "4: 3 trid.unknown", "4: line.blanks", "4: signin.repeated"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A recording that starts in the middle, or has a hole, is not found fault with
// for what was not seen.
func TestUnseen(t *testing.T) {
	for _, begin := range []string{"1 mid 10.0.0.9:1 10.0.0.5:1863", "1 S: QNG", "ns 7\n1 lost S -1"} {
		script := begin + `
			1 S: CHG 77 NLN
			1 C: CHG 78 BSY
			1 S: CHG 78 BSY
			1 S: QNG
			1 S: QNG
			1 S: ILN 78 NLN bob@example.com Bob
			1 S: LST 5 FL 9 3 4 bob@example.com Bob 0
			1 C: XFR 79 SB
			1 S: XFR 79 SB 10.0.1.2:1863 CKI 17.1
			2 mid 10.0.0.9:2 10.0.1.2:1863
			2 S: MSG bob@example.com Bob #|$text
			2 C: MSG 7 A #|$text
			2 S: ACK 7
			2 S: ACK 6
			2 S: BYE carol@example.com
			3 open 10.0.0.9:3 10.0.1.2:1863
			3 C: USR 1 alice@example.com 99.9
			3 S: USR 1 OK alice@example.com Alice
			3 C: OUT`
		for _, l := range play(t, script) {
			if l.Severity > decode.Note && l.Rule != "lists.order" {
				t.Errorf("%s: %v", begin, l)
			}
		}
	}
}

// Whatever happens, little is remembered.
func TestBounded(t *testing.T) {
	s := newStage(t)
	s.run("talk 7")
	for i := range maxCookies + 100 {
		for _, line := range []string{
			fmt.Sprintf("1 S: LST 5 FL 9 %d 100000 user%d@example.com %%%d 0", i+1, i, i),
			fmt.Sprintf("1 S: LSG 5 9 %d 100000 %d G 0", i+1, i),
			fmt.Sprintf("1 S: XFR 0 SB 10.0.1.2:1863 CKI %d", i),
			fmt.Sprintf("1 S: CHL 0 %d", i),
			fmt.Sprintf("1 S: ILN %d %03d user@example.com U", i+100, i%1000),
			fmt.Sprintf("1 C: CHG %d NLN", i+10),
			fmt.Sprintf("2 C: CAL %d user%d@example.com", i+10, i),
			fmt.Sprintf("2 S: JOI user%d@example.com U", i),
			fmt.Sprintf("2 S: MSG other%d@example.com U 0", i),
		} {
			s.run(line)
		}
		s.found = nil
	}
	for id, c := range s.checker.conns {
		if n := len(c.requests); n > maxRequests {
			t.Errorf("#%d: %d requests", id, n)
		}
		if n := len(c.early); n > maxEarly {
			t.Errorf("#%d: %d replies", id, n)
		}
		if n := len(c.lists.fl.members); n > maxMembers {
			t.Errorf("#%d: %d contacts", id, n)
		}
		if n := max(len(c.said), len(c.lists.groups), len(c.room.people), len(c.room.calls), len(c.challenges), len(c.waiting)); n > 256 {
			t.Errorf("#%d: %d things", id, n)
		}
	}
	if n := s.checker.cookies.Len(); n > maxCookies {
		t.Errorf("%d cookies", n)
	}
	if found := s.checker.Finish(s.at); len(s.checker.conns) != 0 || len(found) > 1000 {
		t.Errorf("%d connections are kept, %d findings", len(s.checker.conns), len(found))
	}
}

// Every rule that package decode names is known here, with the same severity.
func TestDecodeRules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	use := regexp.MustCompile(`"([a-z]+\.[a-z-]+)", (Note|Warning|Error)\b`)
	known := map[string]bool{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range use.FindAllStringSubmatch(string(b), -1) {
			known[x[1]] = true
			if r := Lookup(x[1]); r == nil {
				t.Errorf("%s: %s is no rule", file, x[1])
			} else if !strings.EqualFold(r.Severity.String(), x[2]) {
				t.Errorf("%s: %s is %s there, %v here", file, x[1], x[2], r.Severity)
			}
		}
	}
	if len(known) < 20 {
		t.Errorf("%d rules found in package decode: the pattern does not fit", len(known))
	}
}

// Each rule says on a terminal what the page says, in lines that fit.
func TestWriteRule(t *testing.T) {
	var page bytes.Buffer
	if err := WriteDocs(&page); err != nil {
		t.Fatal(err)
	}
	for i := range Rules() {
		r := &Rules()[i]
		var b bytes.Buffer
		if err := WriteRule(&b, r); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if want := fmt.Sprintf("%s: %v, %s", r.ID, r.Severity, r.Dialects()); lines[0] != want || lines[len(lines)-1] != "Source: "+r.Source+"." {
			t.Errorf("%s", b.String())
		}
		if about := strings.Join(lines[1:len(lines)-1], " "); about != r.About || !strings.Contains(page.String(), strings.Join(lines[1:len(lines)-1], "\n")) {
			t.Errorf("%s: %q", r.ID, about)
		}
		for _, line := range lines {
			if len(line) > 90 {
				t.Errorf("%s: a line of %d bytes", r.ID, len(line))
			}
		}
	}
}
