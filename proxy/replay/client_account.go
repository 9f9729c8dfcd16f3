package replay

import "strings"

// ParseAccount reads OLD=NEW:PASSWORD, of which NEW or :PASSWORD may be missing: who
// plays the recorded account OLD.
func ParseAccount(s string) (old string, a ClientAccount, ok bool) {
	old, rest, ok := strings.Cut(s, "=")
	if !ok || old == "" || rest == "" {
		return "", a, false
	}
	handle, password, known := strings.Cut(rest, ":")
	a.Handle = handle
	if known && !a.secret(password) {
		return "", ClientAccount{}, false
	}
	return old, a, handle == "" || strings.Contains(handle, "@")
}

// secret takes a password, or a ticket in its place; false: the ticket can't be read.
func (a *ClientAccount) secret(s string) bool {
	ticket, is, err := ParseTicket(s)
	if is {
		a.Ticket = &ticket
		return err == nil
	}
	a.Password = &s
	return true
}

// Know gives passwords, or tickets in their place, by account in lower case, to those who play accounts of the
// story and have none yet. What is of others, or a ticket that can't be read, is left alone.
func (c *ClientConfig) Know(passwords map[string]string) {
	for _, s := range c.Story.Sessions {
		old := strings.ToLower(s.Account)
		a := c.Accounts[old]
		if a.Password != nil || a.Ticket != nil {
			continue
		}
		live := old
		if a.Handle != "" {
			live = strings.ToLower(a.Handle)
		}
		password, ok := passwords[live]
		if !ok {
			continue
		}
		if c.Accounts == nil {
			c.Accounts = make(map[string]ClientAccount)
		}
		if a.secret(password) {
			c.Accounts[old] = a
		}
	}
}
