package capture

import (
	"bytes"
	"strings"

	"msnproxy/decode"
)

// logOpen starts a connection of a log.
func (t *transcript) logOpen(server, label string, midStream bool) *spoken {
	l := t.log
	before := len(t.ready)
	t.current = nil // the others may go on
	t.open(server, midStream)
	for i := before; i < len(t.ready); i++ {
		t.ready[i].Time = l.at
	}
	c := t.current
	l.said[c] = &talked{}
	if label != "" {
		l.labels[label] = c
	}
	return c
}

// rolesOf are the servers on whose connections a command may be.
func rolesOf(verb string, from decode.Sender) (roles decode.Role) {
	v := decode.LookupVerb(verb)
	if v == nil {
		return 0
	}
	for i := range v.Forms {
		if v.Forms[i].From == from {
			roles |= v.Forms[i].Roles
		}
	}
	return roles
}

// logConn finds the connection that a command is on.
func (t *transcript) logConn(from decode.Sender, label, command string) *spoken {
	l := t.log
	words := strings.Fields(command)
	act := decode.ActOf(words[0])
	roles := rolesOf(words[0], from)
	greets := from == decode.Client && opens(words)
	if !digits.MatchString(words[min(1, len(words)-1)]) && act != decode.ActEnd && act != decode.ActPing && from == decode.Client {
		greets = greets && len(words) > 2
	}
	c := t.logged(label, roles)
	// In a document, too, who greets a switchboard has left the server before it.
	moves := greets && act != decode.ActVersion && c != nil && l.said[c].greeted && l.said[c].role != decode.SB
	if !l.notation.log && label == "" && !moves && (c != nil || t.current == nil || t.current.over) {
		if c == nil {
			c = t.speaker(from, []byte(command))
			l.said[c] = &talked{}
		} else if t.current != nil && c == t.current {
			c = t.speaker(from, []byte(command))
			if l.said[c] == nil {
				l.said[c] = &talked{}
			}
		}
	} else if c == nil || greets && l.said[c].greeted {
		server := l.next[0]
		if roles := l.serves(words); roles == decode.SB || l.next[1] != "" {
			server = l.next[1]
		}
		l.next = [2]string{}
		c = t.logOpen(server, label, !greets)
	}
	k := l.said[c]
	k.greeted = k.greeted || greets
	k.commands++
	if k.role == 0 && (roles == decode.SB || greets && act != decode.ActVersion) {
		k.role = decode.SB
	} else if k.role == 0 && roles != 0 && roles&decode.SB == 0 {
		k.role = decode.NS | decode.DS
	}
	if from == decode.Server && len(words) > 3 {
		switch {
		case act == decode.ActRedirect && strings.Contains(words[3], ":"):
			l.next[index2(words[2] == "SB")] = words[3]
		case act == decode.ActInvite:
			l.next[1] = words[2]
		}
	}
	return c
}

func index2(b bool) int {
	if b {
		return 1
	}
	return 0
}

// serves is the kind of server that a greeting is for.
func (l *logReader) serves(words []string) decode.Role {
	if decode.ActOf(words[0]) == decode.ActVersion {
		return decode.NS
	}
	return decode.SB
}

// opens reports whether a client's command is the first on a connection.
func opens(words []string) bool {
	switch decode.ActOf(words[0]) {
	case decode.ActVersion, decode.ActAnswer:
		return true
	case decode.ActSignIn:
		return len(words) == 4 && strings.Contains(words[2], "@")
	}
	return false
}

// mayBegin reports whether a connection may begin with a command, or if it is none that
// is known, with that.
func mayBegin(from decode.Sender, command []byte) bool {
	line, _, _ := bytes.Cut(command, []byte{'\n'})
	words := strings.Fields(string(line[:min(len(line), 256)]))
	if len(words) == 0 || !plausible(command) {
		return true
	}
	return from == decode.Client && opens(words)
}

// maxSearched is how many connections back a command may go on with one.
const maxSearched = 256

// logged finds a connection that is known: by its label, or else the newest on which
// the command may be.
func (t *transcript) logged(label string, roles decode.Role) *spoken {
	l := t.log
	if label != "" {
		return l.labels[label]
	}
	suits := func(c *spoken) bool {
		k := l.said[c]
		return k != nil && !c.over && (k.role == 0 || roles == 0 || k.role&roles != 0)
	}
	if c := t.current; c != nil && suits(c) {
		return c
	}
	for i := len(t.conns) - 1; i >= max(0, len(t.conns)-maxSearched); i-- {
		if suits(t.conns[i]) {
			return t.conns[i]
		}
	}
	return nil
}
