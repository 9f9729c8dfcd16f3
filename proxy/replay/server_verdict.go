package replay

import (
	"strings"

	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/decode/challenge"
)

// judge answers what has a right and a wrong answer: the answer to a challenge, and
// the password. q is the recorded request, nil if there is none. It returns false if
// the recorded answer stands.
func (c *conn) judge(m *decode.Message, q *story.Message) bool {
	switch {
	case m.Form != nil && m.Form.Payload == "challenge":
		return c.judgeChallenge(m, q)
	case m.Raw("ticket") != nil && m.Raw("package") != nil:
		return c.judgeTicket(m)
	case m.Raw("response") != nil || m.Raw("password") != nil:
		return c.judgeSignIn(m)
	}
	return false
}

// judgeChallenge gives the verdict on an answer to CHL.
func (c *conn) judgeChallenge(m *decode.Message, q *story.Message) bool {
	product, response := string(m.Raw("product")), string(m.Frame.Payload())
	verdict := challenge.Verdict{Result: challenge.NoChallenge}
	for i := len(c.posed) - 1; i >= 0; i-- {
		v := challenge.VerifyIn(product, c.posed[i], response, c.dialect)
		if i == len(c.posed)-1 || v.Result == challenge.Right {
			verdict = v
		}
		if v.Result == challenge.Right {
			break
		}
	}
	switch verdict.Result {
	case challenge.Wrong:
		c.report(Wrong, number64(q), "the answer to the challenge is wrong: it is %q, %s (%s) is right", response, verdict.Expected, verdict.Algorithm)
		c.line(decode.RefusalOf(m.Name()), string(trid(m)))
		c.closing = true
		return true
	case challenge.UnknownProduct:
		c.report(Wrong, number64(q), "the key of the product id %q is not known: the answer can't be checked", product)
	case challenge.Right:
		if q != nil && refused(c.s.script.replies(q)) {
			c.report(Different, q.Number, "the answer to the challenge is right; the recorded one was refused")
			c.line(m.Name(), string(trid(m)))
			return true
		}
	}
	return false
}

// refused reports whether the first reply is an error.
func refused(replies []*story.Message) bool {
	return len(replies) > 0 && replies[0].Name != "" && '0' <= replies[0].Name[0] && replies[0].Name[0] <= '9'
}

func number64(q *story.Message) int64 {
	if q == nil {
		return 0
	}
	return q.Number
}

// judgeSignIn checks the password, if there is one to check it with.
func (c *conn) judgeSignIn(m *decode.Message) bool {
	want, ok := c.s.cfg.Passwords[strings.ToLower(c.account)]
	if !ok {
		return false
	}
	given, clear := m.Raw("password"), true
	if given == nil {
		given, clear = m.Raw("response"), false
		want = challenge.SignIn(c.salt, want)
	}
	if clear && string(given) == want || !clear && strings.EqualFold(string(given), want) {
		return false
	}
	c.report(Wrong, 0, "signs in with another password than the one given")
	c.line(decode.RefusalOf(m.Name()), string(trid(m)))
	c.closing = true
	return true
}

// showsCircle reports whether the ticket in the message is one for circles.
func showsCircle(m *decode.Message) bool {
	for i := range m.Len() {
		if f := m.Field(i); f.Param != nil && f.Param.Kind.Name == "circleticket" {
			return true
		}
	}
	return false
}

// judgeTicket checks the ticket, if there is one to check it with, and what proves it.
func (c *conn) judgeTicket(m *decode.Message) bool {
	want, is, err := ParseTicket(c.s.cfg.Passwords[strings.ToLower(c.account)])
	if !is || err != nil {
		return false
	}
	wrong := ""
	switch blob := m.Raw("blob"); {
	case showsCircle(m):
		if want.Circle != "" && string(m.Raw("ticket")) != want.Circle {
			wrong = "shows another circle ticket than the one given"
		}
	case string(m.Raw("ticket")) != want.Text:
		wrong = "signs in with another ticket than the one given"
	case want.Secret == "":
	case blob == nil:
		wrong = "signs in without an answer to the nonce"
	case !challenge.VerifySSO(want.Secret, c.salt, string(blob)):
		wrong = "the answer to the nonce does not follow from the secret given"
	}
	if wrong == "" {
		return false
	}
	c.report(Wrong, 0, "%s", wrong)
	c.line(decode.RefusalOf(m.Name()), string(trid(m)))
	c.closing = true
	return true
}
