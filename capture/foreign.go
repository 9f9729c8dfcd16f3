package capture

import (
	"fmt"
	"strings"

	"msnproxy/decode"
)

// maxForeign bounds the kinds of connections other than MSNP that are told apart.
const maxForeign = 16

// nameTorn names a connection whose first packet was cut before it told what it is;
// maxQuoted is how many bytes of that are shown.
const (
	nameTorn  = "something cut short"
	maxQuoted = 24
)

// Foreign is a kind of connections that are not MSNP.
type Foreign struct {
	// Name is what they speak, in short, such as "TLS"; see [decode.Opening].
	Name string
	// Count is how many there are.
	Count int
	// First is what the first of them began with.
	First decode.Opening
}

// NoMSNP is the error of a recording in which there is no MSNP: what there is, and
// what to do about it. It is nil where there is MSNP, if no message of it: the last file
// of a rotation may have only the ends of connections.
func (s Stats) NoMSNP(name string) error {
	if s.MSNP > 0 {
		return nil
	}
	err := fmt.Errorf("%s: no MSNP in it (%v)", name, s)
	if len(s.Foreign) == 1 && s.Foreign[0].First.Advice != "" {
		err = fmt.Errorf("%w; %s", err, s.Foreign[0].First.Advice)
	}
	return err
}

// foreign counts a connection that is not MSNP.
func (s *Stats) foreign(o decode.Opening) {
	for i := range s.Foreign {
		if s.Foreign[i].Name == o.Name {
			s.Foreign[i].Count++
			return
		}
	}
	if len(s.Foreign) < maxForeign {
		s.Foreign = append(s.Foreign, Foreign{o.Name, 1, o})
	}
}

// appendForeign appends the kinds to a line, if so wanted with what they began with.
func (s *Stats) appendForeign(b *strings.Builder, begin, between string, texts bool) {
	for i, f := range s.Foreign {
		if i == 0 {
			b.WriteString(begin)
		} else {
			b.WriteString(between)
		}
		fmt.Fprintf(b, "%d of %s", f.Count, f.Name)
		if texts && len(s.Foreign) <= 3 {
			fmt.Fprintf(b, " (%s)", f.First.Text)
		}
	}
}

// lead is what is known of how one side of an undecided connection began.
type lead struct {
	buf  []byte // as long as more bytes may tell more
	said decode.Opening
	done bool
	torn bool // the capture has left out what comes next
	// service: it begins with a request to one of the web services
	service bool
}

// take looks at the next bytes of the side.
func (o *lead) take(from decode.Sender, b []byte) {
	if o.done {
		return
	}
	o.buf = append(o.buf, b[:min(len(b), decode.MaxOpening)]...)
	said, ok := decode.ReadOpening(o.buf, from, false)
	if ok {
		o.said = said
	}
	o.service = o.service || ok && decode.ServiceRequest(o.buf)
	if ok && !said.Partial {
		o.done, o.buf = true, nil
	}
}

// tear takes note that bytes of an undecided connection are missing: what comes behind
// them does not go on with what is before.
func (f *flow) tear(from side, cut bool) {
	f.probes[from].buf = nil
	if o := &f.leads[from]; !o.done {
		o.done, o.torn = true, cut
	}
}

// beganWith says how a connection that is not MSNP began: the client's word counts for
// more.
func (f *flow) beganWith() decode.Opening {
	best := decode.Opening{}
	for _, s := range []side{f.client, f.client.peer()} {
		o := &f.leads[s]
		said := o.said
		if len(o.buf) > 0 {
			said, _ = decode.ReadOpening(o.buf, f.senderIfKnown(s), true)
			if o.torn && (!said.Named() || said.MSNP()) {
				said = decode.Opening{Name: nameTorn, Text: fmt.Sprintf("it begins with \"%s\", the capture has left out the rest", o.buf[:min(len(o.buf), maxQuoted)])}
			}
		}
		if said.Named() || best.Name == "" {
			best = said
		}
		if best.Named() {
			break
		}
	}
	if best.MSNP() || best.Name == "" {
		// Half a line, or commands that did not suffice.
		best = decode.Opening{Name: "something else", Text: "too little to tell"}
	}
	return best
}

// senderIfKnown says who sends from a side: 0 if it is not known.
func (f *flow) senderIfKnown(s side) decode.Sender {
	if !f.known {
		return 0
	}
	return f.sender(s)
}
