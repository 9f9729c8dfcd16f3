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

// Find returns the first field of that name at any depth, case and all; nil if there
// is none.
func Find(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
		if f := Find(fields[i].Children, name); f != nil {
			return f
		}
	}
	return nil
}

// moved adds to all places of the fields.
func moved(fields []Field, by int) []Field {
	for i := range fields {
		f := &fields[i]
		if f.End > f.Start {
			f.Start, f.End = f.Start+by, f.End+by
		}
		moved(f.Children, by)
	}
	return fields
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

func byteCount(n int) string { return strconv.Itoa(n) + " bytes" }
