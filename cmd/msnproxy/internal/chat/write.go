package chat

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/show"
)

// WriteText writes the chat as a transcript for people, escaped. Further lines of
// a text are indented, so that none can be taken for a line of its own. Typing
// that led to something is left out.
func (b *Builder) WriteText(w io.Writer, loc *time.Location) error {
	out := bufio.NewWriter(w)
	s := script{b: b, loc: loc, names: b.ambiguous()}
	fmt.Fprintln(out, s.title())
	s.each(func(day string) {
		fmt.Fprintf(out, "\n%s\n", day)
	}, func(clock string, l *Line) {
		if l.Kind == Said {
			text := strings.ReplaceAll(s.said(l), "\n", "\n            ")
			fmt.Fprintf(out, "%s  %s: %s%s\n", clock, s.name(l), text, s.remark(l))
			return
		}
		fmt.Fprintf(out, "%s  * %s%s\n", clock, s.told(l), s.remark(l))
	})
	return out.Flush()
}

// WriteMarkdown writes what WriteText does as Markdown: a list, with nothing of
// the wire being markup.
func (b *Builder) WriteMarkdown(w io.Writer, loc *time.Location) error {
	out := bufio.NewWriter(w)
	s := script{b: b, loc: loc, names: b.ambiguous()}
	fmt.Fprintf(out, "# %s\n", markdown(s.title()))
	fresh := true
	begin := func() {
		if fresh {
			fmt.Fprintln(out)
		}
		fresh = false
	}
	s.each(func(day string) {
		fmt.Fprintf(out, "\n## %s\n", markdown(day))
		fresh = true
	}, func(clock string, l *Line) {
		begin()
		if l.Kind == Said {
			text := strings.ReplaceAll(markdown(s.said(l)), "\n", "\\\n  ")
			fmt.Fprintf(out, "- %s **%s:** %s%s\n", clock, markdown(s.name(l)), text, markdown(s.remark(l)))
			return
		}
		fmt.Fprintf(out, "- %s *%s*%s\n", clock, markdown(s.told(l)), markdown(s.remark(l)))
	})
	return out.Flush()
}

// script is a chat on its way to paper.
type script struct {
	b     *Builder
	loc   *time.Location
	names map[string]bool
}

// each calls for each day, and for each line that is shown.
func (s *script) each(day func(string), line func(clock string, l *Line)) {
	if n := s.b.dropped; n > 0 {
		day(fmt.Sprintf("(%d earlier lines were not kept)", n))
	}
	last := ""
	for i := range s.b.lines {
		l := &s.b.lines[i]
		if l.Superseded {
			continue
		}
		clock := "--:--:--"
		if !l.Time.IsZero() {
			at := l.Time.In(s.loc)
			if d := at.Format("Monday, 2 January 2006"); d != last {
				day(d)
				last = d
			}
			clock = at.Format("15:04:05")
		}
		line(clock, l)
	}
}

// title names who took part.
func (s *script) title() string {
	const most = 16
	var who []string
	for _, p := range s.b.order {
		if len(who) == most {
			who = append(who, "others")
			break
		}
		name := p.who
		if p.name != "" {
			name = p.name + " <" + p.who + ">"
		}
		who = append(who, escaped(name))
	}
	switch n := len(who); n {
	case 0:
		return "Chat"
	case 1:
		return "Chat of " + who[0]
	default:
		return "Chat of " + strings.Join(who[:n-1], ", ") + " and " + who[n-1]
	}
}

// ambiguous returns the names that more than one goes by.
func (b *Builder) ambiguous() map[string]bool {
	who, twice := make(map[string]string), make(map[string]bool)
	for i := range b.lines {
		l := &b.lines[i]
		name, id := display(l.Name, l.Who), identity(l.Who)
		if old, known := who[name]; known && old != id {
			twice[name] = true
		}
		who[name] = id
	}
	return twice
}

func (s *script) name(l *Line) string {
	name := display(l.Name, l.Who)
	if s.names[name] && l.Name != "" {
		name += " <" + l.Who + ">"
	}
	return escaped(name)
}

// told returns a line that nobody said, as a sentence.
func (s *script) told(l *Line) string {
	switch l.Kind {
	case Typing, File, Invite, Service:
		return s.name(l) + " " + escaped(l.Text)
	}
	return escaped(l.Text)
}

// said returns a text escaped but for its line breaks.
func (s *script) said(l *Line) string {
	text := strings.ReplaceAll(l.Text, "\r\n", "\n")
	rows := strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
	for i := range rows {
		rows[i] = escaped(rows[i])
	}
	return strings.Join(rows, "\n")
}

// remark says what of a message's way is worth a word: that all went well is not.
func (s *script) remark(l *Line) string {
	switch l.Delivery.State {
	case Failed:
		return " [not delivered]"
	case Waiting:
		return " [not acknowledged]"
	}
	return ""
}

func escaped(s string) string { return string(show.Escape(nil, s)) }

// markdown escapes what could be markup, also of GitHub's kind (links that have no
// brackets, emoticons by name), in a text that show.Escape has been at.
func markdown(s string) string {
	var out strings.Builder
	for i := range len(s) {
		var before, after byte
		if i > 0 {
			before = s[i-1]
		}
		if i+1 < len(s) {
			after = s[i+1]
		}
		switch c := s[i]; {
		case strings.IndexByte("\\`*_[]<>#+-=|~&@", c) >= 0,
			c == ':' && (after == '/' || wordy(after)),
			(c == '.' || c == ')') && ('0' <= before && before <= '9' || before|0x20 == 'w'):
			out.WriteByte('\\')
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func wordy(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '+' || c == '-' || c == '_'
}
