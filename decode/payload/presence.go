package payload

import (
	"strings"

	"msnproxy/decode/meaning"
)

// elementMeaning says what the value of an element means, wherever it stands: what a client
// can do, what kind of client it is, its state (UUX, UBX, and publications of MSNP21), what
// somebody listens to.
func (u *Payload) elementMeaning(n *Node) {
	switch strings.ToLower(n.Name) {
	case "ml":
		listMeanings(n)
	case "msnobj":
		objectMeanings(n.Children)
	case "capabilities":
		n.Meaning = orWord(n.Meaning, meaning.Capabilities(n.Value))
	case "clienttype":
		n.Meaning = orWord(n.Meaning, meaning.ClientType(n.Value))
	case "state", "status":
		n.Meaning = orWord(n.Meaning, meaning.Status(n.Value))
	case "currentmedia":
		u.media(n)
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
	there := n.End > n.Start && n.End <= len(u.raw) && string(u.raw[n.Start:n.End]) == n.Value
	for _, piece := range pieces {
		child := Node{Name: piece.Name, Value: piece.Value}
		if there && piece.Value != "" {
			child.Start = n.Start + piece.At
			child.End = child.Start + len(piece.Value)
		}
		n.Children = append(n.Children, child)
	}
}
