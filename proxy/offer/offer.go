// Package offer narrows what a client offers: of the dialects in its VER those go on that
// somebody names. So one client is walked through every dialect that it knows. It does no
// I/O.
package offer

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// prefix is what the name of a dialect begins with, in any case.
const prefix = "MSNP"

// List is which dialects may be offered. It may be used from any goroutine.
type List struct {
	numbers []int
	anyway  bool
}

// Parse reads names of dialects, such as MSNP9, in any case; words may hold several, parted
// by commas. CVR0 may be among them and means nothing, as it always stays. With anyway
// what the client does not offer is offered, too. The error says which word is no dialect,
// or that there is none.
func Parse(words []string, anyway bool) (*List, error) {
	l := &List{anyway: anyway}
	for _, word := range words {
		for name := range strings.SplitSeq(word, ",") {
			name = strings.TrimSpace(name)
			n, ok := number(name)
			switch {
			case name == "" || decode.IsCVR0(name):
			case !ok:
				return nil, fmt.Errorf("%q is no dialect; they are MSNP2 to MSNP21, such as MSNP9,MSNP8", name)
			case !slices.Contains(l.numbers, n):
				l.numbers = append(l.numbers, n)
			}
		}
	}
	if len(l.numbers) == 0 {
		return nil, fmt.Errorf("no dialect is named; say which, such as MSNP9,MSNP8")
	}
	return l, nil
}

// Dialects returns the names, in the order in which they were given.
func (l *List) Dialects() []string {
	names := make([]string, len(l.numbers))
	for i, n := range l.numbers {
		names[i] = prefix + strconv.Itoa(n)
	}
	return names
}

// String returns the names, the way Parse reads them.
func (l *List) String() string { return strings.Join(l.Dialects(), ",") }

// Anyway reports whether the list also holds for what a client does not offer.
func (l *List) Anyway() bool { return l.anyway }

// Offer is what a VER becomes.
type Offer struct {
	// Frame is what goes to the server: the bytes that came, or others; nil if nothing is
	// left to offer.
	Frame []byte
	// Refusal is what the client gets then: a whole frame.
	Refusal []byte
	// Said are the dialects that the client offers, in its spelling, Added those that it
	// does not.
	Said, Added []string
}

// Apply narrows the offer of a client. It returns nil for whatever is none. What stays is
// as it came, byte for byte.
func (l *List) Apply(m *decode.Message) *Offer {
	if m == nil || m.From != decode.Client || m.Act() != decode.ActVersion || m.Frame.Kind != decode.Command {
		return nil
	}
	tokens := m.Frame.AppendTokens(nil, true)
	trid, first, ok := begins(m.Frame.Raw, tokens)
	if !ok {
		return nil
	}
	var out []byte
	o, have := &Offer{}, make(map[int]bool)
	last, check, at := 0, 0, 0 // ends of the last dialect that stays and of what stands before CVR0, in out; of a token
	for i, t := range tokens {
		piece := m.Frame.Raw[at:t.End] // with the blanks before it
		at = t.End
		word := string(m.Frame.Raw[t.Start:t.End])
		n, ok := number(word)
		switch {
		case i < first:
		case decode.IsCVR0(word):
			if check == 0 {
				check = len(out)
			}
		default:
			o.Said = append(o.Said, word)
			if !ok || !slices.Contains(l.numbers, n) {
				continue
			}
			have[n] = true
			last = len(out) + len(piece)
		}
		out = append(out, piece...)
	}
	if l.anyway {
		out = slices.Insert(out, cmp.Or(last, check, len(out)), l.more(o, have)...)
	}
	if len(have) == 0 {
		o.Refusal = decode.Assemble(m.Verb.Name+" "+trid+" 0", nil)
		return o
	}
	o.Frame = append(out, m.Frame.Raw[at:]...)
	return o
}

// begins returns the TrID of a VER, "0" if there is none, and which token is the first that
// may stand for a dialect; false: the line offers none, as that of a file transfer.
func begins(raw []byte, tokens []decode.Token) (trid string, first int, ok bool) {
	if len(tokens) < 2 {
		return "", 0, false
	}
	word := string(raw[tokens[1].Start:tokens[1].End])
	if decode.IsCVR0(word) || strings.Contains(strings.ToUpper(word), prefix) {
		return "0", 1, true // the TrID is missing, or something else than blanks is between the words
	}
	_, err := strconv.ParseUint(word, 10, 64)
	return word, 2, err == nil || len(tokens) > 2
}

// more is what is offered although the client does not.
func (l *List) more(o *Offer, have map[int]bool) (more []byte) {
	for _, n := range l.numbers {
		if !have[n] {
			have[n] = true
			name := prefix + strconv.Itoa(n)
			o.Added = append(o.Added, name)
			more = append(append(more, ' '), name...)
		}
	}
	return more
}

// number returns that of a dialect.
func number(name string) (int, bool) {
	digits, ok := strings.CutPrefix(strings.ToUpper(name), prefix)
	n, err := strconv.ParseUint(digits, 10, 16)
	return int(n), ok && err == nil
}
