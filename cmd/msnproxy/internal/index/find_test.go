package index

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"msnproxy/capture"
	"msnproxy/decode"
)

func TestNeedle(t *testing.T) {
	tests := []struct {
		needle, text string
		want         bool
	}{
		{"", "", false},
		{"", "abc", false},
		{"abc", "xxABcx", true},
		{"ABC", "xxabcx", true},
		{"abc", "ababab", false},
		{"aab", "aaAab", true},
		{"7bit", "7BIT", true},
		{"@[", "@[", true},
		{"@[", "`{", false},
		{"é", "É", true},
		{"grüße", "schöne GRÜSSE, Grüße", true},
		{"a", "\xff\xfeA", true},
		{"abcd", "abc", false},
	}
	for _, tt := range tests {
		n := NewNeedle(tt.needle)
		if n.In(tt.text) != tt.want || n.inBytes([]byte(tt.text)) != tt.want {
			t.Errorf("%q in %q: %v, %v, want %v", tt.needle, tt.text, n.In(tt.text), n.inBytes([]byte(tt.text)), tt.want)
		}
	}
}

func FuzzNeedle(f *testing.F) {
	f.Add("abc", "xxABC")
	f.Add("aAb", "aaaab")
	f.Add("z[", "Z[")
	f.Fuzz(func(t *testing.T, needle, text string) {
		for _, s := range needle + text {
			if s > unicode.MaxASCII {
				return // letters of other scripts may change their length
			}
		}
		n := NewNeedle(needle)
		want := needle != "" && strings.Contains(strings.ToLower(text), strings.ToLower(needle))
		if n.In(text) != want || n.inBytes([]byte(text)) != want {
			t.Errorf("%q in %q: want %v", needle, text, want)
		}
	})
}

// A megabyte of almost what is looked for takes no longer than one without it.
func TestNeedleIsLinear(t *testing.T) {
	b := []byte(strings.Repeat("e", 4<<20))
	if NewNeedle("eX").inBytes(b) || NewNeedle("E!").inBytes(b) {
		t.Error("found")
	}
}

func TestFind(t *testing.T) {
	x := opened(t, written(t, newTraffic(5, 20, 9).records(chunkRows+250)), "x")
	x.Note(x.RowOf(3000), "", "Look at THIS")
	random := rand.New(rand.NewPCG(1, 1))
	for _, q := range []Query{{}, {Fold: true}, {Scope: Scope{Session: 2}}, {Filter: `from == "server"`, Fold: true}} {
		v := x.NewView(q)
		v.Wait()
		for _, text := range []string{"what i SAY", "user3@", "nowhere", "ver 1", "look at this", "ringing", "is line 9"} {
			needle := NewNeedle(text)
			p := &plain{shown: make([]bool, x.Len())}
			f := Finder{Needle: needle}
			_ = x.NewReader().Walk(0, x.Len(), nil, func(i int, m *decode.Message, rec *capture.Record) bool {
				p.shown[i] = v.Shows(i) && (f.Matches(m, rec) || needle.In(x.Comment(i)))
				return true
			})
			for range 6 {
				row := random.IntN(x.Len()+2) - 1
				if got, want := v.Find(t.Context(), row, 1, needle, nil), p.next(row); got != want {
					t.Errorf("%+v: %q after %d: %d, want %d", q, text, row, got, want)
				}
				if got, want := v.Find(t.Context(), row, -1, needle, nil), p.prev(row); got != want {
					t.Errorf("%+v: %q before %d: %d, want %d", q, text, row, got, want)
				}
			}
		}
		v.Close()
	}
}

func TestFindIsCancelled(t *testing.T) {
	x := opened(t, written(t, newTraffic(5, 20, 9).records(chunkRows+250)), "x")
	v := x.NewView(Query{})
	ctx, cancel := context.WithCancel(t.Context())
	var at []int
	got := v.Find(ctx, -1, 1, NewNeedle("nowhere"), func(row int) {
		if at = append(at, row); len(at) == 3 {
			cancel()
		}
	})
	if got != -1 || len(at) != 3 || at[2] <= at[1] {
		t.Errorf("found %d, progress %v", got, at)
	}
}
