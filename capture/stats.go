package capture

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Stats counts what a [Reader] has passed over so far.
type Stats struct {
	// Format is "pcap", "pcapng", "JSON lines", "transcript" or the name of the notation
	// of a log or a document. Text: one of the latter two.
	Format string
	Text   bool
	// Packets is the number of packets in the capture.
	Packets int64
	// NotTCP counts the packets that hold no TCP segment.
	NotTCP int64
	// Fragments counts the IP fragments, and Defragmented the packets that they
	// were put together to. IPv6 fragments are not put together.
	Fragments, Defragmented int64
	// Strange counts the packets of link types that are not understood, by the
	// name of the link type.
	Strange map[string]int64
	// NotRead counts the packets that are not looked into, as they are encrypted,
	// by what they are.
	NotRead map[string]int64
	// Late counts the segments with data on connections that were over.
	Late int64
	// Cut counts the segments whose end the capture has left out, CutAt is the
	// length that their packets were cut at, CutBytes what is missing for that.
	Cut      int64
	CutAt    int
	CutBytes int64
	// TooLate counts the bytes that came when they had been given up as missing.
	TooLate int64
	// Twins is the number of connections that are in the capture a second time,
	// with other addresses: before and behind a translation of addresses.
	Twins int
	// Connections is the number of TCP connections; Empty, how many of them
	// carried no byte; MSNP, how many of them turned out to be MSNP or MSNFTP.
	Connections, Empty, MSNP int
	// Foreign are the kinds of the others, in the order of their first, as far as it
	// is known that they are not MSNP.
	Foreign []Foreign
}

// String says it in one line, such as: 120 packets, 3 TCP connections, none of
// which is MSNP.
func (s Stats) String() string {
	if s.Text {
		return fmt.Sprintf("%s: %s", s.Format, count(int64(s.MSNP), "connection"))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s", s.Format, count(s.Packets, "packet"), count(int64(s.Connections), "TCP connection"))
	switch {
	case s.Connections == 0:
	case s.MSNP == 0:
		b.WriteString(", none of which is MSNP")
		s.appendForeign(&b, ": ", ", ", true)
	default:
		fmt.Fprintf(&b, ", %d of MSNP", s.MSNP)
		s.appendForeign(&b, ", ", ", ", false)
	}
	if s.Empty > 0 {
		fmt.Fprintf(&b, "; %d without a byte of data", s.Empty)
	}
	if s.NotTCP > 0 {
		fmt.Fprintf(&b, "; %s without TCP", count(s.NotTCP, "packet"))
	}
	if s.Fragments > 0 {
		fmt.Fprintf(&b, "; %s, put together to %s", count(s.Fragments, "IP fragment"), count(s.Defragmented, "packet"))
	}
	if s.Twins > 0 {
		fmt.Fprintf(&b, "; %s captured twice, before and behind a translation of addresses", count(int64(s.Twins), "connection"))
	}
	if s.Cut > 0 {
		fmt.Fprintf(&b, "; %s cut at %d bytes (capture whole packets: tcpdump -s 0)", count(s.Cut, "packet"), s.CutAt)
	}
	if s.TooLate > 0 {
		fmt.Fprintf(&b, "; %s came when they had been given up as missing", count(s.TooLate, "byte"))
	}
	if s.Late > 0 {
		fmt.Fprintf(&b, "; %s after the end of a connection", count(s.Late, "segment"))
	}
	for _, name := range slices.Sorted(maps.Keys(s.NotRead)) {
		fmt.Fprintf(&b, "; %s of %s", count(s.NotRead[name], "packet"), name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Strange)) {
		fmt.Fprintf(&b, "; %s of link type %s, which is not understood", count(s.Strange[name], "packet"), name)
	}
	return b.String()
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
