package decode

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Severity says how much a finding matters.
type Severity uint8

// The severities, from the least to the gravest.
const (
	Note    Severity = iota + 1 // unusual, and harmless
	Warning                     // against the protocol; peers may stumble
	Error                       // broken: something was lost or refused
)

// String returns the severity as a word.
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "none"
}

// Finding is one thing that is not as the protocol says.
type Finding struct {
	// Rule is the stable name of the rule, such as "challenge.mismatch".
	Rule     string
	Severity Severity
	// Text is one line for a person. It may hold what was on the wire, control
	// characters included.
	Text string
}

// String returns the finding as one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s %s: %s", f.Severity, f.Rule, f.Text)
}

// frameFindings says what is wrong with the frame and the line in themselves.
func (m *Message) frameFindings(dst []Finding) []Finding {
	fr := m.Frame
	add := func(rule string, s Severity, format string, args ...any) {
		dst = append(dst, Finding{rule, s, fmt.Sprintf(format, args...)})
	}
	switch fr.Kind {
	case Opaque:
		if fr.Gap || fr.Apart {
			return dst
		}
		return append(dst, noMSNP(fr))
	case Blank:
		add("frame.blank", Note, "an empty line between commands")
		return dst
	}
	switch {
	case fr.Omitted:
		dst = append(dst, fr.lengthFinding())
	case fr.Apart && fr.Missing > 1:
		dst = append(dst, Finding{"frame.cut", Note, fmt.Sprintf("a body of %d bytes or more, longer than is read", fr.Missing)})
	case fr.Apart && fr.Missing == 0: // there is none
	case fr.Apart:
		dst = append(dst, Finding{"frame.length", Error, "how long the body is can't be told"})
	case fr.Gap: // it is the recording that lacks something
	case fr.Missing != 0:
		dst = append(dst, fr.lengthFinding())
	case !fr.Complete():
		add("frame.cut", Note, "the line has no end")
	}
	if fr.Kind != Command {
		return dst
	}
	if fr.EOL == 1 {
		add("frame.line-end", Note, "the line ends in a lone LF")
	}
	if m.spaced && fr.EOL > 0 {
		add("line.blanks", Note, "blanks in a row or before the line end")
	}
	if m.cost == 0 && m.Form != nil || fr.EOL == 0 {
		return dst
	}
	return m.lineFindings(dst)
}

// lengthFinding says that the payload has not the length that the line announces.
func (f *Frame) lengthFinding() Finding {
	there := len(f.Raw) - f.LineLen - f.EOL
	switch {
	case f.Omitted:
		return Finding{"frame.cut", Note, fmt.Sprintf("the log does not show the payload of %d bytes (line %d)", f.Missing, f.TextLine)}
	case f.TextLine > 0:
		return Finding{"frame.length", Error, fmt.Sprintf("line %d: %d bytes announced, %d there", f.TextLine, there+f.Missing, there)}
	case f.Missing < 0:
		return Finding{"frame.length", Error, fmt.Sprintf("%d bytes more than the %d that are announced", -f.Missing, there+f.Missing)}
	}
	return Finding{"frame.length", Error, fmt.Sprintf("%d of the announced bytes are missing", f.Missing)}
}

// noMSNP finds fault with bytes where a command should stand.
func noMSNP(fr *Frame) Finding {
	if len(fr.Raw) == 1 {
		return Finding{"frame.opaque", Warning, fmt.Sprintf("1 byte at offset %d is no MSNP", fr.Offset)}
	}
	return Finding{"frame.opaque", Warning, fmt.Sprintf("%d bytes at offset %d are no MSNP", len(fr.Raw), fr.Offset)}
}

// lineFindings says where the line differs from the table.
func (m *Message) lineFindings(dst []Finding) []Finding {
	add := func(rule string, s Severity, format string, args ...any) {
		dst = append(dst, Finding{rule, s, fmt.Sprintf(format, args...)})
	}
	switch {
	case m.Verb == nil:
		add("version.unknown-command", Warning, "%s is no command of MSNP2-21", m.Frame.Verb())
		return dst
	case m.Form == nil:
		add("line.sender", Warning, "%s never comes from the %s", m.Name(), m.From)
		return dst
	}
	f := m.Form
	if m.Role != 0 && f.Roles&m.Role == 0 {
		add("line.role", Warning, "%s does not belong on a connection to %s", m.Name(), m.Role)
	}
	switch first, last := m.Verb.Dialects(m.From); {
	case f.In(m.Dialect):
	case m.From == Client && m.Verb.Outside == "" && (m.Dialect < first || last != 0 && m.Dialect > last):
		add("version.command", Warning, "%s is of %s; this connection speaks MSNP%d", m.Name(), dialects(first, last), m.Dialect)
	default:
		add("version.form", Note, "%s is of %s; this connection speaks MSNP%d", f.Usage(), f.Dialects(), m.Dialect)
	}
	if missing := m.missing(); missing != "" {
		add("line.missing", Warning, "%s missing in %s", missing, f.Usage())
	}
	if n := m.extra(); n > 0 {
		add("line.extra", Note, "%d parameters more than %s has", n, f.Usage())
	}
	for i := range m.Len() {
		fd := m.Field(i)
		if fd.Param == nil || fd.Param.misfit(m.Arg(i)) == 0 {
			continue
		}
		want := fd.Param.Kind.About
		if len(fd.Param.Literals) > 0 {
			want = strings.Join(fd.Param.Literals, " or ")
		}
		add("line.parameter", Warning, "%s of %s is %s; it should be %s", fd.Name, m.Name(), Quote(fd.Raw), want)
	}
	return dst
}

// missing names the parameters that are not there and must be, with "is" or "are".
func (m *Message) missing() string {
	var names []string
	for i := range m.Form.Params {
		if p := &m.Form.Params[i]; !p.Optional && (m.absent.holds(i) || m.absent.argument(i) >= m.Len()) {
			names = append(names, p.label())
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// Dialects returns the dialects that have the form, for people.
func (f *Form) Dialects() string { return dialects(f.First, f.Last) }

func dialects(first, last int) string {
	switch {
	case last == 0:
		return fmt.Sprintf("MSNP%d and later", first)
	case last == first:
		return fmt.Sprintf("MSNP%d", first)
	}
	return fmt.Sprintf("MSNP%d to %d", first, last)
}

// Quote puts a value from the wire into quotation marks, for the text of a finding: at
// most 60 bytes of it, as they are. Who shows the text escapes it.
func Quote(b []byte) string {
	const most = 60
	if len(b) <= most {
		return `"` + string(b) + `"`
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return `"` + string(b[:n]) + `"...`
}

// JudgePayload decodes the payload and adds what is wrong with it to the
// findings.
func (m *Message) JudgePayload() {
	p := m.Payload()
	if p == nil || m.judged || m.Fate == Injected || m.Frame.Missing > 0 {
		return
	}
	m.judged = true
	for _, problem := range p.Problems {
		m.Findings = append(m.Findings, Finding{"payload.form", Note, problem})
	}
}
