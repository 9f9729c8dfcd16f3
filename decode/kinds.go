package decode

import (
	"bytes"
	"strings"

	"msnproxy/decode/challenge"
	"msnproxy/decode/meaning"
	"msnproxy/decode/payload"
)

// Kind tells what the values of a parameter look like, what they mean, and what
// must be done with them.
type Kind struct {
	// Name is the kind's name in the table's notation.
	Name string
	// About is one line for people.
	About string
	// Secret values let somebody in, or allow guessing a password.
	Secret bool
	// Personal values name a person or hold their words.
	Personal bool
	// Address values are host:port of a server that a proxy rewrites.
	Address bool
	// Volatile values differ from one session to the next.
	Volatile bool
	// Linked values are volatile, and the same one comes back in other messages.
	Linked bool
	// Derived values follow from what is said otherwise: the place of an item in its
	// list, the number of items, the length of a payload.
	Derived bool
	// Subject values say whom or what a message is about. The order of events about
	// different subjects tells nothing.
	Subject bool
	// Encoded values are percent-encoded UTF-8.
	Encoded bool

	fit   func([]byte) bool     // nil: anything fits
	means func(v string) string // nil: nothing to say
	open  func(raw []byte) []payload.Node
}

// Means says what a value of this kind means, or nothing.
func (k *Kind) Means(v string) string {
	if k.means == nil {
		return ""
	}
	return k.means(v)
}

var kinds = byName(
	Kind{Name: "trid", About: "transaction id, chosen by the client and echoed; 0 from a server that was not asked", Volatile: true, fit: isNumber},
	Kind{Name: "dialect", About: "dialect of the protocol", fit: isDialect},
	Kind{Name: "word", About: "a word that stands there just so", means: wordMeans},
	Kind{Name: "package", About: "authentication package", means: packageMeans},
	Kind{Name: "handle", About: "account: an e-mail address; from MSNP16 on also network, end point and circle", Subject: true, Personal: true, fit: isHandle, open: openAddress},
	Kind{Name: "target", About: "e-mail address, or the index of a search result", Subject: true, Personal: true},
	Kind{Name: "friendly", About: "friendly name, percent-encoded UTF-8", Personal: true, Encoded: true},
	Kind{Name: "challenge", About: "challenge", Volatile: true},
	Kind{Name: "nonce", About: "challenge of a sign-in by ticket and key: random bytes in base64", Volatile: true},
	Kind{Name: "response", About: "answer to a challenge: MD5(challenge + password), hex", Secret: true, Volatile: true},
	Kind{Name: "password", About: "password in clear", Secret: true},
	Kind{Name: "ticket", About: "ticket of a sign-in service", Secret: true, Volatile: true, open: openTicket},
	Kind{Name: "circleticket", About: "ticket for the circles of the account, XML in base64", Secret: true, Volatile: true, open: openXML},
	Kind{Name: "blob", About: "answer to the nonce, made with the key that came with the ticket, base64", Secret: true, Volatile: true, fit: isBlob, open: openProof},
	Kind{Name: "machine", About: "GUID of the machine: the end point of this sign-in", Secret: true, fit: isGUID},
	Kind{Name: "policy", About: "what the ticket service is to be told", open: openPolicy},
	Kind{Name: "passport", About: "what the ticket service of Passport is to be told: a list parted by commas, of which some differs each time", Volatile: true, open: openPolicy},
	Kind{Name: "hop", About: "how often the client was sent on, base64, or 0", means: hopMeans, open: openHop},
	Kind{Name: "serverkind", About: "kind of server, D wherever it was seen: no source says what it means"},
	Kind{Name: "way", About: "how to get there, as it seems: U directly, G through the HTTP gateway", means: meaning.Way},
	Kind{Name: "cookie", About: "admits one connection to a switchboard", Linked: true, Secret: true, Volatile: true},
	Kind{Name: "session", About: "switchboard session", Linked: true, Volatile: true},
	Kind{Name: "address", About: "host:port of a server; the port may be missing (1863)", Address: true, Volatile: true, fit: isAddress},
	Kind{Name: "host", About: "host name", fit: nil},
	Kind{Name: "status", About: "status", fit: isStatus, means: statusMeans},
	Kind{Name: "list", About: "one of the lists", Subject: true, fit: isList, means: listMeans},
	Kind{Name: "listver", About: "list-version: number of the server-stored contact list", Volatile: true, fit: isNumber},
	Kind{Name: "index", About: "number of this item, from 1", Derived: true, fit: isNumber},
	Kind{Name: "total", About: "number of items", Derived: true, fit: isNumber},
	Kind{Name: "group", About: "group id, 0 to 29", Subject: true, fit: isNumber},
	Kind{Name: "groups", About: "group ids, parted by commas", fit: isNumbers},
	Kind{Name: "groupid", About: "id of a group: a GUID, or a number where the address book is the old one", Subject: true},
	Kind{Name: "groupids", About: "ids of groups, parted by commas"},
	Kind{Name: "guid", About: "id of a contact in the address book: a GUID, or the account where the address book is the old one", Subject: true, Personal: true},
	Kind{Name: "listbits", About: "lists that the contact is on: 1 FL, 2 AL, 4 BL, 8 RL, 16 PL", fit: isNumber, means: meaning.Lists},
	Kind{Name: "refresh", About: "what to send again: 1 the lists, 2 status and personal message", fit: isNumber, means: meaning.Refresh},
	Kind{Name: "notetype", About: "what the note is about", fit: isNumber, means: meaning.Note},
	Kind{Name: "messagetype", About: "what the message is: 1 text, 2 typing, 3 nudge", fit: isNumber, means: meaning.MessageType},
	Kind{Name: "device", About: "which device: 1 mobile phone, 2 MSN Direct", fit: isNumber, means: meaning.PagedDevice},
	Kind{Name: "contacts", About: "list of contacts, percent-encoded XML", Personal: true, Encoded: true, means: encodedMeans, open: openEncoded},
	Kind{Name: "paid", About: "paid services and credit, or null; no source says what the values mean", open: openServices},
	Kind{Name: "namespace", About: "namespace of MSNP24: CON or MSGR, and what may follow a backslash", fit: isNamespace},
	Kind{Name: "groupname", About: "group name, percent-encoded UTF-8", Personal: true, Encoded: true},
	Kind{Name: "property", About: "name of a property", Subject: true, fit: isProperty, means: propertyMeans},
	Kind{Name: "value", About: "value, percent-encoded UTF-8", Personal: true, Encoded: true},
	Kind{Name: "flag", About: "0 or 1", fit: isFlag, means: flagMeans},
	Kind{Name: "number", About: "number", fit: isNumber},
	Kind{Name: "length", About: "length of the payload in bytes", Derived: true, fit: isNumber},
	Kind{Name: "lcid", About: "locale, a Windows LCID", fit: isLocale, means: localeMeans},
	Kind{Name: "os", About: "operating system", means: osMeans},
	Kind{Name: "osver", About: "version of the operating system"},
	Kind{Name: "arch", About: "processor"},
	Kind{Name: "client", About: "name of the client program"},
	Kind{Name: "clientver", About: "version of the client program"},
	Kind{Name: "codebase", About: "code base (brand) of the client"},
	Kind{Name: "url", About: "web address, whole or relative"},
	Kind{Name: "prompt", About: "what to do when somebody adds this account", means: promptMeans},
	Kind{Name: "privacy", About: "how people in neither AL nor BL are treated", means: privacyMeans},
	Kind{Name: "onoff", About: "ON or OFF"},
	Kind{Name: "ack", About: "acknowledgement asked for", means: ackMeans},
	Kind{Name: "product", About: "product id of the client; it tells how it answers: by MD5 of challenge and key (MSNP6 to 10), or in the way of MSNP11", means: productMeans},
	Kind{Name: "service", About: "web service", means: serviceMeans},
	Kind{Name: "term", About: "name=value of a directory search, percent-encoded", Personal: true, Encoded: true},
	Kind{Name: "reason", About: "why", means: reasonMeans},
	Kind{Name: "code", About: "how it ended", fit: isNumber, means: transferMeans},
	Kind{Name: "seconds", About: "time in seconds", fit: isNumber},
	Kind{Name: "size", About: "size in bytes", fit: isNumber},
	Kind{Name: "capabilities", About: "what the client can do, a bit field, or from MSNP16 on two parted by a colon", means: meaning.Capabilities},
	Kind{Name: "capability", About: "what the client can do, a bit field", fit: isNumber, means: meaning.Capabilities},
	Kind{Name: "msnobj", About: "description of a picture, percent-encoded XML", Encoded: true, open: payload.Object},
	Kind{Name: "network", About: "network of the account", fit: isNumber, means: meaning.Network},
	Kind{Name: "text", About: "text", Personal: true, Encoded: true},
	Kind{Name: "arg", About: "no source says what it means"},
)

func byName(list ...Kind) map[string]*Kind {
	m := make(map[string]*Kind, len(list))
	for i := range list {
		m[list[i].Name] = &list[i]
	}
	return m
}

func isNumber(b []byte) bool {
	if len(b) == 0 || len(b) > 10 {
		return false
	}
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

func isNumbers(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && c != ',' {
			return false
		}
	}
	return len(b) > 0
}

func isFlag(b []byte) bool { return len(b) == 1 && (b[0] == '0' || b[0] == '1') }

// isAddress accepts host, host:port, [IPv6]:port.
func isAddress(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	host, port := b, []byte(nil)
	if i := bytes.LastIndexByte(b, ':'); i >= 0 && bytes.IndexByte(b[i:], ']') < 0 {
		host, port = b[:i], b[i+1:]
		if n, ok := decimal(port); !ok || n > 65535 {
			return false
		}
	}
	if len(host) == 0 {
		return false
	}
	for _, c := range host {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', isDigit(c):
		case c == '.', c == '-', c == '_', c == '*', c == ':', c == '[', c == ']', c == '%':
		default:
			return false
		}
	}
	return true
}

func isUpper(b []byte, n int) bool {
	if len(b) != n {
		return false
	}
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

func isStatus(b []byte) bool   { return isUpper(b, 3) }
func isProperty(b []byte) bool { return isUpper(b, 3) }

func isList(b []byte) bool {
	switch string(b) {
	case "FL", "AL", "BL", "RL", "PL":
		return true
	}
	return false
}

// isDialect accepts MSNPn, CVR0 and the CVRO (letter O) of some clients, in any
// case.
func isDialect(b []byte) bool {
	s := strings.ToUpper(string(b))
	if s == "CVR0" || s == "CVRO" {
		return true
	}
	n, ok := strings.CutPrefix(s, "MSNP")
	return ok && n != "" && len(n) <= 3 && allDigits([]byte(n))
}

// isBlob accepts what may be base64 and is no GUID, which may stand in the same place.
func isBlob(b []byte) bool { return len(b) > 0 && !isGUID(b) }

// isGUID accepts a GUID, in braces or not: clients exist that leave them out.
func isGUID(b []byte) bool {
	if len(b) == 38 && b[0] == '{' && b[37] == '}' {
		b = b[1:37]
	}
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if unhex(c) < 0 {
				return false
			}
		}
	}
	return true
}

func isNamespace(b []byte) bool { return meaning.Namespaced(string(b)) }

// productMeans says which client a product id is of, and how it answers challenges.
func productMeans(v string) string {
	p, ok := challenge.Lookup(v)
	if !ok {
		return ""
	}
	how := "the way of MSNP6 to 10"
	if p.First >= 11 {
		how = "the way of MSNP11 and later"
	}
	if p.Client == "" {
		return "answers in " + how
	}
	return p.Client + "; answers in " + how
}

func isLocale(b []byte) bool {
	return len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' || isNumber(b)
}
