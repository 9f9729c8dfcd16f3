package gate

import (
	"fmt"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
)

// ruleStage is a set of rules as a stage. The set belongs to the desk's goroutine.
type ruleStage struct {
	name    string
	set     *rule.Set
	foreign bool // another program has set them
}

// Name implements Stage.
func (s *ruleStage) Name() string { return s.name }

// Interest implements Stage.
func (s *ruleStage) Interest() filter.Interest { return s.set.Interest() }

// AsksHistory is as of the set.
func (s *ruleStage) AsksHistory() bool { return s.set.AsksHistory() }

// Look implements Stage.
func (s *ruleStage) Look(m *decode.Message, e *action.Effect) Waiter {
	s.set.Look(m, e)
	return nil
}

// SetRules puts a whole new set of rules in force, or none. Rules of the same name go on
// counting.
func (g *Gate) SetRules(set *rule.Set) error { return g.setRules(set, false) }

// SetForeignRules is SetRules by another program, see [Gate.DecideForeign].
func (g *Gate) SetForeignRules(set *rule.Set) error { return g.setRules(set, true) }

func (g *Gate) setRules(set *rule.Set, foreign bool) error {
	var lines []string
	err := g.desk.do(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if set != nil && g.rules.set != nil {
			set.Inherit(g.rules.set)
		}
		g.rules = &ruleStage{name: g.rules.name, set: set, foreign: foreign}
		g.changed()
		g.news()
		lines = inForce(set)
	})
	for _, line := range lines {
		g.remark(line) // so that a recording says by which rules it was made
	}
	return err
}

// inForce says in lines what rules are in force from now on.
func inForce(set *rule.Set) []string {
	if set == nil {
		return []string{"gate rules: none are in force any more"}
	}
	list := set.Rules()
	lines := []string{fmt.Sprintf("gate rules: %d are in force anew, seed %d", len(list), set.Seed())}
	for _, r := range list {
		text := r.Text
		if !r.Enabled {
			text += " (off)"
		}
		lines = append(lines, fmt.Sprintf("gate rule %q: %s", r.Name, text))
	}
	return lines
}

// RulesText returns the rules that are in force as files, with their seed, those of --fault
// behind the others: what a recording has to hold so that it can be made again. Empty if
// there are none.
func (g *Gate) RulesText() (text string) {
	_ = g.desk.do(func() {
		for _, s := range []*ruleStage{g.rules, g.faults} {
			if s.set != nil && s.set.Len() > 0 {
				text += "# " + s.name + "\n" + s.set.Text()
			}
		}
	})
	return text
}

// Rules tells of the rules that are in force, those of --fault behind the others.
func (g *Gate) Rules() (list []rule.Status, err error) {
	err = g.desk.do(func() {
		for _, s := range []*ruleStage{g.rules, g.faults} {
			if s.set != nil {
				list = append(list, s.set.Rules()...)
			}
		}
	})
	return list, err
}

// EnableRule switches a rule on or off.
func (g *Gate) EnableRule(name string, on bool) (err error) {
	broken := g.desk.do(func() {
		err = fmt.Errorf("there is no rule %q; there are none", name)
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, s := range []*ruleStage{g.rules, g.faults} {
			if s.set == nil {
				continue
			}
			if err = s.set.Enable(name, on); err == nil {
				break
			}
		}
		g.changed()
		g.news()
	})
	if broken != nil {
		return broken
	}
	return err
}
