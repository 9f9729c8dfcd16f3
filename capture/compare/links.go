package compare

import (
	"cmp"
	"slices"

	"msnproxy/decode"
)

// linked is a pair of messages with values that other messages repeat.
type linked struct{ step *Step }

// bound tells which value of B took the place of one of A, and the way back.
type bound struct{ there, back map[string]string }

// links checks that the values that messages repeat are the same ones on both
// sides: a server gives them out, a client gives them back.
func (c *comparison) links() error {
	slices.SortStableFunc(c.linked, func(x, y linked) int { return cmp.Compare(x.step.A.Number, y.step.A.Number) })
	classes := make(map[string]*bound)
	for _, l := range c.linked {
		a, _, err := c.a.Decode(l.step.A)
		if err != nil {
			return err
		}
		b, _, err := c.b.Decode(l.step.B)
		if err != nil {
			return err
		}
		c.link(classes, l.step, told{a, c.report.A.Peer(l.step.A)}, told{b, c.report.B.Peer(l.step.B)})
	}
	return nil
}

func (c *comparison) link(classes map[string]*bound, s *Step, a, b told) {
	fa, fb := meaning(a, c.options.Rules, true), meaning(b, c.options.Rules, false)
	at := make(map[string]int)
	for j := range fb {
		if fb[j].Link != "" {
			at[fb[j].id] = j
		}
	}
	for i := range fa {
		f := &fa[i]
		j, ok := at[f.id]
		if f.Link == "" || !ok || fb[j].Link != f.Link {
			continue
		}
		x := classes[f.Link]
		if x == nil {
			x = &bound{make(map[string]string), make(map[string]string)}
			classes[f.Link] = x
		}
		va, vb := f.Value, fb[j].Value
		there, known := x.there[va]
		back, taken := x.back[vb]
		if s.A.From == decode.Client && (known || taken) && (!known || !taken || there != vb || back != va) {
			s.Fields = append(s.Fields, FieldDifference{Name: f.Name, A: &va, B: &vb, Broken: true})
			if s.Kind == Same {
				s.Kind = Different
			}
			continue
		}
		x.there[va], x.back[vb] = vb, va
	}
}
