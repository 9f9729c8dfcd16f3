package inspector

import (
	"strconv"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// exchange lists the request and its replies, with the time that each took.
func (d *detail) exchange(r *index.Row) {
	t := d.ins.theme
	rows := d.ins.x.Exchange(r.Index)
	if len(rows) == 0 {
		d.say(t.dim, "It is no request and no reply: it came by itself.")
		d.found(r)
		return
	}
	asked := d.ins.x.Row(rows[0])
	for i, row := range rows {
		k := d.ins.x.Row(row)
		m, _, err := d.ins.reader.Read(row)
		if err != nil {
			d.say(t.err, err.Error())
			continue
		}
		name, means := "request", ""
		if i > 0 {
			name = "reply"
			if len(rows) > 2 {
				name += " " + strconv.Itoa(i)
			}
			if k.Latency > 0 {
				means = "after " + shortDuration(k.Latency)
			}
		}
		text := "→ "
		if k.From == decode.Server {
			text = "← "
		}
		e := entry{name: name, value: text + verbAndTrID(m) + "  " + m.Summary(), means: means, style: t.sender(k.From), row: row}
		if row == r.Index {
			e.means = strings.TrimSpace("this one  " + means)
		}
		d.entries = append(d.entries, e)
	}
	if len(rows) == 1 {
		style, what := t.warning, "no reply has come yet"
		closed, done := d.ins.x.ConnState(asked.Conn).Closed, d.ins.x.Summary().Done
		switch {
		case (closed || done) && !asked.Unanswered:
			style, what = t.dim, "its reply may be in what was not recorded"
		case closed:
			what = "no reply came before the connection ended"
		case done:
			what = "no reply came before the recording ends"
		}
		d.say(style, what)
	}
	d.say(t.dim, "Enter goes to the message; p to the other one of the pair.")
}

// connection lists what is known of the connection, its session and its
// conversation.
func (d *detail) connection(r *index.Row) {
	if r.Conn == nil {
		d.say(d.ins.theme.dim, "This remark is on everything, not on one connection.")
		return
	}
	c := d.ins.x.ConnState(r.Conn)
	f := c.Facts
	d.fact("connection", "#"+strconv.FormatUint(uint64(f.ID), 10)+", "+roleName(f.Role))
	d.fact("client", or(f.Client, "not known"))
	d.fact("server", or(f.Server, "not known"))
	d.fact("reached at", c.Via)
	d.fact("came", c.Record.Came())
	d.fact("account", f.Account)
	if f.Dialect > 0 {
		d.fact("dialect", "MSNP"+strconv.Itoa(f.Dialect))
	}
	d.fact("opened", d.when(f.Opened)+map[bool]string{true: " (it was open before the recording)"}[c.MidStream])
	if c.Closed {
		how := "ended"
		if c.End != 0 {
			how = "closed by the " + c.End.String()
			if c.Reset {
				how = "reset by the " + c.End.String()
			}
		}
		d.fact("ended", d.when(c.ClosedAt)+" "+how+reason(how, c.EndText))
	} else {
		d.fact("state", "open")
	}
	d.fact("from client", strconv.FormatInt(c.Messages[0], 10)+" messages, "+strconv.FormatInt(c.Bytes[0], 10)+" bytes")
	d.fact("from server", strconv.FormatInt(c.Messages[1], 10)+" messages, "+strconv.FormatInt(c.Bytes[1], 10)+" bytes")
	if c.LostSize > 0 {
		d.fact("missing", strconv.FormatInt(c.LostSize, 10)+" bytes")
	}
	d.fact("findings", findingCounts(c.Findings))
	if s := f.Session; s != nil {
		d.say(d.ins.theme.strong, "Session "+strconv.Itoa(s.Number)+prefixed(": sign-in ", d.ins.x.SignIn(s.Number)))
		d.fact("account", s.Account)
		d.fact("host", s.ClientHost)
		d.others(c, func(o *index.Conn) bool { return o.Facts.Session != nil && o.Facts.Session.Number == s.Number })
	}
	for v := range c.Conversations() {
		d.say(d.ins.theme.strong, "Conversation "+strconv.Itoa(v.Number))
		d.fact("session id", v.SessionID)
		d.fact("in it", strings.Join(v.Participants, ", "))
		d.others(c, func(o *index.Conn) bool {
			return o.In(v.Number)
		})
	}
}

// others lists the other connections that are wanted; enter goes to their first
// message.
func (d *detail) others(c index.ConnState, want func(*index.Conn) bool) {
	for _, o := range d.ins.x.Conns() {
		if o.Index == c.Index || !want(o.Conn) {
			continue
		}
		d.entries = append(d.entries, entry{name: "#" + strconv.FormatUint(uint64(o.Facts.ID), 10),
			value: roleName(o.Facts.Role) + " at " + or(o.Facts.Server, "(not known)") + prefixed(", ", o.Facts.Account),
			style: d.ins.theme.text, row: o.First})
	}
}

func (d *detail) when(t time.Time) string {
	if t.IsZero() {
		return "at a time that the recording does not tell"
	}
	return t.In(d.ins.o.Location).Format("2006-01-02 15:04:05.000")
}

func findingCounts(n [decode.Error + 1]int) string {
	var parts []string
	for s := decode.Error; s >= decode.Note; s-- {
		if n[s] > 0 {
			parts = append(parts, plural(n[s], s.String()))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func roleName(r decode.Role) string {
	switch r {
	case decode.DS:
		return "dispatch server"
	case decode.NS:
		return "notification server"
	case decode.SB:
		return "switchboard"
	case decode.FTP:
		return "MSNFTP, client to client"
	case decode.WEB:
		return "web service"
	case decode.DS | decode.NS:
		return "dispatch or notification server"
	}
	return "role not known"
}
