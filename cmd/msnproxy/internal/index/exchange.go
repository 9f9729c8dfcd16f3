package index

// Exchange returns the rows of the exchange that a row belongs to: the request,
// then its replies, in order; nil if it belongs to none.
func (x *Index) Exchange(row int) []int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if row < 0 || row >= x.n || x.at(row).kind() != Message {
		return nil
	}
	k := x.at(row)
	first, number := row, k.number
	if k.reply > 0 {
		if first, number = x.rowOf(int64(k.reply)), k.reply; first < 0 {
			return nil
		}
	}
	rows := []int{first}
	if !x.at(first).has(flagGot) {
		if k.has(flagWants) {
			return rows
		}
		return nil
	}
	for i := first + 1; i < x.n; i++ {
		if r := x.at(i); r.reply == number && r.conn == k.conn && r.kind() == Message {
			rows = append(rows, i)
		}
	}
	return rows
}
