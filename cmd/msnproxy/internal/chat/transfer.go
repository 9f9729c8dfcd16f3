package chat

import (
	"cmp"
	"slices"
	"strconv"

	"msnproxy/decode"
)

// transfer takes a message of an MSNFTP connection, if that belongs to one of the
// chat's invitations: by the address that ACCEPT gave, or by its AuthCookie.
func (b *Builder) transfer(row int, m *decode.Message) {
	id, _ := link(m)
	x := b.files.get(id)
	if x == nil {
		if x = b.offer(m); x == nil {
			return
		}
	}
	l := b.line(x.line)
	if l == nil {
		return
	}
	inv := l.Invitation
	if m.Frame.Kind == decode.Block {
		inv.Moved += int64(len(m.Frame.Payload())) // no row: there are thousands
		b.describe(x)
		return
	}
	if m.Act() == decode.ActSignIn {
		if y := b.byCookie(value(m, "cookie")); y != nil && y != x {
			b.take(id, y) // the address was that of an earlier transfer, too
			l.Invitation.Conn = 0
			b.describe(x)
			x, l = y, b.line(y.line)
			inv = l.Invitation
		}
	}
	l.addRow(row)
	switch m.Act() {
	case decode.ActFile:
		if n, err := strconv.ParseInt(value(m, "size"), 10, 64); err == nil && inv.Size < 0 {
			inv.Size = n
		}
	case decode.ActLeave:
		b.ended(inv, m)
	case decode.ActCancel:
		if inv.State < Declined {
			inv.State, inv.By = Cancelled, ""
		}
	}
	b.describe(x)
}

// ended takes BYE, whose code says how it went.
func (b *Builder) ended(inv *Invitation, m *decode.Message) {
	if inv.State >= Declined || m.Len() == 0 {
		return
	}
	code := m.Field(0)
	inv.By = ""
	switch code.Means() {
	case "sent", "received":
		inv.State = Transferred
	case "cancelled":
		inv.State = Cancelled
	default:
		inv.State, inv.Reason = FailedInvite, clip(cmp.Or(code.Means(), "code "+code.Value()), maxName)
	}
}

// transferClosed takes the end of an MSNFTP connection.
func (b *Builder) transferClosed(row int, id uint32) {
	x := b.files.get(id)
	if x == nil {
		return
	}
	l := b.line(x.line)
	if l == nil || l.Invitation.State >= Declined {
		return
	}
	l.addRow(row)
	inv := l.Invitation
	inv.By = ""
	if inv.Size >= 0 && inv.Moved >= inv.Size {
		inv.State = Transferred
	} else {
		inv.State, inv.Reason = FailedInvite, "the connection closed"
	}
	b.describe(x)
}

// offer finds the invitation that a new MSNFTP connection belongs to, or nil.
func (b *Builder) offer(m *decode.Message) *invitation {
	if m.Conn == nil {
		return nil
	}
	x := b.byCookie(value(m, "cookie"))
	for i := len(b.invites.order) - 1; i >= 0 && x == nil && m.Conn.Server != ""; i-- {
		y := b.invites.get(b.invites.order[i])
		if slices.Contains(y.addrs, m.Conn.Server) && b.open(y) {
			x = y
		}
	}
	if x != nil {
		b.take(m.Conn.ID, x)
	}
	return x
}

// byCookie finds the invitation whose AuthCookie that is, or nil.
func (b *Builder) byCookie(cookie string) *invitation {
	for i := len(b.invites.order) - 1; i >= 0 && cookie != ""; i-- {
		if x := b.invites.get(b.invites.order[i]); x.secret == cookie && b.open(x) {
			return x
		}
	}
	return nil
}

// open reports whether a file may still come.
func (b *Builder) open(x *invitation) bool {
	l := b.line(x.line)
	return l != nil && l.Invitation.State < Declined
}

func (b *Builder) take(id uint32, x *invitation) {
	b.files.put(id, x)
	if l := b.line(x.line); l != nil {
		l.Invitation.Conn = id
	}
}
