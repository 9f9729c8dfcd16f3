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
			if f.Payload != "" && (v.PayloadFrom == 0 || f.Params[len(f.Params)-1].Kind.Name != "length") {
				t.Errorf("%s: a payload without a length", f.Usage())
			}
			if n := len(f.Params) + 1; f.Payload != "" && n < v.PayloadFrom {
				t.Errorf("%s: %d tokens, but payloads from %d", f.Usage(), n, v.PayloadFrom)
			}
		}
	}
}
