package payload

import (
	"fmt"
	"io"
	"mime"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// mail: what is in the mailbox, a new mail, mails moved (MSNP2). In MSNP2 one
// content type stands for the first two, so the keys decide.
func (p *Payload) mail(at int) {
	p.keys(at)
	for i := range p.Nodes {
		n := &p.Nodes[i]
		switch strings.ToLower(n.Name) {
		case "from", "subject":
			if text := decodeWords(n.Value); text != n.Value {
				n.Meaning = text
			}
		case "dest-folder", "src-folder":
			n.Meaning = folder(n.Value)
		case "message-delta":
			n.Meaning = "mails moved"
		}
	}
	switch {
	case p.Find("Inbox-Unread") != nil:
		p.Summary = fmt.Sprintf("mailbox: %s unread, %s in other folders", p.value("Inbox-Unread"), orWord(p.value("Folders-Unread"), "0"))
	case p.Find("Message-Delta") != nil:
		p.Summary = fmt.Sprintf("mail: %s moved from %s to %s", p.value("Message-Delta"), p.value("Src-Folder"), p.value("Dest-Folder"))
	case p.Find("From") != nil || p.Find("Subject") != nil:
		p.Text = p.words("Subject")
		p.Summary = fmt.Sprintf("mail from %s: %s", p.words("From"), quote(p.Text))
	default:
		p.Summary = "mail notification"
		p.problem("none of the keys of a mail notification")
	}
}

// words returns the decoded value of a node.
func (p *Payload) words(name string) string {
	n := p.Find(name)
	if n == nil {
		return ""
	}
	return orWord(n.Meaning, n.Value)
}

func folder(v string) string {
	switch v {
	case "ACTIVE":
		return "inbox"
	case "trAsH":
		return "trash"
	case ".!!OIM":
		return "offline messages"
	case ".!!trAsH":
		return "trash of offline messages"
	}
	return ""
}

var wordDecoder = mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Reader(in), nil
}}

// decodeWords decodes the encoded words of RFC 2047, also in the spelling of
// Microsoft's servers: quotes around the charset, raw blanks in the text. What
// can't be decoded stays as it is.
func decodeWords(s string) string {
	var out strings.Builder
	between := 0 // where the text after the last encoded word starts
	rest := s
	for {
		i := strings.Index(rest, "=?")
		if i < 0 {
			break
		}
		word, n := encodedWord(rest[i:])
		if n == 0 {
			out.WriteString(rest[:i+2])
			rest, between = rest[i+2:], 0
			continue
		}
		if between == 0 || strings.TrimSpace(rest[:i]) != "" {
			out.WriteString(rest[:i])
		}
		out.WriteString(word)
		rest, between = rest[i+n:], 1
	}
	out.WriteString(rest)
	return strings.ToValidUTF8(out.String(), "\ufffd")
}

// encodedWord decodes the encoded word that s begins with, and returns how long
// it is: 0 if it is none.
func encodedWord(s string) (text string, n int) {
	const most = 1024 // RFC 2047 has 75; without a bound, many beginnings and no end take long
	charset, rest, _ := strings.Cut(s[2:min(len(s), most)], "?")
	encoding, rest, _ := strings.Cut(rest, "?")
	body, _, ended := strings.Cut(rest, "?=")
	if !ended {
		return "", 0
	}
	text, err := wordDecoder.Decode("=?" + strings.Trim(charset, `"`) + "?" + encoding + "?" + body + "?=")
	if err != nil {
		return "", 0
	}
	return text, len("=?") + len(charset) + len("?") + len(encoding) + len("?") + len(body) + len("?=")
}
