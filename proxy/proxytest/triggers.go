package proxytest

import (
	"fmt"
	"strings"
)

// with runs do for the session of an account that is signed in.
func (s *Server) with(what, account string, do func(n *session) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(account)
	err := errNoAccount
	if a != nil {
		err = errOffline
		if a.session != nil {
			err = do(a.session)
		}
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", what, account, err)
	}
	return nil
}

// since returns an error if the session's dialect is older than MSNPn.
func (n *session) since(dialect int) error {
	if n.conn.dialect < dialect {
		return fmt.Errorf("MSNP%d has no such command, MSNP%d has", n.conn.dialect, dialect)
	}
	return nil
}

// Challenge sends the account a challenge (MSNP6, CHL). A wrong answer, or none
// in time, ends its connection.
func (s *Server) Challenge(account string) error {
	return s.with("challenging", account, func(n *session) error {
		err := n.since(6)
		if err == nil {
			n.conn.challenge("0")
		}
		return err
	})
}

// SendMail tells the account that a mail has come.
func (s *Server) SendMail(account, from, subject string) error {
	return s.with("sending mail to", account, func(n *session) error {
		if strings.ContainsAny(from, "\r\n") {
			return fmt.Errorf("a line break in the sender %q", from)
		}
		n.account.unread++
		n.conn.sendNewMail(from, subject)
		return nil
	})
}

// MoveMail tells the account that count messages went from one folder to
// another; the inbox is ACTIVE.
func (s *Server) MoveMail(account, from, to string, count int) error {
	return s.with("moving mail of", account, func(n *session) error {
		n.conn.notice(mime(n.conn.mailType("activemailnotification"), nil,
			"Src-Folder: "+from, "Dest-Folder: "+to, fmt.Sprintf("Message-Delta: %d", count), ""))
		return nil
	})
}

// Warn tells the account that the server goes down in so many minutes.
func (s *Server) Warn(account string, minutes int) error {
	return s.with("warning", account, func(n *session) error {
		n.conn.notice(mime("application/x-msmsgssystemmessage", nil,
			"Type: 1", fmt.Sprintf("Arg1: %d", minutes), ""))
		return nil
	})
}

// Notify sends the account an alert (MSNP5, NOT) with that XML document, as it
// is. An empty document stands for a short one about lunch.
func (s *Server) Notify(account, xml string) error {
	return s.with("notifying", account, func(n *session) error {
		if err := n.since(5); err != nil {
			return err
		}
		s.noticed++
		if xml == "" {
			xml = alert(s.noticed, n.account.handle)
		}
		n.conn.sendPayload("NOT", xml)
		return nil
	})
}

func alert(id int, handle string) string {
	return fmt.Sprintf(`<NOTIFICATION ver="1" id="%d" siteid="0" siteurl="http://alerts.example/">
	<TO pid="0x00014c30:0xe12ebd4d" name="%s"/>
	<MSG id="0">
		<ACTION url="a.htm"/>
		<SUBSCR url="s.htm"/>
		<BODY lang="1033" icon="i.png">
			<TEXT>Lunch at noon</TEXT>
		</BODY>
	</MSG>
</NOTIFICATION>`, id, handle)
}

// Page sends the account a page from a mobile (MSNP6, IPG) with that XML
// document, as it is.
func (s *Server) Page(account, xml string) error {
	return s.with("paging", account, func(n *session) error {
		err := n.since(6)
		if err == nil {
			n.conn.sendPayload("IPG", xml)
		}
		return err
	})
}

// Kick ends the account's session with OUT and the reason: OTH, SSD or none.
func (s *Server) Kick(account, reason string) error {
	return s.with("kicking", account, func(n *session) error {
		c := n.conn
		c.send("OUT", reason)
		c.hangUp()
		return nil
	})
}

// Move redirects the account, unasked, to the notification server (XFR 0 NS):
// the client is the one to close.
func (s *Server) Move(account string) error {
	return s.with("moving", account, func(n *session) error {
		n.conn.send("XFR 0", n.conn.redirect()...)
		return nil
	})
}

// Restart has the account sign in again on the connection it has (XFR 0 NS 0).
// From then on the server expects VER.
func (s *Server) Restart(account string) error {
	return s.with("restarting", account, func(n *session) error {
		c := n.conn
		c.send("XFR 0 NS 0")
		c.leave()
		c.stage, c.dialect, c.account = fresh, 0, nil
		c.expectBy(s.config.SignInTimeout)
		return nil
	})
}

// TimeOut takes the account out of all its conversations as one who has been
// idle for too long: the others get BYE with a 1.
func (s *Server) TimeOut(account string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accountOf(account)
	if a == nil {
		return fmt.Errorf("timing out %q: %w", account, errNoAccount)
	}
	var talks int
	for c := range s.conns {
		if c.member != nil && c.account == a {
			talks++
			c.member.leave("1")
			c.member = nil
			c.hangUp()
		}
	}
	if talks == 0 {
		return fmt.Errorf("timing out %q: it is in no conversation", account)
	}
	return nil
}

// Online reports whether the account is signed in.
func (s *Server) Online(account string) bool {
	return s.with("", account, func(*session) error { return nil }) == nil
}

// Reset breaks off every connection of the account with a TCP reset.
func (s *Server) Reset(account string) error {
	return s.with("resetting", account, func(n *session) error {
		for c := range s.conns {
			if c.account == n.account && c.stage != ended {
				c.out.kill()
				c.cutOff()
			}
		}
		return nil
	})
}
