package inspector

import (
	"context"
	"maps"
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
	ins    *Inspector
	nodes  []node
	of     treeStamp     // what nodes were made of
	took   time.Duration // to make them
	task   task
	sel    int
	top    int
	height int
	folded map[index.Scope]bool // sessions whose connections are not shown
}

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

// treeStamp tells whether there is something that the lines do not say yet.
type treeStamp struct {
	version, conns, rows int
	findings             [decode.Error + 1]int
}

// slowTree is how long it may take to make the lines while a screen is drawn.
const slowTree = time.Millisecond

// refresh makes the lines anew when there is more to say. Where there are so many
// connections that it takes long, that is done beside, and not all the time.
func (s *sessions) refresh() {
	sum := s.ins.x.Summary()
	now := treeStamp{sum.Version, sum.Conns, sum.Rows, sum.Findings}
	switch {
	case s.nodes != nil && now == s.of:
	case s.nodes == nil || s.took < slowTree:
		s.remake()
	case !s.task.busy():
		x, folded := s.ins.x, maps.Clone(s.folded)
		s.task.start(10*s.took, func(context.Context) func() {
			m := makeTree(x, folded)
			return func() { s.take(m) }
		})
	}
}

// remake makes the lines at once.
func (s *sessions) remake() {
	s.task.stop()
	s.take(makeTree(s.ins.x, s.folded))
}

// madeTree is lines, what they were made of, and how long it took.
type madeTree struct {
	nodes []node
	of    treeStamp
	took  time.Duration
}

func makeTree(x *index.Index, folded map[index.Scope]bool) madeTree {
	from := time.Now()
	sum := x.Summary()
	nodes := tree(x.Conns(), sum.Messages, folded, stuck(x))
	return madeTree{nodes, treeStamp{sum.Version, sum.Conns, sum.Rows, sum.Findings}, time.Since(from)}
}

// take shows other lines, with the same one selected.
func (s *sessions) take(m madeTree) {
	chosen := index.Scope{}
	if s.sel < len(s.nodes) {
		chosen = s.nodes[s.sel].scope
	}
	s.nodes, s.of, s.took = m.nodes, m.of, m.took
	for i := range s.nodes {
		if !s.nodes[i].title && s.nodes[i].scope == chosen {
			s.sel = i
			break
		}
	}
	s.sel = min(s.sel, len(s.nodes)-1)
}

// tree makes the lines: all, sessions with their connections, conversations, and
// the connections that belong to nobody.
func tree(conns []index.ConnState, messages int64, folded map[index.Scope]bool, stuck map[int]string) []node {
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
		for v := range c.Conversations() {
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
		nodes = session(nodes, n, bySession[n], folded, stuck[n])
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

func session(nodes []node, number int, conns []index.ConnState, folded map[index.Scope]bool, stuck string) []node {
	d := conns[0].Facts.Session
	n := node{scope: index.Scope{Session: number}, text: or(shortAccount(d.Account), "session "+strconv.Itoa(number))}
	if d.Dialect > 0 {
		n.text += " MSNP" + strconv.Itoa(d.Dialect)
	}
	place := ""
	for i := range conns {
		n.add(&conns[i])
		place = or(place, conns[i].Facts.EndPoint)
	}
	if place, _, _ = strings.Cut(strings.Trim(place, "{}"), "-"); place != "" {
		n.text += " at " + place
	}
	nodes = append(nodes, n)
	if folded[n.scope] {
		nodes[len(nodes)-1].text = "▸ " + n.text
		return nodes
	}
	nodes[len(nodes)-1].text = "▾ " + n.text
	if stuck != "" {
		nodes = append(nodes, node{title: true, depth: 1, text: stuck})
	}
	for i := range conns {
		nodes = append(nodes, connNode(&conns[i], 1))
		for k, v := range conns[i].Facts.Talks {
			if name := circleName(v); name != "" && k < len(conns[i].Said) {
				nodes = append(nodes, node{scope: index.Scope{Conversation: v.Number}, depth: 2, text: name, count: int64(conns[i].Said[k])})
			}
		}
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
	circle := ""
	for i := range conns {
		n.add(&conns[i])
		for k, v := range conns[i].Facts.Talks {
			if v.Number == number && k < len(conns[i].Said) {
				n.count += int64(conns[i].Said[k]) - conns[i].Messages[0] - conns[i].Messages[1]
			}
		}
		for v := range conns[i].Conversations() {
			if v.Number != number {
				continue
			}
			circle = or(circleName(v), circle)
			for _, h := range v.Participants {
				if name := shortAccount(h); !slices.Contains(who, name) {
					who = append(who, name)
				}
			}
		}
	}
	n.text = strconv.Itoa(number) + " " + or(strings.Join(who, ", "), "nobody yet") + prefixed(" in ", circle)
	return n
}

// circleName is what a circle is called, or the beginning of its address; "" for other
// conversations.
func circleName(v *decode.Conversation) string {
	if v.Circle == "" {
		return ""
	}
	address, _, _ := strings.Cut(v.Circle, "@")
	return "circle " + or(v.Name, address)
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
		c.text(x, y, c.w-x-len(count)-3, n.text, style)
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
	s.move(screenful(s.height, dir, half))
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
	s.remake()
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

// scopeName says in words whose messages are shown.
func (ins *Inspector) scopeName(scope index.Scope) string {
	if c := ins.x.Conn(scope.Conn); c != nil {
		return "connection #" + strconv.FormatUint(uint64(c.Facts.ID), 10)
	}
	if d := ins.x.Session(scope.Session); d != nil {
		return or(d.Account, "session "+strconv.Itoa(scope.Session))
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
