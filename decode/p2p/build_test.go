package p2p

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
)

// v1 is a packet of version 1 with an application id if app is not negative.
func v1(p Packet, app int) []byte {
	le := binary.LittleEndian
	b := make([]byte, headerV1)
	le.PutUint32(b, p.SessionID)
	le.PutUint32(b[4:], p.ID)
	le.PutUint64(b[8:], p.Offset)
	le.PutUint64(b[16:], p.Total)
	le.PutUint32(b[24:], uint32(len(p.Data)))
	le.PutUint32(b[28:], p.Flags)
	le.PutUint32(b[32:], p.AckID)
	le.PutUint32(b[36:], p.AckUnique)
	le.PutUint64(b[40:], p.AckSize)
	if p.Nonce != nil {
		copy(b[32:], p.Nonce)
	}
	return withApp(append(b, p.Data...), app)
}

func withApp(b []byte, app int) []byte {
	if app >= 0 {
		b = binary.BigEndian.AppendUint32(b, uint32(app))
	}
	return b
}

// v2 is a packet of version 2.
func v2(p Packet, app int) []byte {
	be := binary.BigEndian
	head := []byte{0, p.Op, 0, 0}
	head = be.AppendUint32(head, p.ID)
	head = pieces(head, p.TLVs)
	head[0] = byte(len(head))
	var data []byte
	if p.Data != nil {
		data = be.AppendUint16([]byte{0, p.TF}, p.Package)
		data = be.AppendUint32(data, p.SessionID)
		if p.Remaining > 0 {
			p.DataTLVs = append(p.DataTLVs, TLV{Type: tlvRemaining, Value: be.AppendUint64(nil, p.Remaining)})
		}
		data = pieces(data, p.DataTLVs)
		data[0] = byte(len(data))
		data = append(data, p.Data...)
	}
	be.PutUint16(head[2:], uint16(len(data)))
	return withApp(append(head, data...), app)
}

func pieces(b []byte, list []TLV) []byte {
	for _, t := range list {
		b = append(append(b, t.Type, byte(len(t.Value))), t.Value...)
	}
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// slp is a message with a right Content-Length.
func slp(start, headers, body string) string {
	body += "\r\n\x00"
	return fmt.Sprintf("%s\r\n%sContent-Length: %d\r\n\r\n%s", start, headers, len(body), body)
}

// fileContext describes a file, in base64.
func fileContext(version uint32, length int, size uint64, name string, preview string) string {
	le := binary.LittleEndian
	b := make([]byte, max(length, fileFixed))
	le.PutUint32(b, uint32(length))
	le.PutUint32(b[4:], version)
	le.PutUint64(b[8:], size)
	if preview == "" {
		le.PutUint32(b[16:], 1)
	}
	for i, u := range utf16.Encode([]rune(name)) {
		le.PutUint16(b[20+2*i:], u)
	}
	return base64.StdEncoding.EncodeToString(append(b, preview...))
}

// blobV1 cuts data into packets of version 1, blobV2 of version 2.
func blobV1(id, session, flags uint32, data []byte, most int) (list []*Packet) {
	for at := 0; at < len(data); at += most {
		end := min(len(data), at+most)
		list = append(list, mustParse(v1(Packet{SessionID: session, ID: id, Offset: uint64(at), Total: uint64(len(data)), Flags: flags, Data: data[at:end]}, 1)))
	}
	return list
}

func blobV2(id uint32, pkg uint16, session uint32, tf uint8, data []byte, most int) (list []*Packet) {
	for at := 0; at < len(data); at += most {
		end := min(len(data), at+most)
		p := Packet{SessionID: session, ID: id, Package: pkg, TF: tf, Remaining: uint64(len(data) - end), Data: data[at:end]}
		if at == 0 {
			p.TF |= 1
		}
		q := mustParse(v2(p, 1))
		id += uint32(q.Length)
		list = append(list, q)
	}
	return list
}

func mustParse(b []byte) *Packet {
	p, err := Parse(b)
	if err != nil {
		panic(err)
	}
	return &p
}
