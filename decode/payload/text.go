package payload

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// plain: what somebody writes (MSNP2).
func (p *Payload) plain(at int) {
	p.text(at, p.Charset)
	p.Summary = quote(p.Text)
}

// text decodes the text from start to the end of the payload. Without a charset
// it is UTF-8 if it can be that, else Windows-1252: sources differ on what such a
// text is.
func (p *Payload) text(start int, charset string) {
	b := p.raw[start:]
	p.TextStart, p.TextEnd = start, len(p.raw)
	if charset == "" {
		charset = "utf-8"
		if !utf8.Valid(b) {
			charset = "windows-1252"
		}
	}
	p.Charset = charset
	if isUTF8(charset) && p.str != "" {
		p.Text = p.str[start:]
		return
	}
	text, known := fromCharset(b, charset)
	if !known {
		p.problem("charset %s is not known: read as UTF-8", quote(charset))
	} else if isUTF8(charset) && !utf8.Valid(b) {
		p.problem("text is not valid UTF-8")
	}
	p.Text = text
}

func isUTF8(charset string) bool { return charset == "utf-8" || charset == "utf8" }

// fromCharset makes a text of that character set UTF-8.
func fromCharset(b []byte, charset string) (text string, known bool) {
	if isUTF8(charset) {
		return valid(b), true
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return valid(b), false
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return valid(b), true
	}
	return valid(out), true
}

// imFormat takes "FN=Arial; EF=B; CO=ff; CS=0; PF=22" apart (MSNP3).
func (p *Payload) imFormat(header *Node) []Node {
	const most = 32
	nodes := p.formatRoom[:0]
	p.formatRoom = nil
	rest, more := p.raw[header.Start:header.End], true
	for at := header.Start; more; {
		var piece []byte
		piece, rest, more = bytes.Cut(rest, []byte{';'})
		end := at + len(piece)
		if i := bytes.IndexByte(piece, '='); i >= 0 && len(nodes) < most {
			nameFrom, nameTo := p.trim(at, at+i)
			from, to := p.trim(at+i+1, end)
			n := Node{Name: p.cut(nameFrom, nameTo), Value: p.cut(from, to), Start: from, End: to}
			formatMeaning(&n)
			nodes = append(nodes, n)
		}
		at = end + 1
	}
	return nodes
}

func formatMeaning(n *Node) {
	switch n.Name {
	case "FN":
		n.Value, n.Meaning = unescape(n.Value), "font"
	case "EF":
		n.Meaning = effects(n.Value)
	case "CO":
		n.Meaning = colour(n.Value)
	case "CS":
		n.Meaning = windowsCharset(n.Value)
	case "PF":
		n.Meaning = "pitch and family of the font"
	case "RL":
		if n.Value == "1" {
			n.Meaning = "right to left"
		}
	}
}

func effects(v string) string {
	if v == "" {
		return "no effects"
	}
	var words []string
	for _, c := range v {
		switch c {
		case 'B':
			words = append(words, "bold")
		case 'I':
			words = append(words, "italic")
		case 'U':
			words = append(words, "underlined")
		case 'S':
			words = append(words, "struck out")
		}
	}
	if len(words) == 0 {
		return "no effects"
	}
	return strings.Join(words, ", ")
}

// colour turns BBGGRR, its leading zeros dropped, into #RRGGBB.
func colour(v string) string {
	if v == "0" {
		return "#000000"
	}
	n, err := strconv.ParseUint(v, 16, 24)
	if err != nil {
		return ""
	}
	s := strconv.FormatUint(1<<24|n&0xff<<16|n&0xff00|n>>16, 16)
	return "#" + s[1:]
}

func windowsCharset(v string) string { return windowsCharsets[strings.ToLower(v)] }

// windowsCharsets are hints for the choice of a font: the text is UTF-8 anyway.
var windowsCharsets = map[string]string{
	"0": "ANSI", "1": "default", "2": "symbol", "80": "Japanese", "81": "Korean", "86": "Chinese, simplified",
	"88": "Chinese, traditional", "a1": "Greek", "a2": "Turkish", "b1": "Hebrew", "b2": "Arabic",
	"cc": "Russian", "de": "Thai", "ee": "East European",
}

// unescape undoes percent-encoding and leaves alone what is none.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return valid(out)
}
