package inspector

import (
	"context"
	"fmt"
	"strings"
	"time"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// Endings are the names' ends that [Options.Create] tells formats by.
var Endings = []string{".pcapng", ".pcap", ".txt", ".jsonl", ".pcapng.gz", ".pcap.gz", ".txt.gz", ".jsonl.gz"}

// saveCommand saves what is shown, and what of it is folded away.
func (ins *Inspector) saveCommand(arg string) {
	if !ins.canSave() {
		return
	}
	ins.askFile("save to", arg, Endings, func(name string) {
		q := ins.rows.Query()
		_, _, _, n := ins.rows.Counts()
		ins.save(name, func(ctx context.Context, j *job) (*selection, error) { return shownRows(ctx, j, ins.x, q, n) })
	})
}

// saveExchange saves the exchange of the selected message.
func (ins *Inspector) saveExchange(arg string) {
	if _, ok := ins.message(); !ok || !ins.canSave() {
		return
	}
	ins.askFile("save message to", arg, Endings, func(name string) {
		rows := ins.exchangeRows()
		ins.save(name, func(context.Context, *job) (*selection, error) { return exchangeOnly(ins.x, rows), nil })
	})
}

func (ins *Inspector) canSave() bool {
	if ins.o.Create == nil {
		ins.complain("nothing can be saved here")
	}
	return ins.o.Create != nil
}

// rowSet is a set of rows.
type rowSet []uint64

func (s rowSet) has(i int) bool { return i/64 < len(s) && s[i/64]>>(i%64)&1 != 0 }
func (s rowSet) add(i int)      { s[i/64] |= 1 << (i % 64) }

// selection is the rows that are to be written.
type selection struct {
	rowSet
	n                int // rows that were looked at
	messages, folded int // folded: of the messages those that are folded away
	count            int // all rows in it
}

func newSelection(n int) *selection { return &selection{rowSet: make(rowSet, n/64+1), n: n} }

// put adds a row that is not in it yet.
func (s *selection) put(r *index.Row) {
	s.add(r.Index)
	s.count++
	if r.Kind == index.Message {
		s.messages++
	}
}

// shownRows returns the rows before n that a query wants, folded or not, and what
// happened to their connections.
func shownRows(ctx context.Context, j *job, x *index.Index, q index.Query, n int) (*selection, error) {
	fold := q.Fold
	q.Fold = false
	view := x.NewView(q)
	defer view.Close()
	view.Pause(true)
	j.of.Store(int64(3 * n))
	if err := filtered(ctx, j, view); err != nil {
		return nil, err
	}
	s := newSelection(n)
	conns := make(map[int]bool)
	for row := view.Next(-1); row >= 0 && row < n; row = view.Next(row) {
		r := x.Row(row)
		s.put(&r)
		if r.Conn != nil {
			conns[r.Conn.Index] = true
		}
		if s.count%4096 == 0 && ctx.Err() != nil {
			return nil, errStopped
		}
	}
	if fold {
		q.Fold = true
		if err := view.Ask(q); err != nil {
			return nil, err
		}
		s.folded = s.messages
		for row := view.Next(-1); row >= 0 && row < n; row = view.Next(row) {
			if s.has(row) && x.Row(row).Kind == index.Message {
				s.folded--
			}
		}
	}
	for row := range n {
		r := x.Row(row)
		if r.Kind != index.Message && r.Conn != nil && conns[r.Conn.Index] && !s.has(row) {
			s.put(&r)
		}
		if row%4096 == 0 && ctx.Err() != nil {
			return nil, errStopped
		}
	}
	j.at.Store(int64(2 * n))
	return s, nil
}

// filtered waits until the view's filter has been applied to all rows.
func filtered(ctx context.Context, j *job, view *index.View) error {
	for {
		view.Sync()
		_, _, looked, rows := view.Counts()
		j.at.Store(int64(looked))
		if looked >= rows {
			return nil
		}
		select {
		case <-ctx.Done():
			return errStopped
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// exchangeOnly returns the rows and those that open their connections.
func exchangeOnly(x *index.Index, rows []int) *selection {
	last := rows[len(rows)-1]
	s := newSelection(last + 1)
	for _, row := range rows {
		r := x.Row(row)
		s.put(&r)
		if r.Conn == nil {
			continue
		}
		if first := x.ConnState(r.Conn).First; first <= last && !s.has(first) {
			if opened := x.Row(first); opened.Kind == index.Opened {
				s.put(&opened)
			}
		}
	}
	return s
}

// save writes the rows that pick chooses to a file.
func (ins *Inspector) save(name string, pick func(context.Context, *job) (*selection, error)) {
	var notes []*capture.Record
	ins.start(name, func(ctx context.Context, j *job) (string, error) {
		s, err := pick(ctx, j)
		if err != nil {
			return "", err
		}
		if s.messages == 0 {
			return "", fmt.Errorf("%s is not written: no message is shown that could be saved", name)
		}
		out, err := ins.o.Create(name)
		if err != nil {
			return "", err
		}
		w := saver{x: ins.x, out: out, opened: make(map[*capture.Conn]bool), job: j}
		notes = ins.x.Remarks(s.has)
		err = w.write(ctx, s, notes)
		if cerr := out.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return "", discard(name, err)
		}
		return w.report(name, s, len(notes)), nil
	}, func() {
		if keepsNotes(name) && sameNotes(notes, ins.x.Remarks(func(int) bool { return true })) {
			ins.unkept = false
		}
	})
}

// keepsNotes reports whether marks and comments can be read back from the format.
func keepsNotes(name string) bool {
	ending := strings.TrimSuffix(endingOf(name, Endings), ".gz")
	return ending == ".pcapng" || ending == ".jsonl"
}

// sameNotes reports whether the notes say the same: nothing was changed meanwhile.
func sameNotes(a, b []*capture.Record) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if *a[i].About != *b[i].About || a[i].Text != b[i].Text {
			return false
		}
	}
	return true
}

// saver writes rows as a recording.
type saver struct {
	x       *index.Index
	out     Output
	opened  map[*capture.Conn]bool
	job     *job
	written int
	unread  error // why rows could not be read
}

// write writes the rows in order, and each note after its message.
func (w *saver) write(ctx context.Context, s *selection, notes []*capture.Record) error {
	on := make(map[capture.About]*capture.Record)
	for _, n := range notes {
		on[notePlace(n.About)] = n
	}
	var err error
	w.unread = w.x.NewReader().Walk(0, s.n, s.has, func(i int, m *decode.Message, rec *capture.Record) bool {
		if ctx.Err() != nil {
			err = errStopped
			return false
		}
		if w.written%256 == 0 {
			w.job.of.Store(int64(3 * s.n))
			w.job.at.Store(int64(2*s.n + i))
		}
		if err = w.record(i, rec); err != nil {
			return false
		}
		if m == nil || len(on) == 0 {
			return true
		}
		at := capture.About{Conn: rec.Conn.ID, From: rec.From, Offset: rec.Frame.Offset}
		if n := on[at]; n != nil {
			err = w.out.WriteRecord(n)
			delete(on, at)
		}
		return err == nil
	})
	return err
}

// notePlace returns where a note is, without the mark.
func notePlace(a *capture.About) capture.About {
	return capture.About{Conn: a.Conn, From: a.From, Offset: a.Offset}
}

// record writes one record. A connection that no row opens is opened first.
func (w *saver) record(row int, rec *capture.Record) error {
	w.written++
	c := rec.Conn
	if c != nil && !w.opened[c] {
		w.opened[c] = true
		if rec.Kind != capture.Opened {
			if err := w.out.WriteRecord(&capture.Record{Kind: capture.Opened, Time: rec.Time, Conn: c}); err != nil {
				return err
			}
		}
	}
	switch rec.Kind {
	case capture.Remark:
		rec.From = 0
	case capture.Closed:
		// A row can't say that it is not known who closed the connection.
		rec.From = 0
		if k := w.x.Row(row).Conn; k != nil {
			rec.From = w.x.ConnState(k).End
		}
	}
	return w.out.WriteRecord(rec)
}

// report says what was saved, and what of it was not.
func (w *saver) report(name string, s *selection, notes int) string {
	text := plural(s.messages, "message") + " saved to " + name
	if s.folded > 0 {
		text += fmt.Sprintf(", %d folded ones among them", s.folded)
	}
	if lost := s.count - w.written; lost > 0 {
		text = fmt.Sprintf("%d of %d rows saved to %s; the others can't be read: %v", w.written, s.count, name, w.unread)
	}
	if notes > 0 && !keepsNotes(name) {
		text += "; marks and comments can't be read back from it, but from .pcapng and .jsonl"
	}
	return text
}
