package service

import (
	"strings"
)

// Issued is a token that an answer hands out.
type Issued struct {
	// Kind is "ticket" (USR TWN S, USR SSO S and services), "cipher" (one that only the
	// service can read) or "circle" (USR SHA A).
	Kind string
	// Address is whom it is for: "messengerclear.live.com".
	Address string
	Token   string
	// BinarySecret is the key that came with it, in base64; it may be masked.
	BinarySecret string
	// Account is whose it is, where the answer says it.
	Account string
}

// IssuedBy returns what an answer hands out, from the whole message.
func IssuedBy(raw []byte) []Issued {
	c, ok := Read(raw, nil)
	if !ok || c.HTTP.Request {
		return nil
	}
	return c.Issued()
}

// Issued returns what the answer hands out.
func (c *Call) Issued() (list []Issued) {
	switch {
	case c.HTTP.Request:
		return nil
	case c.Value("circleticket") != "":
		return []Issued{{Kind: "circle", Token: c.Value("circleticket")}}
	case !c.Action.Issues:
		return nil
	}
	if t := fromHead(c.HTTP, []Param{{Where: ":Authentication-Info/from-PP"}}, nil); len(t) > 0 {
		list = append(list, Issued{Kind: "ticket", Token: t[0].Text})
	}
	account := ""
	var last *Issued
	s := scanner{b: c.Body}
	s.start = func(_ *scanner, name string) {
		if strings.EqualFold(name, "RequestSecurityTokenResponse") {
			list = append(list, Issued{})
			last = &list[len(list)-1]
		}
	}
	s.value = func(s *scanner, attribute string, start, end int) {
		text := plain(c.Body[start:end])
		switch {
		case s.in([]string{"credProperty"}, attribute) && strings.Contains(text, "@") && account == "":
			account = text
		case last == nil || attribute != "":
		case s.in([]string{"EndpointReference", "Address"}, ""):
			last.Address = text
		case s.in([]string{"RequestedSecurityToken", "BinarySecurityToken"}, ""):
			last.Kind, last.Token = "ticket", text
		case s.in([]string{"RequestedSecurityToken", "EncryptedData", "CipherData", "CipherValue"}, ""):
			last.Kind, last.Token = "cipher", text
		case s.in([]string{"BinarySecret"}, ""):
			last.BinarySecret = text
		}
	}
	s.run()
	out := list[:0]
	for _, t := range list {
		if t.Token != "" {
			t.Account = account
			out = append(out, t)
		}
	}
	return out
}

// Presents returns the tokens that a request shows to say whose it is.
func (c *Call) Presents() (tokens []string) {
	if !c.HTTP.Request {
		return nil
	}
	for i := range c.Values {
		if v := &c.Values[i]; v.Param.Kind == Token && v.Param.Name != "profile" && v.Text != "" {
			tokens = append(tokens, v.Text)
		}
	}
	return tokens
}
