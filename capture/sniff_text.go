package capture

import (
	"bufio"
	"bytes"
	"io"
	"regexp"

	"golang.org/x/text/encoding/unicode"
)

// sniff tells what a text is by its first bytes, and begins to read it. Through a pipe
// they come bit by bit: no more are waited for than are needed. If it is no recording
// they are returned.
func (f *file) sniff(r *Reader) (head []byte, err error) {
	var jury judge
	judged, dumps := 0, leastDump
	for n := 1; ; n = min(len(head)+1, sniffed) {
		head, err = f.r.Peek(n)
		if b := f.r.Buffered(); err == nil && b > n {
			head, err = f.r.Peek(min(b, sniffed))
		}
		all := err != nil || len(head) >= sniffed
		whole := head
		if !all {
			whole = head[:bytes.LastIndexByte(head, '\n')+1]
		}
		if isJSONLines(head) {
			r.in = newJSONLines(f)
			return head, nil
		}
		isDump := func() bool {
			p := dumpOf(whole)
			if p != nil {
				r.in = newPackets(p(f))
			}
			return p != nil
		}
		if all || len(head) >= dumps {
			if dumps = 2 * len(head); isDump() {
				return head, nil
			}
		}
		if !all && len(whole) == judged {
			continue // within a line
		}
		bom := []byte("\xef\xbb\xbf")
		jury.take(bytes.TrimPrefix(whole[judged:], bom))
		judged = len(whole)
		text := bytes.TrimPrefix(whole, bom)
		e, ok := jury.says()
		if ok && (all || e.native && settled(text) || e.commands >= sureOf) {
			if len(head) >= leastDump && isDump() {
				return head, nil
			}
			r.in = newLog(f, e, brokenLines.Match(head))
			return head, nil
		}
		if all {
			if isTranscript(head) {
				r.in = newTranscript(f)
			}
			return head, err
		}
	}
}

// brokenLines are lines that go on with the ones before.
var brokenLines = regexp.MustCompile(`\n[ \t>]*\.\. `)

// leastDump is how much text that comes bit by bit must be there to tell that it shows
// packets.
const leastDump = 4 << 10

// sureOf is how many commands a text must show that comes bit by bit.
const sureOf = 8

// settled reports whether the first line with anything on it is one of ours.
func settled(text []byte) bool {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if _, mark, rest, ok := frameLine(line); ok {
			return mark != markPlain || plausible(rest) && !bytes.HasSuffix(rest, []byte(`\r\n`))
		}
		if len(bytes.TrimSpace(line)) > 0 && !happens(string(line)) && !bytes.HasPrefix(line, []byte(remarkPrefix)) {
			return false
		}
		text = rest
	}
	return false
}

// fromUTF16 reads text in UTF-16 as UTF-8: with a byte order mark, or where every
// second of the first bytes is zero.
func fromUTF16(head []byte, in *bufio.Reader) (io.Reader, bool) {
	if len(head) < 4 {
		return nil, false
	}
	order := unicode.LittleEndian
	switch {
	case head[0] == 0xff && head[1] == 0xfe, head[1] == 0 && head[3] == 0 && head[0] >= ' ' && head[2] >= ' ':
	case head[0] == 0xfe && head[1] == 0xff, head[0] == 0 && head[2] == 0 && head[1] >= ' ' && head[3] >= ' ':
		order = unicode.BigEndian
	default:
		return nil, false
	}
	if head[0] == 0xff && head[1] == 0xfe {
		// A capture that PowerShell has spoiled is no text: there are NULs in it.
		more, _ := in.Peek(64)
		for i := 2; i+1 < len(more); i += 2 {
			if more[i]|more[i+1] == 0 {
				return nil, false
			}
		}
	}
	return unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(in), true
}
