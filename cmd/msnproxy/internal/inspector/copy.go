package inspector

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/cmd/msnproxy/internal/show"
)

// mostCopied is how many characters of Base64 terminals take by OSC 52: what is
// longer they cut, or pass over.
const mostCopied = 74_994

// copied is something that can be copied.
type copied struct {
	letter, name string
	// text makes it, and names it if there is more to say than name does.
	text func(ins *Inspector) (text []byte, name string, err error)
}

var copies = []copied{
	{"f", "field", (*Inspector).copyField},
	{"r", "row", (*Inspector).copyRow},
	{"h", "hex", (*Inspector).copyHex},
	{"t", "transcript", (*Inspector).copyTranscript},
	{"j", "JSON", (*Inspector).copyJSON},
	{"p", "payload", (*Inspector).copyPayload},
}

// errNoMessage says that what is selected has nothing of that kind.
var errNoMessage = errors.New("select a message first")

// copyCommand copies what the letter says to the terminal's clipboard.
func (ins *Inspector) copyCommand(arg string) {
	var words []string
	for _, c := range copies {
		words = append(words, c.letter+" "+c.name)
	}
	ins.letter(arg, "copy "+strings.Join(words, ", "), func(letter string) {
		for _, c := range copies {
			if c.letter == letter {
				ins.copyOne(c)
				return
			}
		}
		ins.complain("copy what? " + strings.Join(words, ", "))
	})
}

func (ins *Inspector) copyOne(c copied) {
	if ins.sel < 0 {
		ins.complain("nothing is selected")
		return
	}
	text, name, err := c.text(ins)
	size := base64.StdEncoding.EncodedLen(len(text))
	switch {
	case err != nil:
		ins.complain("not copied: " + err.Error())
	case len(text) == 0:
		ins.complain("not copied: the " + or(name, c.name) + " is empty")
	case size > mostCopied:
		ins.complain("not copied: " + sizeText(int64(len(text))) + " are more than terminals take; :save-message writes a file")
	case ins.screen == nil:
		ins.complain("not copied: there is no terminal")
	default:
		ins.screen.SetClipboard(text)
		ins.say(or(name, c.name) + " copied, " + plural(len(text), "byte"))
	}
}

// copyField copies the value of the selected line of the detail; in Hex that of the
// field under the cursor, or the byte where there is none.
func (ins *Inspector) copyField() ([]byte, string, error) {
	d := ins.detail
	d.refresh()
	e := d.field()
	switch {
	case d.tab == hexTab && e.name == "" && d.at < len(d.raw):
		return []byte(hex.EncodeToString(d.raw[d.at : d.at+1])), "byte", nil
	case e.plain:
		return clipboardText(or(e.value, e.means)), "line", nil
	case e.value == "":
		return nil, e.name, nil
	}
	return clipboardText(e.value), e.name, nil
}

// copyRow copies the line that "msnproxy read" prints.
func (ins *Inspector) copyRow() ([]byte, string, error) {
	out, err := ins.printed(show.Options{Format: show.Text, Location: ins.o.Location})
	if i := bytes.LastIndexByte(bytes.TrimRight(out, "\n"), '\n'); i >= 0 {
		out = out[i+1:] // the day stands before it
	}
	return bytes.TrimRight(out, "\n"), "", err
}

func (ins *Inspector) copyJSON() ([]byte, string, error) {
	out, err := ins.printed(show.Options{Format: show.JSON})
	return bytes.TrimRight(out, "\n"), "", err
}

// printed returns the selected row as a printer prints it.
func (ins *Inspector) printed(o show.Options) ([]byte, error) {
	m, rec, err := ins.reader.Read(ins.sel)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if m == nil && o.Format == show.Text {
		o.Detail = 1 // without, connections are left out
	}
	p := show.New(&out, o)
	if m != nil {
		err = p.Message(m, rec)
	} else {
		err = p.Record(rec)
	}
	err = errors.Join(err, p.Flush())
	return out.Bytes(), err
}

func (ins *Inspector) copyHex() ([]byte, string, error) {
	m, rec, err := ins.reader.Read(ins.sel)
	if err != nil {
		return nil, "", err
	}
	if m == nil {
		return nil, "", errNoMessage
	}
	return []byte(hex.Dump(rec.Frame.Raw)), "hex dump of message " + strconv.FormatInt(m.Number, 10), nil
}

// copyTranscript copies the exchange of the selected message, or the message alone
// where it has none.
func (ins *Inspector) copyTranscript() ([]byte, string, error) {
	if ins.x.Row(ins.sel).Kind != index.Message {
		return nil, "", errNoMessage
	}
	rows := ins.exchangeRows()
	var out bytes.Buffer
	w := capture.NewTranscriptWriter(&out)
	// A connection without addresses needs no line of its own.
	var nameless capture.Conn
	for _, row := range rows {
		_, rec, err := ins.reader.Read(row)
		if err != nil {
			return nil, "", err
		}
		said := *rec
		said.Conn = &nameless
		if err := w.WriteRecord(&said); err != nil {
			return nil, "", err
		}
		if base64.StdEncoding.EncodedLen(out.Len()) > mostCopied {
			break
		}
	}
	return out.Bytes(), "transcript of " + plural(len(rows), "message"), nil
}

// exchangeRows returns the rows of the exchange of the selected message: at least
// its own.
func (ins *Inspector) exchangeRows() []int {
	if rows := ins.x.Exchange(ins.sel); len(rows) > 0 {
		return rows
	}
	return []int{ins.sel}
}

// copyPayload copies the payload as it was on the wire.
func (ins *Inspector) copyPayload() ([]byte, string, error) {
	m, rec, err := ins.reader.Read(ins.sel)
	switch {
	case err != nil:
		return nil, "", err
	case m == nil:
		return nil, "", errNoMessage
	case len(rec.Frame.Payload()) == 0:
		return nil, "", errors.New("the message has no payload")
	}
	return clipboardText(string(rec.Frame.Payload())), "payload of message " + strconv.FormatInt(m.Number, 10), nil
}

// clipboardText returns a text as it was on the wire, with line ends as terminals
// take them. What a terminal or a shell that it is pasted into would act on is
// escaped, and so are bytes that are no text.
func clipboardText(s string) []byte {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if harmful(r, n) {
			out = show.Escape(out, s[i:i+n])
		} else {
			out = append(out, s[i:i+n]...)
		}
		i += n
	}
	return out
}

// harmful reports whether a character of n bytes does something other than to be
// shown: controls, and marks that turn what follows around or break lines.
func harmful(r rune, n int) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r == utf8.RuneError && n <= 1:
		return true
	case r >= 0x200c && r <= 0x200f: // joiners and marks of direction: parts of names
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
