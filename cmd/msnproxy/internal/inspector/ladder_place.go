package inspector

// The measures of the ladder, in cells. Labels stand between clients and servers, so
// there is the most room there, on each side of the proxy: rather are there fewer
// columns than labels that nobody can read.
const (
	clientGap               = 8 // the least between two clients
	serverGap               = 11
	innerWidth, narrowInner = 32, 24
	// edge is the room for names of what is out of sight, and for signs that there
	// is something.
	edge, narrowEdge = 9, 6
	ladderNarrow     = 72
)

// ladderPlan says where columns are: clients and servers are each a window on all
// there are, as an arrow needs one of both.
type ladderPlan struct {
	time           int // width of the times
	left, right    int // of the lifelines, with the names of what is out of sight
	edge           int // room for these names
	inner          int // the least between a client, the proxy and a server
	first, last    int // x of the outer lifelines
	folds          int // width of the counts of folded rows
	shown          []*lane
	hidden         [2][2]int // clients and servers, to the left and to the right
	clients, hosts int       // windows
}

// place plans columns for a width. at are the windows' places, which it corrects so
// that need are in sight; nil: whatever is.
func (s *lanes) place(cols []*lane, w, timeWidth, folds int, at *[2]int, need *ends) ladderPlan {
	p := ladderPlan{time: timeWidth, left: timeWidth + 4, right: w - 1, folds: folds}
	var clients, hosts []*lane
	for _, l := range cols {
		switch l.kind {
		case clientLane:
			clients = append(clients, l)
		case serverLane:
			hosts = append(hosts, l)
		}
	}
	middle := 0
	if s.proxy != nil {
		middle = 1
	}
	p.right -= folds
	p.first, p.last = p.left, p.right-1
	p.edge, p.inner = edge, innerWidth/(middle+1)
	if w < ladderNarrow {
		p.edge, p.inner = narrowEdge, narrowInner/(middle+1)
	}
	p.fit(len(clients), len(hosts), middle)
	if p.hosts < len(hosts) {
		p.last -= p.edge
		p.fit(len(clients), len(hosts), middle)
	}
	if p.clients < len(clients) {
		p.first += p.edge
		p.fit(p.clients, len(hosts), middle)
		if p.hosts < len(hosts) && p.last == p.right-1 {
			p.last -= p.edge
			p.fit(p.clients, p.hosts, middle)
		}
	}
	window := func(i int, all []*lane, n int, wanted *lane) []*lane {
		if wanted != nil {
			for k, l := range all {
				if l == wanted {
					at[i] = bound(at[i], k-n+1, k)
				}
			}
		}
		at[i] = bound(at[i], 0, len(all)-n)
		p.hidden[i] = [2]int{at[i], len(all) - n - at[i]}
		return all[at[i] : at[i]+n]
	}
	var client, host *lane
	if need != nil {
		client, host = need.client, need.server
	}
	p.shown = append(p.shown, window(0, clients, p.clients, client)...)
	if middle > 0 {
		p.shown = append(p.shown, s.proxy)
	}
	p.shown = append(p.shown, window(1, hosts, p.hosts, host)...)
	p.spread(p.clients, middle)
	return p
}

// fit works out how many clients and servers there is room for.
func (p *ladderPlan) fit(clients, hosts, middle int) {
	p.clients, p.hosts = clients, hosts
	for (p.clients-1)*clientGap+(middle+1)*p.inner+(p.hosts-1)*serverGap > p.last-p.first {
		switch {
		case p.hosts > 1 && (p.hosts >= p.clients || p.clients == 1):
			p.hosts--
		case p.clients > 1:
			p.clients--
		default:
			return
		}
	}
}

// spread gives the lifelines their places: what lies between clients and servers
// has the more room, as that is where the labels are.
func (p *ladderPlan) spread(clients, middle int) {
	n := len(p.shown) - 1
	if n < 1 {
		if n == 0 {
			p.shown[0].x = p.first
		}
		return
	}
	gaps := make([]int, n)
	room := p.last - p.first
	inner := func(i int) bool { return i >= clients-1 && i <= clients-1+middle }
	for i := range gaps {
		gaps[i] = serverGap
		if i < clients-1 {
			gaps[i] = clientGap
		} else if inner(i) {
			gaps[i] = p.inner
		}
		gaps[i] = min(gaps[i], room/n)
	}
	for _, g := range gaps {
		room -= g
	}
	for _, most := range []struct{ inner, outer int }{{20, 0}, {20, 17}, {30, 17}, {30, 24}, {p.inner + room, 0}} {
		for given := true; given && room > 0; {
			given = false
			for i := range gaps {
				limit := most.outer
				if inner(i) {
					limit = most.inner
				} else if i < clients {
					limit = min(limit, 14)
				}
				if room > 0 && gaps[i] < limit {
					gaps[i]++
					room--
					given = true
				}
			}
		}
	}
	p.shown[0].x = p.first
	for i, g := range gaps {
		p.shown[i+1].x = p.shown[i].x + g
	}
	p.last = p.shown[n].x
}
