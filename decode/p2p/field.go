package p2p

import "strconv"

// Field is one named value of a packet, a message or an object.
type Field struct {
	Name string
	// Value is decoded, valid UTF-8; Meaning says in words what it means, if that is
	// known.
	Value, Meaning string
	// Start and End are where the value stands in what was parsed, in bytes; equal if
	// it does not stand there as such, as what was base64.
	Start, End int
	Children   []Field
}

// builder makes fields of numbers that stand one behind the other.
type builder struct {
	at     int
	fields []Field
}

func (b *builder) add(name, value, meaning string, size int) {
	b.fields = append(b.fields, Field{Name: name, Value: value, Meaning: meaning, Start: b.at, End: b.at + size})
	b.at += size
}

func (b *builder) number(name string, v uint64, meaning string, size int) {
	b.add(name, strconv.FormatUint(v, 10), meaning, size)
}

func byteCount(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}
