package chat

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"msnproxy/decode/payload"
)

// filePort is where MSNFTP is if nobody says otherwise.
const filePort = "6891"

// invitation is one with what its other steps and its MSNFTP connection are
// known by.
type invitation struct {
	line   ref
	who    string // inviter, as compared
	unseen bool   // INVITE is not in the recording
	addrs  []string
	secret string // AuthCookie
}

// invite takes a step of an invitation: all steps are one line.
func (b *Builder) invite(row int, l Line, p *person, body *payload.Payload) ref {
	step, _ := body.Invitation()
	cookie := clip(step.Cookie, maxName)
	x := b.invites.get(cookie)
	old := (*Line)(nil)
	if x != nil {
		old = b.line(x.line)
	}
	if old == nil || step.Command == "INVITE" {
		x = &invitation{who: identity(p.who), unseen: step.Command != "INVITE"}
		l.Kind, l.Invitation = Invite, offered(step)
		if l.Invitation.File != "" || strings.EqualFold(step.GUID, fileGUID) {
			l.Kind = File
		}
		x.line = b.add(l)
		b.invites.put(cookie, x)
		old = b.line(x.line)
	} else {
		old.addRow(row)
	}
	switch inv := old.Invitation; step.Command {
	case "ACCEPT":
		if inv.State == Asked {
			inv.State, inv.By = Accepted, p.who
		}
		x.learn(inv, step, body)
	case "CANCEL":
		if inv.State < Declined {
			inv.State, inv.By = cancelled(step.CancelCode, x.who == identity(p.who) && !x.unseen, inv.State), p.who
			inv.Reason = clip(reason(body, step.CancelCode), maxName)
		}
	}
	b.describe(x)
	return x.line
}

const fileGUID = "{5d3e02ab-6190-11d3-bbbb-00c04f795683}"

// offered is the invitation as INVITE tells it.
func offered(step payload.Invitation) *Invitation {
	inv := &Invitation{Application: clip(step.Application, maxName), File: clip(step.File, maxName), Cookie: clip(step.Cookie, maxName), Size: -1}
	if n, err := strconv.ParseInt(step.FileSize, 10, 64); err == nil && n >= 0 {
		inv.Size = n
	}
	return inv
}

// learn takes where the file is to be had.
func (x *invitation) learn(inv *Invitation, step payload.Invitation, body *payload.Payload) {
	if secret := find(body, "AuthCookie"); secret != "" {
		x.secret = clip(secret, maxName)
	}
	if step.Address != "" {
		inv.Address = clip(step.Address, maxName)
	}
	for _, ip := range []string{find(body, "IP-Address"), find(body, "IP-Address-Internal")} {
		for _, port := range []string{cmp.Or(find(body, "Port"), filePort), find(body, "PortX")} {
			if addr := net.JoinHostPort(ip, port); ip != "" && port != "" && len(addr) <= maxName && len(x.addrs) < 16 && !slices.Contains(x.addrs, addr) {
				x.addrs = append(x.addrs, strings.Clone(addr))
			}
		}
	}
}

// cancelled says what CANCEL means.
func cancelled(code string, byInviter bool, state InviteState) InviteState {
	switch code = strings.ToUpper(code); {
	case code == "REJECT", code == "REJECT_NOT_INSTALLED":
		return Declined
	case code == "TIMEOUT", code == "FTTIMEOUT", code == "FAIL":
		return FailedInvite
	case code == "OUTBANDCANCEL", byInviter, state != Asked:
		return Cancelled
	}
	return Declined
}

// reason says why, where the state does not say so already.
func reason(body *payload.Payload, code string) string {
	n := body.Find("Cancel-Code")
	if n == nil || n.Meaning == "declined" || n.Meaning == "cancelled" || n.Meaning == "failed" {
		return ""
	}
	return cmp.Or(n.Meaning, code)
}

// describe says anew how far the invitation has come.
func (b *Builder) describe(x *invitation) {
	l := b.line(x.line)
	if l == nil {
		return
	}
	inv := l.Invitation
	text := "invites to " + cmp.Or(inv.Application, "something")
	switch {
	case x.unseen:
		text = "answers an invitation that is not here, " + cmp.Or(inv.Cookie, "without a cookie")
	case l.Kind == File:
		text = "offers the file " + cmp.Or(inv.File, "(without a name)")
		if inv.Size >= 0 {
			text += fmt.Sprintf(", %d bytes", inv.Size)
		}
	}
	if inv.State != Asked {
		text += ": " + inv.State.String()
		if inv.By != "" && !x.unseen {
			text += " by " + b.person(inv.By).display()
		}
		if inv.Reason != "" {
			text += ", " + inv.Reason
		}
	}
	if inv.Conn != 0 && inv.State != Transferred {
		text += fmt.Sprintf(" (%d", inv.Moved)
		if inv.Size >= 0 {
			text += fmt.Sprintf(" of %d", inv.Size)
		}
		text += " bytes came)"
	}
	b.setText(l, text)
}
