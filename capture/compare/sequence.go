package compare

import (
	"cmp"
	"slices"
)

const (
	// most is how many cells a table for a longest common subsequence may have.
	most = 1 << 21
	// deepest is how often a stretch is parted at what is in it once.
	deepest = 48
	// window is how far a partner is looked for where nothing else helps.
	window = 512
)

// pair is two places, one in each sequence.
type pair struct{ a, b int32 }

// align finds a long common subsequence of two sequences of keys: the longest
// where they are short. Time grows little more than linearly.
func align(a, b []uint64) []pair {
	var out []pair
	alignIn(a, b, 0, 0, 0, &out)
	return out
}

func alignIn(a, b []uint64, offA, offB int32, depth int, out *[]pair) {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		*out = append(*out, pair{offA + int32(n), offB + int32(n)})
		n++
	}
	a, b, offA, offB = a[n:], b[n:], offA+int32(n), offB+int32(n)
	tail := 0
	for tail < len(a) && tail < len(b) && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	midA, midB := a[:len(a)-tail], b[:len(b)-tail]
	switch {
	case len(midA) == 0 || len(midB) == 0:
	case (len(midA)+1)*(len(midB)+1) <= most:
		table(midA, midB, offA, offB, out)
	default:
		part(midA, midB, offA, offB, depth, out)
	}
	for i := tail; i > 0; i-- {
		*out = append(*out, pair{offA + int32(len(a)-i), offB + int32(len(b)-i)})
	}
}

// table is the textbook's way.
func table(a, b []uint64, offA, offB int32, out *[]pair) {
	w := len(b) + 1
	t := make([]int32, (len(a)+1)*w)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				t[i*w+j] = t[(i+1)*w+j+1] + 1
			} else {
				t[i*w+j] = max(t[(i+1)*w+j], t[i*w+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			*out = append(*out, pair{offA + int32(i), offB + int32(j)})
			i++
			j++
		case t[(i+1)*w+j] >= t[i*w+j+1]:
			i++
		default:
			j++
		}
	}
}

// part divides long sequences at what is once in each, in the same order in both.
func part(a, b []uint64, offA, offB int32, depth int, out *[]pair) {
	anchors := unique(a, b)
	if len(anchors) == 0 || depth >= deepest {
		near(a, b, offA, offB, out)
		return
	}
	i, j := int32(0), int32(0)
	for _, p := range append(anchors, pair{int32(len(a)), int32(len(b))}) {
		alignIn(a[i:p.a], b[j:p.b], offA+i, offB+j, depth+1, out)
		if int(p.a) < len(a) {
			*out = append(*out, pair{offA + p.a, offB + p.b})
		}
		i, j = p.a+1, p.b+1
	}
}

// unique returns the longest ascending run of keys that are once in a and in b.
func unique(a, b []uint64) []pair {
	type place struct{ a, b int32 } // -1: not there, -2: several times
	places := make(map[uint64]place)
	note := func(at *int32, i int) {
		if *at == -1 {
			*at = int32(i)
		} else {
			*at = -2
		}
	}
	for i, k := range a {
		p, ok := places[k]
		if !ok {
			p = place{-1, -1}
		}
		note(&p.a, i)
		places[k] = p
	}
	for j, k := range b {
		if p, ok := places[k]; ok {
			note(&p.b, j)
			places[k] = p
		}
	}
	var once []pair
	for _, p := range places {
		if p.a >= 0 && p.b >= 0 {
			once = append(once, pair(p))
		}
	}
	slices.SortFunc(once, func(x, y pair) int { return cmp.Compare(x.a, y.a) })
	return ascending(once)
}

// ascending returns a longest run of the pairs, ordered by a, whose b ascends.
func ascending(list []pair) []pair {
	tails := make([]int, 0, len(list)) // index of the pair that ends a run of that length
	before := make([]int, len(list))
	for i, p := range list {
		n, _ := slices.BinarySearchFunc(tails, p.b, func(t int, b int32) int { return cmp.Compare(list[t].b, b) })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	out := make([]pair, len(tails))
	if len(tails) == 0 {
		return out
	}
	for i, n := tails[len(tails)-1], len(tails)-1; n >= 0; n-- {
		out[n] = list[i]
		i = before[i]
	}
	return out
}

// near goes through both sequences side by side, and finds no partner that is
// further off than a window.
func near(a, b []uint64, offA, offB int32, out *[]pair) {
	var found []pair
	for len(a) > 0 && len(b) > 0 {
		found = found[:0]
		table(a[:min(len(a), window)], b[:min(len(b), window)], 0, 0, &found)
		i, j := min(len(a), window/2), min(len(b), window/2)
		if len(a) <= window && len(b) <= window {
			i, j = len(a), len(b) // this is the end
		}
		stepA, stepB := i, j
		for _, p := range found {
			if int(p.a) >= i || int(p.b) >= j {
				break // what comes may suit better
			}
			*out = append(*out, pair{offA + p.a, offB + p.b})
			stepA, stepB = int(p.a)+1, int(p.b)+1
		}
		if stepA < window/8 && stepB < window/8 {
			stepA, stepB = min(i, window/8), min(j, window/8) // or it takes for ever
		}
		a, b, offA, offB = a[stepA:], b[stepB:], offA+int32(stepA), offB+int32(stepB)
	}
}
