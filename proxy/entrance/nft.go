package entrance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Mark is what the connections of a transparent proxy to servers are marked with ("msnp").
const Mark uint32 = 0x6d736e70

// Redirection says what the firewall is to lead to the proxy.
type Redirection struct {
	// Ports are those of the servers, To is the proxy's.
	Ports []uint16
	To    uint16
	// Only is "ipv4" or "ipv6" if the proxy listens there alone; else empty.
	Only string
	// Notes are lines for people, to stand above the rules.
	Notes []string
}

// table is that of the rules.
const table = "inet msnproxy"

// TakeAway is the command that takes the rules away.
const TakeAway = "nft delete table " + table

// Rules returns rules for nft (Linux 5.2 and later), on the input of "nft -f -", that lead
// clients to the proxy. Given a second time they replace those of the first.
func (r Redirection) Rules() string {
	ports := slices.Clone(r.Ports)
	slices.Sort(ports)
	var list []string
	for _, p := range slices.Compact(ports) {
		list = append(list, strconv.Itoa(int(p)))
	}
	lead := fmt.Sprintf("tcp dport { %s } redirect to :%d", strings.Join(list, ", "), r.To)
	if r.Only != "" {
		lead = "meta nfproto " + r.Only + " " + lead
	}
	var sb strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&sb, format+"\n", args...) }
	line("# Rules of nft that lead clients to msnproxy, which installs none itself.")
	line("# In force:   msnproxy run ... --transparent --print-rules | sudo nft -f -")
	line("# Taken away: sudo %s", TakeAway)
	for _, n := range r.Notes {
		line("# %s", n)
	}
	line("table %s", table)
	line("delete table %s", table)
	line("table %s {", table)
	line("\t# Clients on other machines, for which this one is the router.")
	line("\tchain prerouting {")
	line("\t\ttype nat hook prerouting priority -100; policy accept;")
	line("\t\t%s", lead)
	line("\t}")
	line("\t# Clients on this machine, all but msnproxy itself.")
	line("\tchain output {")
	line("\t\ttype nat hook output priority -100; policy accept;")
	line("\t\tmeta mark 0x%08x accept", Mark)
	line("\t\t%s", lead)
	line("\t}")
	line("}")
	return sb.String()
}
