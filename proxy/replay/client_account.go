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
	if known {
		a.Password = &password
	}
	return old, a, handle == "" || strings.Contains(handle, "@")
}

// Know gives passwords, by account in lower case, to those who play accounts of the
// story and have none yet. Passwords of others are left alone.
func (c *ClientConfig) Know(passwords map[string]string) {
	for _, s := range c.Story.Sessions {
		old := strings.ToLower(s.Account)
		a := c.Accounts[old]
		if a.Password != nil {
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
		a.Password = &password
		c.Accounts[old] = a
	}
}
