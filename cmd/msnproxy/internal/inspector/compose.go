package inspector

import (
	"errors"
	"fmt"
	"strings"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
	vocabulary "msnproxy/proxy/gate/action"
)

// composeActions are what sends something of one's own.
func composeActions() []*action {
	return []*action{
		{name: "edit", keys: []string{"e"}, where: anywhere, gate: true, about: "edit the selected held message: parameters, headers, text; E there takes it to $EDITOR", hint: "edit", run: do((*Inspector).editHeld)},
		{name: "compose", keys: []string{"i"}, where: anywhere, gate: true, arg: "client|server LINE", about: "send a message of your own on the connection of the selected one; Tab goes through templates, \\r\\n stands before a payload", run: (*Inspector).composeCommand},
		{name: "send-again", keys: []string{"S"}, where: inMain | inDetail, gate: true, about: "send the selected message once more, as it was received", run: do((*Inspector).sendAgain)},
		{name: "send-edited", keys: []string{"I"}, where: inMain | inDetail, gate: true, about: "edit a copy of the selected message in $EDITOR, and send that", run: do((*Inspector).sendEdited)},
	}
}

// target returns the connection that something is sent on: that of the selected row if it
// is open, else the only one that is.
func (ins *Inspector) target() (uint32, error) {
	open := ins.o.Gate.Conns()
	if c := ins.conn(); c != nil {
		for i := range open {
			if open[i].ID == c.Facts.ID {
				return c.Facts.ID, nil
			}
		}
	}
	switch len(open) {
	case 0:
		return 0, errors.New("no connection is open")
	case 1:
		return open[0].ID, nil
	}
	return 0, errors.New("the connection of the selected message is not open: select a message of one that is")
}

// composeCommand sends what was typed, or asks for it.
func (ins *Inspector) composeCommand(arg string) {
	if !ins.gated() {
		return
	}
	conn, err := ins.target()
	if err != nil {
		ins.complain("nothing can be sent: " + err.Error())
		return
	}
	side, line, _ := strings.Cut(arg, " ")
	switch side {
	case "":
		ins.letter("", "compose to the c(lient) or the s(erver)", func(l string) {
			switch l {
			case "c":
				ins.askCompose(conn, decode.Client)
			case "s":
				ins.askCompose(conn, decode.Server)
			default:
				ins.complain("c is the client, s the server")
			}
		})
	case decode.Client.String(), decode.Server.String():
		to := decode.Client
		if side == decode.Server.String() {
			to = decode.Server
		}
		if line == "" {
			ins.askCompose(conn, to)
		} else {
			ins.compose(conn, to, line)
		}
	default:
		ins.complain("compose to whom? client or server, then the line")
	}
}

// askCompose asks for a line.
func (ins *Inspector) askCompose(conn uint32, to decode.Sender) {
	ins.openPrompt(&prompt{
		label: fmt.Sprintf("to the %s of #%d", to, conn), history: ins.composed,
		check: func(text string) string {
			if text == "" {
				return ""
			}
			_, err := composed(to, text)
			return wrongText(err)
		},
		complete: func(text string) (int, []string) { return 0, ins.templates(conn, to, text) },
		done: func(text string) {
			if strings.TrimSpace(text) != "" {
				ins.composed = append(ins.composed, text)
				ins.compose(conn, to, text)
			}
		},
	}, "")
}

// templates are the examples of what the other end says, that begin so.
func (ins *Inspector) templates(conn uint32, to decode.Sender, begun string) (list []string) {
	var role decode.Role
	dialect := 0
	for _, c := range ins.o.Gate.Conns() {
		if c.ID == conn {
			role, dialect = c.Role, c.Dialect
		}
	}
	seen := make(map[string]bool)
	for _, v := range decode.Verbs() {
		for i := range v.Forms {
			f := &v.Forms[i]
			text := capture.Escaped([]byte(f.Example))
			if f.From&to.Peer() == 0 || role != 0 && f.Roles&role == 0 || !f.In(dialect) || f.Example == "" || seen[text] || !strings.HasPrefix(text, begun) {
				continue
			}
			seen[text] = true
			list = append(list, text)
		}
	}
	return list
}

// composed makes an action of a line that was typed: "raw " before it sends any bytes.
func composed(to decode.Sender, line string) (vocabulary.Action, error) {
	word := ""
	if rest, ok := strings.CutPrefix(line, rawWord+" "); ok {
		word, line = rawWord+" ", rest
	}
	var quoted strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			quoted.WriteString(line[i : i+2])
			i++
		case c == '"':
			quoted.WriteString(`\"`)
		default:
			quoted.WriteByte(c)
		}
	}
	return vocabulary.Parse(fmt.Sprintf(`send %s %s"%s"`, to, word, quoted.String()))
}

// compose sends a line that was typed.
func (ins *Inspector) compose(conn uint32, to decode.Sender, line string) {
	a, err := composed(to, line)
	if err != nil {
		ins.complain("not sent: " + firstText(err.Error()))
		return
	}
	m := &decode.Message{Frame: &decode.Frame{}}
	if ins.sel >= 0 && ins.x.Row(ins.sel).Kind == index.Message {
		if read, _, err := ins.reader.Read(ins.sel); err == nil && read != nil {
			m = read
		}
	}
	var e vocabulary.Effect
	if err := e.Apply(m, a, operator); err != nil {
		ins.complain("not sent: " + firstText(err.Error()))
		return
	}
	for i := range e.Sends {
		ins.inject(conn, to, e.Sends[i].Frame, e.Sends[i].Raw)
	}
}

// sendAgain sends the selected message once more.
func (ins *Inspector) sendAgain() {
	if row, frame, ok := ins.earlier(); ok {
		r := ins.x.Row(row)
		ins.inject(r.Conn.Facts.ID, r.From.Peer(), frame, false)
	}
}

// sendEdited sends a copy of the selected message, edited.
func (ins *Inspector) sendEdited() {
	row, frame, ok := ins.earlier()
	if !ok {
		return
	}
	r := ins.x.Row(row)
	edited, raw, err := ins.editFrame(r.From, frame, fmt.Sprintf("A copy of message %d", r.Number))
	if err != nil {
		ins.complain("not sent: " + firstText(err.Error()))
		return
	}
	ins.inject(r.Conn.Facts.ID, r.From.Peer(), edited, raw)
}

// earlier returns the frame of the selected message.
func (ins *Inspector) earlier() (row int, frame []byte, ok bool) {
	if !ins.gated() {
		return 0, nil, false
	}
	if row, ok = ins.message(); !ok {
		return 0, nil, false
	}
	_, rec, err := ins.reader.Read(row)
	if err != nil {
		ins.complain(err.Error())
		return 0, nil, false
	}
	return row, append([]byte(nil), rec.Frame.Raw...), true
}
