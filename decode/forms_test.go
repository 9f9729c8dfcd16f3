package decode

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// formCase is one line of testdata/forms.txt, with what it is to be understood as.
type formCase struct {
	dialects []int
	from     Sender
	role     Role
	line     string
	want     string
}

// formCases reads testdata/forms.txt.
func formCases(t *testing.T) (cases []formCase) {
	t.Helper()
	b, err := os.ReadFile("testdata/forms.txt")
	if err != nil {
		t.Fatal(err)
	}
	senders := map[string]Sender{"C": Client, "S": Server}
	roles := map[string]Role{"DS": DS, "NS": NS, "SB": SB}
	for i, l := range strings.Split(strings.TrimRight(string(b), "\n"), "\n") {
		if strings.HasPrefix(l, "#") {
			continue
		}
		if want, ok := strings.CutPrefix(l, "\t"); ok {
			cases[len(cases)-1].want = want
			continue
		}
		part := strings.SplitN(l, " ", 4)
		if len(part) != 4 || senders[part[1]] == 0 || roles[part[2]] == 0 {
			t.Fatalf("line %d: %q", i+1, l)
		}
		c := formCase{from: senders[part[1]], role: roles[part[2]], line: part[3]}
		for _, d := range strings.Split(part[0], ",") {
			n, err := strconv.Atoi(d)
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			c.dialects = append(c.dialects, n)
		}
		cases = append(cases, c)
	}
	return cases
}

// understood writes the fields of a line as testdata/forms.txt has them, with what an
// address says besides the account in brackets.
func understood(m *Message) string {
	var list []string
	for i, f := range m.Fields() {
		if f.Name == "word" {
			continue
		}
		s := f.Name + "=" + f.Value()
		if means := f.Means(); means != "" {
			s += " (" + means + ")"
		}
		if f.Param != nil && f.Param.Kind.Name == handleKind && len(m.Within(i)) > 0 {
			s += " [" + flat(m.Within(i)) + "]"
		}
		list = append(list, s)
	}
	return strings.Join(list, " | ")
}

// twofold are lines that only the dialect tells how to read.
var twofold = []string{"LST N=bob@example.com F=Bob 11 0", "PRP 50 MFN Ann"}

// Every form that the sources document, in each dialect, is understood to the last
// parameter: it fits its row, nothing is found wrong with it, and no field is without a
// name or a meaning that the sources give. Only five commands have arguments of which no
// source says anything.
func TestForms(t *testing.T) {
	cases := formCases(t)
	if len(cases) < 300 {
		t.Fatalf("only %d forms", len(cases))
	}
	undocumented := map[string]bool{}
	for _, c := range cases {
		for _, dialect := range c.dialects {
			fr := Frame{Raw: []byte(c.line + "\r\n"), LineLen: len(c.line), EOL: 2}
			var m Message
			m.Decode(&fr, c.from, c.role, dialect)
			if !m.Fits() {
				t.Errorf("MSNP%d %q does not fit: %v", dialect, c.line, m.frameFindings(nil))
				continue
			}
			for _, f := range m.frameFindings(nil) {
				if f.Rule != "line.blanks" {
					t.Errorf("MSNP%d %q: %v", dialect, c.line, f)
				}
			}
			for _, f := range m.Fields() {
				if f.Param == nil || f.Param.Kind.Name == "arg" {
					if !m.Verb.Undocumented {
						t.Errorf("MSNP%d %q: %s is not named", dialect, c.line, f.Raw)
					}
					undocumented[m.Name()] = true
				}
			}
			if got := understood(&m); got != c.want {
				t.Errorf("MSNP%d %s\ngot  %s\nwant %s", dialect, c.line, got, c.want)
			}
			if m.Decode(&fr, c.from, 0, 0); !m.Fits() {
				t.Errorf("%q does not fit where nothing is known: %v", c.line, m.frameFindings(nil))
			} else if got := understood(&m); got != c.want && !slices.Contains(twofold, c.line) {
				t.Errorf("where nothing is known, %s\ngot  %s\nwant %s", c.line, got, c.want)
			}
		}
	}
	for name := range undocumented {
		switch name {
		case "LKP", "FSL", "GET", "GSB", "VAS":
		default:
			t.Errorf("%s has parameters that are not documented", name)
		}
	}
}
