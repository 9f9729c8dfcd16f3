package inspector

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gdamore/tcell/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/chat"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
	"msnproxy/decode/check"
)

// writer writes an export, and returns what it wrote: "210 messages".
type writer func(ctx context.Context, j *job, w io.Writer) (what string, err error)

// exportCommand writes the view to a file: as text, the chat also as Markdown, or
// the screen as a picture.
func (ins *Inspector) exportCommand(arg string) {
	endings := []string{".txt", ".svg"}
	if ins.view == chatView {
		endings = []string{".txt", ".md", ".svg"}
	}
	ins.askFile("export "+strings.ToLower(viewNames[ins.view])+" to", arg, endings, func(name string) {
		write, err := ins.exporter(endingOf(name, endings))
		if err != nil {
			ins.complain("not exported: " + err.Error())
			return
		}
		ins.export(name, write)
	})
}

// exporter returns what writes the view in a format.
func (ins *Inspector) exporter(ending string) (writer, error) {
	q := ins.rows.Query()
	_, _, _, n := ins.rows.Counts()
	switch {
	case ending == ".svg":
		picture, err := ins.picture()
		return func(_ context.Context, _ *job, w io.Writer) (string, error) {
			_, err := w.Write(picture)
			return "the screen", err
		}, err
	case ins.view == chatView:
		return ins.exportChat(ending)
	case ins.view == findingsView:
		return func(ctx context.Context, j *job, w io.Writer) (string, error) {
			return ins.writeFindings(ctx, j, w, q, n)
		}, nil
	case ins.view == holdsView:
		return func(_ context.Context, _ *job, w io.Writer) (string, error) { return ins.writeHolds(w) }, nil
	case ins.view == transfersView:
		return func(_ context.Context, _ *job, w io.Writer) (string, error) { return ins.writeTransfers(w) }, nil
	case ins.view == statsView:
		return func(_ context.Context, _ *job, w io.Writer) (string, error) {
			var text bytes.Buffer // the index waits meanwhile
			var err error
			ins.x.Tally(func(t *tally.Tally) { err = t.WriteText(&text) })
			if err == nil {
				_, err = text.WriteTo(w)
			}
			return "statistics", err
		}, nil
	}
	return func(ctx context.Context, j *job, w io.Writer) (string, error) {
		return ins.writeLines(ctx, j, w, q, n)
	}, nil
}

// export makes the file and has it written.
func (ins *Inspector) export(name string, write writer) {
	ins.start(name, func(ctx context.Context, j *job) (string, error) {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return "", fmt.Errorf("creating the file to export to: %w", err)
		}
		out := bufio.NewWriterSize(file, 64<<10)
		what, err := write(ctx, j, out)
		if ferr := out.Flush(); err == nil {
			err = ferr
		}
		if cerr := file.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return "", discard(name, err)
		}
		return what + " written to " + name, nil
	}, nil)
}

// picture draws the screen as it is, without what is typed, for a file.
func (ins *Inspector) picture() ([]byte, error) {
	_, _, w, h := ins.GetRect()
	s := tcell.NewSimulationScreen("UTF-8")
	if err := s.Init(); err != nil {
		return nil, err
	}
	defer s.Fini()
	s.SetSize(w, h)
	before := ins.toast
	ins.toast = toast{}
	ins.Draw(s)
	ins.toast = before
	return SVG(s, "msnproxy: "+ins.o.Title, ins.theme.name == "light"), nil
}

// writeLines writes the rows that a query shows as "msnproxy read" prints them.
func (ins *Inspector) writeLines(ctx context.Context, j *job, w io.Writer, q index.Query, n int) (string, error) {
	view, err := ins.frozen(ctx, j, q)
	if err != nil {
		return "", err
	}
	defer view.Close()
	s := newSelection(n)
	for row := view.Next(-1); row >= 0 && row < n; row = view.Next(row) {
		r := ins.x.Row(row)
		s.put(&r)
	}
	p := show.New(w, show.Options{Format: show.Text, Detail: 1, Location: ins.o.Location})
	var werr error
	unread := ins.x.NewReader().Walk(0, n, s.has, func(i int, m *decode.Message, rec *capture.Record) bool {
		if ctx.Err() != nil {
			werr = errStopped
			return false
		}
		j.at.Store(int64(2*n + i))
		if m != nil {
			werr = p.Message(m, rec)
		} else if werr = p.Record(rec); werr == nil {
			werr = p.Located(ins.findingsAt(i))
		}
		return werr == nil
	})
	what := plural(s.messages, "message")
	if unread != nil {
		what += fmt.Sprintf(" (some can't be read: %v)", unread)
	}
	return what, errors.Join(werr, p.Flush())
}

// frozen returns a view of what a query wants of the rows that there are now.
func (ins *Inspector) frozen(ctx context.Context, j *job, q index.Query) (*index.View, error) {
	view := ins.x.NewView(q)
	view.Pause(true)
	j.of.Store(int64(3 * ins.x.Len()))
	if err := filtered(ctx, j, view); err != nil {
		view.Close()
		return nil, err
	}
	return view, nil
}

// findingsAt returns the findings on a row with their place.
func (ins *Inspector) findingsAt(row int) (list []check.Located) {
	for _, f := range ins.x.FindingsOn(row) {
		list = append(list, ins.findingAt(row, f))
	}
	return list
}

func (ins *Inspector) findingAt(row int, f decode.Finding) check.Located {
	r := ins.x.Row(row)
	l := check.Located{Finding: f, From: r.From, Offset: r.Offset, Time: r.Time}
	if r.Kind == index.Message {
		l.Number = r.Number
	}
	if r.Conn != nil {
		l.Conn = r.Conn.Facts.ID
	}
	return l
}

// writeFindings writes the findings on rows that a query wants, folded ones among
// them.
func (ins *Inspector) writeFindings(ctx context.Context, j *job, w io.Writer, q index.Query, n int) (string, error) {
	s, err := shownRows(ctx, j, ins.x, q, n)
	if err != nil {
		return "", err
	}
	p := show.New(w, show.Options{Format: show.Text, Detail: 1, Location: ins.o.Location})
	list := ins.x.Findings(decode.Note, s.has)
	for i, ref := range list {
		if ctx.Err() != nil {
			return "", errStopped
		}
		j.at.Store(int64(2*n + i*n/len(list)))
		f := ins.x.Finding(ref)
		if err := p.Located([]check.Located{ins.findingAt(f.Row, f.Finding)}); err != nil {
			return "", err
		}
	}
	return plural(len(list), "finding"), p.Flush()
}

// exportChat returns what writes the conversation on the screen.
func (ins *Inspector) exportChat(ending string) (writer, error) {
	number := 0
	if p, ok := ins.main[chatView].(*chatPane); ok {
		number = p.number // what is on the screen, whatever is selected
	}
	if number == 0 {
		return nil, errors.New("no conversation is shown")
	}
	return func(ctx context.Context, j *job, w io.Writer) (string, error) {
		b, err := chatToExport(ctx, j, ins.x, number)
		if err != nil {
			return "", err
		}
		if ending == ".md" {
			err = b.WriteMarkdown(w, ins.o.Location)
		} else {
			err = b.WriteText(w, ins.o.Location)
		}
		return fmt.Sprintf("conversation %d", number), err
	}, nil
}

// chatToExport makes the chat of a conversation: of its own messages, and of those
// that any chat may take.
func chatToExport(ctx context.Context, j *job, x *index.Index, number int) (*chat.Builder, error) {
	n := x.Len()
	s := newSelection(n)
	j.of.Store(int64(n))
	for row := range n {
		if r := x.Row(row); mayBeInChat(&r, number) {
			s.put(&r)
		}
		if row%4096 == 0 && ctx.Err() != nil {
			return nil, errStopped
		}
	}
	b := chat.Of(number)
	stopped := false
	err := x.NewReader().Walk(0, n, s.has, func(i int, m *decode.Message, rec *capture.Record) bool {
		j.at.Store(int64(i))
		switch {
		case m != nil && index.Part(m, number):
			b.Message(i, m)
		case m != nil:
		case rec.Kind == capture.Lost:
			b.Lost(x.Row(i).Conn.Facts)
		case rec.Kind == capture.Closed:
			b.Closed(i, x.Row(i).Conn.Facts, rec.Time)
		}
		stopped = ctx.Err() != nil
		return !stopped
	})
	if stopped {
		return nil, errStopped
	}
	return b, err
}

// mayBeInChat reports whether a row may have to do with a conversation.
func mayBeInChat(r *index.Row, number int) bool {
	if r.Conn == nil || r.Kind != index.Message && r.Kind != index.Closed && r.Kind != index.Lost {
		return false
	}
	return r.Conn.In(number) || r.Conn.Facts.Role == decode.FTP || r.Conn.Facts.Direct || decode.ActOf(r.Verb) == decode.ActInvite
}
