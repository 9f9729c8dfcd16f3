package payload

import (
	"fmt"
	"strings"

	"msnproxy/decode/meaning"
)

// elementMeaning says what the value of an element means, wherever it stands: what a client
// can do, what kind of client it is, its state (UUX, UBX, and publications of MSNP21), what
// somebody listens to.
func (u *Payload) elementMeaning(n *Node) {
	is := func(name string) bool { return strings.EqualFold(n.Name, name) }
	switch len(n.Name) { // of most headers nothing else is to be looked at
	case 2:
		if is("ml") {
			listMeanings(n)
		}
	case 5, 6:
		if is("msnobj") {
			objectMeanings(n.Children)
		} else if is("state") || is("status") {
			n.Meaning = orWord(n.Meaning, meaning.Status(n.Value))
		}
	case 10:
		if is("ClientType") {
			n.Meaning = orWord(n.Meaning, meaning.ClientType(n.Value))
		}
	case 12:
		if is("Capabilities") {
			n.Meaning = orWord(n.Meaning, meaning.Capabilities(n.Value))
		} else if is("CurrentMedia") {
			u.media(n)
		}
	}
}

// media takes CurrentMedia apart (MSNP11). The pieces have places where the text stands in
// the payload as it is.
func (u *Payload) media(n *Node) {
	pieces, line := meaning.Media(n.Value)
	if len(pieces) == 0 {
		return
	}
	if line != "" {
		n.Meaning = line
	}
	there := n.End <= len(u.raw) && string(u.raw[n.Start:n.End]) == n.Value
	for _, piece := range pieces {
		child := Node{Name: piece.Name, Value: piece.Value}
		if there && piece.Value != "" {
			child.Start = n.Start + piece.At
			child.End = child.Start + len(piece.Value)
		}
		n.Children = append(n.Children, child)
	}
}

// doings are what somebody does with what CurrentMedia names, by its kind.
var doings = map[string]string{"music": "listens to", "games": "plays", "office": "works on"}

// presenceSummary says what somebody tells of themselves (UUX, UBX): the personal message,
// what they listen to, the places where they are signed in. It is "" for what is nothing
// of that.
func presenceSummary(nodes []Node) string {
	var words []string
	data, places := false, 0
	for i := range nodes {
		n := &nodes[i]
		switch strings.ToLower(n.Name) {
		case "data":
			data = true
			words = append(words, dataWords(n)...)
		case "endpointdata":
			if places++; len(nodes) == 1 {
				words = append(words, "end point of "+endPointWords(n))
			}
		case "privateendpointdata":
			if len(nodes) == 1 {
				words = append(words, "end point "+privateWords(n))
			}
		default:
			return ""
		}
	}
	if places > 0 && len(nodes) > 1 {
		words = append(words, fmt.Sprintf("end points: %d", places))
	}
	if len(words) == 0 && data {
		return "no personal message"
	}
	return strings.Join(words, ", ")
}

// dataWords says what a Data element tells.
func dataWords(data *Node) (words []string) {
	if psm := find(data.Children, "PSM"); psm != nil && psm.Value != "" {
		words = append(words, quote(psm.Value))
	}
	if media := find(data.Children, "CurrentMedia"); media != nil {
		pieces, line := meaning.Media(media.Value)
		if line != "" {
			words = append(words, orWord(doings[strings.ToLower(pieces[1].Value)], "is at")+" "+line)
		}
	}
	return words
}

// endPointWords says which client an end point is, as far as its capabilities tell.
func endPointWords(n *Node) string {
	capabilities := ""
	if c := find(n.Children, "Capabilities"); c != nil {
		capabilities = c.Value
	}
	generation, _, _ := meaning.ReadCapabilities(capabilities)
	return orWord(generation, orWord(capabilities, "a client that does not say what it can"))
}

// privateWords says which of the own end points it is.
func privateWords(n *Node) string {
	var words []string
	for _, name := range []string{"EpName", "ClientType", "State"} {
		v := find(n.Children, name)
		if v == nil || v.Value == "" {
			continue
		}
		switch name {
		case "ClientType":
			words = append(words, orWord(meaning.ClientType(v.Value), v.Value))
		case "State":
			words = append(words, orWord(meaning.Status(v.Value), v.Value))
		default:
			words = append(words, quote(v.Value))
		}
	}
	if idle := find(n.Children, "Idle"); idle != nil && strings.EqualFold(idle.Value, "true") {
		words = append(words, "idle")
	}
	return strings.Join(words, ", ")
}
