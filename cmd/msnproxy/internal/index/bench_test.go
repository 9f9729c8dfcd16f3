package index

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
)

// benchMessages is the recording that the inspector's promises are about.
const benchMessages = 1_000_000

// loaded is the index of a file; the rest of it comes while it is used.
func loaded(tb testing.TB, path string) (x *Index, done <-chan error) {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	in, err := capture.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	x = New(Options{SpoolDir: tb.TempDir()})
	stop, end := make(chan struct{}), make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		end <- x.Load(in, f, path, stop)
		close(ended)
	}()
	tb.Cleanup(func() {
		close(stop)
		<-ended
		x.Close()
		in.Close()
		f.Close()
	})
	return x, end
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// rowMemory returns the bytes of memory for each row of a recording, with a view
// that filters it, beyond what an empty index and its view take.
func rowMemory(tb testing.TB, path string) float64 {
	tb.Helper()
	const query = `verb == "MSG"`
	empty := New(Options{})
	v := empty.NewView(Query{Filter: query, Fold: true})
	base := heap()
	v.Close()
	runtime.KeepAlive(empty)
	empty = nil
	x, done := loaded(tb, path)
	v = x.NewView(Query{Filter: query, Fold: true})
	defer v.Close()
	if err := <-done; err != nil {
		tb.Fatal(err)
	}
	v.Wait()
	if shown, _, looked, rows := v.Counts(); shown == 0 || looked != rows {
		tb.Fatalf("%d shown, %d of %d looked at", shown, looked, rows)
	}
	per := float64(heap()-base) / float64(x.Len())
	runtime.KeepAlive(x)
	return per
}

// A row takes at most 64 bytes, a view with a filter included. Connections have
// some more, so that very many short ones take more.
func TestMemoryOfRows(t *testing.T) {
	for _, tt := range []struct {
		name         string
		people, life int
	}{{"300 people who talk long", 300, 500}, {"50 people", 50, 200}} {
		per := rowMemory(t, trafficFile(t, 200_000, tt.people, tt.life))
		t.Logf("%s: %.1f bytes a row", tt.name, per)
		if per > 64 {
			t.Errorf("%s: %.1f bytes a row, at most 64 are promised", tt.name, per)
		}
	}
}

// BenchmarkRowMemory reports the bytes of memory for each row.
func BenchmarkRowMemory(b *testing.B) {
	for name, life := range map[string]int{"long-talks": 2000, "short-talks": 40} {
		b.Run(name, func(b *testing.B) {
			path := trafficFile(b, benchMessages, 300, life)
			for b.Loop() {
				b.ReportMetric(rowMemory(b, path), "B/row")
			}
		})
	}
}

// BenchmarkOpen reports how long it takes until the first 50 rows can be read, and
// until all of them are indexed.
func BenchmarkOpen(b *testing.B) {
	path := trafficFile(b, benchMessages, 300, 2000)
	first, all := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		x, done := loaded(b, path)
		v := x.NewView(Query{Fold: true})
		for r := x.NewReader(); ; v.Sync() {
			if screen(b, v, r, v.Next(-1)) == 50 {
				break
			}
			<-x.Changed()
		}
		first = min(first, time.Since(start))
		if err := <-done; err != nil {
			b.Fatal(err)
		}
		all = min(all, time.Since(start))
	}
	b.ReportMetric(float64(first.Microseconds())/1000, "first-screen-ms")
	b.ReportMetric(float64(all.Milliseconds()), "indexed-ms")
}

// screen reads 50 rows from one on, and returns how many there are.
func screen(tb testing.TB, v *View, r *Reader, row int) (n int) {
	for ; n < 50 && row >= 0; n++ {
		m, _, err := r.Read(row)
		if err != nil {
			tb.Fatal(err)
		}
		if m != nil {
			_ = m.Summary()
		}
		_ = v.x.Row(row)
		next := v.Next(row)
		_ = v.FoldedBetween(row, next)
		row = next
	}
	return n
}

// keyboard is an index of many messages and a view of it, to press keys on.
type keyboard struct {
	tb testing.TB
	x  *Index
	v  *View
	r  *Reader
	n  int
}

func newKeyboard(b *testing.B) *keyboard {
	x, done := loaded(b, trafficFile(b, benchMessages, 300, 2000))
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	return &keyboard{b, x, x.NewView(Query{Fold: true}), x.NewReader(), x.Len()}
}

func (k *keyboard) ask(q Query) func() {
	return func() {
		if err := k.v.Ask(q); err != nil {
			k.tb.Fatal(err)
		}
	}
}

// idle asks for everything, and has the worker rest.
func (k *keyboard) idle() {
	k.ask(Query{Fold: true})()
	k.v.Wait()
}

// matches waits until half a screenful of what the filter wants is there near the
// middle.
func (k *keyboard) matches() {
	for {
		k.v.Sync()
		found := 0
		for row := k.v.Prev(k.n/2 + 2000); row >= k.n/2-2000 && found < 25; row = k.v.Prev(row) {
			found++
		}
		if found == 25 {
			return
		}
		<-k.x.Changed()
	}
}

// key is what a key has the index do; before is what comes before it.
type key struct {
	name       string
	before, do func()
}

func (k *keyboard) keys() []key {
	v, x, n := k.v, k.x, k.n
	return []key{
		{"screen-of-50", nil, func() { screen(k.tb, v, k.r, v.Near(n/2)) }},
		{"home-and-end", nil, func() { _ = v.Next(-1); _ = v.Prev(n); screen(k.tb, v, k.r, v.At(v.Rank(n)-50)) }},
		{"rank-and-at", nil, func() { _ = v.At(v.Rank(n) / 2); _, _, _, _ = v.Counts() }},
		{"sync-nothing-new", nil, v.Sync},
		{"unfold", k.ask(Query{Fold: true}), k.ask(Query{})},
		{"scope-session", k.idle, k.ask(Query{Scope: Scope{Session: 3}, Fold: true})},
		{"scope-connection", k.idle, k.ask(Query{Scope: Scope{Conn: 3}, Fold: true})},
		{"only-marked", k.idle, k.ask(Query{Marked: true})},
		{"all-again", k.ask(Query{Marked: true}), k.ask(Query{Fold: true})},
		{"filter-asked", k.idle, k.ask(Query{Filter: `account == "user3@example.com"`, Fold: true})},
		{"filter-first-screen", func() { k.idle(); v.Anchor(n / 2) }, func() { k.ask(Query{Filter: `verb == "MSG"`, Fold: true})(); k.matches() }},
		{"next-error-none", k.idle, func() { _ = v.NextWith(-1, 1, decode.Error); _ = v.NextWith(n, -1, decode.Error) }},
		{"exchange-first", nil, func() { _ = x.Exchange(x.RowOf(1)) }},
		{"exchange-silent", nil, func() { _ = x.Exchange(x.RowOf(3)) }},
		{"findings", nil, func() { _ = x.Findings(decode.Warning, v.Shows) }},
		{"conns", nil, func() { _ = x.Conns() }},
		{"note", nil, func() { x.Note(n/2+1, "a", "x"); x.Note(n/2+1, "", ""); v.Sync() }},
		{"row-of", nil, func() { _ = x.RowOf(int64(n / 3)) }},
	}
}

// BenchmarkKeys reports what each key takes with 1,000,000 messages, in
// milliseconds, the median: less than 50 are promised. What has its own goroutine
// comes last.
func BenchmarkKeys(b *testing.B) {
	k := newKeyboard(b)
	defer k.v.Close()
	for _, key := range k.keys() {
		b.Run(key.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				if key.before != nil {
					key.before()
				}
				start := time.Now()
				key.do()
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e6, "ms/key")
		})
	}
	b.Run("search-100k-rows", func(b *testing.B) {
		k.idle()
		k.ask(Query{})()
		for b.Loop() {
			if row := k.v.Find(b.Context(), k.n-100_000, 1, NewNeedle("Nowhere"), nil); row >= 0 {
				b.Fatal(row)
			}
		}
	})
	b.Run("filter-all", func(b *testing.B) {
		best := time.Hour
		for b.Loop() {
			k.idle()
			start := time.Now()
			k.ask(Query{Filter: `verb == "MSG" && account == "user3@example.com"`})()
			k.v.Wait()
			best = min(best, time.Since(start))
		}
		b.ReportMetric(best.Seconds()*1000, "ms")
	})
}

// BenchmarkAdd is what a record of live traffic costs.
func BenchmarkAdd(b *testing.B) {
	t := newTraffic(300, 500, 1)
	list := t.records(200_000)
	i := 0
	x := New(Options{SpoolDir: b.TempDir()})
	defer func() { x.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		if i++; i == len(list) {
			b.StopTimer()
			x.Close()
			x = New(Options{SpoolDir: b.TempDir()})
			i = 0
			b.StartTimer()
		}
		if err := x.Add(list[i]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkChurn adds live traffic of 1,000 people who all sign in at once, while a
// view filters it by account: what is learned of connections makes the filter look
// again at their rows, and not at others. It reports how often a row was looked at.
func BenchmarkChurn(b *testing.B) {
	list := newTraffic(1000, 30, 1).records(100_000)
	for b.Loop() {
		x := New(Options{SpoolDir: b.TempDir()})
		v := x.NewView(Query{Filter: `account == "user3@example.com"`})
		start := time.Now()
		for i, r := range list {
			if err := x.Add(r); err != nil {
				b.Fatal(err)
			}
			if i%100 == 0 {
				v.Sync()
			}
		}
		added := time.Since(start)
		v.Wait()
		b.ReportMetric(added.Seconds()*1000, "added-ms")
		b.ReportMetric(time.Since(start).Seconds()*1000, "filtered-ms")
		b.ReportMetric(float64(v.asked.Load())/float64(len(list)), "looks/row")
		v.Close()
		x.Close()
	}
}
