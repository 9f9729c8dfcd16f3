package index

import (
	"cmp"
	"context"
	"io"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/decode/transfer"
)

// handed is what people have handed each other by P2P, and the rows that tell of it.
type handed struct {
	tracker transfer.Tracker
	rows    []handedRow
	version int
}

// handedRow is a row that has to do with a transfer; 0: with one that is not known yet,
// as the first bytes of a direct connection.
type handedRow struct{ row, number uint32 }

// hand notes what a message has to do with transfers. The lock is held.
func (x *Index) hand(row int, m *decode.Message) {
	e := x.handed.tracker.Message(m)
	if e == nil {
		return
	}
	r := handedRow{row: uint32(row)}
	if e.Transfer != nil {
		r.number = uint32(e.Transfer.Number)
	}
	x.handed.rows = append(x.handed.rows, r)
	x.handed.version++
}

// Transfers returns all transfers as they are now, and a number that changes when any of
// them does.
func (x *Index) Transfers() (list []transfer.Transfer, version int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, t := range x.handed.tracker.Transfers() {
		list = append(list, t.Snapshot())
	}
	return list, x.handed.version
}

// TransfersVersion returns that number alone.
func (x *Index) TransfersVersion() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.handed.version
}

// TransferOf returns the number of the transfer that a row tells of, or, with exact
// false, of the last one before it; 0: there is none.
func (x *Index) TransferOf(row int) (number int, exact bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for i := x.handedBehind(row) - 1; i >= 0; i-- {
		if r := x.handed.rows[i]; r.number > 0 {
			return int(r.number), int(r.row) == row
		}
	}
	return 0, false
}

// handedBehind returns the place of the first entry behind a row. The lock is held.
func (x *Index) handedBehind(row int) int {
	lo, hi := 0, len(x.handed.rows)
	for lo < hi {
		mid := (lo + hi) / 2
		if int(x.handed.rows[mid].row) <= row {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// TransferRows returns the rows that tell of a transfer, in order.
func (x *Index) TransferRows(number int) (rows []int) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	conns := make(map[uint32]bool)
	for _, r := range x.handed.rows {
		if int(r.number) == number {
			conns[uint32(x.at(int(r.row)).conn)] = true
		}
	}
	for _, r := range x.handed.rows {
		if int(r.number) == number || r.number == 0 && conns[uint32(x.at(int(r.row)).conn)] {
			rows = append(rows, int(r.row))
		}
	}
	return rows
}

// Content writes the content of a transfer, as far as it has come in order, and returns
// the transfer as it is then.
func (x *Index) Content(ctx context.Context, number int, w io.Writer) (*transfer.Transfer, error) {
	rows := x.TransferRows(number)
	if len(rows) == 0 {
		return nil, io.EOF
	}
	k := transfer.Tracker{MSNFTP: true, Sink: func(*transfer.Transfer) io.Writer { return w }}
	at := 0
	wanted := func(i int) bool {
		for at < len(rows) && rows[at] < i {
			at++
		}
		return at < len(rows) && rows[at] == i
	}
	err := x.NewReader().Walk(rows[0], rows[len(rows)-1]+1, wanted, func(_ int, m *decode.Message, _ *capture.Record) bool {
		if m != nil {
			k.Message(m)
		}
		return ctx.Err() == nil
	})
	if list := k.Transfers(); len(list) > 0 {
		return list[0], cmp.Or(err, ctx.Err(), list[0].Written())
	}
	return nil, cmp.Or(err, ctx.Err(), io.EOF)
}
