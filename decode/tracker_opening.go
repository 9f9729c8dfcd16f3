package decode

import "msnproxy/decode/p2p"

// begun is what is known of how a link began that did not begin as MSNP does.
type begun struct {
	bytes   []byte // no command so far, in pieces
	over    bool   // it has been a command
	foreign bool   // it had a name,
	told    bool   // and that was said
}

// begin names the bytes that are no MSNP at the beginning of a link, and later ones
// of a link that began so. It returns nil for all others.
func (c *Connection) begin(m *Message) *Opening {
	fr := m.Frame
	b := &c.begun[0]
	if m.From == Server {
		b = &c.begun[1]
	}
	known := m.Form != nil // a command, or a message of a web service
	if known && fr.Kind == Command && fr.Offset == 0 && !b.over {
		// HTTP has some verbs of three letters, too.
		o, _ := ReadOpening(fr.Raw, m.From, true)
		known = !o.Named()
	}
	switch {
	case b.over && !b.foreign:
		return nil
	case known || fr.Gap || fr.Kind == Block || !b.over && fr.Offset != int64(len(b.bytes)):
		b.over, b.bytes = true, nil
		return nil
	case b.over:
		if fr.Kind == Blank {
			return nil
		}
		if o, ok := ReadOpening(fr.Raw, m.From, true); ok && o.Named() {
			return &o
		}
		return &Opening{}
	}
	b.bytes = append(b.bytes, fr.Raw[:min(len(fr.Raw), MaxOpening)]...)
	o, ok := ReadOpening(b.bytes, m.From, true)
	if len(b.bytes) >= MaxOpening {
		b.over, b.bytes = true, nil
	}
	if !ok || !o.Named() || fr.Kind == Blank {
		if n := len(b.bytes); m.From == Client && n < len(p2p.Greeting) && string(b.bytes) == p2p.Greeting[:n] {
			// It may be that, in pieces: what comes next tells.
			return &Opening{Name: nameDirect, Text: textDirect, Partial: true}
		}
		return nil
	}
	b.foreign = true
	return &o
}

// Named reports whether it is no MSNP, and more can be said of it than that it is
// text or binary.
func (o Opening) Named() bool {
	return o.Name != "" && !o.MSNP() && o.Name != nameText && o.Name != nameBinary
}

// foreignFinding says what bytes of a link are that began as something else: with
// what to do about it the first time.
func (c *Connection) foreignFinding(m *Message) Finding {
	b := &c.begun[0]
	if m.From == Server {
		b = &c.begun[1]
	}
	f := noMSNP(m.Frame)
	if m.Opening.Text != "" {
		f.Text += ": " + m.Opening.Text
	}
	if c.begun[0].told || c.begun[1].told {
		f.Severity = Note
	} else if m.Opening.Advice != "" {
		f.Text += "; " + m.Opening.Advice
	}
	b.told = true
	return f
}
