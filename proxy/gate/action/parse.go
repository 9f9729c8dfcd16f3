package action

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/valve"
)

// MaxRepeat is how often one action can send a message again.
const MaxRepeat = 1000

// Parse reads one action. An error is a *[filter.Error]: it names the column and what
// is possible there.
func Parse(s string) (Action, error) {
	p := parser{source: s}
	a, err := p.action(len(s))
	if err != nil {
		return Action{}, err
	}
	return a, nil
}

// ParseList reads actions parted by commas; those within quotes and brackets part
// nothing.
func ParseList(s string) ([]Action, error) {
	p := parser{source: s}
	var list []Action
	for {
		end, err := p.comma()
		if err != nil {
			return nil, err
		}
		a, err := p.action(end)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
		if end == len(s) {
			return list, nil
		}
		p.at = end + 1
	}
}

// scanner follows quotes and brackets of an expression.
type scanner struct {
	depth   int
	quote   byte // 0: not within quotes
	escaped bool
}

func (sc *scanner) step(c byte) {
	switch {
	case sc.escaped:
		sc.escaped = false
	case sc.quote != 0 && c == '\\' && sc.quote != '`':
		sc.escaped = true
	case sc.quote != 0:
		if c == sc.quote {
			sc.quote = 0
		}
	case c == '"' || c == '\'' || c == '`':
		sc.quote = c
	case c == '(' || c == '[' || c == '{':
		sc.depth++
	case c == ')' || c == ']' || c == '}':
		sc.depth--
	}
}

// open reports whether what follows is within quotes or brackets.
func (sc *scanner) open() bool { return sc.quote != 0 || sc.depth > 0 }

// parser reads actions. at is where it stands in source.
type parser struct {
	source  string
	at, end int
}

// comma returns where the action at the parser's place ends.
func (p *parser) comma() (int, error) {
	var sc scanner
	opened := p.at
	for i := p.at; i < len(p.source); i++ {
		if p.source[i] == ',' && !sc.open() {
			return i, nil
		}
		was := sc.quote
		if sc.step(p.source[i]); was == 0 && sc.quote != 0 {
			opened = i
		}
	}
	if sc.quote != 0 {
		return 0, p.wrong(opened, "the %c is not closed", sc.quote)
	}
	return len(p.source), nil
}

// wrong makes an error of the column at a place.
func (p *parser) wrong(at int, format string, args ...any) error {
	return &filter.Error{Source: p.source, Column: utf8.RuneCountInString(p.source[:at]) + 1, Text: fmt.Sprintf(format, args...)}
}

// within makes an error of an expression, or a text, that begins at a place, one of the
// whole.
func (p *parser) within(at int, err error) error {
	var fe *filter.Error
	if !errors.As(err, &fe) {
		return p.wrong(at, "%v", err)
	}
	e := p.wrong(at, "%s", fe.Text).(*filter.Error)
	e.Column += max(fe.Column-1, 0)
	return e
}

func (p *parser) blanks() {
	for p.at < p.end && strings.IndexByte(" \t\r\n", p.source[p.at]) >= 0 {
		p.at++
	}
}

// rest is what has not been read.
func (p *parser) rest() string { return strings.TrimRight(p.source[p.at:p.end], " \t\r\n") }

// word reads to the next blank, quote or =, and returns where it began.
func (p *parser) word() (string, int) {
	p.blanks()
	start := p.at
	for p.at < p.end && strings.IndexByte(" \t\r\n\"'=", p.source[p.at]) < 0 {
		p.at++
	}
	return p.source[start:p.at], start
}

// action reads one that ends at a place.
func (p *parser) action(end int) (a Action, err error) {
	p.end = end
	word, at := p.word()
	switch word {
	case "":
		return a, p.wrong(at, "an action is missing: %s", oneOf(Words()))
	case "before":
		a.When = Before
		err = p.sendWord(at, word)
	case "after":
		err = p.later(&a)
	}
	if err != nil {
		return a, err
	}
	if word == "before" || word == "after" {
		word = SendTo.String()
	}
	if slices.Contains(valve.Names(), word) {
		a.Kind = Byte
		if a.Fault.Fault, err = valve.Parse(word + " " + p.rest()); err != nil {
			return a, p.wrong(at, "%v", err)
		}
		return a, nil
	}
	i := slices.Index(words[:Byte], word)
	if i <= 0 {
		if near := filter.Nearest(word, Words()); near != "" {
			return a, p.wrong(at, "no action is called %q (did you mean %s?)", word, near)
		}
		return a, p.wrong(at, "no action is called %q; there are %s", word, strings.Join(Words(), ", "))
	}
	a.Kind = Kind(i)
	if err = p.arguments(&a); err != nil {
		return a, err
	}
	if p.blanks(); p.at < p.end {
		return a, p.wrong(p.at, "%q is too much: %s ends before it", p.rest(), word)
	}
	return a, nil
}

// arguments reads what follows the word of an action.
func (p *parser) arguments(a *Action) (err error) {
	switch a.Kind {
	case Delay, Postpone:
		a.Time, err = p.duration()
	case Set:
		return p.set(a)
	case Replace:
		a.line, err = p.command()
	case Remark, Raw:
		a.line, err = p.quoted(true)
	case Reply:
		err = p.sent(a)
	case SendTo:
		if a.Side, err = p.side(false); err == nil {
			err = p.sent(a)
		}
	case Repeat:
		a.Count, err = p.count()
	case Close, Reset:
		a.Side, err = p.side(true)
	case Hold:
		if word, at := p.word(); word == "for" {
			a.Time, err = p.duration()
		} else if word != "" {
			err = p.wrong(at, "hold stands alone, or goes on with for and a time: hold for 30s")
		}
	case Mark:
		err = p.mark(a)
	}
	return err
}

// sendWord reads the word that must follow before and after.
func (p *parser) sendWord(_ int, behind string) error {
	if word, at := p.word(); word != SendTo.String() {
		return p.wrong(at, "only send goes %s: %s send client \"LINE\"", behind, behind)
	}
	return nil
}

// later reads what follows "after": a time, or nothing, and send.
func (p *parser) later(a *Action) error {
	place := p.at
	if word, _ := p.word(); word == SendTo.String() {
		return nil
	}
	p.at = place
	var err error
	if a.Time, err = p.duration(); err != nil {
		return err
	}
	return p.sendWord(place, "after "+a.Time.String())
}

func (p *parser) duration() (time.Duration, error) {
	word, at := p.word()
	d, err := time.ParseDuration(word)
	if err != nil || d <= 0 {
		return 0, p.wrong(at, "a time is missing: a number and ms, s, m or h, as in 200ms, 5s, 1m30s")
	}
	return d, nil
}

func (p *parser) count() (int, error) {
	word, at := p.word()
	if word == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > MaxRepeat {
		return 0, p.wrong(at, "%q is no number from 1 to %d", word, MaxRepeat)
	}
	return n, nil
}

// side reads an end of the connection.
func (p *parser) side(optional bool) (decode.Sender, error) {
	word, at := p.word()
	switch word {
	case decode.Client.String():
		return decode.Client, nil
	case decode.Server.String():
		return decode.Server, nil
	}
	if optional {
		if word == "" {
			return decode.Either, nil
		}
		return 0, p.wrong(at, "%q is neither client nor server; nothing stands for both", word)
	}
	return 0, p.wrong(at, "who is to get it is missing: client or server")
}

// set reads NAME = EXPR.
func (p *parser) set(a *Action) (err error) {
	name, at := p.word()
	if name == "header" {
		a.Header = true
		if p.blanks(); p.at < p.end && p.source[p.at] != '"' && p.source[p.at] != '\'' {
			a.Name, at = p.word()
		} else if a.Name, at, err = p.plain("the name of a header"); err != nil {
			return err
		}
		if !isHeader(a.Name) {
			return p.wrong(at, "%q is no name of a header", a.Name)
		}
	} else if a.Name = name; !settable(name) {
		switch near := filter.Nearest(name, targets()); {
		case name == "length":
			return p.wrong(at, "length is counted from the payload; raw sends a wrong one")
		case name == "verb":
			return p.wrong(at, "another verb is another command: replace \"LINE\"")
		case near != "":
			return p.wrong(at, "no parameter is called %q (did you mean %s?)", name, near)
		}
		return p.wrong(at, "%q can't be set: there are args, text, payload, trid, header \"NAME\" and the parameters of commands (\"msnproxy explain VERB\")", name)
	}
	if p.blanks(); p.at == p.end || p.source[p.at] != '=' || strings.HasPrefix(p.source[p.at:p.end], "==") {
		return p.wrong(p.at, "= and an expression should follow: set %s = EXPR", a.Name)
	}
	p.at++
	p.blanks()
	if p.rest() == "" {
		return p.wrong(p.at, "an expression is missing, as in set text = \"hello\"")
	}
	if a.Value, err = filter.CompileValue(p.rest()); err != nil {
		return p.within(p.at, err)
	}
	p.at = p.end
	return nil
}

// targets are what can be set besides headers.
var targets = sync.OnceValue(func() []string {
	list := []string{"args", "text", "payload", "trid"}
	for _, n := range filter.Parameters() {
		if n.Name != "length" {
			list = append(list, n.Name)
		}
	}
	return list
})

func settable(name string) bool { return slices.Contains(targets(), name) }

// isHeader reports whether a name can stand before a colon.
func isHeader(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r == ':' || r >= 0x7f }) < 0
}

// sent reads the text of reply and send.
func (p *parser) sent(a *Action) (err error) {
	place := p.at
	if word, _ := p.word(); word == Raw.String() {
		a.raw = true
		a.line, err = p.quoted(true)
		return err
	}
	p.at = place
	a.line, err = p.command()
	return err
}

// command reads a quoted command line.
func (p *parser) command() (*quoted, error) {
	p.blanks()
	at := p.at
	q, err := p.quoted(true)
	if err != nil {
		return nil, err
	}
	if b, ok := q.fixed(); ok {
		if _, err := assemble(b); err != nil {
			return nil, p.within(at, err)
		}
	}
	return q, nil
}

// quoted reads a quoted text, with values of the message in it or not.
func (p *parser) quoted(values bool) (*quoted, error) {
	p.blanks()
	start := p.at
	if start == p.end || p.source[start] != '"' && p.source[start] != '\'' {
		return nil, p.wrong(start, "a text within quotes should follow, as in \"NAK {trid}\"")
	}
	var sc scanner
	sc.step(p.source[start])
	for p.at++; sc.quote != 0; p.at++ {
		if p.at >= p.end {
			return nil, p.wrong(start, "the %c is not closed", sc.quote)
		}
		sc.step(p.source[p.at])
	}
	q, n, err := readQuoted(p.source[start+1:p.at-1], p.source[start], values)
	if err != nil {
		return nil, p.within(start+1+n, err)
	}
	return q, nil
}

// plain reads a quoted text without values.
func (p *parser) plain(what string) (string, int, error) {
	p.blanks()
	start := p.at
	q, err := p.quoted(false)
	if err != nil {
		return "", start, err
	}
	b, _ := q.fixed()
	if len(b) == 0 || !utf8.Valid(b) {
		return "", start, p.wrong(start, "%s is missing", what)
	}
	return string(b), start, nil
}

// mark reads the name of a mark: a word, or anything within quotes.
func (p *parser) mark(a *Action) (err error) {
	if p.blanks(); p.at < p.end && (p.source[p.at] == '"' || p.source[p.at] == '\'') {
		a.Mark, _, err = p.plain("the name of the mark")
		return err
	}
	word, at := p.word()
	if !isWord(word) {
		return p.wrong(at, "a name is missing: a word, or a text within quotes")
	}
	a.Mark = word
	return nil
}

// isWord reports whether a name needs no quotes.
func isWord(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z')
	}) < 0
}

// oneOf names what is possible.
func oneOf(list []string) string { return "one of " + strings.Join(list, ", ") }
