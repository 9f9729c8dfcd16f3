package proxytest

import (
	"encoding/xml"
	"strings"
)

// element is one of XML, with what is in it. Its methods may be called on nil, which holds
// nothing.
type element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Inner   []*element `xml:",any"`
}

// parseXML reads a document.
func parseXML(b []byte) (*element, error) {
	var e element
	if err := xml.Unmarshal(b, &e); err != nil {
		return nil, err
	}
	return &e, nil
}

// each calls do with the elements of a name, at any depth, in their order.
func (e *element) each(name string, do func(*element)) {
	if e == nil {
		return
	}
	for _, i := range e.Inner {
		if i.XMLName.Local == name {
			do(i)
		}
		i.each(name, do)
	}
}

// all are the elements of a name, at any depth, in their order.
func (e *element) all(name string) (found []*element) {
	e.each(name, func(i *element) { found = append(found, i) })
	return found
}

// find returns the first element of a name, at any depth; nil if there is none.
func (e *element) find(name string) *element {
	if all := e.all(name); len(all) > 0 {
		return all[0]
	}
	return nil
}

// text is what is in the first element of a name, without blanks around it.
func (e *element) text(name string) string {
	if i := e.find(name); i != nil {
		return strings.TrimSpace(i.Text)
	}
	return ""
}

// raw is what is in the element, as it stands.
func (e *element) raw() string {
	if e == nil {
		return ""
	}
	return e.Text
}

// attr is the value of an attribute, of whatever namespace.
func (e *element) attr(name string) string {
	if e != nil {
		for _, a := range e.Attrs {
			if a.Name.Local == name {
				return a.Value
			}
		}
	}
	return ""
}
