package decode

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"msnproxy/decode/challenge"
	"msnproxy/decode/meaning"
)

// Public reports whether a value of the parameter is one that the protocol itself
// has, or a bare number where one belongs: it tells nothing of a person and lets
// nobody in. Of kinds that are not listed in public no value is.
func (p *Param) Public(v []byte) bool {
	if slices.Contains(p.Literals, string(v)) {
		return true
	}
	if p.Kind.Secret {
		return false
	}
	is := public[p.Kind.Name]
	return is != nil && is(v)
}

// PublicWord reports whether a token of no known meaning is public: a small number,
// or a word of the protocol.
func PublicWord(v []byte) bool {
	return len(v) <= 3 && isNumber(v) || wordMeans(string(v)) != "" || isList(v)
}

// public are the kinds of which some values are public, with what tells them.
var public = map[string]func([]byte) bool{
	"trid": isNumber, "index": isNumber, "total": isNumber, "group": isNumber, "groups": isNumbers, "groupid": isNumber, "groupids": isNumbers,
	"number": isNumber, "length": isNumber, "seconds": isNumber, "size": isNumber, "network": isNumber, "code": isNumber,
	"listver": func(b []byte) bool { return isNumber(b) || timeStamp.Match(b) },
	"text":    timeStamp.Match,
	"flag":    isFlag, "dialect": isDialect, "list": isList, "status": isStatus, "property": isProperty,
	"word": meant(wordMeans), "package": meant(packageMeans), "prompt": meant(promptMeans), "privacy": meant(privacyMeans),
	"ack": meant(ackMeans), "reason": meant(reasonMeans), "service": meant(serviceMeans), "os": meant(osMeans),
	"challenge":    func(b []byte) bool { return len(b) <= 40 && len(bytes.Trim(b, "0123456789.")) == 0 },
	"session":      func(b []byte) bool { return len(b) <= 32 && len(bytes.Trim(b, "0123456789abcdefABCDEF")) == 0 },
	"capabilities": capabilities.Match, "capability": isNumber,
	"listbits": isNumber, "refresh": isNumber, "notetype": isNumber, "messagetype": isNumber, "device": isNumber,
	"way": meant(meaning.Way), "serverkind": among("D"), "namespace": isNamespace,
	"paid": among("null"), "hop": publicHop,
	"policy":    among("MBI_KEY_OLD MBI_KEY MBI MBI_SSL"),
	"lcid":      locale.Match,
	"osver":     version.Match,
	"clientver": version.Match,
	"arch":      among("i386 i486 i586 i686 x86 x86_64 amd64 powerpc ppc arm alpha mips intel"),
	"client":    among(programs),
	"codebase":  among(programs),
	"value":     among("Y N 0 1"),
	"product": func(b []byte) bool {
		_, ok := challenge.Lookup(string(b))
		return ok
	},
	"arg": PublicWord,
}

// programs are how clients name themselves in CVR and SND.
const programs = `MSNMSGR MSMSGS MSG80BETA MSNMSGRBETA TEXAS Gaim Pidgin AMSN BitlBee emesene Kopete papyon
	Trillian Miranda Adium msn-pecan Twisted gtmess X`

var (
	capabilities = regexp.MustCompile(`^[0-9]{1,10}(:[0-9]{1,10})?$`)
	locale       = regexp.MustCompile(`^(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,5})$`)
	version      = regexp.MustCompile(`^[0-9]{1,5}(\.[0-9]{1,5}){0,4}$`)
	hopLine      = regexp.MustCompile(`^((Version|XfrCount|XfrSentUTCTime):[0-9]{1,20}|IsGeoXfr:(true|false))$`)
	timeStamp    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{1,16}([-+][0-9:]{4,5}|Z)?$`)
)

// publicHop reports whether a hop string is one that servers make, and nothing else.
func publicHop(b []byte) bool {
	nodes := openHop(b)
	for _, n := range nodes {
		if !hopLine.MatchString(n.Name + ":" + n.Value) {
			return false
		}
	}
	return len(nodes) > 0 || string(b) == "0"
}

func meant(means func(string) string) func([]byte) bool {
	return func(b []byte) bool { return means(string(b)) != "" }
}

func among(words string) func([]byte) bool {
	list := strings.Fields(words)
	return func(b []byte) bool {
		return slices.ContainsFunc(list, func(w string) bool { return strings.EqualFold(w, string(b)) })
	}
}
