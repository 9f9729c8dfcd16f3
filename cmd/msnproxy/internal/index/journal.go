package index

// journalKept is how many changes are remembered. A view that comes later than
// that looks at everything again.
const journalKept = 1 << 14

// journal is what has changed of rows that were there, for views to catch up. It
// is guarded by the index's lock.
type journal struct {
	ring  [journalKept]uint32
	count uint64 // of all changes
}

// connChange marks a change to what is known of a connection; others are rows.
const connChange = 1 << 31

func (j *journal) row(i int) { j.add(uint32(i)) }

func (j *journal) conn(c *conn) { j.add(uint32(c.facts.Index) | connChange) }

func (j *journal) add(change uint32) {
	j.ring[j.count%journalKept] = change
	j.count++
}

// since calls f for the changes after the first n. It reports false if they are
// not remembered.
func (j *journal) since(n uint64, row func(i int), conn func(index int)) bool {
	if j.count-n > journalKept {
		return false
	}
	for ; n < j.count; n++ {
		change := j.ring[n%journalKept]
		if change&connChange != 0 {
			conn(int(change &^ connChange))
		} else {
			row(int(change))
		}
	}
	return true
}
