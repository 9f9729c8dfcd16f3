package decode

const (
	// opensFirm is how much more the first line of a connection says of its role than
	// others do.
	opensFirm = 4
	// mostFirm bounds what speaks for a role, so that it is revised in the end.
	mostFirm = 8
)

// single reports whether it is one role, or that of DS and NS, which are the same
// until the client is sent away.
func (r Role) single() bool { return r != 0 && (r&(r-1) == 0 || r == DS|NS) }

// learnRole learns what the server is for from what is said. What fits several roles
// decides nothing; what does not belong to the role that was made out speaks against
// it, and when as much speaks against it as for it the role is another one. It
// returns true then: the message is to be read again.
func (c *Connection) learnRole(m *Message) (revised bool) {
	if m.Call != nil {
		c.Role, c.firm, c.against = WEB, mostFirm, 0
		return false
	}
	if m.Form == nil || m.Frame.EOL == 0 && len(m.Form.Params) > 0 {
		return false
	}
	if m.cost == 0 && c.Role.single() && m.Form.Roles&c.Role != 0 {
		c.Role &= m.Form.Roles
		if m.Form.Roles.single() {
			c.firm = min(c.firm+m.Form.weight(), mostFirm)
		}
		m.Role = c.Role
		return false
	}
	roles := m.rolesFit(c.Dialect)
	switch {
	case roles == 0:
	case c.Role == 0:
		c.Role, c.firm = roles, m.Form.weight()
	case c.Role&roles != 0:
		c.Role &= roles
		c.firm = min(c.firm+m.Form.weight(), mostFirm)
	default:
		if c.against += m.Form.weight(); c.against >= c.firm {
			c.Role, c.firm, c.against = roles, c.against, 0
			return true
		}
	}
	m.Role = c.Role
	return false
}

// weight is how much a line of this form says of the role.
func (f *Form) weight() int {
	if f.Opens {
		return opensFirm
	}
	return 1
}

// rolesFit returns the roles of all rows that the line fits, whatever the role.
func (m *Message) rolesFit(dialect int) (roles Role) {
	for i := range m.Verb.Forms {
		f := &m.Verb.Forms[i]
		if f.From&m.From == 0 || !f.In(dialect) {
			continue
		}
		if cost, _ := f.misfit(m.Frame.Line(), m.tokens); cost == 0 {
			roles |= f.Roles
		}
	}
	return roles
}
