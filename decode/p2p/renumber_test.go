package p2p

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// packetV1 makes a packet of version 1 with a footer.
func packetV1(session, id uint32, flags, ackID, unique uint32, size uint64, data string) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(le.AppendUint32(nil, session), id)
	b = le.AppendUint64(le.AppendUint64(b, 0), uint64(len(data)))
	b = le.AppendUint32(le.AppendUint32(b, uint32(len(data))), flags)
	b = le.AppendUint64(le.AppendUint32(le.AppendUint32(b, ackID), unique), size)
	return append(append(b, data...), 0, 0, 0, 1)
}

// Packets get other numbers and nothing else changes; a message of MSNSLP that grows has
// its lengths counted anew.
func TestRenumber(t *testing.T) {
	plus := func(n uint32) func(uint32) uint32 { return func(v uint32) uint32 { return v + n } }
	r := Renumbering{Session: plus(1), ID: plus(2), Ack: func(a Acked) Acked { return Acked{a.ID + 3, a.Unique + 4, a.Size + 5} },
		Data: func(b []byte, whole bool) []byte {
			if !whole {
				return b
			}
			return append(b, "more"...)
		}}
	check := func(name string, in, want []byte, longer int) {
		t.Helper()
		before := bytes.Clone(in)
		if got, n := r.Renumber(in); !bytes.Equal(got, want) || n != longer || !bytes.Equal(in, before) {
			t.Errorf("%s: %x by %d\nwant %x by %d", name, got, n, want, longer)
		}
	}
	check("an acknowledgement", packetV1(9, 10, FlagAck, 20, 30, 40, ""), packetV1(10, 12, FlagAck, 23, 34, 45, ""), 0)
	check("a NAK of MSNSLP", packetV1(0, 10, FlagNak, 20, 30, 40, ""), packetV1(0, 12, FlagNak, 23, 34, 45, ""), 0)
	check("data", packetV1(9, 10, FlagObject, 20, 0, 0, "picture"), packetV1(10, 12, FlagObject, 20, 0, 0, "picture"), 0)
	check("MSNSLP", packetV1(0, 10, 0, 20, 0, 0, "BYE"), packetV1(0, 12, 0, 20, 0, 0, "BYEmore"), 4)
	part := packetV1(0, 10, 0, 20, 0, 0, "BYE")
	part[16] = 99 // the whole has more
	moved := packetV1(0, 12, 0, 20, 0, 0, "BYE")
	moved[16] = 99
	check("a piece of MSNSLP", part, moved, 0)
	check("no packet", []byte("no packet"), []byte("no packet"), 0)

	v2 := func(id, ack, session uint32, tf byte, data string) []byte {
		be := binary.BigEndian
		header := []byte{8, 0, 0, 0}
		if ack != 0 {
			header[0] = 16
		}
		var body []byte
		if data != "" {
			body = append(be.AppendUint32([]byte{8, tf, 0, 7}, session), data...)
		}
		be.PutUint16(header[2:], uint16(len(body)))
		header = be.AppendUint32(header, id)
		if ack != 0 {
			header = append(be.AppendUint32(append(header, 2, 4), ack), 0, 0)
		}
		return append(append(header, body...), 0, 0, 0, 0)
	}
	check("an acknowledgement of version 2", v2(100, 200, 0, 0, ""), v2(102, 203, 0, 0, ""), 0)
	check("data of version 2", v2(100, 0, 9, 5, "picture"), v2(102, 0, 10, 5, "picture"), 0)
	check("MSNSLP of version 2, and an acknowledgement with it", v2(100, 200, 0, 1, "BYE"), v2(102, 203, 0, 1, "BYEmore"), 4)
	check("a later piece of version 2", v2(100, 0, 0, 0, "BYE"), v2(102, 0, 0, 0, "BYE"), 0)

	r = Renumbering{}
	for _, p := range [][]byte{packetV1(9, 10, FlagAck, 20, 30, 40, ""), packetV1(0, 10, 0, 20, 0, 0, "BYE"), v2(100, 200, 0, 1, "BYE")} {
		check("with nothing to change", p, p, 0)
	}
}

func TestRecount(t *testing.T) {
	for in, want := range map[string]string{
		"BYE MSNMSGR:a@b.c MSNSLP/1.0\r\nContent-Length: 1\r\n\r\nSessionID: 12\r\n\r\n\x00": "BYE MSNMSGR:a@b.c MSNSLP/1.0\r\nContent-Length: 18\r\n\r\nSessionID: 12\r\n\r\n\x00",
		"MSNSLP/1.0 200 OK\r\nContent-Length: 100\r\nX: y\r\n\r\n":                           "MSNSLP/1.0 200 OK\r\nContent-Length: 0\r\nX: y\r\n\r\n",
		"MSNSLP/1.0 200 OK\r\nX: y\r\n\r\nbody":                                              "MSNSLP/1.0 200 OK\r\nX: y\r\n\r\nbody",
		"hello":                                                                              "hello",
	} {
		if got := string(Recount([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
