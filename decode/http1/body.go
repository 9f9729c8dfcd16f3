package http1

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrTooLarge is the error for a body that is larger than was asked for.
var ErrTooLarge = errors.New("the body is larger than what is looked at")

// errChunks is the error for chunks that are none.
var errChunks = errors.New("the chunks of the body are broken or cut short")

// errEncodings is the error for what is compressed again and again.
var errEncodings = errors.New("the body is compressed too often")

const (
	maxEncodings = 3
	// gzipHead is more than what compression makes of nothing.
	gzipHead = 64
)

// Encoded reports whether the body stands on the wire in another form than it has: in
// chunks, or compressed.
func (m *Message) Encoded() bool { return m.chunked() || len(m.encodings()) > 0 }

// Body returns the body without chunks and decompressed, at most most bytes of it. Where
// something is wrong it returns what could be read, and why it is not all. What is not
// [Message.Encoded] is a window into Raw, else a copy.
func (m *Message) Body(most int) ([]byte, error) {
	body := m.Sent()
	var failed error
	if m.chunked() {
		body, failed = joinChunks(body)
	}
	names := m.encodings()
	if len(names) > maxEncodings {
		return body[:min(len(body), most)], errEncodings
	}
	for i, name := range slices.Backward(names) {
		bound := most
		if i > 0 {
			bound += most + gzipHead // what is compressed once more may be longer
		}
		out, err := decompress(name, body, bound)
		if body = out; err != nil {
			return body, err
		}
	}
	if len(body) > most {
		return body[:most], ErrTooLarge
	}
	return body, failed
}

// encodings are what the body is compressed with, in the order in which that was done.
func (m *Message) encodings() (names []string) {
	for _, header := range []string{"Content-Encoding", "Transfer-Encoding"} {
		for _, v := range m.Values(header) {
			for word := range strings.SplitSeq(v, ",") {
				word = strings.ToLower(strings.TrimSpace(word))
				if word != "" && word != "identity" && word != "chunked" {
					names = append(names, word)
				}
			}
		}
	}
	return names
}

func joinChunks(b []byte) ([]byte, error) {
	var out []byte
	for {
		size, line, g := chunkLine(b)
		if g != Yes {
			return out, errChunks
		}
		if b = b[line:]; size == 0 {
			return out, nil
		}
		out = append(out, b[:min(size, len(b))]...)
		eol, g := lineEnd(b, size)
		if g != Yes {
			return out, errChunks
		}
		b = b[size+eol:]
	}
}

func decompress(name string, b []byte, most int) ([]byte, error) {
	var r io.Reader
	var err error
	switch name {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(b))
	case "deflate":
		// That is zlib by the standard, and bare in what some servers send.
		if r, err = zlib.NewReader(bytes.NewReader(b)); err != nil {
			r, err = flate.NewReader(bytes.NewReader(b)), nil
		}
	default:
		return b, fmt.Errorf("the body is encoded as %q, which can't be undone here", name)
	}
	if err != nil {
		return nil, fmt.Errorf("the body is said to be %s, and is not", name)
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	switch {
	case len(out) > most:
		return out[:most], ErrTooLarge
	case err != nil:
		return out, fmt.Errorf("the %s of the body is broken or cut short", name)
	}
	return out, nil
}
