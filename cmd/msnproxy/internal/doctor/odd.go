package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"msnproxy/decode"
)

// heard is what came since a request was made.
type heard struct {
	act      decode.Act // of the request
	trid     int
	bytes    int64
	begin    []byte // the first bytes, not more than mostShown
	line     int64  // length of the first line, so far
	whole    bool   // the first line has its end
	answered bool   // an answer, or an error, came
	stray    string // an answer to something else: the request's verb with another TrID
	command  bool   // a command of MSNP came
}

// mostShown is how many bytes are shown of what a server says that makes no sense.
const mostShown = 48

// read takes what has just come.
func (h *heard) read(b []byte) {
	h.bytes += int64(len(b))
	h.begin = append(h.begin, b[:min(len(b), mostShown-len(h.begin))]...)
	if !h.whole {
		i := bytes.IndexByte(b, '\n')
		if h.whole = i >= 0; h.whole {
			b = b[:i]
		}
		h.line += int64(len(b))
	}
}

// message takes a message that has just come: number is that of the request.
func (h *heard) message(m *decode.Message, number int64) {
	h.command = h.command || m.Form != nil && m.Frame.Kind == decode.Command
	switch {
	case m.Error() != "" || m.ReplyTo == number && (h.act != decode.ActVersion || m.Act() == h.act):
		h.answered = true
	case m.Act() == h.act && h.stray == "":
		h.stray = string(m.Frame.Line())
	}
}

// printable reports whether it could be the beginning of a line.
func printable(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' })
}

// shown puts what a server said into quotation marks, and not too much of it.
func shown(s string) string {
	if s = strings.TrimRight(s, "\r\n"); len(s) > mostShown {
		s = s[:mostShown] + "..."
	}
	return `"` + s + `"`
}

// odd says what the server said that is no answer to the last request, and what to do about
// it: "" if it said nothing, or has answered.
func (w *walk) odd() (text, do string) {
	h, name := &w.heard, decode.VerbOf(w.heard.act).Name
	begin := shown(string(h.begin))
	if h.bytes > int64(len(h.begin)) {
		begin = shown(string(h.begin) + "...")
	}
	switch s := w.sign(); {
	case h.answered || h.bytes == 0:
		return "", ""
	case s.Out != "":
		text, do = fmt.Sprintf("the server answers %s with %s", name, s.Out), "it turns clients away: its log tells why"
	case h.stray != "":
		text = fmt.Sprintf("the server answers %s with %s, which has not the TrID of the request (%d), by which clients know the answer", name, shown(h.stray), h.trid)
		do = "let the server repeat the TrID of the request in its answer"
	case h.line > decode.DefaultMaxLine:
		text = fmt.Sprintf("the server answers %s with a line of more than %d bytes, which no client reads: it begins with %s", name, decode.DefaultMaxLine, begin)
		do = "see whether it is a notification server, and its log"
	case !h.whole && printable(h.begin):
		text = fmt.Sprintf("the server answers %s with %s and no line end", name, begin)
		if errors.Is(w.err, errSilent) {
			text += fmt.Sprintf(" within %v", w.r.Wait)
		}
		do = "let the server end its lines by CR LF; if it is only slow, give it more time by --timeout"
	case h.command:
		text, do = fmt.Sprintf("the server does not answer %s, but says %s", name, begin), "see whether it is a notification server, and its log"
	default:
		text = fmt.Sprintf("the server answers %s with what is no MSNP: %d bytes, which begin with %s", name, h.bytes, begin)
		do = "see which service listens there, and whether the port is right"
	}
	if end := w.ending(); end != "" {
		text += ", and " + end
	}
	return text, do
}

// ending says how the server ended the connection; "": it did not.
func (w *walk) ending() string {
	switch {
	case w.err == nil || errors.Is(w.err, errSilent) || errors.Is(w.err, errBabble):
		return ""
	case errors.Is(w.err, io.EOF):
		return "closes the connection"
	}
	return "resets the connection"
}

// offered reports whether the dialect that the server's answer to VER names is one of those
// that the client has offered; word is what it names.
func (w *walk) offered(dialects []int) (word string, yes bool) {
	words := strings.Fields(w.version)
	if len(words) < 3 {
		return "", false
	}
	for _, o := range offer(dialects...) {
		if strings.EqualFold(o, words[2]) {
			return words[2], true
		}
	}
	return words[2], words[2] == "0"
}
