// Package service knows the web services that clients of MSNP8 to 21 use beside the
// notification server: sign-in, address book, offline messages and others. Its table is to
// them what the command table is to MSNP. It does no I/O.
//
// A message is one message of HTTP/1 as it stands on the wire. What it is about is found in
// its target, its SOAPAction and its body; an answer tells by its body, or by the request
// that it answers.
package service

import "strings"

// Kind says what a value is, and with that what must be done with it.
type Kind uint8

// The kinds of values.
const (
	Word     Kind = iota // a word or a number of the service's own
	Account              // an e-mail address
	Person               // the name of a person, or something that a person wrote
	Password             // lets somebody in, for ever
	Token                // lets somebody in, for a time; other messages carry it, too
	Secret               // a key that came with a token (BinarySecret)
	Cookie               // as a token, in a form of its own
	Host                 // a host that the client dials next
	URL                  // an address that may be followed
	ID                   // differs each time
	Time                 // a time of day
	LockKey              // the answer to a challenge
	Kinds                // how many there are
)

// Secret reports whether whoever has the value can sign in by it.
func (k Kind) Secret() bool { return k == Password || k == Token || k == Secret || k == Cookie }

// Param is a value of a message that has a name.
type Param struct {
	// Name is what fields, filters and JSON call it.
	Name string
	// Where says where it stands: "Credentials/Username" is an element by the end of its
	// path, without prefixes, and "From/@memberName" an attribute; ":Location" is a
	// header, ":Authorization/pwd" one of the name=value in it; "?id" is a value of the
	// target or of a form in the body. Case does not matter.
	Where string
	Kind  Kind
	// Many: there may be several, each of which is a field.
	Many bool
}

// Action is one row of the table: a request, and its answer.
type Action struct {
	// Name is the verb of the messages.
	Name string
	// Service is the name of the service that it belongs to.
	Service string
	// Meaning is one line for people.
	Meaning string
	// Paths are what the path of the request ends with or, with a / at its end, has in it,
	// in lower case. Methods are its methods; empty: POST.
	Paths, Methods string
	// Root is the first element in the Body of the request, where that is not the name.
	Root string
	// Answered are the first elements in the Body of the answer, parted by blanks; empty:
	// the name and Response.
	Answered string
	// Marks are headers of the answer by which it is known, parted by blanks.
	Marks string
	// Empty: the request has no body and goes to the root of the host.
	Empty bool
	// Any: other actions of the same service are read as this one, under their own names.
	Any bool
	// Issues: the answer hands out tokens.
	Issues bool
	// Ask and Answer are the values of the request and of the answer.
	Ask, Answer []Param
	// Asks and Answers are the one-line summaries, in the notation of the command table.
	Asks, Answers string
	// Hosts are where Microsoft's clients look for it, for people.
	Hosts string
}

// Actions returns the table. The caller must not change it.
func Actions() []*Action { return table }

// Lookup returns the row of a name, whatever its case, or nil.
func Lookup(name string) *Action {
	for _, a := range table {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

var table = func() (list []*Action) {
	for _, rows := range [][]Action{signInRows, bookRows, noteRows, otherRows} {
		for i := range rows {
			list = append(list, &rows[i])
		}
	}
	return list
}()

// answered reports whether an answer with that first element in its Body is one to a.
func (a *Action) answered(root string) bool {
	if a.Answered == "" {
		return !a.Any && strings.EqualFold(root, a.Name+"Response")
	}
	for word := range strings.FieldsSeq(a.Answered) {
		if strings.EqualFold(word, root) {
			return true
		}
	}
	return false
}

// at reports whether a path, in lower case, is one of the action's.
func (a *Action) at(path string) bool {
	for word := range strings.FieldsSeq(a.Paths) {
		if strings.HasSuffix(word, "/") && strings.Contains(path, word) || strings.HasSuffix(path, word) {
			return true
		}
	}
	return false
}

func (a *Action) method(name string) bool {
	if a.Methods == "" {
		return name == "POST"
	}
	for word := range strings.FieldsSeq(a.Methods) {
		if word == name {
			return true
		}
	}
	return false
}
