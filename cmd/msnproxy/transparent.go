package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy"
	"msnproxy/proxy/entrance"
)

// transparentFlags are those of clients that the firewall leads to the proxy.
func transparentFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "transparent", Usage: "serve clients that this machine's firewall redirects here, and go where they were going; refuse who comes of its own (Linux)", EnvVars: []string{"MSNPROXY_TRANSPARENT"}},
		&cli.BoolFlag{Name: "print-rules", Usage: "with --transparent: print the rules of nft that redirect clients, and how to take them away, and end; none is installed"},
	}
}

// transparent adds the way in, if the flags ask for it. It comes behind the other ways and
// knows from cfg whether redirects lead clients straight to the proxy.
func transparent(c *cli.Context, cfg *proxy.Config) error {
	if !c.Bool("transparent") {
		return nil
	}
	way, err := entrance.Transparent(cfg.Rewrite == proxy.RewriteAlways)
	if err != nil {
		return usage("run", "--transparent: %v", err)
	}
	cfg.Ways = append(cfg.Ways, way)
	if err := entrance.CanMark(); err != nil {
		fmt.Fprintf(c.App.ErrWriter, "msnproxy: warning: %v; without that only clients on other machines can be redirected (chain prerouting), as msnproxy's own connections would be, too\n", err)
		return nil
	}
	cfg.Mark = entrance.Mark
	return nil
}

// printRules prints the rules that redirect clients to the first address listened on.
func printRules(c *cli.Context) error {
	listen := commas(c.StringSlice("listen"))
	if len(listen) == 0 {
		listen = []string{proxy.DefaultListen}
	}
	if !c.Bool("transparent") {
		return usage("run", "--print-rules goes with --transparent")
	}
	if _, err := entrance.Transparent(false); err != nil {
		return usage("run", "--transparent: %v", err)
	}
	host, port, err := net.SplitHostPort(listen[0])
	to, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil {
		return usage("run", "--listen %s: want [host]:port", listen[0])
	}
	if to == 0 {
		return usage("run", "--print-rules needs to know the port: --listen %s", net.JoinHostPort(host, "1863"))
	}
	r := entrance.Redirection{Ports: redirected(c), To: uint16(to)}
	if slices.Contains(r.Ports, 80) || slices.Contains(r.Ports, 443) {
		r.Notes = append(r.Notes, "Ports 80 and 443 lead all that clients ask of the web here, and what msnproxy does not serve is refused:", "write ip daddr { ADDRESS, ... } before tcp dport to lead here only what goes to these servers.")
	}
	any4, any6 := net.JoinHostPort("0.0.0.0", port), net.JoinHostPort("::", port)
	if ip, err := netip.ParseAddr(host); err == nil {
		if r.Only = "ipv6"; ip.Is4() {
			r.Only = "ipv4"
			r.Notes = append(r.Notes, fmt.Sprintf("Servers with IPv4 only, as --listen %s is; --listen %s has both.", listen[0], any6))
		}
		switch {
		case ip.IsUnspecified() && !ip.Is4():
			r.Only = ""
		case ip.IsUnspecified():
		case ip.IsLoopback():
			r.Notes = append(r.Notes, fmt.Sprintf("--listen %s serves clients on this machine alone; for others --listen %s.", listen[0], any4))
		default:
			r.Notes = append(r.Notes, fmt.Sprintf("--listen %s does not serve clients on this machine, which are led to its loopback address; --listen %s does.", listen[0], any4))
		}
	}
	_, err = fmt.Fprint(c.App.Writer, r.Rules())
	return err
}

// redirected are the ports of servers that clients connect to.
func redirected(c *cli.Context) []uint16 {
	ports := []uint16{proxy.DefaultPort}
	add := func(addr string) bool {
		i := strings.LastIndexByte(addr, ':')
		n, err := strconv.ParseUint(addr[i+1:], 10, 16)
		if i < 0 || err != nil || n == 0 || strings.Contains(addr[:i], ":") && !strings.HasSuffix(addr[:i], "]") {
			return false
		}
		ports = append(ports, uint16(n))
		return true
	}
	add(c.String("upstream"))
	for _, a := range commas(c.StringSlice("allow")) {
		add(a)
	}
	if c.Bool("gateway") {
		ports = append(ports, 80)
	}
	for _, w := range c.StringSlice("web") {
		if name, _, _ := strings.Cut(w, "="); !add(name) {
			ports = append(ports, 80, 443)
		}
	}
	if len(c.StringSlice("preset")) > 0 {
		ports = append(ports, 80, 443)
	}
	return ports
}
