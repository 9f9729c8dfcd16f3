package index

// exchangeLook is how many requests of a connection are looked through for those
// that answer an earlier one: the tracker remembers no more.
const exchangeLook = 64

// Exchange returns the rows of the exchange that a row belongs to: the request,
// then its replies, in order; nil if it belongs to none.
func (x *Index) Exchange(row int) []int {
	x.mu.RLock()
	if !x.holds(row) || x.at(row).kind() != Message {
		x.mu.RUnlock()
		return nil
	}
	k := *x.at(row)
	first, number := row, k.number
	if k.reply > 0 {
		first, number = x.rowOf(int64(k.reply)), k.reply
	}
	if first < 0 || !x.at(first).has(flagGot) {
		x.mu.RUnlock()
		if first >= 0 && k.has(flagWants) {
			return []int{first}
		}
		return nil
	}
	chunks := x.conns[k.conn].chunks // it grows, what is there stays
	x.mu.RUnlock()
	rows := []int{first}
	asked := 0
	for _, at := range chunks {
		if from := max(first+1, int(at)*chunkRows); from < (int(at)+1)*chunkRows && asked < exchangeLook {
			rows, asked = x.replies(rows, asked, from, int(k.conn), number)
		}
	}
	return rows
}

// replies appends those rows of a chunk, from one on, that answer a message, and
// adds to the count of requests.
func (x *Index) replies(rows []int, asked, from, conn int, number uint32) ([]int, int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	c := x.chunks[from/chunkRows]
	for i := from; i < min(x.n, from-from%chunkRows+chunkRows); i++ {
		r := &c.rows[i%chunkRows]
		if int(r.conn) != conn || r.kind() != Message {
			continue
		}
		if r.reply == number {
			rows = append(rows, i)
		}
		if r.has(flagWants) {
			if asked++; asked >= exchangeLook {
				break
			}
		}
	}
	return rows, asked
}
