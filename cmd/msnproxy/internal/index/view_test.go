package index

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"msnproxy/decode"
)

// places are rows to ask about: random ones and those at the edges of words and
// chunks.
func places(random *rand.Rand, n int) []int {
	list := []int{-100, -2, -1, 0, 1, 62, 63, 64, 65, 127, 128, n - 1, n, n + 1, n + 64, n + 2*chunkRows}
	for k := chunkRows; k <= n+1; k += chunkRows {
		list = append(list, k-65, k-64, k-63, k-2, k-1, k, k+1, k+63, k+64)
	}
	for range 20 {
		list = append(list, random.IntN(n+1))
	}
	return list
}

// agree compares a view with the plain one.
func agree(t testing.TB, x *Index, v *View, n int, random *rand.Rand) {
	t.Helper()
	q := v.Query()
	p := plainView(t, x, q, n)
	check := func(what string, at, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%+v of %d rows: %s(%d) = %d, want %d", q, n, what, at, got, want)
		}
	}
	shown, folded, looked, rows := v.Counts()
	check("shown", 0, shown, p.rank(n))
	check("folded", 0, folded, p.folded(-1, n))
	check("looked", 0, looked, n)
	check("rows", 0, rows, n)
	for i := range n {
		if v.Shows(i) != p.shown[i] {
			t.Fatalf("%+v: row %d: shown %v, want %v", q, i, v.Shows(i), p.shown[i])
		}
	}
	for _, i := range places(random, n) {
		check("Next", i, v.Next(i), p.next(i))
		check("Prev", i, v.Prev(i), p.prev(i))
		check("Near", i, v.Near(i), p.near(i))
		check("Rank", i, v.Rank(i), p.rank(i))
		if v.Shows(i) != p.shows(i) {
			t.Errorf("Shows(%d) = %v", i, v.Shows(i))
		}
		other := random.IntN(n+1) - 1
		check(fmt.Sprint("FoldedBetween ", other), i, v.FoldedBetween(i, other), p.folded(i, other))
		for _, least := range []decode.Severity{decode.Note, decode.Warning, decode.Error} {
			with := func(at int) bool { return x.Row(at).Severity >= least }
			check("NextWith", i, v.NextWith(i, 1, least), p.seek(i, 1, with))
			check("PrevWith", i, v.NextWith(i, -1, least), p.seek(i, -1, with))
		}
		refused := func(at int) bool {
			row := x.Row(at)
			return row.Severity == decode.Error || row.Verb == "NAK" || row.Verb != "" && row.Verb[0] <= '9'
		}
		check("NextError", i, v.NextError(i, 1), p.seek(i, 1, refused))
		check("PrevError", i, v.NextError(i, -1), p.seek(i, -1, refused))
	}
	rank := 0
	for i := p.next(-1); i >= 0; i = p.next(i) {
		if rank < 100 || random.IntN(50) == 0 {
			check("At", rank, v.At(rank), i)
		}
		rank++
	}
	check("At", rank, v.At(rank), -1)
	check("At", -1, v.At(-1), -1)
}

var filters = []string{"", "", `verb == "MSG"`, `account == "user3@example.com"`, `role == "SB" && dialect == 7`,
	`session == 2 || conversation == 3`, `severity >= 2`, `"trid.unanswered" in findings`, `args[1] == "A"`, `number % 64 == 63`,
	`text == "nothing"`, `latency_ms > 1`, `role == "NS"`, `ended != ""`, `time > "+1s"`}

func randomQuery(random *rand.Rand) Query {
	q := Query{Filter: filters[random.IntN(len(filters))], Fold: random.IntN(2) == 0, Marked: random.IntN(6) == 0}
	switch random.IntN(8) {
	case 0:
		q.Scope.Session = 1 + random.IntN(6)
	case 1:
		q.Scope.Conversation = 1 + random.IntN(6)
	case 2:
		q.Scope.Conn = 1 + random.IntN(8)
	}
	return q
}

// viewRun adds rows, changes the query, marks rows and pauses, at random, with the
// view's worker running or at rest, and compares again and again.
func viewRun(t testing.TB, seed uint64, steps int) {
	random := rand.New(rand.NewPCG(seed, 2))
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	v := x.NewView(randomQuery(random))
	defer v.Close()
	from := newTraffic(1+random.IntN(12), 20, seed)
	paused, limit := false, 0
	for range steps {
		switch random.IntN(10) {
		case 0, 1, 2, 3:
			for range random.IntN([]int{3, 100, 3000}[random.IntN(3)]) {
				if err := x.Add(from.next()); err != nil {
					t.Fatal(err)
				}
			}
		case 4, 5:
			if err := v.Ask(randomQuery(random)); err != nil {
				t.Fatal(err)
			}
		case 6:
			q := v.Query()
			q.Fold = !q.Fold
			_ = v.Ask(q)
		case 7:
			for range 5 {
				x.Note(random.IntN(x.Len()+1), []string{"", "a", "b"}[random.IntN(3)], []string{"", "look"}[random.IntN(2)])
			}
		case 8:
			if paused = !paused; paused {
				limit = x.Len()
			}
			v.Pause(paused)
		case 9:
			v.Anchor(random.IntN(x.Len() + 1))
			x.mu.Lock() // a finding that comes late
			if x.n > 0 {
				x.find(random.IntN(x.n), &decode.Finding{Rule: "trid.unanswered", Severity: decode.Severity(1 + random.IntN(3)), Text: "late"})
			}
			x.mu.Unlock()
		}
		if v.Sync(); random.IntN(3) > 0 {
			continue
		}
		v.Wait()
		n := x.Len()
		if paused {
			n = limit
		}
		agree(t, x, v, n, random)
	}
	v.Wait()
}

func TestViewIsThePlainOne(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { viewRun(t, seed, 40) })
	}
}

func FuzzView(f *testing.F) {
	f.Add(uint64(100), uint8(20))
	f.Add(uint64(101), uint8(50))
	f.Add(uint64(1<<40), uint8(30))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) { viewRun(t, seed, int(steps)) })
}

// More changes than are remembered: the view looks at everything again.
func TestViewFarBehind(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	from := newTraffic(3, 50, 1)
	for range chunkRows + 100 {
		_ = x.Add(from.next())
	}
	for _, q := range []Query{{Marked: true}, {Fold: true}, {Filter: "severity == 2"}, {Scope: Scope{Session: 1}}} {
		v := x.NewView(q)
		v.Wait()
		for range journalKept + 10 {
			x.Note(random.IntN(x.Len()), "", []string{"", "x"}[random.IntN(2)])
		}
		v.Wait()
		agree(t, x, v, x.Len(), random)
		v.Close()
	}
}

// The account of a connection is learned after its first rows; they match, too.
func TestWhatIsLearnedLate(t *testing.T) {
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	v := x.NewView(Query{Filter: `account == "user0@example.com"`})
	defer v.Close()
	scoped := x.NewView(Query{Scope: Scope{Session: 1}})
	defer scoped.Close()
	from := newTraffic(1, 50, 1)
	for range 13 {
		_ = x.Add(from.next())
		v.Wait()
		scoped.Sync()
	}
	v.Wait()
	if shown, _, _, _ := v.Counts(); shown != 12 {
		t.Errorf("%d messages of the account, want 12", shown)
	}
	if shown, _, _, _ := scoped.Counts(); shown != 13 {
		t.Errorf("%d rows of the session, want 13", shown)
	}
}

// A filter is applied near the anchor first, and a closed view's worker ends soon.
func TestFilterBeginsAtTheAnchor(t *testing.T) {
	x := opened(t, written(t, newTraffic(20, 50, 5).records(4*chunkRows)), "traffic")
	v := x.NewView(Query{Filter: `verb == "MSG"`})
	v.Anchor(2*chunkRows + 17)
	defer v.Close()
	v.Wait()
	v.mu.Lock()
	v.working = true // by hand: no goroutine is begun
	v.mu.Unlock()
	if err := v.Ask(Query{Filter: `number > 0`}); err != nil {
		t.Fatal(err)
	}
	var s step
	v.mu.Lock()
	var order []int
	for {
		k := v.nearest(x.Len())
		if k < 0 {
			break
		}
		v.begin(&s, k, min(chunkRows, x.Len()-k*chunkRows))
		v.parts[k].rows = s.to
		if len(order) == 0 || order[len(order)-1] != k {
			order = append(order, k)
		}
	}
	v.mu.Unlock()
	if got, want := fmt.Sprint(order), "[2 3 1 0]"; got != want {
		t.Errorf("chunks in order %s, want %s", got, want)
	}
}

func TestClosedViewStops(t *testing.T) {
	x := opened(t, written(t, newTraffic(20, 50, 5).records(4*chunkRows)), "traffic")
	v := x.NewView(Query{Filter: `any(1..2000, # == number)`})
	v.Close()
	start := time.Now()
	v.mu.Lock()
	for v.working {
		v.idle.Wait()
	}
	v.mu.Unlock()
	_, _, looked, _ := v.Counts()
	if looked > filterStep {
		t.Errorf("%d rows were looked at, %v after Close", looked, time.Since(start))
	}
	v.Sync()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.working {
		t.Error("a closed view works again")
	}
}

func TestAskWhatDoesNotCompile(t *testing.T) {
	x := New(Options{})
	v := x.NewView(Query{Filter: `verb ==`})
	defer v.Close()
	if v.FilterErr() == nil || v.Query().Filter != "" {
		t.Error("a filter that does not compile is said, and not applied")
	}
	_ = v.Ask(Query{Filter: `verb == "MSG"`, Fold: true})
	if err := v.Ask(Query{Filter: `nonsense`}); err == nil || v.Query().Filter != `verb == "MSG"` || !v.Query().Fold {
		t.Errorf("error %v, query %+v", err, v.Query())
	}
}

func TestFilterErr(t *testing.T) {
	x := opened(t, written(t, newTraffic(2, 50, 5).records(300)), "traffic")
	v := x.NewView(Query{Filter: `args[1] == "A"`})
	defer v.Close()
	v.Wait()
	if v.FilterErr() == nil {
		t.Error("an index out of range is not told")
	}
	_ = v.Ask(Query{Filter: `verb == "MSG"`})
	if v.Wait(); v.FilterErr() != nil {
		t.Error(v.FilterErr())
	}
}
