package http1

import (
	"bytes"
	"slices"
)

// methods are those that clients of MSN, and what stands between them and their servers,
// may use. Others are not taken for HTTP.
var methods = []string{"GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE", "PROPFIND"}

const answerMark = "HTTP/1."

// maxMethod is the length of the longest method.
const maxMethod = 8

// first is a first line, cut into its words.
type first struct {
	words  [3][]byte // method, target and protocol; or protocol, status and reason
	status int
	ok     bool
}

// firstLine reads a first line without its end.
func firstLine(line []byte, request bool) (f first) {
	a, rest, found := bytes.Cut(line, []byte{' '})
	if !found {
		return f
	}
	if !request {
		status, reason, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '})
		f.words = [3][]byte{a, status, reason}
		f.ok = version(a) && len(status) == 3
		for _, c := range status {
			f.ok = f.ok && '0' <= c && c <= '9'
			f.status = f.status*10 + int(c-'0')
		}
		f.ok = f.ok && f.status >= 100
		return f
	}
	// A target with blanks in it is sent by some clients; the protocol is the last word.
	i := bytes.LastIndexByte(rest, ' ')
	if i < 1 || !slices.Contains(methods, string(a)) {
		return f
	}
	f.words = [3][]byte{a, bytes.TrimSpace(rest[:i]), rest[i+1:]}
	f.ok = version(f.words[2]) && target(f.words[1])
	return f
}

func version(b []byte) bool {
	return len(b) == len(answerMark)+1 && string(b[:len(answerMark)]) == answerMark && '0' <= b[len(answerMark)] && b[len(answerMark)] <= '9'
}

// target reports whether a word may be the target of a request: a path, a URL, a star, or
// what CONNECT is given. A TrID is none.
func target(b []byte) bool {
	b, _, _ = bytes.Cut(b, []byte{'?'})
	return len(b) > 0 && (b[0] == '/' || string(b) == "*" || bytes.IndexByte(b, ':') > 0 || bytes.IndexByte(b, '.') > 0)
}

// requestPrefix says whether a line that has no end yet can become that of a request.
func requestPrefix(b []byte) Guess {
	word, rest, whole := bytes.Cut(b[:min(len(b), maxMethod+1)], []byte{' '})
	for _, m := range methods {
		if whole && string(word) == m {
			if len(rest) > 0 && '0' <= rest[0] && rest[0] <= '9' && m == "PUT" {
				return No // that verb of MSNP
			}
			return Maybe
		}
		if !whole && len(word) <= len(m) && m[:len(word)] == string(word) {
			return Maybe
		}
	}
	return No
}

// answerPrefix says whether a line that has no end yet can become that of an answer.
func answerPrefix(b []byte) Guess {
	n := min(len(b), len(answerMark))
	if string(b[:n]) == answerMark[:n] {
		return Maybe
	}
	return No
}
