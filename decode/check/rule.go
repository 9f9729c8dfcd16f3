package check

import (
	"fmt"
	"slices"
	"strings"

	"msnproxy/decode"
)

// Rule is one thing that the protocol wants.
type Rule struct {
	// ID is the stable name: a group, a point, the rule's own.
	ID       string
	Severity decode.Severity
	// First and Last are the dialects that the rule is for: 2 stands for MSNP2.
	// Last 0: all later ones. A rule that is not for all dialects is applied only
	// where the dialect is known.
	First, Last int
	// About is the paragraph of the rule: what is meant, and why it matters.
	About string
	// Source is where in the protocol it comes from: dialect and command.
	Source string
}

// Group returns the part of the ID before the point.
func (r *Rule) Group() string {
	group, _, _ := strings.Cut(r.ID, ".")
	return group
}

// In reports whether the rule is for a dialect; 0 stands for one that is not
// known.
func (r *Rule) In(dialect int) bool {
	if r.First <= 2 && r.Last == 0 {
		return true
	}
	return dialect >= r.First && (r.Last == 0 || dialect <= r.Last)
}

// Dialects returns the dialects that the rule is for, for people.
func (r *Rule) Dialects() string {
	switch {
	case r.First <= 2 && r.Last == 0:
		return "all dialects"
	case r.Last == 0:
		return fmt.Sprintf("MSNP%d and later", r.First)
	case r.First == r.Last:
		return fmt.Sprintf("MSNP%d", r.First)
	}
	return fmt.Sprintf("MSNP%d to %d", r.First, r.Last)
}

var (
	rules = slices.Concat(frameRules, lineRules, payloadRules, mimeRules, tridRules, versionRules, signInRules,
		challengeRules, redirectRules, listRules, presenceRules, nameRules, switchboardRules, deliveryRules, peerRules, sessionRules, webRules, changedRules, endRules)
	ruleIndex = func() map[string]*Rule {
		index := make(map[string]*Rule, len(rules))
		for i := range rules {
			index[rules[i].ID] = &rules[i]
		}
		return index
	}()
)

// Rules returns all rules, those of a group together. The caller must not change
// them.
func Rules() []Rule { return rules }

// Lookup returns the rule of that name, or nil.
func Lookup(id string) *Rule { return ruleIndex[id] }

// Select makes a choice of rules from what a user typed: names of rules, and
// groups of them as "challenge" or "challenge.*". A minus before one leaves it
// out; if all are left out that way, the others are in. No names: all are in. An
// error names what is no rule and what may be meant.
func Select(names []string) (func(id string) bool, error) {
	chosen := make(map[string]bool, len(rules))
	if !slices.ContainsFunc(names, func(n string) bool { return !strings.HasPrefix(n, "-") }) {
		for i := range rules {
			chosen[rules[i].ID] = true
		}
	}
	for _, name := range names {
		wanted, out := strings.CutPrefix(name, "-")
		group := strings.TrimSuffix(wanted, ".*")
		found := false
		for i := range rules {
			if r := &rules[i]; r.ID == wanted || r.Group() == group {
				chosen[r.ID], found = !out, true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no rule %q%s", wanted, near(wanted))
		}
	}
	return func(id string) bool { return chosen[id] }, nil
}

// near names rules that may be meant.
func near(name string) string {
	group, point, _ := strings.Cut(name, ".")
	var like []string
	for i := range rules {
		_, p, _ := strings.Cut(rules[i].ID, ".")
		if p == point && point != "" || rules[i].Group() == group {
			like = append(like, rules[i].ID)
		}
	}
	if like == nil {
		var groups []string
		for i := range rules {
			groups = append(groups, rules[i].Group())
		}
		return "; the groups are " + strings.Join(slices.Compact(groups), ", ")
	}
	return "; there are " + strings.Join(like, ", ")
}
