package payload

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"msnproxy/decode/address"
	"msnproxy/decode/meaning"
	"msnproxy/decode/p2p"
)

// A routed payload (SDG, PUT, DEL and NFY, MSNP18 and later) has three blocks of headers,
// each with an empty line behind it: where it goes (Routing), how its delivery is secured
// (Reliability), and what it is (Messaging, Publication or Notification); then the body.
// Answers may end after the second, and old ones lack it.

// reliability is the header that the second block begins with.
const reliability = "Reliability"

// maxBlocks bounds how many blocks are looked for before the body.
const maxBlocks = 4

// routed decodes the blocks, and the body as far as that costs little.
func (p *Payload) routed() {
	at, last := p.blocks()
	p.Body = p.raw[at:]
	if n := p.inBlock(last, "Content-Type"); n != nil {
		p.contentType(n)
	}
	kind := p.inBlock(last, "Message-Type")
	p.ReadAs = p.ContentType
	if kind != nil {
		p.MessageType = kind.Value
		if sub := p.inBlock(last, "Message-Subtype"); sub != nil && sub.Value != "" {
			p.MessageType += "/" + sub.Value
		}
		known, _ := LookupMessageType(p.MessageType)
		p.ReadAs = known.ReadAs
	}
	if n := p.inBlock(last, "X-MMS-IM-Format"); n != nil {
		p.header(n)
	}
	p.inner(last, len(p.Body))
	p.routedBody(at)
	if p.Summary == "" {
		p.Summary = p.routedSummary()
	}
}

// blocks decodes the header blocks. It returns where the body begins, and which node is
// the first of the last block.
func (p *Payload) blocks() (at, last int) {
	for range maxBlocks {
		if at > 0 && !startsBlock(p.raw[at:]) {
			break
		}
		var nodes []Node
		last = len(p.Nodes)
		nodes, at = p.block(at)
		p.Nodes = append(p.Nodes, nodes...)
		if len(nodes) == 0 || !strings.EqualFold(nodes[0].Name, routing) && !strings.EqualFold(nodes[0].Name, reliability) {
			break
		}
	}
	return at, last
}

// startsBlock reports whether a whole line with a header's name begins here: the body does
// not begin yet.
func startsBlock(b []byte) bool {
	i := bytes.IndexByte(b, '\n')
	return i >= 0 && bytes.IndexByte(b[:i], ':') > 0
}

// inBlock returns the first header of that name from a node on, or nil.
func (p *Payload) inBlock(first int, name string) *Node {
	for i := first; i < len(p.Nodes); i++ {
		if strings.EqualFold(p.Nodes[i].Name, name) {
			return &p.Nodes[i]
		}
	}
	return nil
}

// inner compares the length that the last block tells with that of the body.
func (p *Payload) inner(last, size int) {
	n := p.inBlock(last, "Content-Length")
	if n == nil {
		return
	}
	n.Meaning = "bytes of the body"
	if told, err := strconv.Atoi(n.Value); err != nil || told != size {
		p.problem("Content-Length is %s, the body has %d bytes", quote(n.Value), size)
	}
}

// routedBody decodes what follows the blocks.
func (p *Payload) routedBody(at int) {
	switch {
	case at >= len(p.raw) && p.ReadAs != "text/x-msmsgscontrol":
	case p.ReadAs == "text/plain":
		p.plain(at)
	case p.ReadAs == "text/x-msmsgscontrol":
		p.Summary = "is typing"
		if strings.Contains(strings.ToLower(p.MessageType), "recording") {
			p.Summary = "is recording"
		}
	case p.ReadAs == "text/x-msnmsgr-datacast":
		// The body begins with the empty line that ends the headers of a MIME message.
		for at < len(p.raw) && (p.raw[at] == '\r' || p.raw[at] == '\n') {
			at++
		}
		p.datacast(at)
	case p.ReadAs == "text/x-mms-emoticon", p.ReadAs == "text/x-mms-animemoticon":
		p.customPictures(at)
	case p.MessageType != "" && p.ReadAs == "" && printable(p.raw[at:]):
		p.text(at, p.Charset)
	case isXML(p.ReadAs) || p.ReadAs == PeerType:
	default:
		p.other(at)
	}
}

// isXML reports whether a media type is one of XML.
func isXML(t string) bool {
	return strings.HasSuffix(t, "+xml") || t == "text/xml" || t == "application/xml"
}

// routedSummary says in a few words what the payload is.
func (p *Payload) routedSummary() string {
	switch {
	case p.ReadAs == PeerType && len(p.Body) > 0:
		starts := append(p.bridged(0, len(p.Body)), len(p.Body))
		packet, _ := p2p.Parse(p.Body[:starts[1]])
		if packet.Version == 0 {
			return fmt.Sprintf("%s, %d bytes", orWord(p.MessageType, p.ContentType), len(p.Body))
		}
		s := peerSummary(&packet)
		if more := len(starts) - 2; more > 0 {
			s += fmt.Sprintf(", and %d more", more)
		}
		return s
	case p.MessageType != "":
		return p.messageWords()
	case isCircleType(p.ContentType) || isCircleURI(p.value("Uri")):
		if r := p.Roster(); r != nil {
			return r.rosterWords()
		}
	case isXML(p.ReadAs):
		if s := p.published(); s != "" {
			return s
		}
	case len(p.Body) == 0 && p.ContentType == "":
		return "no body"
	}
	s := orWord(p.value("Uri"), orWord(p.ContentType, "no content type"))
	if len(p.Body) > 0 {
		s += fmt.Sprintf(", %d bytes", len(p.Body))
	}
	return s
}

// signals say what a message between programs is for, by its type in lower case.
var signals = map[string]string{
	"signal/closeimwindow": "closes the chat window", "signal/markimwindowread": "has read the chat",
	"signal/forceabchsync": "the address book has changed", "signal/turn": "sets up audio or video (Turn)",
	"signal/audiometa": "sets up audio (AudioMeta)", "signal/audiotunnel": "sets up audio (AudioTunnel)",
}

// messageWords says what a message is by its type, where its body has not said that.
func (p *Payload) messageWords() string {
	kind := strings.ToLower(p.MessageType)
	s := orWord(signals[kind], p.MessageType)
	switch {
	case p.ReadAs == "application/x-ms-ink":
		s = "ink"
	case kind == "signal/closeimwindow", kind == "signal/markimwindowread":
		if who := addressWords(p.Body); who != "" {
			return s + " of " + who
		}
	case kind == "signal/p2p":
		if slp, ok := p2p.ParseSLP(p.Body); ok {
			return p.MessageType + ": " + slp.Summary()
		}
	}
	if len(p.Body) > 0 {
		s += fmt.Sprintf(", %d bytes", len(p.Body))
	}
	return s
}

// addressWords names the accounts of a list of addresses parted by slashes.
func addressWords(b []byte) string {
	const most = 4
	var list []string
	for a := range bytes.SplitSeq(bytes.Trim(b, "/ \r\n\x00"), []byte{'/'}) {
		if a = bytes.TrimSpace(a); len(a) == 0 {
			continue
		}
		if len(list) == most {
			return names(list) + " and others"
		}
		list = append(list, valid(a))
	}
	return names(list)
}

// names are the accounts of addresses, in words.
func names(list []string) string {
	words := ""
	for i, a := range list {
		if i > 0 {
			words += ", "
		}
		words += address.Bare(a)
	}
	return words
}

// published says what a publication tells of, as far as a look at its text shows: to
// take its XML apart costs too much for a line in a list.
func (p *Payload) published() string {
	var words []string
	if v := orWord(p.textOf("Status"), p.textOf("status")); v != "" {
		words = append(words, orWord(meaning.Status(v), v))
	}
	for _, name := range []string{"FriendlyName", "PSM"} {
		if v := p.textOf(name); v != "" {
			words = append(words, name+" "+quote(v))
		}
	}
	uri := p.value("Uri")
	if len(words) == 0 {
		return uri
	}
	return orWord(uri, "publication") + ": " + strings.Join(words, ", ")
}

// textOf returns the text of the first element of that name in the body, which holds no
// other, or "".
func (p *Payload) textOf(name string) string {
	_, rest, ok := bytes.Cut(p.Body, []byte("<"+name+">"))
	text, _, end := bytes.Cut(rest, []byte{'<'})
	if !ok || !end {
		return ""
	}
	return valid(text)
}

// openRouted opens what Decode has left shut: addresses in the headers, and the body.
func (u *Payload) openRouted(p *Payload, nodes []Node) []Node {
	for i := range nodes {
		n := &nodes[i]
		switch strings.ToLower(n.Name) {
		case "to", "from":
			n.Children = u.address(n.Start, n.End, true)
		case "uri":
			n.Children = u.roster(n)
		case "message-type":
			if t, _ := LookupMessageType(p.MessageType); t.Unsourced {
				n.Meaning = "taken for " + t.Meaning + "; no source"
			}
		case "service-channel":
			n.Meaning = channels[strings.ToLower(n.Value)]
		case "notiftype":
			n.Meaning = notifTypes[strings.ToLower(n.Value)]
		}
	}
	at := len(p.raw) - len(p.Body)
	if at >= len(p.raw) {
		return nodes
	}
	return append(nodes, u.routedParts(p, at)...)
}

// routedParts opens the body.
func (u *Payload) routedParts(p *Payload, at int) []Node {
	kind := strings.ToLower(p.MessageType)
	switch {
	case p.ReadAs == PeerType:
		return u.packets(p, at)
	case p.ReadAs == "text/x-mms-emoticon", p.ReadAs == "text/x-mms-animemoticon":
		return u.emoticons(at)
	case isXML(p.ReadAs):
		return u.open(u.xml(at, len(u.raw)), 0)
	case kind == "signal/closeimwindow", kind == "signal/markimwindowread":
		return u.addresses(at)
	case p.Text != "" && p.ReadAs == "text/plain", p.ReadAs == "text/x-msnmsgr-datacast", p.ReadAs == "text/x-msmsgscontrol":
		return nil
	}
	if nodes := u.anything(at); nodes != nil || p.Text != "" {
		return nodes
	}
	return []Node{u.bytes("body", at, len(u.raw))}
}

// bridged returns where the packets begin in a body that stands from at to end.
func (p *Payload) bridged(at, end int) []int {
	starts := []int{at}
	if n := find(p.Nodes, "Bridging-Offsets"); n != nil {
		for s := range strings.SplitSeq(n.Value, ",") {
			if off, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && off > starts[len(starts)-1]-at && off < end-at && len(starts) < maxPackets {
				starts = append(starts, at+off)
			}
		}
	}
	return starts
}

// packets opens the packets of P2P in a body: one, and more where Bridging-Offsets says
// that others begin.
func (u *Payload) packets(p *Payload, at int) (nodes []Node) {
	starts := p.bridged(at, len(u.raw))
	whole := u.raw
	for i, start := range starts {
		end := len(whole)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		u.raw = whole[:end]
		if packet := u.p2p(start, true); packet != nil {
			nodes = append(nodes, packet...)
		} else {
			nodes = append(nodes, u.bytes("packet", start, end))
		}
		u.raw = whole
	}
	return nodes
}

// maxPackets is how many packets one body is taken apart to.
const maxPackets = 64

// addresses opens a list of addresses parted by slashes: those of a conversation.
func (u *Payload) addresses(at int) (nodes []Node) {
	for at < len(u.raw) && u.count <= maxNodes {
		u.count++
		end := len(u.raw)
		if i := bytes.IndexByte(u.raw[at:], '/'); i >= 0 {
			end = at + i
		}
		to := at + len(bytes.TrimRight(u.raw[at:end], "\r\n\x00"))
		nodes = append(nodes, Node{Name: "address", Value: u.cut(at, to), Start: at, End: to, Children: u.address(at, to, true)})
		at = end + 1
	}
	return nodes
}

// roster opens the account that stands in a Uri such as
// /circle/roster(IM)/user(1:bob@example.com).
func (u *Payload) roster(n *Node) []Node {
	start, end := rosterUser(n.Value)
	if end <= start || n.End-n.Start != len(n.Value) {
		return nil
	}
	return u.address(n.Start+start, n.Start+end, true)
}

// channels are the services that a message goes to.
var channels = map[string]string{
	"im/online": "now", "im/offline": "kept until the other signs in", "im/mobile": "to a telephone",
}

// notifTypes say how much of a state a notification tells.
var notifTypes = map[string]string{
	"full": "all there is", "partial": "what has changed",
}
