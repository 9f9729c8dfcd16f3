package decode

import (
	"testing"
)

// Every row's example is framed whole, fits its own row, and finds it.
func TestExamples(t *testing.T) {
	check := func(f *Form) {
		ex := example(f)
		frames := cut(&Framer{}, ex)
		if len(frames) != 1 || frames[0].Kind != Command || !frames[0].Complete() {
			t.Errorf("%q: frames %q", ex, describe(frames))
			return
		}
		var m Message
		from := f.From
		if from == Either {
			from = Client
		}
		m.Decode(&frames[0], from, f.Roles&-f.Roles, f.First)
		if m.Form != f {
			t.Errorf("%q: found row %v", ex, m.Form.Usage())
		}
		if !m.Fits() {
			t.Errorf("%q does not fit %q: cost %d", ex, f.Usage(), m.cost)
		}
		if f.Summary != "" && m.Summary() == "" {
			t.Errorf("%q: empty summary", ex)
		}
	}
	for _, v := range verbs {
		for i := range v.Forms {
			check(&v.Forms[i])
		}
	}
	for i := range errorForms {
		check(&errorForms[i])
	}
}

func TestTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range verbs {
		if seen[v.Name] {
			t.Errorf("%s is there twice", v.Name)
		}
		seen[v.Name] = true
		if v.Meaning == "" || len(v.Forms) == 0 {
			t.Errorf("%s: no meaning or no forms", v.Name)
		}
		for i := range v.Forms {
			f := &v.Forms[i]
			if f.From == 0 || f.Roles == 0 || f.First < 2 {
				t.Errorf("%s: sender, roles or dialect missing", f.Usage())
			}
			if f.Payload != "" && (v.PayloadFrom == 0 && !v.Namespaced || f.Params[len(f.Params)-1].Kind.Name != "length") {
				t.Errorf("%s: a payload without a length", f.Usage())
			}
			if n := len(f.Params) + 1; f.Payload != "" && n < v.PayloadFrom {
				t.Errorf("%s: %d tokens, but payloads from %d", f.Usage(), n, v.PayloadFrom)
			}
		}
	}
}

// From when to when a sender says a command, in whatever form.
func TestDialects(t *testing.T) {
	for _, tt := range []struct {
		verb        string
		from        Sender
		first, last int
	}{
		{"SYN", Client, 2, 12}, {"ADD", Client, 2, 9}, {"ADC", Client, 10, 12}, {"UUX", Client, 11, 20}, {"PNG", Client, 2, 0},
		{"LST", Client, 2, 9}, {"LST", Server, 2, 12}, {"GCF", Client, 11, 12}, {"GCF", Server, 11, 0}, {"QNG", Client, 0, 0},
		{"UUX", Server, 11, 20}, {"UBX", Server, 11, 20}, {"UUM", Client, 14, 20}, {"UBM", Server, 14, 20}, {"FQY", Client, 14, 20},
		{"UUN", Client, 13, 20}, {"UBN", Server, 13, 20}, {"PRP", Client, 5, 20}, {"SBS", Server, 11, 20}, {"RFS", Server, 13, 20},
		{"ADL", Client, 13, 0}, {"CNT", Client, 24, 0},
	} {
		if first, last := LookupVerb(tt.verb).Dialects(tt.from); first != tt.first || last != tt.last {
			t.Errorf("%s of the %s: MSNP%d to %d, want %d to %d", tt.verb, tt.from, first, last, tt.first, tt.last)
		}
	}
	if v := LookupVerb("ADC"); !v.Says(Client, "guid") || v.Says(Client, "password") || LookupVerb("QNG").Says(Client, "seconds") || !LookupVerb("QNG").Says(Server, "seconds") {
		t.Error("parameters by name")
	}
}

// Just outside its dialects a command of the client is one that Microsoft's servers hung
// up on; a form of it that other dialects have, or one that they answered, is a note.
func TestOutsideItsDialects(t *testing.T) {
	for _, tt := range []struct {
		line    string
		from    Sender
		dialect int
		rule    string
	}{
		{"SYN 5 0 0", Client, 12, ""}, {"SYN 5 0 0", Client, 13, "version.command"},
		{"ADC 5 AL N=a@example.com", Client, 9, "version.command"}, {"ADC 5 AL N=a@example.com", Client, 10, ""},
		{"REA 5 a@example.com A", Client, 10, "version.command"}, {"FND 5 fname=A", Client, 8, "version.form"},
		{"ADG 5 Pals", Client, 9, "version.form"}, {"SYN 5 9", Server, 13, "version.form"}, {"PNG", Client, 99, ""},
		{"UUX 5 0", Client, 20, ""}, {"UUX 5 0", Client, 21, "version.command"}, {"SYN 5 0 0", Client, 0, ""},
	} {
		fr := Frame{Raw: []byte(tt.line + "\r\n"), LineLen: len(tt.line), EOL: 2}
		var m Message
		m.Decode(&fr, tt.from, NS, tt.dialect)
		got := ""
		for _, f := range m.frameFindings(nil) {
			got += f.Rule
			if want := map[string]Severity{"version.command": Warning, "version.form": Note}[f.Rule]; f.Severity != want {
				t.Errorf("%v", f)
			}
		}
		if got != tt.rule {
			t.Errorf("%q in MSNP%d: %q, want %q", tt.line, tt.dialect, got, tt.rule)
		}
	}
}

// An echo repeats something: a parameter that its request has, too.
func TestEchoesRepeat(t *testing.T) {
	for _, v := range verbs {
		for i := range v.Forms {
			f := &v.Forms[i]
			if !f.Echo {
				continue
			}
			repeats := 0
			for j := range f.Params {
				if p := &f.Params[j]; p.Name != "trid" && v.Says(Client, p.Name) {
					repeats++
				}
			}
			if repeats == 0 || f.From&Server == 0 || f.Params[0].Name != "trid" || !v.Echoes {
				t.Errorf("%s repeats nothing", f.Usage())
			}
		}
	}
}
