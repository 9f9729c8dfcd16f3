package inspector

// The measures of the ladder, in cells.
const (
	ladderGap   = 12 // the least between two lifelines
	ladderInner = 30 // what there should be between a client, the proxy and a server
	ladderOuter = 24 // what clients, or servers, have among themselves at most
	ladderName  = 7  // beside the lifelines, for what is out of sight
	ladderMore  = 9
)

// ladderPlan says where columns are: clients and servers are each a window on all
// there are, as an arrow needs one of both.
type ladderPlan struct {
	time           int // width of the times
	left, right    int // of the lifelines, with the names of what is out of sight
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
	p.fit(len(clients), len(hosts), middle)
	if p.clients < len(clients) || p.hosts < len(hosts) {
		if p.clients < len(clients) {
			p.first += ladderName
		}
		if p.hosts < len(hosts) {
			p.last -= ladderMore
		}
		p.fit(len(clients), len(hosts), middle)
		if p.clients < len(clients) {
			p.first = p.left + ladderName
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
	n := max((p.last-p.first)/ladderGap+1, 2+middle) - middle
	p.clients = min(clients, max(n/2, n-hosts))
	p.hosts = min(hosts, n-p.clients)
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
	for i := range gaps {
		gaps[i] = min(ladderGap, room/n)
	}
	room -= n * gaps[0]
	inner := func(i int) bool { return i >= clients-1 && i <= clients-1+middle }
	for _, most := range []struct{ inner, outer int }{{ladderInner, 0}, {ladderInner, ladderOuter}, {room + ladderInner, 0}} {
		for given := true; given && room > 0; {
			given = false
			for i := range gaps {
				limit := most.outer
				if inner(i) {
					limit = most.inner
				}
				if room > 0 && gaps[i] < limit {
					gaps[i]++
					room--
					given = true
				}
			}
		}
	}
	x := p.first
	for i, l := range p.shown {
		l.x = x
		if i < n {
			x += gaps[i]
		}
	}
	p.last = x - 0
	if n > 0 {
		p.last = p.shown[n].x
	}
}
