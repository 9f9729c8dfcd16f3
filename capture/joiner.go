package capture

import (
	"encoding/binary"
	"hash/maphash"
	"time"
)

// joiner makes one recording of the records of several: connections get numbers of
// their own, those that go on in another file are one, and what is told again is left
// out.
type joiner struct {
	conns  map[int]map[*Conn]*Conn // by the connection in its file
	ids    map[fileConn]uint32
	open   map[party]*sharedConn // by what it is called in files that name both ends
	lastID uint32
	joined int
	closed []party // at this moment

	now     time.Time
	emitted map[uint64]int // times that a record of this moment was given
	seen    map[seenIn]int // times that a file has told it
	seed    maphash.Seed
	work    []byte
}

type fileConn struct {
	file int
	id   uint32
}

// party is a connection as files of one series call it.
type party struct {
	id             uint32
	client, server string
}

// sharedConn is a connection that is open, and the files that tell of it.
type sharedConn struct {
	conn   *Conn
	opened time.Time
	files  map[int]bool
	closed bool
}

type seenIn struct {
	file int
	hash uint64
}

func newJoiner() *joiner {
	return &joiner{conns: make(map[int]map[*Conn]*Conn), ids: make(map[fileConn]uint32), open: make(map[party]*sharedConn),
		emitted: make(map[uint64]int), seen: make(map[seenIn]int), seed: maphash.MakeSeed()}
}

// take makes a file's record one of the whole, and reports false if it tells nothing
// new.
func (j *joiner) take(file int, rec *Record, at time.Time) bool {
	if !at.Equal(j.now) {
		j.moment(at)
	}
	announced := rec.Kind == Opened
	again := false
	if own := rec.Conn; own != nil {
		if j.conns[file] == nil {
			j.conns[file] = make(map[*Conn]*Conn)
		}
		c := j.conns[file][own]
		if c == nil {
			c, again = j.find(file, rec)
			j.conns[file][own] = c
			j.ids[fileConn{file, own.ID}] = c.ID
		}
		rec.Conn = c
		if rec.Kind == Closed {
			delete(j.conns[file], own)
			j.over(own, c)
		}
	}
	if rec.About != nil {
		if id := j.ids[fileConn{file, rec.About.Conn}]; id != 0 {
			about := *rec.About
			about.Conn = id
			rec.About = &about
		}
	}
	if again && announced {
		return false
	}
	return rec.Time.IsZero() || !j.told(file, rec)
}

// find returns the connection that a file speaks of for the first time; again: it was
// spoken of before.
func (j *joiner) find(file int, rec *Record) (c *Conn, again bool) {
	own := rec.Conn
	key := party{own.ID, own.Client, own.Server}
	known := j.open[key]
	// A series announces what is open in each of its files; a copy says the same at
	// the same time.
	if known != nil && !known.files[file] && (own.MidStream || known.opened.Equal(rec.Time)) {
		known.files[file] = true
		j.joined++
		return known.conn, true
	}
	j.lastID++
	c = new(Conn)
	*c = *own
	c.ID = j.lastID
	if own.Client != "" && own.Server != "" {
		j.open[key] = &sharedConn{conn: c, opened: rec.Time, files: map[int]bool{file: true}}
	}
	return c, false
}

// over forgets a connection when this moment is past: until then other files may tell
// its end, and announce it before they do.
func (j *joiner) over(own, c *Conn) {
	key := party{own.ID, own.Client, own.Server}
	if known := j.open[key]; known != nil && known.conn == c && !known.closed {
		known.closed = true
		j.closed = append(j.closed, key)
	}
}

// moment begins another moment.
func (j *joiner) moment(at time.Time) {
	j.now = at
	clear(j.emitted)
	clear(j.seen)
	for _, key := range j.closed {
		if known := j.open[key]; known != nil && known.closed {
			delete(j.open, key)
		}
	}
	j.closed = j.closed[:0]
}

// ended forgets a file. Its connections may go on in others.
func (j *joiner) ended(file int) {
	delete(j.conns, file)
	for _, known := range j.open {
		delete(known.files, file)
	}
}

// told reports whether another file has told the same of this moment.
func (j *joiner) told(file int, rec *Record) bool {
	var id uint32
	if rec.Conn != nil {
		id = rec.Conn.ID
	}
	b := binary.LittleEndian.AppendUint32(j.work[:0], id)
	b = append(b, byte(rec.Kind), byte(rec.From), byte(rec.Fate))
	b = binary.LittleEndian.AppendUint64(b, uint64(rec.Time.UnixNano()))
	b = binary.LittleEndian.AppendUint64(b, uint64(rec.Frame.Offset))
	b = binary.LittleEndian.AppendUint64(b, uint64(rec.Lost))
	b = append(append(b, rec.Text...), 0)
	for _, by := range rec.ChangedBy {
		b = append(append(b, by...), 0)
	}
	if rec.About != nil {
		b = append(b, rec.About.Mark...)
		b = binary.LittleEndian.AppendUint64(b, uint64(rec.About.Offset))
	}
	var h maphash.Hash
	h.SetSeed(j.seed)
	h.Write(b)
	h.Write(rec.Frame.Raw)
	h.WriteByte(0)
	h.Write(rec.Sent)
	j.work = b
	hash := h.Sum64()
	j.seen[seenIn{file, hash}]++
	if j.seen[seenIn{file, hash}] <= j.emitted[hash] {
		return true
	}
	j.emitted[hash]++
	return false
}
