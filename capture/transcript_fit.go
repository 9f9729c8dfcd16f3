package capture

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
)

// fitted is a way to make a payload of the first lines of a text.
type fitted struct {
	payload []byte
	used    int
}

// fit looks for a way to make a payload of n bytes of the first lines: as they stand,
// without what they are indented by, with written line ends, with lines that were
// broken joined. ok is false if there is none.
func fit(lines [][]byte, n int) (f fitted, ok bool) {
	found := false
	for _, variant := range variants(lines) {
		for _, eol := range []string{"\r\n", "\n", ""} {
			size := 0
			for i, l := range variant {
				if size += len(l); i > 0 {
					size += len(eol)
				}
				whole := i+1 == len(variant) || len(bytes.TrimSpace(variant[i+1])) == 0
				for _, end := range []string{"", eol} {
					if size+len(end) != n || found && !whole {
						continue
					}
					f = fitted{append(bytes.Join(variant[:i+1], []byte(eol)), end...), i + 1}
					if found = true; whole {
						return f, true
					}
				}
				if size > n {
					break
				}
			}
		}
	}
	return f, found
}

// variants are the ways to read the lines of a payload in a document, the plainest
// first.
func variants(lines [][]byte) [][][]byte {
	all := [][][]byte{lines}
	flat := unindented(lines)
	if flat != nil {
		all = append(all, flat)
	} else {
		flat = lines
	}
	if w := writtenEnds(flat); w != nil {
		all = append(all, w)
		flat = w
	}
	for _, join := range []string{"", " "} {
		if j := joined(flat, join); j != nil {
			all = append(all, j)
		}
	}
	trimmed := make([][]byte, len(flat))
	for i := range flat {
		trimmed[i] = bytes.Trim(flat[i], " \t")
	}
	return append(all, trimmed)
}

// unindented takes away what all lines are indented by; nil: nothing.
func unindented(lines [][]byte) [][]byte {
	var indent []byte
	for i, first := 0, true; i < len(lines); i++ {
		if len(bytes.TrimSpace(lines[i])) == 0 {
			continue
		}
		own := lines[i][:len(lines[i])-len(bytes.TrimLeft(lines[i], " \t"))]
		if first {
			indent, first = own, false
		}
		for !bytes.HasPrefix(own, indent) {
			indent = indent[:len(indent)-1]
		}
	}
	if len(indent) == 0 {
		return nil
	}
	out := make([][]byte, len(lines))
	for i, l := range lines {
		if bytes.HasPrefix(l, indent) {
			out[i] = l[len(indent):]
		}
	}
	return out
}

// writtenEnds takes away line ends that are written at the ends of lines; nil: there are
// none.
func writtenEnds(lines [][]byte) [][]byte {
	any := false
	out := make([][]byte, 0, len(lines))
	for _, l := range lines {
		for range 2 {
			for _, end := range []string{`\r\n`, `\n`, `\r`, "<CR><LF>", "<CRLF>", "␍␊", "↵"} {
				if cut, ok := bytes.CutSuffix(bytes.TrimRight(l, " "), []byte(end)); ok {
					any, l = true, cut
					break
				}
			}
			if !bytes.HasSuffix(l, []byte(`\r\n`)) {
				break
			}
		}
		out = append(out, l)
	}
	if !any {
		return nil
	}
	return out
}

// joined puts lines that begin with ".." behind the ones before; nil: there are none.
func joined(lines [][]byte, with string) [][]byte {
	var out [][]byte
	any := false
	for _, l := range lines {
		if rest, ok := continues(l); ok && len(out) > 0 {
			any = true
			last := len(out) - 1
			out[last] = append(append(append([]byte(nil), out[last]...), with...), rest...)
			continue
		}
		out = append(out, l)
	}
	if !any {
		return nil
	}
	return out
}

// continues returns what stands behind the ".." that a broken line goes on with.
func continues(line []byte) (rest []byte, ok bool) {
	return bytes.CutPrefix(bytes.TrimLeft(line, " \t"), []byte(".. "))
}

var mimeHeader = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*: `)

// bestFit makes a payload of lines that do not have the length that is announced: of
// the stretches that end where a paragraph does, the one that is nearest.
func bestFit(lines [][]byte, n int) (payload []byte, used int) {
	if f, ok := fit(lines, n); ok {
		return f.payload, f.used
	}
	if flat := unindented(lines); flat != nil {
		lines = flat
	}
	if w := writtenEnds(lines); w != nil {
		lines = w
	}
	size, far, text := 0, 0, false
	// The headers of a message are not all of it.
	headers := len(lines) > 2 && mimeHeader.Match(lines[0])
	for i, l := range lines {
		if size += len(l); i > 0 {
			size += 2
		}
		text = text || len(l) > 0
		if headers && i+1 < len(lines) {
			headers = len(l) > 0 || len(bytes.TrimSpace(bytes.Join(lines[i:], nil))) == 0
			if headers || len(lines[i+1]) > 0 {
				continue
			}
		}
		if !text || i+1 < len(lines) && len(lines[i+1]) > 0 && len(l) > 0 {
			continue
		}
		if d := max(size-n, n-size); used == 0 || d < far {
			used, far = i+1, d
		}
	}
	return bytes.Join(lines[:used], []byte("\r\n")), used
}

// joins says what stands between two pieces of a line that was broken: nothing within
// a word that was too long, else a blank.
func joins(before, rest []byte) string {
	switch {
	case len(rest) == 0 || rest[0] == ' ' || rest[0] == '%':
		return ""
	case bytes.HasPrefix(rest, []byte("http")):
		return " "
	}
	last := before[bytes.LastIndexByte(before, ' ')+1:]
	if len(last) >= 32 && !strings.ContainsAny(string(last), "@/:") {
		return ""
	}
	return " "
}

// continued reads the lines that go on with the command in work.
func (t *transcript) continued() {
	for t.broken {
		err := t.readLine()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.late = err // the command comes first
			}
			return
		}
		line := t.line
		if t.log != nil {
			line = t.log.undressed(line)
		}
		rest, ok := continues(line)
		if !ok {
			t.again = true
			return
		}
		t.work = append(append(t.work, joins(t.work, rest)...), rest...)
	}
}
