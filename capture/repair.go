package capture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Repaired is what [Repair] did to a file.
type Repaired struct {
	// Original is where the file as it was is kept; empty if nothing was wrong.
	Original string
	// Blocks are the blocks (pcapng) or packets (pcap) kept.
	Blocks int64
	// Kept is how many bytes they have.
	Kept int64
	// Undone says what was undone to the whole file, in order: such as text in front
	// of it that was left out.
	Undone []string
	// Lost are the places that made no sense and were left out.
	Lost []LostRange
}

// LostRange is a stretch of a file, in bytes.
type LostRange struct {
	Offset, Length int64
	// Tail: it goes to the end of the file.
	Tail bool
}

// String says it in a line.
func (l LostRange) String() string {
	if l.Tail {
		return fmt.Sprintf("%d bytes at the end, from byte %d on", l.Length, l.Offset)
	}
	return fmt.Sprintf("%d bytes at byte %d", l.Length, l.Offset)
}

// Bytes returns how many bytes were lost.
func (r *Repaired) Bytes() (n int64) {
	for _, l := range r.Lost {
		n += l.Length
	}
	return n
}

// Repair mends a pcap or pcapng file of any program: what makes no sense, at its
// end or in the middle, is left out. The original is kept beside it, with ".orig"
// at the end of its name. A file that is whole is left alone.
func Repair(path string) (*Repaired, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &FormatError{path, "a directory"}
	}
	var source io.ReaderAt = in
	size := info.Size()
	var undone []string
	if info.Mode().IsRegular() && size <= maxSpoiled && spoiled(in, size) {
		whole, err := io.ReadAll(io.NewSectionReader(in, 0, size))
		if err != nil {
			return nil, fmt.Errorf("repairing %s: %w", path, err)
		}
		var mended []byte
		if mended, undone = unspoil(whole); mended != nil {
			source, size = bytes.NewReader(mended), int64(len(mended))
		}
	}
	m, err := newMender(source, path, size)
	if err != nil {
		return nil, err
	}
	m.done.Undone = undone
	half := path + ".repair"
	out, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("repairing %s: %w", path, err)
	}
	w := bufio.NewWriterSize(out, 1<<20)
	err = m.mend(w)
	err = errors.Join(err, w.Flush(), out.Sync(), out.Close())
	if err != nil || len(m.done.Lost) == 0 && len(undone) == 0 {
		rerr := os.Remove(half)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("repairing %s: %w", path, err), rerr)
		}
		return &m.done, rerr
	}
	if m.done.Original, err = keepOriginal(path); err != nil {
		return nil, errors.Join(err, os.Remove(half))
	}
	return &m.done, os.Rename(half, path)
}

// keepOriginal gives the file a name of its own beside the old one.
func keepOriginal(path string) (string, error) {
	for i := range 100 {
		name := path + ".orig"
		if i > 0 {
			name = fmt.Sprintf("%s.orig%d", path, i+1)
		}
		switch err := os.Link(path, name); {
		case err == nil:
			return name, nil
		case !errors.Is(err, os.ErrExist):
			return "", fmt.Errorf("repairing %s: keeping the original: %w", path, err)
		}
	}
	return "", fmt.Errorf("repairing %s: there are a hundred originals already", path)
}

// spoiled reports whether the beginning of a file looks as if it had been taken for
// text.
func spoiled(in io.ReaderAt, size int64) bool {
	head := make([]byte, min(size, sniffed))
	n, _ := in.ReadAt(head, 0)
	head = head[:n]
	return spoiledName(head) != "" || dosLines(head)
}

// mender walks the blocks of a file.
type mender struct {
	in     io.ReaderAt
	size   int64
	at     int64
	window []byte // of the file, from base on
	base   int64
	order  binary.ByteOrder
	ng     bool
	ifaces int
	snap   uint32
	done   Repaired
}

func newMender(in io.ReaderAt, path string, size int64) (*mender, error) {
	m := &mender{in: in, size: size, order: binary.LittleEndian}
	head, err := m.peek(0, 24)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, &FormatError{path, "empty"}
	}
	if len(head) < 24 {
		return nil, &FormatError{path, fmt.Sprintf("only %d bytes: nothing in it can be mended", len(head))}
	}
	switch magic := binary.LittleEndian.Uint32(head); magic {
	case magicSection:
		m.ng = true
		return m, nil
	case magicMicro, magicNano:
	case swapped(magicMicro), swapped(magicNano):
		m.order = binary.BigEndian
	default:
		return nil, &FormatError{path, looksLike(head) + "; repair takes pcap and pcapng (unpack compressed files first)"}
	}
	m.snap = m.order.Uint32(head[16:])
	return m, nil
}

// peek returns up to n bytes at an offset of the file.
func (m *mender) peek(at int64, n int) ([]byte, error) {
	if at < m.base || at+int64(n) > m.base+int64(len(m.window)) {
		const window = 1 << 20
		size := min(max(int64(n), window), m.size-at)
		if size <= 0 {
			return nil, nil
		}
		if int64(cap(m.window)) < size {
			m.window = make([]byte, size)
		}
		m.window = m.window[:size]
		got, err := m.in.ReadAt(m.window, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		m.window, m.base = m.window[:got], at
	}
	b := m.window[at-m.base:]
	return b[:min(n, len(b))], nil
}

// mend copies every block that makes sense.
func (m *mender) mend(w io.Writer) error {
	if !m.ng {
		head, err := m.peek(0, 24)
		if err != nil {
			return err
		}
		if _, err := w.Write(head); err != nil {
			return err
		}
		m.at = 24
	}
	for m.at < m.size {
		n, err := m.block(m.at)
		if err != nil {
			return err
		}
		if n > 0 {
			b, err := m.peek(m.at, n)
			if err != nil {
				return err
			}
			if _, err := w.Write(b); err != nil {
				return err
			}
			m.done.Blocks++
			m.done.Kept += int64(n)
			m.note(b)
			m.at += int64(n)
			continue
		}
		from := m.at
		if err := m.search(); err != nil {
			return err
		}
		m.done.Lost = append(m.done.Lost, LostRange{Offset: from, Length: m.at - from, Tail: m.at == m.size})
	}
	return nil
}

// search moves on to the next place where two blocks in a row make sense, or one
// that ends the file.
func (m *mender) search() error {
	for m.at++; m.at < m.size; m.at++ {
		// Bytes may be missing, so blocks are looked for at every place.
		if known, err := m.mayBegin(); err != nil {
			return err
		} else if !known {
			continue
		}
		n, err := m.block(m.at)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		next := m.at + int64(n)
		if next == m.size {
			return nil
		}
		if after, err := m.block(next); err != nil || after > 0 {
			return err
		}
	}
	m.at = m.size
	return nil
}

// mayBegin reports whether the bytes at hand begin with a type of block that is in
// use; a packet of a pcap has no type.
func (m *mender) mayBegin() (bool, error) {
	if !m.ng {
		return true, nil
	}
	b, err := m.peek(m.at, 4)
	if err != nil || len(b) < 4 {
		return false, err
	}
	switch typ := m.order.Uint32(b); typ {
	case magicSection, 0xbad, 0x40000bad: // the latter two are custom blocks
		return true, nil
	default:
		return typ >= 1 && typ <= 10, nil
	}
}

// note learns from a block what later ones refer to.
func (m *mender) note(b []byte) {
	if !m.ng {
		return
	}
	switch m.order.Uint32(b) {
	case magicSection:
		m.ifaces = 0
	case blockInterface:
		m.ifaces++
	}
}

// block returns the length of the block or packet at an offset, or 0 if there is
// none that makes sense and is whole.
func (m *mender) block(at int64) (int, error) {
	if m.ng {
		return m.ngBlock(at)
	}
	h, err := m.peek(at, 16)
	if err != nil || len(h) < 16 {
		return 0, err
	}
	fraction, kept, full := m.order.Uint32(h[4:]), m.order.Uint32(h[8:]), m.order.Uint32(h[12:])
	if fraction >= 1e9 || kept > full || kept > maxRecord || full > maxRecord || kept == 0 || m.snap > 0 && m.snap < kept && kept > 256<<10 {
		return 0, nil
	}
	n := 16 + int(kept)
	if at+int64(n) > m.size {
		return 0, nil
	}
	return n, nil
}

func (m *mender) ngBlock(at int64) (int, error) {
	h, err := m.peek(at, blockOverhead)
	if err != nil || len(h) < blockOverhead {
		return 0, err
	}
	order := m.order
	typ := order.Uint32(h)
	if typ == magicSection {
		switch uint32(byteOrderMagic) {
		case binary.LittleEndian.Uint32(h[8:]):
			order = binary.LittleEndian
		case binary.BigEndian.Uint32(h[8:]):
			order = binary.BigEndian
		default:
			return 0, nil
		}
	}
	n := order.Uint32(h[4:])
	if n < blockOverhead || n%4 != 0 || n > maxRecord || at+int64(n) > m.size {
		return 0, nil
	}
	b, err := m.peek(at, int(n))
	if err != nil || len(b) < int(n) || order.Uint32(b[n-4:]) != n {
		return 0, err
	}
	if !m.sound(typ, b[8:n-4], order) {
		return 0, nil
	}
	if typ == magicSection {
		m.order = order
	}
	return int(n), nil
}

// sound reports whether the body of a block is what its type says, with options
// that end within it.
func (m *mender) sound(typ uint32, body []byte, order binary.ByteOrder) bool {
	fixed := 0
	switch typ {
	case magicSection:
		fixed = sectionFixed
	case blockInterface:
		fixed = interfaceFixed
	case blockStatistics:
		fixed = 12
	case blockPacket:
		if len(body) < packetFixed || uint64(order.Uint32(body)) >= uint64(m.ifaces) {
			return false
		}
		size := uint64(order.Uint32(body[12:]))
		if size > uint64(len(body)-packetFixed) {
			return false
		}
		fixed = packetFixed + (int(size)+3)&^3
	default:
		return true // other blocks are not understood, and have no options to speak of
	}
	if len(body) < fixed {
		return false
	}
	p := &pcapng{f: &file{}, order: order}
	return p.options(body[fixed:], func(uint16, []byte) {}) == nil
}
