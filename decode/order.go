package decode

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
)

// rank returns the place of the token's prefix among those of the verb; -1: it has none.
func (v *Verb) rank(line []byte, t Token) int {
	for i, p := range v.prefixes {
		if bytes.HasPrefix(line[t.Start:t.End], []byte(p)) {
			return i
		}
	}
	return -1
}

// shuffled reports whether tokens with a prefix stand in another order than in the rows
// of the verb: "LST F=Bob N=bob@example.com".
func (v *Verb) shuffled(line []byte, tokens []Token) bool {
	if len(v.prefixes) == 0 {
		return false
	}
	last := -1
	for _, t := range tokens[1:] {
		if r := v.rank(line, t); r >= 0 {
			if r < last {
				return true
			}
			last = r
		}
	}
	return false
}

// order puts the tokens with a prefix into the order of the rows, in those places where
// there are such.
func (v *Verb) order(line []byte, tokens []Token) {
	var keyed []Token
	for _, t := range tokens[1:] {
		if v.rank(line, t) >= 0 {
			keyed = append(keyed, t)
		}
	}
	slices.SortStableFunc(keyed, func(a, b Token) int { return cmp.Compare(v.rank(line, a), v.rank(line, b)) })
	for i, t := range tokens {
		if i > 0 && v.rank(line, t) >= 0 {
			tokens[i], keyed = keyed[0], keyed[1:]
		}
	}
}

// InLine returns the parameters in the order of the line, each with what [Message.Field]
// knows it by.
func (m *Message) InLine() iter.Seq2[int, Field] {
	return func(yield func(int, Field) bool) {
		var order []int
		if m.shuffled {
			order = make([]int, m.Len())
			for i := range order {
				order[i] = i
			}
			slices.SortFunc(order, func(a, b int) int { return cmp.Compare(m.tokens[a+1].Start, m.tokens[b+1].Start) })
		}
		for i := range m.Len() {
			if m.shuffled {
				i = order[i]
			}
			if !yield(i, m.Field(i)) {
				return
			}
		}
	}
}
