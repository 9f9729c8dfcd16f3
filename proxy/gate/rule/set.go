package rule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

// Set is rules in order. It is for one caller at a time.
type Set struct {
	name   string // of the file; empty: none
	text   string // of the file
	seed   int64
	seeded bool // by the file
	at     int  // the line of the file that says the seed, from 1; 0: none does
	rules  []*Rule
	added  []*Rule // of them, those that stand in no file
}

// New returns a set without rules. Its seed is chosen by chance.
func New() *Set { return &Set{seed: 1 + rand.Int64N(1<<31-1)} }

// Add puts rules behind those that are there. A name that is taken gets a number.
func (s *Set) Add(rules ...*Rule) {
	for _, r := range rules {
		for n, name := 2, r.Name; s.find(r.Name) != nil; n++ {
			r.Name = fmt.Sprintf("%s (%d)", name, n)
		}
		s.rules, s.added = append(s.rules, r), append(s.added, r)
	}
}

func (s *Set) find(name string) *Rule {
	for _, r := range s.rules {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Seed returns what the dice begin with.
func (s *Set) Seed() int64 { return s.seed }

// SetSeed sets what the dice begin with. It must be called before messages are judged.
func (s *Set) SetSeed(seed int64) { s.seed = seed }

// Seeded reports whether the set's file says a seed.
func (s *Set) Seeded() bool { return s.seeded }

// Len returns how many rules there are.
func (s *Set) Len() int { return len(s.rules) }

// All returns the rules in order.
func (s *Set) All() []*Rule { return append([]*Rule(nil), s.rules...) }

// Interest returns what the rules that are switched on can match. It changes with
// [Set.Enable].
func (s *Set) Interest() (i filter.Interest) {
	for _, r := range s.rules {
		if !r.Off {
			i = i.Union(r.interest)
		}
	}
	return i
}

// AsksHistory reports whether a rule that is switched on asks for what messages before the
// one at hand decide: [filter.Filter.AsksHistory], or what is counted for each session.
func (s *Set) AsksHistory() bool {
	return slices.ContainsFunc(s.rules, func(r *Rule) bool {
		if r.Off {
			return false
		}
		return r.Per == Session || r.when != nil && r.when.AsksHistory() || slices.ContainsFunc(r.Do, func(a action.Action) bool {
			return slices.ContainsFunc(a.Values(), func(v *filter.Value) bool { return v.AsksHistory() })
		})
	})
}

// Look asks all rules in order of a message, and adds to the effect what they do. Each
// sees what those before it made of the message; what was dropped, or made bytes that are
// no message, is seen by none. Where a condition or an action fails the rule does nothing.
func (s *Set) Look(m *decode.Message, e *action.Effect) {
	for _, r := range s.rules {
		now := e.Current(m)
		if e.Drop || now == nil {
			return
		}
		if r.Off || m.Fate == decode.Injected && !r.Again {
			continue
		}
		if r.look(now, e, s.seed) && r.Last {
			return
		}
	}
}

// Inherit takes over, for rules of the same name, counters and dice of the set that this
// one replaces. Neither must be used for anything else meanwhile, nor old afterwards.
func (s *Set) Inherit(old *Set) {
	if old == nil {
		return
	}
	for _, r := range s.rules {
		if o := old.find(r.Name); o != nil && o != r {
			r.inherit(o, s.seed == old.seed)
		}
	}
}

// Enable switches a rule on or off.
func (s *Set) Enable(name string, on bool) error {
	r := s.find(name)
	if r == nil {
		names := make([]string, len(s.rules))
		for i, r := range s.rules {
			names[i] = fmt.Sprintf("%q", r.Name)
		}
		if len(names) == 0 {
			return fmt.Errorf("there is no rule %q; there are none", name)
		}
		return fmt.Errorf("there is no rule %q; there are %s", name, strings.Join(names, ", "))
	}
	r.Off = !on
	return nil
}

// Status is what has become of a rule.
type Status struct {
	Name string
	// By is how it is named in what says who changed a message.
	By string
	// Text is the rule on one line, as [ParseLine] reads it.
	Text    string
	Enabled bool
	// Matched counts the messages that its condition holds of, Applied those of them
	// that it was applied to, Failed those on which condition or action failed, Error is
	// why at last.
	Matched, Applied, Failed int64
	Error                    string
}

// Rules returns what has become of each rule, in order.
func (s *Set) Rules() []Status {
	list := make([]Status, len(s.rules))
	for i, r := range s.rules {
		list[i] = Status{Name: r.Name, By: r.By(), Text: r.String(), Enabled: !r.Off, Matched: r.matched, Applied: r.applied, Failed: r.failed}
		if r.last != nil {
			list[i].Error = r.last.Error()
		}
	}
	return list
}
