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
	return g.desk.do(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if set != nil && g.rules.set != nil {
			set.Inherit(g.rules.set)
		}
		g.rules = &ruleStage{name: g.rules.name, set: set, foreign: foreign}
		g.changed()
		g.news()
	})
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
