package capture

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"msnproxy/decode"
)

// speech is a pair of words or signs that say who speaks.
type speech struct {
	client, server string // regular expressions
	// weak: signs that mean other things, too, and count only where both are met.
	weak bool
}

// speeches are what logs and documents write before a command. Where two fit at the
// same place the earlier counts.
var speeches = []speech{
	{client: `C(?:LIENT|lient)? ?(?:-+>|=+>|→|⇒|>|to) ?S(?:ERVER|erver)?`, server: `S(?:ERVER|erver)? ?(?:-+>|=+>|→|⇒|>|to) ?C(?:LIENT|lient)?`},
	{client: `S(?:ERVER|erver)? ?(?:<-+|<=+|←|⇐) ?C(?:LIENT|lient)?`, server: `C(?:LIENT|lient)? ?(?:<-+|<=+|←|⇐) ?S(?:ERVER|erver)?`},
	{client: `>>>+`, server: `<<<+`},
	{client: `[-=]+>>?`, server: `<?<[-=]+`},
	{client: `[→⇒►»]`, server: `[←⇐◄«]`},
	{client: `>>`, server: `<<`},
	{client: `\[(?:C|CLIENT|[Cc]lient)\]`, server: `\[(?:S|SERVER|[Ss]erver)\]`},
	{client: `\b(?:C|CLIENT|[Cc]lient)\)?[:>]`, server: `\b(?:S|SERVER|[Ss]erver)\)?[:>]`},
	{client: `\b(?:[Ss]end|[Ss]ent|SEND|SENT|[Ss]ending|SENDING|[Ww]rite|[Ww]rote|TX|[Oo]utgoing|[Oo]utbound|OUT)\b ?[]):>]?`,
		server: `\b(?:[Rr]ecv|RECV|[Rr]ecvd|[Rr]eceived?|RECEIVED|[Rr]eceiving|RECEIVING|[Rr]ead|[Gg]ot|RX|[Ii]ncoming|[Ii]nbound|IN)\b ?[]):>]?`},
	{client: `>`, server: `<`, weak: true},
}

// notation is one way of writing down what two peers said, and what it is called.
type notation struct {
	name string
	// before is what must stand before the sign of the speaker, sign what stands
	// there, after what follows; nil: anything.
	before, sign, after *regexp.Regexp
	// log: lines come from a program, so that what it writes of other things has no
	// meaning, and connections are told apart by what is said on them.
	log bool
}

// notations are the ways that are known, the narrowest first.
var notations = []notation{
	{name: "debug log of libpurple (Pidgin)", sign: regexp.MustCompile(`^[CS]:$`), after: regexp.MustCompile(`^ ?[NS][SB] \d+: `), log: true},
	{name: "debug log of papyon (emesene)", before: regexp.MustCompile(`(?i)(papyon|pymsn|emesene|\btransport\b)`), sign: regexp.MustCompile(`^(>>>|<<<)`), log: true},
	{name: "protocol log of aMSN", sign: regexp.MustCompile(`^(->|<-)$`), after: regexp.MustCompile(`^ ?(?i)[ns][sb][\w-]*sock`), log: true},
	{name: "debug log of BitlBee", before: regexp.MustCompile(`(?i)bitlbee`), log: true},
	{name: "log of Miranda", before: regexp.MustCompile(`(?i)(\bmsn\b.*\([0-9a-fA-F:]+\)|miranda)`), log: true},
	{name: "log with a time on each line", before: regexp.MustCompile(`\d\d:\d\d`), log: true},
	{name: "log of a program", before: regexp.MustCompile(`[A-Za-z]{2}`), log: true},
	{name: "document with arrows", sign: regexp.MustCompile(`^[^A-Za-z]+$`)},
	{name: "document"},
}

// spokenLine is a line taken apart.
type spokenLine struct {
	before string // what stands before the sign
	sign   string
	label  string // which connection, in lower case; "" if it does not say
	from   decode.Sender
	weak   bool
	after  string // what follows the sign, the label among it
	text   []byte // the command
}

var (
	signs     = compileSigns()
	labelled  = regexp.MustCompile(`^[ :]*(?:[[(]? ?([A-Za-z][\w.#@-]*(?: \d+)?|\d{1,6}|0x[0-9a-fA-F]+|[\w.-]+:\d+) ?[])]?)[: ] *`)
	theVerb   = regexp.MustCompile(`^[A-Z]{3}$`)
	theCode   = regexp.MustCompile(`^[2-9]\d\d$`)
	longLabel = 40
)

type signed struct {
	re   *regexp.Regexp
	from []decode.Sender // by submatch
	weak []bool
}

// compileSigns makes one expression of all signs.
func compileSigns() signed {
	s := signed{from: []decode.Sender{0}, weak: []bool{false}}
	var alternatives []string
	for _, p := range speeches {
		alternatives = append(alternatives, "("+p.client+")", "("+p.server+")")
		s.from = append(s.from, decode.Client, decode.Server)
		s.weak = append(s.weak, p.weak, p.weak)
	}
	s.re = regexp.MustCompile(strings.Join(alternatives, "|"))
	return s
}

// maxBefore is how many bytes may stand before the sign of the speaker.
const maxBefore = 160

// hasCommand reports whether a command may stand somewhere in a line: a verb that is
// known, or what may be the code of an error, as a word of its own.
func hasCommand(line []byte) bool {
	word := func(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' }
	for at := 0; at < len(line); {
		if !word(line[at]) {
			at++
			continue
		}
		end := at + 1
		for end < len(line) && word(line[end]) {
			end++
		}
		if w := line[at:end]; len(w) == 3 && ('2' <= w[0] && w[0] <= '9' || theVerb.Match(w) && decode.LookupVerb(string(w)) != nil) {
			return true
		}
		at = end
	}
	return false
}

// takeApart finds the first sign in a line behind which a command stands.
func takeApart(line []byte) (s spokenLine, ok bool) {
	line = unmarked(line)
	if !hasCommand(line) {
		return s, false // most lines: they cost an expression of all signs
	}
	head := line[:min(len(line), maxBefore)]
	for at := 0; at < len(head); {
		m := signs.re.FindSubmatchIndex(head[at:])
		if m == nil {
			return s, false
		}
		from, to := at+m[0], at+m[1]
		for i := 1; i < len(signs.from); i++ {
			if m[2*i] >= 0 {
				s.from, s.weak = signs.from[i], signs.weak[i]
				break
			}
		}
		if text, label, found := behind(line[to:]); found {
			s.before, s.sign, s.label = string(line[:from]), string(line[from:to]), label
			s.text, s.after = text, string(line[to:min(len(line), to+64)])
			return s, true
		}
		at = from + max(1, runeLen(head[from:]))
	}
	return s, false
}

func runeLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		if b[i]&0xc0 != 0x80 {
			return i
		}
	}
	return len(b)
}

// behind looks for a command behind a sign, with or without the name of a connection
// before it.
func behind(rest []byte) (text []byte, label string, ok bool) {
	if rest = bare(rest); plausible(rest) {
		return rest, "", true
	}
	for range 2 {
		m := labelled.FindSubmatchIndex(rest[:min(len(rest), longLabel)])
		if m == nil {
			return nil, "", false
		}
		label = strings.ToLower(string(rest[m[2]:m[3]]))
		if rest = bare(rest[m[1]:]); plausible(rest) {
			return rest, label, true
		}
	}
	return nil, "", false
}

// bare takes off what a command is wrapped in: quotes of Python, marks of a wiki, the
// cells of a table.
func bare(b []byte) []byte {
	b = bytes.TrimRight(b, " \t")
	c := bytes.TrimLeft(b, " \t:*`_\"'|")
	if len(c) > 4 && (c[0] == 'b' || c[0] == 'u') && (c[1] == '\'' || c[1] == '"') {
		b, c = c[1:], c[2:]
	}
	wrap := b[:len(b)-len(c)]
	if i := bytes.IndexAny(wrap, "\"'|*`_"); i >= 0 {
		c = bytes.TrimRight(c, " "+string(wrap[i:]))
	}
	return c
}

// entities are what documents write for the signs of speakers.
var entities = strings.NewReplacer("&gt;", ">", "&lt;", "<", "&amp;", "&", "&quot;", "\"", "&rarr;", "→", "&larr;", "←")

// unmarked takes the entities out of a line of HTML.
func unmarked(line []byte) []byte {
	if !bytes.Contains(line, []byte("&gt;")) && !bytes.Contains(line, []byte("&lt;")) && !bytes.Contains(line, []byte("arr;")) {
		return line
	}
	return []byte(entities.Replace(string(line)))
}

// plausible reports whether a line begins with a command: a verb that is known, or the
// code of an error with a TrID behind it.
func plausible(b []byte) bool {
	word, rest, _ := bytes.Cut(b[:min(len(b), 32)], []byte{' '})
	if len(word) > 3 && (word[3] == '\\' || word[3] == '`' || word[3] == '\r' || word[3] == '*') {
		word, rest = word[:3], nil
	}
	switch {
	case len(word) != 3:
		return false
	case theVerb.Match(word):
		return decode.LookupVerb(string(word)) != nil
	case theCode.Match(word):
		return len(rest) == 0 || rest[0] >= '0' && rest[0] <= '9'
	}
	return false
}

// printed is a line that msnproxy prints of a message.
var printed = regexp.MustCompile(`^ *\d+ (\d\d:\d\d:\d\d\.\d{3} )?#\d+ +[A-Z?][A-Z/]* +\S+ +[CS]: `)

// evidence is what the first lines of a text say about its notation.
type evidence struct {
	notation *notation
	weak     bool // signs that mean other things are signs here
	native   bool // lines as we write them ourselves
	headed   bool // who speaks stands on a line of its own
	commands int
}

// leastCommands is how many commands a text must show to be a notation; with fewer
// there may be one other line.
const leastCommands = 2

// judge looks at the first lines of a text, which come bit by bit. The zero value has
// seen none.
type judge struct {
	lines   int
	printed bool // summaries, which are no commands
	// What speaks for which notation: so many lines.
	native, written, strong, headers int
	weak                             [2]int
	votes                            []int
}

// maxJudged is how many lines are looked at.
const maxJudged = 4000

// take looks at the next lines, which are whole.
func (j *judge) take(text []byte) {
	if j.votes == nil {
		j.votes = make([]int, len(notations))
	}
	for len(text) > 0 && j.lines < maxJudged {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		j.lines++
		j.line(unmarked(bytes.TrimSuffix(line, []byte{'\r'})))
	}
}

func (j *judge) line(line []byte) {
	if printed.Match(line) {
		j.printed = true
		return
	}
	if _, mark, text, isFrame := frameLine(line); isFrame && (mark != markPlain || plausible(text)) {
		j.native++
		if mark == markPlain && bytes.HasSuffix(text, []byte(`\r\n`)) {
			j.written++
		}
		if mark == markPlain {
			return
		}
	}
	if headedLine(line) != 0 {
		j.headers++
	}
	s, found := takeApart(line)
	if !found {
		return
	}
	if s.weak {
		j.weak[index(s.from)]++
		return
	}
	j.strong++
	for i := range notations {
		if notations[i].fits(&s) {
			j.votes[i]++
			break
		}
	}
}

// says returns what the lines say. ok is false if they are no notation that is known.
func (j *judge) says() (e evidence, ok bool) {
	native, written, strong, headers, weak, votes := j.native, j.written, j.strong, j.headers, j.weak, j.votes
	if j.printed {
		return e, false
	}
	if native > 0 && native >= strong && 2*written <= native {
		e.native = true
		return e, true
	}
	if written > 0 {
		e.notation, e.commands = &notation{name: "document with written line ends"}, written
		return e, true
	}
	e.commands = strong
	if weak[0] > 0 && weak[1] > 0 && weak[0]+weak[1] > strong {
		e.weak, e.commands = true, weak[0]+weak[1]
		e.notation = &notations[len(notations)-2]
		return e, true
	}
	if headers > 1 && headers >= strong {
		e.headed, e.notation = true, &notation{name: "log of Miranda", log: true}
		return e, true
	}
	if strong == 0 || strong < leastCommands && j.lines > 2 {
		return e, false
	}
	best := 0
	for i := range votes {
		if votes[i] > votes[best] {
			best = i
		}
	}
	e.notation = &notations[best]
	return e, true
}

func (n *notation) fits(s *spokenLine) bool {
	return (n.before == nil || n.before.MatchString(s.before)) && (n.sign == nil || n.sign.MatchString(s.sign)) &&
		(n.after == nil || n.after.MatchString(s.after))
}

var header = regexp.MustCompile(`(?i)\bdata (sent|received)\b[^A-Za-z]*(?:bytes|to|from)?[^A-Za-z]*[:)]?\s*$`)

// headedLine returns who speaks on the lines behind one that says only that.
func headedLine(line []byte) decode.Sender {
	m := header.FindSubmatch(line)
	switch {
	case m == nil:
		return 0
	case bytes.EqualFold(m[1], []byte("sent")):
		return decode.Client
	}
	return decode.Server
}

// String says what a text is read as.
func (e *evidence) String() string {
	if e.native {
		return "transcript"
	}
	return e.notation.name
}

// notationRemark is the line that says so.
func (e *evidence) remark() string {
	return fmt.Sprintf("read as: %s", e)
}
