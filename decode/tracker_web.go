package decode

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"msnproxy/decode/address"
	"msnproxy/decode/challenge"
	"msnproxy/decode/service"
)

const (
	// grantsKept is how many tokens are remembered, the newest.
	grantsKept = 4096
	// grantConns is how many connections are remembered that wait for a sign-in to be known
	// as a session, of one grant or of nobody.
	grantConns = 64
	// beforeSignIn is how long before a sign-in the client asks its web services at most.
	beforeSignIn = 5 * time.Minute
	// leastKey is the least length of a key that is taken for one, in bytes: Microsoft's have
	// 24, of which one published sample has 23. What stands for one in a redacted recording
	// has fewer.
	leastKey = 16
)

// grant is what one answer of a sign-in service handed out, and who has shown it.
type grant struct {
	account string
	number  int64 // of the answer
	session *Session
	conns   []*Connection // that wait for the session
}

// token is one of the tokens of a grant.
type token struct {
	*grant
	address, secret string
}

// webAsk is a request to a web service whose answer has not come.
type webAsk struct {
	number  int64
	at      time.Time
	action  *service.Action
	name    string
	account string
}

// webSide is what a tracker keeps of a connection to a web service.
type webSide struct {
	asks []webAsk // oldest first
}

// TokenInfo is what is known of a ticket that a client shows to sign in.
type TokenInfo struct {
	// ID is what it is known again by; see [service.TokenID]. Empty: no ticket is shown.
	ID string
	// Issued is the number of the answer that handed it out: 0 if none was seen.
	Issued int64
	// Address is whom it was handed out for.
	Address string
}

// decodeWeb is Decode for a message of HTTP: an answer is read as one to the oldest request
// that has none, as answers come in the order of the requests.
func (c *Connection) decodeWeb(m *Message, fr *Frame, from Sender) {
	m.reset()
	m.Frame, m.From, m.Role, m.Dialect = fr, from, c.Role, c.Dialect
	var asked *service.Action
	if fr.Resync && c.web != nil {
		c.web.asks = nil // requests, or their answers, may be among what was lost
	}
	if from == Server && c.web != nil && len(c.web.asks) > 0 {
		asked = c.web.asks[0].action
	}
	m.readWeb(asked)
}

// web follows a message of a web service.
func (t *Tracker) web(m *Message) {
	c := m.Conn
	if c.web == nil {
		c.web = new(webSide)
	}
	if m.From == Client {
		t.webAsked(c, m)
		return
	}
	if m.Call.Status/100 == 1 || m.Fate == Injected || len(c.web.asks) == 0 {
		return // it is no answer, or none of what was asked here
	}
	q := c.web.asks[0]
	c.web.asks = c.web.asks[1:]
	m.ReplyTo, m.ReplyVerb, m.FirstReply = q.number, q.name, true
	if !m.Time.IsZero() && !q.at.IsZero() {
		m.Latency = m.Time.Sub(q.at)
	}
	if m.Fate == Withheld {
		return
	}
	if issued := m.Call.Issued(); len(issued) > 0 {
		t.issued(c, m, issued, q.account)
	}
	if v := m.Call.Value("challenge"); v != "" && c.Account != "" {
		t.lockKeys.Put(strings.ToLower(c.Account), v)
	}
}

// webAsked learns whose a request is.
func (t *Tracker) webAsked(c *Connection, m *Message) {
	ask := webAsk{number: m.Number, at: m.Left(), action: m.Call.Action, name: m.Call.Name}
	if m.Call.Action.Issues {
		if ask.account = m.text(handleKind); ask.account != "" {
			t.webAccount(c, ask.account)
		}
	}
	known := false
	for _, shown := range m.Call.Presents() {
		if k, ok := t.grants.Get(service.TokenID(shown)); ok {
			t.shows(c, k.grant)
			known = true
			break
		}
	}
	if !known {
		t.stranger(c, m.Time)
	}
	t.checkLockKey(c, m)
	if m.Fate == Withheld || m.Fate == Injected {
		return
	}
	if len(c.web.asks) >= maxRequests {
		c.web.asks = append(c.web.asks[:0], c.web.asks[maxRequests/2:]...)
	}
	c.web.asks = append(c.web.asks, ask)
}

// webAccount notes whose the newest request is. A connection may be shared by several.
func (t *Tracker) webAccount(c *Connection, account string) {
	if s := c.Session; s != nil && !address.Same(s.Account, account) {
		t.leave(s)
		c.Session = nil
	}
	c.Account = account
}

// shows tells that a connection has shown a token of a grant: it is of that account.
func (t *Tracker) shows(c *Connection, g *grant) {
	if g.account != "" {
		t.webAccount(c, g.account)
	}
	if g.session != nil {
		t.join(c, g.session)
	} else {
		g.wait(c)
	}
}

func (g *grant) wait(c *Connection) {
	if !slices.Contains(g.conns, c) && len(g.conns) < grantConns {
		g.conns = append(g.conns, c)
	}
}

// stranger takes a request that does not tell whose it is: it belongs to who has signed in
// from the same host, or will, if that is one.
func (t *Tracker) stranger(c *Connection, at time.Time) {
	if c.Session != nil || c.Client == "" {
		return
	}
	if s, ok := t.hosts.Get(hostOf(c.Client)); ok {
		if s != nil && (c.Account == "" || address.Same(c.Account, s.Account)) && s.open > 0 {
			t.belongs(c, s)
		}
		return
	}
	if !slices.Contains(t.webs, c) {
		if len(t.webs) >= grantConns {
			t.webs = append(t.webs[:0], t.webs[1:]...)
		}
		t.webs = append(t.webs, c)
	}
}

// belongs makes a connection to a web service one of a session, even when it is over.
func (t *Tracker) belongs(c *Connection, s *Session) {
	if c.Account == "" {
		c.Account = s.Account
	}
	if c.closed {
		c.Session = s
		return
	}
	t.join(c, s)
}

// issued remembers what an answer handed out.
func (t *Tracker) issued(c *Connection, m *Message, list []service.Issued, account string) {
	g := &grant{account: account, number: m.Number}
	for _, is := range list {
		if g.account == "" {
			g.account = is.Account
		}
	}
	if g.account == "" {
		g.account = c.Account
	}
	for _, is := range list {
		if id := service.TokenID(is.Token); id != "" {
			t.grants.Put(id, token{g, is.Address, is.BinarySecret})
		}
	}
	if g.account != "" {
		t.issuedTo.Put(whoAt(g.account, c), struct{}{})
	}
	g.wait(c)
	t.ticketed(c, g.account, m)
}

// whoAt is an account at the host of a connection's client.
func whoAt(account string, c *Connection) string {
	return strings.ToLower(account) + " " + hostOf(c.Client)
}

// judgeSignIn works out the verdicts on what a client says to sign in.
func (t *Tracker) judgeSignIn(c *Connection, m *Message) {
	t.checkSignIn(c, m)
	if m.Raw("ticket") != nil && c.Role != FTP {
		t.ticket(c, m)
	}
}

// ticket takes a ticket that a client signs in with (MSNP8 and later): the session is the
// one of whoever got it, and the answer to the nonce can be checked where the key that came
// with it is known.
func (t *Tracker) ticket(c *Connection, m *Message) {
	id := service.TokenID(ticketOf(m.Raw("ticket")))
	if id == "" {
		return
	}
	m.Token.ID = id
	k, ok := t.grants.Get(id)
	if !ok {
		if _, others := t.issuedTo.Get(whoAt(c.Account, c)); others {
			m.Findings = append(m.Findings, Finding{"token.unknown", Warning,
				"no answer of a sign-in service in this recording handed out this ticket, although one handed out others to this account"})
		}
	} else {
		m.Token.Issued, m.Token.Address = k.number, k.address
		t.checkSSO(c, m, k)
	}
	s := c.Session
	if s == nil {
		return
	}
	if ok && k.session != s {
		k.session = s
		for _, other := range k.conns {
			if t.belongs(other, s); other != c {
				m.Brought = append(m.Brought, other)
			}
		}
		k.conns = nil
	}
	t.fromHost(c, s, m)
}

// fromHost tells whose the requests are that came from the same host before and did not say.
func (t *Tracker) fromHost(c *Connection, s *Session, m *Message) {
	host := hostOf(c.Client)
	if host == "" {
		return
	}
	if old, ok := t.hosts.Get(host); ok && (old == nil || !address.Same(old.Account, s.Account)) {
		s = nil // several sign in from there
	}
	t.hosts.Put(host, s)
	t.webs = slices.DeleteFunc(t.webs, func(w *Connection) bool {
		if hostOf(w.Client) != host {
			return false
		}
		if s != nil && w.Session == nil && (w.Account == "" || address.Same(w.Account, s.Account)) && m.Time.Sub(w.Opened) <= beforeSignIn {
			t.belongs(w, s)
			m.Brought = append(m.Brought, w)
		}
		return true
	})
}

// ticketOf returns the ticket in a token, without the answer to the nonce, which some put
// behind it.
func ticketOf(raw []byte) string {
	nodes := openTicket(raw)
	if n := len(nodes); n > 0 && nodes[n-1].Name == "blob" {
		return string(raw[:nodes[n-1].Start])
	}
	return string(raw)
}

// checkSSO judges the answer to the nonce of a sign-in by ticket and key.
func (t *Tracker) checkSSO(c *Connection, m *Message, k token) {
	blob := m.text("blob")
	if c.nonce == "" || service.IsMasked(k.secret) {
		return
	}
	m.SSO = judgeSSO(k.secret, c.nonce, blob)
	m.judgedSSO(k.number)
}

// The verdicts that recordings note.
const (
	ssoRight = "sso right"
	ssoWrong = "sso wrong"
)

// SSOVerdict is how a recording notes whether the answer to the nonce of a sign-in by ticket
// and key is right, where the key is not in it.
func SSOVerdict(right bool) string {
	if right {
		return ssoRight
	}
	return ssoWrong
}

// told takes the verdict of whoever had the secrets, where there is none of its own.
func (m *Message) told(verdict string) {
	if m.SSO != 0 {
		return
	}
	switch verdict {
	case ssoRight:
		m.SSO = SignInRight
	case ssoWrong:
		m.SSO = SignInWrong
		m.judgedSSO(m.Token.Issued)
	}
}

// SSORight says in words that the answer to the nonce of a sign-in is right, or returns ""
// if it is not, or was not checked.
func (m *Message) SSORight() string {
	if m.SSO != SignInRight {
		return ""
	}
	return "the answer to the nonce is right for the key that came with the ticket"
}

// judgeSSO says whether an answer to a nonce is right for a key, if that is one and the
// answer can be read: what else is wrong with it is other rules' business.
func judgeSSO(secret, nonce, blob string) SignInVerdict {
	if key, ok := fromBase64([]byte(secret)); !ok || len(key) < leastKey {
		return 0
	}
	if _, err := challenge.ParseSSO(blob); err != nil {
		return 0
	}
	if challenge.VerifySSO(secret, nonce, blob) {
		return SignInRight
	}
	return SignInWrong
}

// judgedSSO adds what is to say where the answer to the nonce is wrong.
func (m *Message) judgedSSO(issued int64) {
	if m.SSO != SignInWrong {
		return
	}
	text := "the answer to the nonce is wrong for the key that came with the ticket"
	if issued != 0 {
		text += fmt.Sprintf(" (message %d)", issued)
	}
	m.Findings = append(m.Findings, Finding{"sso.blob", Error, text})
}

// checkLockKey judges the answer to the challenge of the service for offline messages.
func (t *Tracker) checkLockKey(c *Connection, m *Message) {
	key := m.Call.Value("lockkey")
	if key == "" {
		return
	}
	account := m.Call.Value(handleKind)
	asked, ok := t.lockKeys.Get(strings.ToLower(account))
	if !ok {
		asked, ok = t.lockKeys.Get(strings.ToLower(c.Account))
	}
	if !ok {
		return
	}
	v := challenge.VerifyIn(m.Call.Value("product"), asked, key, 11)
	switch v.Result {
	case challenge.Right:
		m.Challenge = &v
	case challenge.Wrong:
		m.Challenge = &v
		m.Findings = append(m.Findings, Finding{"lockkey.wrong", Error,
			fmt.Sprintf("the lock key is wrong for the challenge %s; %s is right", Quote([]byte(asked)), v.Expected)})
	}
}
