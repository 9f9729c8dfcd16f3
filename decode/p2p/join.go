package p2p

import (
	"hash/fnv"
	"slices"
)

// Bounds on what is kept of blobs that are not whole.
const (
	maxBlob  = 256 << 10 // bytes of one: an invitation to a file has a preview in it
	maxOpen  = 16        // blobs
	maxDone  = 2048      // keys of what was whole: one blob of version 2 has up to 1,024
	maxPiece = 1024      // packets of one
)

// Joiner puts the blobs of MSNSLP and other short messages together, of any number of
// senders. Packets may come interleaved, in any order, and several times. It keeps
// what has come of the newest blobs, 4 MiB at most; what an announced size is never
// decides on memory. The zero Joiner is ready for use.
type Joiner struct {
	open  map[blobKey]*blob
	order []blobKey // of open, the oldest first
	done  map[blobKey]ended
	ended []blobKey // of done, the oldest first
}

// blobKey is what the packets of one blob have in common.
type blobKey struct {
	from, to string
	session  uint32
	id       uint32 // version 1: of the blob; 2: package number
	version  int
}

type piece struct {
	id     uint32
	behind uint64 // bytes of the blob behind it
	data   []byte
}

type blob struct {
	pieces []piece
	size   int
	total  uint64
	known  bool // total is
}

// ended is what a blob that was whole is known by when it comes again, as it does on
// the connection of its receiver: in version 1 its size, in version 2, where it is
// noted for each packet, its number alone. Of a blob of one packet it is also known
// what was in it.
type ended struct {
	total, sum uint64
}

// Joined is what became of a packet in a Joiner.
type Joined struct {
	// Blob is the whole blob, if the packet was what lacked of it; else nil.
	Blob []byte
	// Again: the packet, or the blob that it is of, has come before.
	Again bool
	// Total is how many bytes the blob is to have; Was what the packets before said,
	// if they said otherwise: the blob begins anew with this packet.
	Total, Was uint64
}

// Add takes a packet with data. from and to name the link that it came by, as two
// accounts do.
func (j *Joiner) Add(from, to string, p *Packet) (r Joined) {
	k := blobKey{from, to, p.SessionID, p.ID, p.Version}
	if p.Version == V2 {
		k.id = uint32(p.Package)
	}
	behind, total := p.Behind(), uint64(len(p.Data))+p.Behind()
	known := p.Version == V1
	if known {
		total = p.Total
	} else if known = p.First() || p.SessionID == 0 && IsSLP(p.Data); !known {
		total = 0
	}
	r.Total = total
	if j.was(k, p, total) {
		r.Again = true
		return r
	}
	b := j.open[k]
	if b == nil && known && total <= uint64(len(p.Data)) {
		j.finish(k, p.ID, ended{total, sum(p.Data)})
		r.Blob = p.Data
		return r
	}
	if b != nil && known && b.known && b.total != total {
		r.Was = b.total
		j.drop(k)
		b = nil
	}
	if b == nil {
		b = j.begin(k)
	}
	if known {
		b.total, b.known = total, true
	}
	r.Total = b.total
	if !b.take(piece{p.ID, behind, p.Data}) {
		r.Again = true
		return r
	}
	if b.size > maxBlob || len(b.pieces) > maxPiece {
		j.drop(k)
		return r
	}
	if r.Blob = b.whole(); r.Blob != nil {
		j.drop(k)
		for i := range b.pieces {
			j.finish(k, b.pieces[i].id, ended{total: b.total})
		}
	}
	return r
}

// take keeps a piece, unless it is there.
func (b *blob) take(p piece) bool {
	for _, old := range b.pieces {
		if old.behind == p.behind && len(old.data) >= len(p.data) {
			return false
		}
	}
	b.pieces = append(b.pieces, piece{p.id, p.behind, slices.Clone(p.data)})
	b.size += len(p.data)
	return true
}

// whole returns the blob if nothing of it lacks.
func (b *blob) whole() []byte {
	if !b.known || uint64(b.size) < b.total {
		return nil
	}
	var come ranges
	for _, p := range b.pieces {
		if end := b.total - p.behind; p.behind <= b.total && uint64(len(p.data)) <= end {
			come.add(end-uint64(len(p.data)), end)
		}
	}
	if !come.has(0, b.total) {
		return nil
	}
	out := make([]byte, b.total) // no more than has come
	for _, p := range b.pieces {
		if end := b.total - p.behind; p.behind <= b.total && uint64(len(p.data)) <= end {
			copy(out[end-uint64(len(p.data)):], p.data)
		}
	}
	return out
}

func (j *Joiner) begin(k blobKey) *blob {
	if j.open == nil {
		j.open = make(map[blobKey]*blob)
	}
	if len(j.order) >= maxOpen {
		j.drop(j.order[0])
	}
	b := new(blob)
	j.open[k] = b
	j.order = append(j.order, k)
	return b
}

func (j *Joiner) drop(k blobKey) {
	delete(j.open, k)
	if i := slices.Index(j.order, k); i >= 0 {
		j.order = slices.Delete(j.order, i, i+1)
	}
}

// finish remembers that a blob was whole.
func (j *Joiner) finish(k blobKey, id uint32, e ended) {
	if j.done == nil {
		j.done = make(map[blobKey]ended)
	}
	k = k.ended(id)
	if _, there := j.done[k]; !there {
		if len(j.ended) >= maxDone {
			delete(j.done, j.ended[0])
			j.ended = slices.Delete(j.ended, 0, 1)
		}
		j.ended = append(j.ended, k)
	}
	j.done[k] = e
}

// ended is the key of the blob in done.
func (k blobKey) ended(id uint32) blobKey {
	k.id = id
	return k
}

// was reports whether the packet is of a blob that was whole.
func (j *Joiner) was(k blobKey, p *Packet, total uint64) bool {
	e, ok := j.done[k.ended(p.ID)]
	return ok && (p.Version == V2 || e.total == total) && (e.sum == 0 || total > uint64(len(p.Data)) || e.sum == sum(p.Data))
}

func sum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}
