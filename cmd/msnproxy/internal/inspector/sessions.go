package inspector

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

// sessions is the pane of sessions, with their connections, and conversations.
// What is entered there becomes the scope of all views.
type sessions struct {
	ins     *Inspector
	nodes   []node
	version int // of the facts that nodes were made of
	conns   int
	rows    int
	made    time.Time
	sel     int
	top     int
	height  int
	folded  map[index.Scope]bool // sessions whose connections are not shown
}

// Where there are more than manyNodes lines, they are made anew less often than the
// screen is drawn.
const (
	manyNodes    = 500
	refreshEvery = 500 * time.Millisecond
)

// node is a line of the pane.
type node struct {
	scope index.Scope
	depth int
	conn  *index.Conn
	text  string
	title bool // a heading: can't be entered
	open  bool
	count int64
	worst decode.Severity
}

func (s *sessions) refresh() {
	sum := s.ins.x.Summary()
	if s.nodes != nil && sum.Version == s.version && sum.Conns == s.conns && (sum.Done || sum.Rows == s.rows) {
		return
	}
	now := s.ins.o.Now()
	if len(s.nodes) > manyNodes && s.version >= 0 && now.Sub(s.made) < refreshEvery {
		return
	}
	s.made, s.rows = now, sum.Rows
	chosen := index.Scope{}
	if s.sel < len(s.nodes) {
		chosen = s.nodes[s.sel].scope
	}
	s.version, s.conns = sum.Version, sum.Conns
	s.nodes = s.tree(s.ins.x.Conns(), sum.Messages)
	for i := range s.nodes {
		if !s.nodes[i].title && s.nodes[i].scope == chosen {
			s.sel = i
		}
	}
	s.sel = min(s.sel, len(s.nodes)-1)
}

// tree makes the lines: all, sessions with their connections, conversations, and
// the connections that belong to nobody.
func (s *sessions) tree(conns []index.ConnState, messages int64) []node {
	all := node{text: "Everything", count: messages}
	bySession := map[int][]index.ConnState{}
	byConversation := map[int][]index.ConnState{}
	var order, talks []int
	var others []index.ConnState
	for _, c := range conns {
		all.worst = max(all.worst, worstOf(&c))
		if d := c.Facts.Session; d != nil {
			if bySession[d.Number] == nil {
				order = append(order, d.Number)
			}
			bySession[d.Number] = append(bySession[d.Number], c)
		} else if c.Facts.Conversation == nil {
			others = append(others, c)
		}
		if v := c.Facts.Conversation; v != nil {
			if byConversation[v.Number] == nil {
				talks = append(talks, v.Number)
			}
			byConversation[v.Number] = append(byConversation[v.Number], c)
		}
	}
	nodes := []node{all}
	slices.Sort(order)
	slices.Sort(talks)
	for _, n := range order {
		nodes = s.session(nodes, n, bySession[n])
	}
	if len(talks) > 0 {
		nodes = append(nodes, node{title: true, text: "Conversations"})
	}
	for _, n := range talks {
		nodes = append(nodes, talk(n, byConversation[n]))
	}
	if len(others) > 0 {
		nodes = append(nodes, node{title: true, text: "Other connections"})
	}
	for i := range others {
		nodes = append(nodes, connNode(&others[i], 0))
	}
	return nodes
}

func (s *sessions) session(nodes []node, number int, conns []index.ConnState) []node {
	d := conns[0].Facts.Session
	n := node{scope: index.Scope{Session: number}, text: or(shortAccount(d.Account), "session "+strconv.Itoa(number))}
	if d.Dialect > 0 {
		n.text += " MSNP" + strconv.Itoa(d.Dialect)
	}
	for i := range conns {
		n.add(&conns[i])
	}
	nodes = append(nodes, n)
	if s.folded[n.scope] {
		nodes[len(nodes)-1].text = "▸ " + n.text
		return nodes
	}
	nodes[len(nodes)-1].text = "▾ " + n.text
	for i := range conns {
		nodes = append(nodes, connNode(&conns[i], 1))
	}
	return nodes
}

func connNode(c *index.ConnState, depth int) node {
	n := node{scope: index.Scope{Conn: c.Index}, depth: depth, conn: c.Conn,
		text: shortRole(c.Facts.Role) + " #" + strconv.FormatUint(uint64(c.Facts.ID), 10)}
	if v := c.Facts.Conversation; v != nil {
		var with []string
		for _, h := range v.Participants {
			if !strings.EqualFold(h, c.Facts.Account) {
				with = append(with, shortAccount(h))
			}
		}
		n.text += prefixed(" ", strings.Join(with, ","))
	}
	n.add(c)
	return n
}

func talk(number int, conns []index.ConnState) node {
	n := node{scope: index.Scope{Conversation: number}}
	var who []string
	for i := range conns {
		n.add(&conns[i])
		for _, h := range conns[i].Facts.Conversation.Participants {
			if name := shortAccount(h); !slices.Contains(who, name) {
				who = append(who, name)
			}
		}
	}
	n.text = strconv.Itoa(number) + " " + or(strings.Join(who, ", "), "nobody yet")
	return n
}

func (n *node) add(c *index.ConnState) {
	n.count += c.Messages[0] + c.Messages[1]
	n.open = n.open || !c.Closed
	n.worst = max(n.worst, worstOf(c))
}

func worstOf(c *index.ConnState) decode.Severity {
	for s := decode.Error; s > decode.Note; s-- {
		if c.Findings[s] > 0 {
			return s
		}
	}
	return 0
}

func (s *sessions) draw(c canvas, keys bool) {
	s.refresh()
	s.height = c.h
	scope := s.ins.rows.Query().Scope
	s.top = bound(s.top, max(s.sel-c.h+1, 0), max(s.sel, 0))
	for y := 0; y < c.h && s.top+y < len(s.nodes); y++ {
		n := &s.nodes[s.top+y]
		style := c.theme.text
		switch {
		case n.title:
			style = c.dim
		case n.scope == scope:
			style = c.strong
		}
		dim := c.dim
		if s.top+y == s.sel && !n.title {
			style, dim = c.selected(style, keys), c.selected(dim, keys)
			c.fill(0, y, c.w, style)
		}
		count := ""
		if !n.title {
			count = strconv.FormatInt(n.count, 10)
		}
		if n.worst >= decode.Warning {
			mark := c.severity(n.worst)
			if s.top+y == s.sel {
				mark = c.selected(mark, keys)
			}
			c.text(c.w-1, y, 1, severityMark(n.worst), mark)
		}
		c.right(c.w-len(count)-2, y, len(count), count, dim)
		x := 1 + 2*n.depth
		if n.conn != nil && n.open && s.ins.o.Live {
			c.text(x-1, y, 1, "●", c.server)
		}
		room := c.w - x - len(count) - 3
		if n.title {
			room = c.w - x
		}
		c.text(x, y, room, n.text, style)
		if n.scope == scope && !n.title {
			c.text(0, y, 1, "▌", c.borderOn)
		}
	}
}

func (s *sessions) move(n int) {
	step := 1
	if n < 0 {
		step = -1
	}
	for ; n != 0; n -= step {
		at := s.sel + step
		for at >= 0 && at < len(s.nodes) && s.nodes[at].title {
			at += step
		}
		if at < 0 || at >= len(s.nodes) {
			return
		}
		s.sel = at
	}
}

func (s *sessions) page(dir int, half bool) {
	n := max(s.height-1, 1)
	if half {
		n = max(s.height/2, 1)
	}
	s.move(dir * n)
}

func (s *sessions) end(last bool) {
	s.sel = 0
	if last {
		s.sel = max(len(s.nodes)-1, 0)
	}
}

func (s *sessions) click(_, y int) {
	if at := s.top + y; at >= 0 && at < len(s.nodes) && !s.nodes[at].title {
		s.sel = at
		s.enter()
	}
}

func (s *sessions) wheel(n int) { s.move(n) }

// enter makes the selected line the scope of all views.
func (s *sessions) enter() {
	if s.sel < len(s.nodes) && !s.nodes[s.sel].title {
		s.ins.setScope(s.nodes[s.sel].scope)
	}
}

// fold shows or hides the connections of the selected session.
func (s *sessions) fold() {
	if s.sel >= len(s.nodes) || s.nodes[s.sel].scope.Session == 0 {
		return
	}
	if s.folded == nil {
		s.folded = make(map[index.Scope]bool)
	}
	scope := s.nodes[s.sel].scope
	s.folded[scope] = !s.folded[scope]
	s.version = -1 // they are to be made anew, with the same one selected
	s.refresh()
}

// setScope limits all views to a session, a conversation or a connection.
func (ins *Inspector) setScope(scope index.Scope) {
	q := ins.rows.Query()
	q.Scope = scope
	ins.ask(q)
	if scope != (index.Scope{}) {
		ins.say("showing " + ins.scopeName(scope) + " only; Esc shows everything")
	}
}

// scopeName says in words whose messages are shown. It is asked at every draw, and
// there may be many connections.
func (ins *Inspector) scopeName(scope index.Scope) string {
	k := scopeKey{scope, ins.x.Summary().Version}
	if ins.scoped != k {
		ins.scoped, ins.scopedName = k, ins.nameScope(scope)
	}
	return ins.scopedName
}

// scopeKey changes when the name of a scope may have.
type scopeKey struct {
	index.Scope
	version int
}

func (ins *Inspector) nameScope(scope index.Scope) string {
	for _, c := range ins.x.Conns() {
		switch {
		case scope.Conn != 0 && c.Index == scope.Conn:
			return "connection #" + strconv.FormatUint(uint64(c.Facts.ID), 10)
		case scope.Session != 0 && c.Facts.Session != nil && c.Facts.Session.Number == scope.Session:
			return or(c.Facts.Session.Account, "session "+strconv.Itoa(scope.Session))
		}
	}
	if scope.Conversation != 0 {
		return "conversation " + strconv.Itoa(scope.Conversation)
	}
	return "everything"
}

// ask changes what is shown, and keeps the selection as near as can be.
func (ins *Inspector) ask(q index.Query) {
	if err := ins.rows.Ask(q); err != nil {
		ins.complain(err.Error())
		return
	}
	ins.rows.Anchor(ins.sel)
	if near := ins.rows.Near(ins.sel); near >= 0 {
		ins.sel = near
	}
}
