package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// placeWindow is the window that single records are read through: a screenful
	// of usual ones. What is larger than that is read beside it.
	placeWindow = 8 << 10
	// walkWindow is that of a walk, for which the calls to the kernel count.
	walkWindow = 64 << 10
)

// Places reads records of a recording by their place, see [Reader.Place]. The
// recording is an uncompressed pcapng file that msnproxy has written; it may grow
// meanwhile. A Places is not safe for concurrent use, but many may read one file.
type Places struct {
	name   string
	one    *placed
	walk   *placed
	record Record
	walked Record
}

// NewPlaces reads records by their place from an msnproxy pcapng recording, which
// stays the caller's to close. The name is for messages.
func NewPlaces(r io.ReaderAt, name string) *Places {
	return &Places{name: name, one: newPlaced(r, name, placeWindow), walk: newPlaced(r, name, walkWindow)}
}

// Record reads the record at a place. It and its bytes hold until the next call of
// Record. Conn, From and Frame.Offset are not to be relied on: one packet can't
// tell them. Only of an Opened record Conn is what it was.
//
// The error says why there is no record at that place, or is of the file.
func (p *Places) Record(place int64) (*Record, error) {
	if err := p.one.record(place, &p.record); err != nil {
		return nil, p.none(place, err)
	}
	return &p.record, nil
}

// none makes an error of one met at a place. That of a file that is read through
// would say what was read before.
func (p *Places) none(place int64, err error) error {
	var corrupt *CorruptError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: no record at byte %d: the file ends before it", p.name, place)
	case errors.As(err, &corrupt):
		return fmt.Errorf("%s: no record at byte %d: %s", p.name, place, corrupt.What)
	}
	return err
}

// Walk makes Next go on from a place, 0 for the beginning.
func (p *Places) Walk(place int64) { p.walk.seek(place) }

// Next returns the next record in the order of the file, and its place. The record
// is as from Record, and holds until the next call of Next or Walk; it is not
// disturbed by Record. No connection is opened but by a record of the file.
//
// After the last record comes io.EOF, until the file has grown; where the file is
// damaged, a [CorruptError].
func (p *Places) Next() (*Record, int64, error) {
	w := p.walk
	if errors.Is(w.err, io.EOF) {
		w.err = nil
	}
	p.walked = Record{}
	if err := w.next(&p.walked); err != nil {
		return nil, -1, err
	}
	return &p.walked, w.place, nil
}

// placed reads records from any place on.
type placed struct {
	own
	at cursor
	// lost: where the window stands is not known any more, after an error.
	lost bool
}

func newPlaced(in io.ReaderAt, name string, window int) *placed {
	p := &placed{at: cursor{in: in}}
	f := &file{r: bufio.NewReaderSize(&p.at, window), name: name}
	p.p = newPcapng(f)
	p.p.comments = true
	p.anybody = &ownConn{conn: &Conn{}}
	p.seek(0)
	return p
}

// seek goes to a place. What is in the window already is not read again: the
// lines of a screen lie side by side.
func (p *placed) seek(place int64) {
	f := p.p.f
	window := f.at
	if f.read {
		window += f.taken
	}
	if ahead := place - window; !p.lost && p.err == nil && ahead >= 0 && ahead <= int64(f.r.Buffered()) {
		f.r.Discard(int(ahead)) // it is buffered
	} else {
		p.at.offset = place
		f.r.Reset(&p.at)
	}
	f.at, f.taken, f.read = place, 0, false
	p.part, p.again, p.err, p.lost, p.becoming.more = nil, false, nil, false, false
	// The head of the file says so, and was not read.
	p.p.order, p.p.ifaces = binary.LittleEndian, append(p.p.ifaces[:0], ownInterface)
}

// record reads the record at a place, and not what comes behind it.
func (p *placed) record(place int64, rec *Record) error {
	p.seek(place)
	typ, body, err := p.p.block()
	if err == nil && typ != blockPacket {
		err = p.p.f.corrupt("a block of type %#x, which is no packet", typ)
	}
	if err == nil {
		err = p.p.packet(typ, body, &p.pkt)
	}
	switch {
	case err != nil:
		p.lost = true
		return err
	case p.packet(&p.pkt, rec):
		return nil
	case p.part == nil && !p.becoming.more:
		return p.p.f.corrupt("a packet that is no record")
	}
	if err := p.next(rec); err != nil {
		return err
	}
	// A frame whose rest is not there is given as far as it goes, but not if the
	// rest could not be read.
	var corrupt *CorruptError
	if p.err != nil && !errors.Is(p.err, io.EOF) && !errors.As(p.err, &corrupt) {
		return p.err
	}
	return nil
}

// cursor reads on from an offset.
type cursor struct {
	in     io.ReaderAt
	offset int64
}

func (c *cursor) Read(b []byte) (int, error) {
	n, err := c.in.ReadAt(b, c.offset)
	c.offset += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
