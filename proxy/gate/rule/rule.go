// Package rule decides by rules what becomes of messages: conditions in the filter
// language, actions in the words of package action, counters and dice. Rules stand in a
// file (TOML) or on one line; the named faults are rules, too. It does no I/O but reading a
// file, and knows no time: what is to be later is said in the effect.
package rule

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/decode/recent"
	"msnproxy/proxy/gate/action"
)

// Rule is one rule. What the fields say must not be changed once it is in a [Set].
type Rule struct {
	// Name is what it is called by; unique in a set.
	Name string
	// When is the condition; empty: every message.
	When string
	// Do are the actions, in order.
	Do []action.Action
	// Off: it is switched off.
	Off bool
	// Skip is how many of the messages that match are let go first. Of the others each
	// Every-th (0 and 1: each) is meant, with a chance of Chance from 0 to 1, and after
	// First (0: no bound) of them no more.
	Skip, Every, First int
	Chance             float64
	// Per says what is counted together.
	Per Per
	// Last: where it was applied no rule behind it is asked.
	Last bool
	// Again: it is asked of injected messages, too.
	Again bool
	// Line is where it begins in its file, from 1; 0: not known.
	Line int

	when     *filter.Filter // nil: every message
	interest filter.Interest
	tallies  recent.Map[*tally]

	matched, applied, failed int64
	last                     error
}

// Per says what a rule counts together.
type Per uint8

// All together, or each of these for itself.
const (
	All Per = iota
	Connection
	Account
	Session
)

var pers = []string{"all", "connection", "account", "session"}

// String returns the word: "all", "connection", "account" or "session".
func (p Per) String() string { return pers[p] }

// MaxCounted is of how many connections, accounts or sessions a rule knows the counters;
// beyond it that of the oldest begins anew.
const MaxCounted = 4096

// tally is what is counted together.
type tally struct {
	matched, applied int64
	dice             *rand.Rand
}

// compile makes the rule ready for use.
func (r *Rule) compile() error {
	r.interest = filter.Everything
	if r.When != "" {
		f, err := filter.Compile(r.When)
		if err != nil {
			return err
		}
		r.when, r.interest = f, f.Interest()
	}
	r.tallies = recent.Map[*tally]{Max: MaxCounted}
	return nil
}

// fault is what the names of rules begin with that a named fault is made of.
const fault = "fault "

// By is how the rule is named where it says who changed a message: rule "lost acks", or
// fault lost-ack.
func (r *Rule) By() string {
	if strings.HasPrefix(r.Name, fault) {
		name, _, _ := strings.Cut(r.Name, ":")
		return name
	}
	return fmt.Sprintf("rule %q", r.Name)
}

// Interest returns what the rule's condition can match.
func (r *Rule) Interest() filter.Interest { return r.interest }

// look asks the rule of a message as it is now, and reports whether it was applied.
func (r *Rule) look(m *decode.Message, e *action.Effect, seed int64) bool {
	if !r.interest.Wants(m.From, m.Name()) {
		return false
	}
	if r.when != nil {
		if ok, err := r.when.Match(m); err != nil {
			r.fail(err)
			return false
		} else if !ok {
			return false
		}
	}
	r.matched++
	if !r.turn(m, seed) {
		return false
	}
	before := *e
	for _, a := range r.Do {
		if err := e.Apply(m, a, r.By()); err != nil {
			*e = before
			if r.fail(err); r.failed == 1 && e.Remark == "" {
				// The others are counted (":rules", the API).
				e.Remark = fmt.Sprintf("%s can't be carried out, and changes nothing: %v", r.By(), err)
			}
			return false
		}
	}
	r.applied++
	return true
}

func (r *Rule) fail(err error) {
	r.failed++
	r.last = err
}

// turn reports whether a message that matches is one of those that are meant.
func (r *Rule) turn(m *decode.Message, seed int64) bool {
	key := r.Per.key(m)
	t, ok := r.tallies.Get(key)
	if !ok {
		t = new(tally)
		r.tallies.Put(key, t)
	}
	t.matched++
	n := t.matched - int64(r.Skip)
	switch {
	case n <= 0,
		r.Every > 1 && n%int64(r.Every) != 0,
		r.First > 0 && t.applied >= int64(r.First),
		r.Chance < 1 && t.roll(seed, r.Name, key) >= r.Chance:
		return false
	}
	t.applied++
	return true
}

// roll throws the dice: a number from 0 to below 1. Each rule, and each key, has dice of
// its own, so that none disturbs another.
func (t *tally) roll(seed int64, name, key string) float64 {
	if t.dice == nil {
		h := fnv.New64a()
		h.Write([]byte(name + "\x00" + key))
		t.dice = rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
	}
	return t.dice.Float64()
}

// key is what a message is counted by. As long as account or session are not known each
// connection counts for itself.
func (p Per) key(m *decode.Message) string {
	switch {
	case p == All || m.Conn == nil:
		return ""
	case p == Account && m.Conn.Account != "":
		return m.Conn.Account
	case p == Session && m.Conn.Session != nil:
		return "session " + strconv.Itoa(m.Conn.Session.Number)
	}
	return "connection " + strconv.FormatUint(uint64(m.Conn.ID), 10)
}

// inherit takes over the counters of the rule that was called so before.
func (r *Rule) inherit(old *Rule, sameSeed bool) {
	r.matched, r.applied, r.failed, r.last = old.matched, old.applied, old.failed, old.last
	if r.Per != old.Per {
		return
	}
	r.tallies = old.tallies
	if !sameSeed {
		r.tallies.Each(func(t *tally) { t.dice = nil })
	}
}
