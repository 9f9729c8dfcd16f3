package compare

import (
	"cmp"
	"slices"
)

// inOrder puts items of one verb that stand in a row into an order that depends on
// nothing but what they are about: lists come in any.
func (s *side) inOrder(list []int32) {
	for from := 0; from < len(list); {
		to := from + 1
		first := &s.marks[list[from]]
		for to < len(list) && s.marks[list[to]].item && first.item && kind(s.marks[list[to]].m) == kind(first.m) {
			to++
		}
		if to-from > 1 {
			slices.SortStableFunc(list[from:to], func(x, y int32) int {
				k, l := &s.marks[x], &s.marks[y]
				return cmp.Or(cmp.Compare(k.subject, l.subject), cmp.Compare(k.key, l.key))
			})
		}
		from = to
	}
}

// match pairs the messages of two connections: roots first, then what answers them.
func (p *pairing) match() {
	askedA, unaskedA, subjects := p.a.roots()
	askedB, unaskedB, more := p.b.roots()
	p.sequence(askedA, askedB, false)
	for _, s := range append(subjects, more...) {
		if unaskedA[s] != nil || unaskedB[s] != nil {
			p.sequence(unaskedA[s], unaskedB[s], false)
			delete(unaskedA, s)
			delete(unaskedB, s)
		}
	}
	for len(p.todo) > 0 {
		at := p.todo[len(p.todo)-1]
		p.todo = p.todo[:len(p.todo)-1]
		p.sequence(p.a.replies(at.a), p.b.replies(at.b), true)
	}
}

// pairing is two connections on the way to being paired.
type pairing struct {
	a, b *side
	todo []pair // paired, but not yet what answers them
}

func (p *pairing) pair(a, b int32, moved bool) {
	p.a.marks[a].partner, p.b.marks[b].partner = b, a
	p.a.marks[a].moved, p.b.marks[b].moved = moved, moved
	p.todo = append(p.todo, pair{a, b})
}

// sequence pairs the messages of two sequences in which order matters: what means
// the same in the same order, then elsewhere, then what is of the same verb in the
// same place.
func (p *pairing) sequence(la, lb []int32, replies bool) {
	if len(la) == 0 || len(lb) == 0 {
		return
	}
	anchors := align(p.a.keys(la), p.b.keys(lb))
	for _, n := range anchors {
		p.pair(la[n.a], lb[n.b], false)
	}
	if len(anchors) < len(la) && len(anchors) < len(lb) {
		p.elsewhere(la, lb)
	}
	i, j := int32(0), int32(0)
	for _, n := range append(anchors, pair{int32(len(la)), int32(len(lb))}) {
		if n.a > i && n.b > j {
			p.between(la[i:n.a], lb[j:n.b], replies, len(la) == 1 && len(lb) == 1)
		}
		i, j = n.a+1, n.b+1
	}
	if replies { // an item is that item wherever it stands
		p.by(p.a.items(la), p.b.items(lb), false, func(k *mark) any { return about{kind(k.m), k.subject} })
	}
}

// about is a verb and whom or what it is about.
type about struct {
	verb    string
	subject uint64
}

func (s *side) keys(list []int32) []uint64 {
	keys := make([]uint64, len(list))
	for i, at := range list {
		keys[i] = s.marks[at].key
	}
	return keys
}

// free returns those of the list that have no partner.
func (s *side) free(list []int32) (out []int32) {
	for _, at := range list {
		if s.marks[at].partner < 0 {
			out = append(out, at)
		}
	}
	return out
}

// items returns the free ones that are items of a list.
func (s *side) items(list []int32) []int32 {
	return slices.DeleteFunc(s.free(list), func(at int32) bool { return !s.marks[at].item })
}

// elsewhere pairs what means the same and is not in the same order.
func (p *pairing) elsewhere(la, lb []int32) {
	p.by(p.a.free(la), p.b.free(lb), true, func(k *mark) any { return k.key })
}

// by pairs the messages that have the same of something, in order.
func (p *pairing) by(la, lb []int32, moved bool, of func(*mark) any) {
	waiting := make(map[any][]int32)
	for _, at := range lb {
		x := of(&p.b.marks[at])
		waiting[x] = append(waiting[x], at)
	}
	for _, at := range la {
		x := of(&p.a.marks[at])
		if list := waiting[x]; len(list) > 0 {
			p.pair(at, list[0], moved)
			waiting[x] = list[1:]
		}
	}
}

// between pairs what is left between two pairs: what says something else of the
// same subject, then what has the same verb; and a reply that is an error with the
// one that is not. only: there are no others.
func (p *pairing) between(la, lb []int32, replies, only bool) {
	p.by(p.a.free(la), p.b.free(lb), false, func(k *mark) any { return about{kind(k.m), k.subject} })
	p.by(p.a.free(la), p.b.free(lb), false, func(k *mark) any {
		if k.item && replies {
			return about{kind(k.m), k.subject} // another item is not this one
		}
		return kind(k.m)
	})
	fa, fb := p.a.free(la), p.b.free(lb)
	if !replies || len(fa) == 0 || len(fb) == 0 {
		return
	}
	k, l := &p.a.marks[fa[0]], &p.b.marks[fb[0]]
	single := len(fa) == 1 && len(fb) == 1 && (only || !k.item && !l.item)
	if single || kind(k.m) == "error" || kind(l.m) == "error" {
		p.pair(fa[0], fb[0], false)
	}
}
