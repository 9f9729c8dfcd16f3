package proxy

import (
	"bytes"
	"slices"
	"strings"

	"msnproxy/decode"
)

// maxFirstLine bounds the first line that is waited for. USR and ANS of a
// switchboard hold a handle, a cookie and a session id.
const maxFirstLine = 2 << 10

// opening is what a client's first line is.
type opening struct {
	verb    string // "VER", "USR", "ANS"; "": something else
	cookie  string // USR, ANS
	session string // ANS
	whole   bool   // false: more of the line is needed
}

// openings are the commands, each with the blank behind it, by which a first line tells
// where it belongs.
var openings = func() (list []string) {
	for _, v := range decode.Verbs() {
		switch v.Act {
		case decode.ActVersion, decode.ActSignIn, decode.ActAnswer:
			list = append(list, v.Name+" ")
		}
	}
	return list
}()

// readOpening reads the first bytes of a client as far as routing needs them.
func readOpening(b []byte) opening {
	if len(b) < 4 {
		may := slices.ContainsFunc(openings, func(o string) bool { return strings.HasPrefix(o, string(b)) })
		return opening{whole: !may}
	}
	if !slices.Contains(openings, string(b[:4])) {
		return opening{whole: true}
	}
	verb := string(b[:3])
	act := decode.ActOf(verb)
	if act == decode.ActVersion {
		return opening{verb: verb, whole: true}
	}
	// There are clients that send CR and LF apart: CR will do.
	end := bytes.IndexAny(b, "\r\n")
	if end < 0 {
		return opening{whole: len(b) >= maxFirstLine}
	}
	line := string(b[:end])
	// Tokens are parted by blanks alone, and some clients send two.
	tokens := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' })
	o := opening{verb: verb, whole: true}
	// USR TrID handle cookie; ANS TrID handle cookie session-id. With a package
	// name for the handle USR is a sign-in, which no cookie belongs to.
	if len(tokens) >= 4 && strings.Contains(tokens[2], "@") {
		o.cookie = tokens[3]
	}
	if act == decode.ActAnswer && len(tokens) >= 5 {
		o.session = tokens[4]
	}
	return o
}
