package proxytest

import (
	"errors"
	"strconv"
)

// refusal is an error reply: three digits, then the TrID of the command.
type refusal struct {
	code   int
	hangUp bool // the server closes after it
}

func (r refusal) Error() string { return strconv.Itoa(r.code) }

// errHangUp closes the connection without a word, which is how Microsoft's
// servers answered most breaches of the grammar.
var errHangUp = errors.New("closed without an error reply")

// The error replies of MSNP2-7 that this server gives.
var (
	errSyntax            = refusal{code: 200}
	errInvalidParameter  = refusal{code: 201}
	errInvalidUser       = refusal{code: 205}
	errFQDNMissing       = refusal{code: 206}
	errAlreadyLogin      = refusal{code: 207}
	errInvalidUsername   = refusal{code: 208}
	errFriendlyName      = refusal{code: 209}
	errListFull          = refusal{code: 210}
	errAlreadyThere      = refusal{code: 215}
	errNotOnList         = refusal{code: 216}
	errNotOnline         = refusal{code: 217}
	errAlreadyInTheMode  = refusal{code: 218}
	errOppositeList      = refusal{code: 219}
	errNoPages           = refusal{code: 220}
	errTooManyGroups     = refusal{code: 223}
	errInvalidGroup      = refusal{code: 224}
	errNotInGroup        = refusal{code: 225}
	errGroupNameTooLong  = refusal{code: 229}
	errGroupZero         = refusal{code: 230}
	errTooManyHits       = refusal{code: 301}
	errNotLoggedIn       = refusal{code: 302}
	errInvitation        = refusal{code: 503, hangUp: true}
	errWrongResponse     = refusal{code: 540, hangUp: true}
	errLocale            = refusal{code: 710}
	errUserTooActive     = refusal{code: 713}
	errUnknownProperty   = refusal{code: 715}
	errNotExpected       = refusal{code: 715, hangUp: true}
	errVersionParameters = refusal{code: 731, hangUp: true}
	errBadList           = refusal{code: 240}
	errRenamesTooOften   = refusal{code: 800}
	errAuthentication    = refusal{code: 911, hangUp: true}
	errHidden            = refusal{code: 913}
)
