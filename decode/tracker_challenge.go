package decode

import (
	"fmt"
	"strings"

	"msnproxy/decode/challenge"
)

// maxPosed is how many challenges of a connection are remembered: a server may
// still take an answer to the one before the newest.
const maxPosed = 4

// posed is a challenge that the server has asked.
type posed struct{ text string }

// challenged takes CHL from the server.
func (t *Tracker) challenged(c *Connection, m *Message) {
	text := m.Arrived().text("challenge")
	if m.From != Server || text == "" {
		return
	}
	if len(c.challenges) >= maxPosed {
		c.challenges = append(c.challenges[:0], c.challenges[1:]...)
	}
	c.challenges = append(c.challenges, posed{text})
}

// answered takes QRY from the client and works out the verdict: the answer is
// tried on the newest challenge first. What is answered comes off, and what was
// asked before it: clients answer in order. If an answer is wrong it is taken for
// that to the oldest, so that the next one is tried on the right challenge.
func (t *Tracker) answered(c *Connection, m *Message) {
	if m.Frame.Missing > 0 {
		return
	}
	product, response := m.text("product"), string(m.Frame.Payload())
	verdict, done := challenge.Verdict{Result: challenge.NoChallenge}, min(1, len(c.challenges))
	for i := len(c.challenges) - 1; i >= 0; i-- {
		v := challenge.VerifyIn(product, c.challenges[i].text, response, c.Dialect)
		if i == len(c.challenges)-1 || v.Result == challenge.Right {
			verdict = v
		}
		if v.Result == challenge.Right {
			done = i + 1
			break
		}
	}
	m.Challenge, m.posed = &verdict, done
	side := ""
	switch {
	case verdict.Result == challenge.Right && verdict.Odd && verdict.ByProduct(product):
		side = " by its product id, though not by its dialect: client and server differ in which of the two counts"
	case verdict.Result == challenge.Right && verdict.Odd:
		side = " by its dialect, though not by its product id: client and server differ in which of the two counts"
	case verdict.Fits == product && product != "":
		side = ": it is right by the algorithm of " + verdict.FitsBy + ", which neither product id nor dialect wants"
	}
	switch verdict.Result {
	case challenge.Right:
		m.accepted, m.side = 1, side
	case challenge.Wrong:
		m.accepted, m.side = -1, side
	}
}

// missed notes that something of the sender is missing in the recording here: a
// challenge may be, too.
func (c *Connection) missed(from Sender) {
	if from == Server {
		c.challenges, c.salt = nil, ""
	}
}

// challengeFindings puts a verdict into words.
func challengeFindings(dst []Finding, v *challenge.Verdict, product string, dialect int) []Finding {
	switch v.Result {
	case challenge.Right:
		switch {
		case v.Odd && dialect == 0:
			return append(dst, Finding{"challenge.algorithm", Note,
				"the answer is right by the algorithm of " + v.Algorithm + ", which is not that of the product id"})
		case v.Odd:
			return append(dst, Finding{"challenge.algorithm", Note,
				fmt.Sprintf("the answer is right by the algorithm of %s, but product id and dialect (MSNP%d) want different ones", v.Algorithm, dialect)})
		}
	case challenge.Wrong:
		return append(dst, Finding{"challenge.mismatch", Error, "the answer to the challenge is wrong" + wronged(v, product, dialect) + "; " + v.Expected + " is right"})
	case challenge.UnknownProduct:
		return append(dst, Finding{"challenge.product", Note,
			"the key of this product id is not known: the answer can't be checked"})
	case challenge.NoChallenge:
		return append(dst, Finding{"challenge.unasked", Note,
			"no challenge was seen before this answer: it can't be checked"})
	}
	return dst
}

// wronged says what the client has done instead of answering right, if that can be told.
func wronged(v *challenge.Verdict, product string, dialect int) string {
	switch {
	case v.Fits == "":
		return ""
	case v.Fits != product:
		return fmt.Sprintf(": the client answers as product %s would", Quote([]byte(v.Fits)))
	}
	return fmt.Sprintf(": the client goes by the algorithm of %s, but product id and dialect (MSNP%d) want that of %s", v.FitsBy, dialect, v.Algorithm)
}

// checkSignIn judges the MD5 answer to the sign-in challenge if the account's
// password is known.
func (t *Tracker) checkSignIn(c *Connection, m *Message) {
	if m.Raw("response") == nil || c.Role == FTP {
		return
	}
	response := m.text("response")
	if len(response) != 32 || strings.Trim(strings.ToLower(response), "0123456789abcdef") != "" {
		m.Findings = append(m.Findings, Finding{"signin.response", Warning,
			"the answer to the sign-in challenge is not 32 hex digits"})
	}
	password, known := t.Passwords[strings.ToLower(c.Account)]
	if !known {
		return
	}
	if c.salt == "" {
		m.Findings = append(m.Findings, Finding{"signin.unasked", Note,
			"no sign-in challenge was seen before this answer: it can't be checked"})
		return
	}
	want := challenge.SignIn(c.salt, password)
	m.SignIn = SignInRight
	m.accepted = 1
	if !strings.EqualFold(want, response) {
		m.SignIn = SignInWrong
		m.accepted = -1
		m.Findings = append(m.Findings, Finding{"signin.mismatch", Error,
			fmt.Sprintf("the answer to the sign-in challenge is wrong for the password given; %s is right", want)})
	}
}

// SignInVerdict says whether the answer to a sign-in challenge was right.
type SignInVerdict uint8

// The verdicts; the zero value stands for an answer that was not checked.
const (
	SignInRight SignInVerdict = iota + 1
	SignInWrong
)

// String returns "right" or "wrong", or "" for one that was not checked.
func (v SignInVerdict) String() string { return [...]string{"", "right", "wrong"}[v] }

// ChallengeRight says in words that the answer to a challenge is right, or
// returns "" if it is not, or if this is none.
func (m *Message) ChallengeRight() string {
	if m.Challenge == nil || m.Challenge.Result != challenge.Right {
		return ""
	}
	return "the answer to the challenge is right"
}

// SignInRight says in words that the answer to a sign-in challenge is right, or
// returns "" if it is not, or was not checked.
func (m *Message) SignInRight() string {
	if m.SignIn != SignInRight {
		return ""
	}
	return "the answer to the sign-in challenge is right for the password given"
}
