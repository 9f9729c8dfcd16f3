package capture

import (
	"container/heap"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Expand returns the names of the files that arguments stand for: files, directories
// (the recordings in them) and patterns as of [filepath.Glob], each file once. "-" stays
// as it is. What is being packed (.gz.part) is passed by.
func Expand(args ...string) ([]string, error) {
	var names []string
	var known []os.FileInfo
	add := func(name string) {
		if info, err := os.Stat(name); err == nil {
			if slices.ContainsFunc(known, func(k os.FileInfo) bool { return os.SameFile(k, info) }) {
				return
			}
			known = append(known, info)
		}
		names = append(names, name)
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == "-" || err == nil && !info.IsDir():
			add(arg)
			continue
		case err == nil:
			list, err := directory(arg)
			if err != nil {
				return nil, err
			}
			for _, name := range list {
				add(name)
			}
			continue
		case !strings.ContainsAny(arg, "*?["):
			return nil, err
		}
		list, perr := filepath.Glob(arg)
		if perr != nil {
			return nil, fmt.Errorf("%s: not a pattern: %w", arg, perr)
		}
		found := false
		for _, name := range list {
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && !strings.HasSuffix(name, partSuffix) {
				add(name)
				found = true
			}
		}
		if !found {
			return nil, fmt.Errorf("%s: no file has such a name", arg)
		}
	}
	return names, nil
}

// directory returns the recordings in a directory, by name.
func directory(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(name, partSuffix) {
			continue
		}
		r, err := Open(name)
		if errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		if err == nil {
			r.Close()
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, &FormatError{dir, "a directory without a recording in it"}
	}
	return names, nil
}

// OpenAll opens the recordings that arguments stand for (see [Expand]) as one: records
// in order of time, what stands in several files once, connections that go on in the
// next file of a series joined, and packets of captures put in order over all of them.
// Files without times come in the order of the arguments. "-" is in.
//
// Only the record at hand of each file is in memory.
func OpenAll(in io.Reader, args ...string) (*Reader, error) {
	names, err := Expand(args...)
	if err != nil {
		return nil, err
	}
	if len(names) == 1 {
		if names[0] == "-" {
			return OpenReader(in, "standard input")
		}
		return Open(names[0])
	}
	m := &merged{joiner: newJoiner()}
	var raw packetMerge
	r := &Reader{in: m}
	for i, name := range names {
		s := &source{number: i, open: func() (*Reader, error) { return Open(name) }}
		if name == "-" {
			s.open = func() (*Reader, error) { return OpenReader(in, "standard input") }
		}
		one, err := s.open()
		if err != nil {
			r.Close()
			m.end()
			return nil, err
		}
		if p, ok := one.in.(*packets); ok && name != "-" {
			raw.sources = append(raw.sources, &packetsFrom{name: name, number: i, r: one, src: p.src})
			raw.formatName = p.src.format()
			continue
		}
		s.r = one
		m.add(s)
	}
	if len(raw.sources) > 0 {
		raw.begin()
		m.add(&source{number: len(names), r: &Reader{in: newPackets(&raw), close: []io.Closer{&raw}}})
	}
	heap.Init(&m.order)
	r.close = append(r.close, closing(m.end))
	return r, nil
}

// closing makes a closer of a function.
type closing func() error

func (c closing) Close() error { return c() }

// manyOpen is how many files are open before their turn.
const manyOpen = 64

// source is one recording of several.
type source struct {
	number int
	open   func() (*Reader, error)
	r      *Reader
	rec    *Record
	at     time.Time // of rec, never before that of an earlier one
	early  bool      // it was closed until its turn
}

// merged gives the records of several recordings in order of time.
type merged struct {
	*joiner
	order sources
	errs  []error
	given *source // the one whose record was given last
	count Stats
	all   int
}

type sources []*source

func (s sources) Len() int { return len(s) }
func (s sources) Less(i, j int) bool {
	if !s[i].at.Equal(s[j].at) {
		return s[i].at.Before(s[j].at)
	}
	return s[i].number < s[j].number
}
func (s sources) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *sources) Push(x any)   { *s = append(*s, x.(*source)) }
func (s *sources) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}

// add takes a source whose file is open. Where there are many it is closed until its
// turn.
func (m *merged) add(s *source) {
	m.all++
	if !m.read(s) {
		return
	}
	if m.all > manyOpen && s.open != nil {
		s.r.Close()
		s.r, s.rec, s.early = nil, nil, true
	}
	m.order = append(m.order, s)
}

// read reads the next record of a source, and reports false if there is none.
func (m *merged) read(s *source) bool {
	rec, err := s.r.Next()
	if err == nil {
		if s.rec = rec; rec.Time.After(s.at) {
			s.at = rec.Time
		}
		return true
	}
	if !errors.Is(err, io.EOF) {
		m.errs = append(m.errs, err)
	}
	m.ended(s.number)
	m.count.add(s.r.Stats())
	s.r.Close()
	s.r = nil
	return false
}

func (m *merged) next(rec *Record) error {
	for {
		if s := m.given; s != nil {
			m.given = nil
			if m.read(s) {
				heap.Fix(&m.order, 0)
			} else {
				heap.Pop(&m.order)
			}
		}
		if len(m.order) == 0 {
			return errors.Join(append(m.errs, m.last())...)
		}
		s := m.order[0]
		if s.early {
			s.early = false
			r, err := s.open()
			if err != nil {
				m.errs = append(m.errs, err)
				heap.Pop(&m.order)
				continue
			}
			s.r = r
			if !m.read(s) {
				heap.Pop(&m.order)
				continue
			}
		}
		m.given = s
		*rec = *s.rec
		if m.take(s.number, rec, s.at) {
			return nil
		}
	}
}

// last is the error at the end when there is no other.
func (m *merged) last() error {
	if len(m.errs) > 0 {
		return nil
	}
	return io.EOF
}

func (m *merged) stats() Stats {
	s := m.count
	for _, o := range m.order {
		if o.r != nil {
			s.add(o.r.Stats())
		}
	}
	s.Connections = max(s.Connections-m.joined, 0)
	s.MSNP = max(s.MSNP-m.joined, 0)
	return s
}

func (m *merged) end() error {
	var errs []error
	for _, s := range m.order {
		if s.r != nil {
			errs = append(errs, s.r.Close())
		}
	}
	m.order = nil
	return errors.Join(errs...)
}

// add adds what another recording counts.
func (s *Stats) add(o Stats) {
	switch {
	case s.Format == "":
		s.Format, s.Text = o.Format, o.Text
	case s.Format != o.Format:
		s.Format, s.Text = "several formats", false
	}
	s.Packets += o.Packets
	s.NotTCP += o.NotTCP
	s.Fragments += o.Fragments
	s.Defragmented += o.Defragmented
	s.Late += o.Late
	s.Cut += o.Cut
	s.CutAt = max(s.CutAt, o.CutAt)
	s.CutBytes += o.CutBytes
	s.TooLate += o.TooLate
	s.Twins += o.Twins
	s.Connections += o.Connections
	s.Empty += o.Empty
	s.MSNP += o.MSNP
	for name, n := range o.Strange {
		if s.Strange == nil {
			s.Strange = make(map[string]int64)
		}
		s.Strange[name] += n
	}
}
