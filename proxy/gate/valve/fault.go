// Package valve knows the faults of the bytes: what a bad line does to a message, whatever
// it says. It parses and prints them and plans in which pieces a message is written, and
// when. It has no sockets, no goroutines and no clock.
//
//	latency 200ms±50ms     so much later, in order; more can be on its way at the same time
//	bandwidth 5kB/s        no more than that; B, kB, MB, KiB, MiB, bit, kbit, Mbit
//	slice 1 every 2ms      in writes of so many bytes, with pauses of 2ms if none are given
//	coalesce 50ms          with all that comes within that time, in one write
//	stall, stall for 10s   nothing goes until the fault is taken away, or for so long
//	limit 1000             so many bytes, and then the end of the connection
//	corrupt 1/10000        one byte of so many becomes another, by chance; none of redirects
//	cut at 10              two writes: 10 bytes, and the others
//	cut line|crlf|payload  two writes: within the line, between CR and LF, within the payload
//	half-close             its receiver is told that nothing more comes
package valve

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what a fault does.
type Kind uint8

// The kinds.
const (
	Latency Kind = iota + 1
	Bandwidth
	Slice
	Coalesce
	Stall
	Limit
	Corrupt
	Cut
	HalfClose
)

var names = [...]string{Latency: "latency", Bandwidth: "bandwidth", Slice: "slice", Coalesce: "coalesce", Stall: "stall",
	Limit: "limit", Corrupt: "corrupt", Cut: "cut", HalfClose: "half-close"}

// String returns the word.
func (k Kind) String() string { return names[k] }

// Names returns the words that faults begin with.
func Names() []string { return slices.Clone(names[Latency:]) }

// Place is where a message is cut.
type Place uint8

// The places: behind a number of bytes, within the command line, between its CR and LF,
// within the payload.
const (
	At Place = iota
	Line
	CRLF
	Payload
)

var places = [...]string{At: "at", Line: "line", CRLF: "crlf", Payload: "payload"}

// Pause is between the writes of a message that is divided, unless the fault says another.
// Shorter ones, and the receiving kernel is likely to join what was divided.
const Pause = 2 * time.Millisecond

// MaxRate is the most that a bandwidth can be, in bytes a second.
const MaxRate = 1_000_000_000

// Fault is a fault of the bytes.
type Fault struct {
	Kind Kind
	// Time is the latency, how long to wait for more to coalesce, how long to stall (0:
	// until it is taken away), or the pause between slices (0: [Pause]).
	Time time.Duration
	// Jitter is how far the latency may be off, to either side.
	Jitter time.Duration
	// Size is a number of bytes: those of a slice, of a limit, before a cut, or in a
	// second.
	Size int64
	// One of In bytes is corrupted.
	One, In int64
	Place   Place
}

// String returns the fault as [Parse] reads it.
func (f Fault) String() string {
	if args := f.args(); args != "" {
		return f.Kind.String() + " " + args
	}
	return f.Kind.String()
}

func (f Fault) args() string {
	switch f.Kind {
	case Latency:
		if f.Jitter > 0 {
			return f.Time.String() + "±" + f.Jitter.String()
		}
		return f.Time.String()
	case Bandwidth:
		return rate(f.Size)
	case Slice:
		s := strconv.FormatInt(f.Size, 10)
		if f.Time > 0 {
			s += " every " + f.Time.String()
		}
		return s
	case Coalesce:
		return f.Time.String()
	case Stall:
		if f.Time > 0 {
			return "for " + f.Time.String()
		}
	case Limit:
		return strconv.FormatInt(f.Size, 10)
	case Corrupt:
		return fmt.Sprintf("%d/%d", f.One, f.In)
	case Cut:
		if f.Place == At {
			return "at " + strconv.FormatInt(f.Size, 10)
		}
		return places[f.Place]
	}
	return ""
}

// Parse reads a fault. The error says what is possible.
func Parse(s string) (f Fault, err error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return f, fmt.Errorf("a fault is missing: one of %s", strings.Join(Names(), ", "))
	}
	i := slices.Index(names[:], words[0])
	if i < int(Latency) {
		return f, fmt.Errorf("no fault of the bytes is called %q; there are %s", words[0], strings.Join(Names(), ", "))
	}
	f.Kind = Kind(i)
	if !f.read(words[1:]) {
		return f, fmt.Errorf("%s takes %s, and not %q", f.Kind, takes[f.Kind], strings.Join(words[1:], " "))
	}
	return f, nil
}

// Explain says what a fault does, and what may follow its name; "": there is none of that
// name.
func Explain(name string) (does, follows string) {
	i := slices.Index(names[:], name)
	if i < int(Latency) {
		return "", ""
	}
	return effects[i], takes[i]
}

// effects are what the faults do to a message.
var effects = [...]string{
	Latency:   "it goes so much later, in order; more can be on its way at the same time",
	Bandwidth: "it goes in pieces, no faster than that",
	Slice:     "it goes in writes of so many bytes, with pauses",
	Coalesce:  "it waits, and goes with what comes meanwhile in one write",
	Stall:     "nothing goes any more in its direction, until the fault is taken away or the time is over",
	Limit:     "after so many bytes the connection is closed",
	Corrupt:   "some of its bytes become others, by chance; none of redirects",
	Cut:       "it goes in two writes",
	HalfClose: "after it its receiver is told that nothing more comes",
}

// takes says what may follow the word.
var takes = [...]string{
	Latency:   "a time, and how far it may be off, as in 200ms or 200ms±50ms (the second at most the first)",
	Bandwidth: "bytes or bits a second, as in 5kB/s, 300B/s, 1.5MB/s or 33.6kbit/s, from 1B/s to 1000MB/s",
	Slice:     "the bytes of a write, from 1 on, and the pause, as in 1, or 100 every 2ms",
	Coalesce:  "the time in which what comes goes together, as in 50ms",
	Stall:     "nothing (until it is taken away), or a time, as in for 10s",
	Limit:     "the bytes that pass before the end, from 1 on, as in 1000",
	Corrupt:   "how many bytes of how many, as in 1/10000",
	Cut:       "at and the bytes of the first part, as in at 10, or one of line, crlf, payload",
	HalfClose: "nothing",
}

// read reads what follows the word, and reports whether it is possible.
func (f *Fault) read(args []string) (ok bool) {
	switch f.Kind {
	case Latency:
		first, second, jitter := strings.Cut(strings.NewReplacer("+/-", "±", "+-", "±").Replace(strings.Join(args, "")), "±")
		if f.Time, ok = duration(first); !ok || !jitter {
			return ok
		}
		f.Jitter, ok = duration(second)
		return ok && f.Jitter <= f.Time
	case Bandwidth:
		f.Size, ok = parseRate(strings.Join(args, ""))
		return ok
	case Slice:
		if len(args) == 3 && args[1] == "every" {
			if f.Time, ok = duration(args[2]); !ok {
				return false
			}
			args = args[:1]
		}
		f.Size, ok = number(args)
		return ok
	case Coalesce:
		if len(args) == 1 {
			f.Time, ok = duration(args[0])
		}
		return ok
	case Stall:
		if len(args) == 2 && args[0] == "for" {
			f.Time, ok = duration(args[1])
			return ok
		}
		return len(args) == 0
	case Limit:
		f.Size, ok = number(args)
		return ok
	case Corrupt:
		one, in, _ := strings.Cut(strings.Join(args, ""), "/")
		if f.One, ok = number([]string{one}); ok {
			f.In, ok = number([]string{in})
		}
		return ok && f.One <= f.In
	case Cut:
		return f.place(args)
	}
	return len(args) == 0
}

func (f *Fault) place(args []string) (ok bool) {
	if len(args) == 2 && args[0] == places[At] {
		f.Size, ok = number(args[1:])
		return ok
	}
	if len(args) != 1 {
		return false
	}
	i := slices.Index(places[:], args[0])
	f.Place = Place(max(i, 0))
	return i > int(At)
}

func duration(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d > 0
}

// number reads a number from 1 on that stands alone.
func number(args []string) (int64, bool) {
	if len(args) != 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(args[0], 10, 64)
	return n, err == nil && n > 0
}

// units are bytes a second.
var units = []struct {
	word  string
	bytes float64
}{{"MiB/s", 1 << 20}, {"KiB/s", 1 << 10}, {"MB/s", 1e6}, {"kB/s", 1e3}, {"KB/s", 1e3}, {"B/s", 1},
	{"Mbit/s", 1e6 / 8}, {"kbit/s", 1e3 / 8}, {"bit/s", 1. / 8}}

func parseRate(s string) (int64, bool) {
	for _, u := range units {
		if digits, found := strings.CutSuffix(s, u.word); found {
			n, err := strconv.ParseFloat(digits, 64)
			n = math.Round(n * u.bytes)
			return int64(n), err == nil && n >= 1 && n <= MaxRate
		}
	}
	return 0, false
}

func rate(n int64) string {
	switch {
	case n%1e6 == 0:
		return fmt.Sprintf("%dMB/s", n/1e6)
	case n%1e3 == 0:
		return fmt.Sprintf("%dkB/s", n/1e3)
	}
	return fmt.Sprintf("%dB/s", n)
}
