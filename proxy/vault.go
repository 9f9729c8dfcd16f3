package proxy

import (
	"sync"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/challenge"
	"msnproxy/decode/recent"
	"msnproxy/decode/service"
)

// What is kept of keys that came with tickets, and for how long: servers have tickets
// expire after a day.
const (
	maxKeys  = 1024
	keepKeys = 24 * time.Hour
)

// vault keeps, in memory alone, the keys that came with tickets, as the verdict on a
// sign-in needs them and no recording has them.
type vault struct {
	mu   sync.Mutex
	keys recent.Map[key] // by service.TokenID of the ticket
}

type key struct {
	secret string
	since  time.Time
}

// keep keeps what an answer of a web service hands out.
func (v *vault) keep(answer []byte, now time.Time) {
	for _, i := range service.IssuedBy(answer) {
		if i.BinarySecret == "" || service.IsMasked(i.BinarySecret) {
			continue
		}
		v.mu.Lock()
		v.keys.Max = maxKeys
		v.keys.Put(service.TokenID(i.Token), key{i.BinarySecret, now})
		v.mu.Unlock()
	}
}

// verdict judges the answer to a nonce; "" if there is no key for the ticket, or the answer
// can't be read.
func (v *vault) verdict(ticket, nonce, answer string, now time.Time) string {
	v.mu.Lock()
	k, ok := v.keys.Get(service.TokenID(ticket))
	v.mu.Unlock()
	if _, err := challenge.ParseSSO(answer); err != nil || !ok || nonce == "" || now.Sub(k.since) > keepKeys {
		return ""
	}
	return decode.SSOVerdict(challenge.VerifySSO(k.secret, nonce, answer))
}

// judge returns the verdict on a frame of MSNP, one of the first of its link; "" where
// there is nothing to judge. It notes the nonce for which an answer is due.
func (c *conn) judge(fr *decode.Frame, from decode.Sender, now time.Time) string {
	if !decode.MayBeAct(fr.Raw, decode.ActSignIn) || !fr.Complete() {
		return ""
	}
	var m decode.Message
	m.Decode(fr, from, decode.NS, 0)
	if from == decode.Server {
		if nonce := m.Raw("nonce"); len(nonce) > 0 {
			s := string(nonce)
			c.nonce.Store(&s)
		}
		return ""
	}
	nonce := c.nonce.Load()
	if nonce == nil {
		return ""
	}
	return c.p.vault.verdict(string(m.Raw("ticket")), *nonce, string(m.Raw("blob")), now)
}
