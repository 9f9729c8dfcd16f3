package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/stage"
)

// server looks at the server: does it listen, what does it speak, how far does it let a
// client come that has no password.
func (r *report) server(ctx context.Context) {
	host, port, err := net.SplitHostPort(r.Upstream)
	if err != nil {
		r.bad("upstream", "--upstream wants HOST or HOST:PORT", r.Upstream+" is no address")
		return
	}
	ips, err := r.resolve(ctx, host)
	if err != nil {
		r.bad("upstream", "look at its spelling, DNS and hosts file", fmt.Sprintf("%s has no address: %v", host, root(err)))
		return
	}
	if r.itself(ips, port) {
		r.bad("upstream", "lead the name to this machine on the client's machine only, or name the server by its IP address", fmt.Sprintf("%s is this proxy itself (%s): it would call itself in a circle", r.Upstream, ips[0]))
		return
	}
	start := r.Now()
	conn, err := r.dial(ctx, r.Upstream)
	if err != nil {
		r.bad("upstream", "see whether the server runs, on this port, and whether a firewall is in between", fmt.Sprintf("%s can't be reached: %v", r.Upstream, root(err)))
		return
	}
	r.fine("upstream", fmt.Sprintf("%s listens (%s, %v)", r.Upstream, conn.RemoteAddr(), r.Now().Sub(start).Round(time.Millisecond)))
	if !r.greets(ctx, conn) {
		return
	}
	t := r.dialects(ctx)
	if len(t.spoken) == 0 {
		return
	}
	r.signIns(ctx, t.spoken, ips)
}

// itself reports whether the server is where the proxy listens.
func (r *report) itself(ips []netip.Addr, port string) bool {
	host, own, err := net.SplitHostPort(r.Listen)
	if err != nil || own != port || own == "0" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if host == "" || err == nil && ip.IsUnspecified() {
		return slices.ContainsFunc(ips, func(a netip.Addr) bool {
			return a.IsLoopback() || slices.Contains(ownAddresses(a.Is4()), a)
		})
	}
	return err == nil && slices.Contains(ips, ip.Unmap())
}

// greets offers all dialects at once, as nobody does, and looks whether what answers is a
// server of MSNP at all.
func (r *report) greets(ctx context.Context, conn net.Conn) bool {
	var all []int
	for d := lastDialect; d >= firstDialect; d-- {
		all = append(all, d)
	}
	w := r.walk(conn, r.Upstream)
	w.ask(decode.ActVersion, offer(all...)...)
	defer w.close()
	s := w.sign()
	what := decode.VerbOf(decode.ActVersion).Name
	word, offered := w.offered(all)
	switch {
	case w.heard.answered && word != "" && !offered:
		r.bad(what, "see whether it is a notification server, and what its settings say of dialects", "the server answers "+what+" with "+shown(word)+", which was not offered")
		return true
	case s.ForeignFrom != 0:
		r.bad(what, s.Foreign.Advice, "what answers is no MSNP: "+s.Foreign.Text)
	case s.Declined || s.CheckOnly:
		r.bad(what, "see in the server's settings which it has", fmt.Sprintf("the server speaks none of MSNP%d to MSNP%d", firstDialect, lastDialect))
	case s.Error.Code != "":
		r.warn(what, "", fmt.Sprintf("the server answers the offer of all dialects with error %s", s.Error.Code))
		return true
	case w.err == nil && w.version != "":
		if !strings.Contains(strings.ToUpper(w.version), "CVR0") {
			r.fine(what, "is answered, without CVR0, as most servers do; aMSN up to 0.94 and others leave then")
		}
		return true
	default:
		text, do := w.odd()
		if !w.heard.command {
			if name := r.nature(ctx); name != "" {
				r.bad(what, decodeAdvice, "the server does not answer VER: "+name)
				return false
			}
		}
		how := cmp.Or(w.ending(), "keeps silent")
		// Some servers do that when the list is long.
		r.pause(ctx)
		if conn, err := r.dial(ctx, r.Upstream); err == nil {
			w := r.walk(conn, r.Upstream)
			defer w.close()
			if (w.ask(decode.ActVersion, offer(8)...) || w.sign().Declined || w.ask(decode.ActVersion, offer(lastMD5)...)) && w.version != "" {
				r.warn(what, do, cmp.Or(text, "the server "+how)+" where many dialects are offered; a client offers few")
				return true
			}
		}
		r.bad(what, cmp.Or(do, "see whether it is a notification server, and its log"), cmp.Or(text, "the server "+how+" instead of answering VER"))
	}
	return false
}

const decodeAdvice = "name the port where it speaks MSNP in clear (1863)"

// nature looks whether a server that does not answer VER speaks TLS or HTTP.
func (r *report) nature(ctx context.Context) string {
	r.pause(ctx)
	if v := r.speaksTLS(ctx, r.Upstream); v != "" {
		return "it speaks " + v
	}
	r.pause(ctx)
	conn, err := r.dial(ctx, r.Upstream)
	if err != nil {
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(r.Now().Add(r.Wait))
	host, _, _ := net.SplitHostPort(r.Upstream)
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host); err != nil {
		return ""
	}
	b := make([]byte, 64)
	n, _ := io.ReadAtLeast(conn, b, 16)
	if o, ok := decode.ReadOpening(b[:n], decode.Server, true); ok && o.Named() {
		return "it is " + o.Text
	}
	return ""
}

// pause lets the server breathe between connections.
func (r *report) pause(ctx context.Context) {
	if r.Pause <= 0 {
		return
	}
	t := time.NewTimer(r.Pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// tried is what came of offering each dialect alone.
type tried struct {
	spoken, declined, closed, silent, other, odd, skipped []int
}

// mostSilent is after how many dialects in a row without an answer the others are left out.
const mostSilent = 2

// dialects offers each dialect on a connection of its own.
func (r *report) dialects(ctx context.Context) (t tried) {
	silent := 0
	for d := firstDialect; d <= lastDialect; d++ {
		if silent >= mostSilent || ctx.Err() != nil {
			t.skipped = append(t.skipped, d)
			continue
		}
		r.pause(ctx)
		conn, err := r.dial(ctx, r.Upstream)
		if err != nil {
			silent++
			t.silent = append(t.silent, d)
			continue
		}
		w := r.walk(conn, r.Upstream)
		answered := w.ask(decode.ActVersion, offer(d)...)
		text, _ := w.odd()
		word, offered := w.offered([]int{d})
		silent++
		switch s := w.sign(); {
		case text != "":
			if t.odd = append(t.odd, d); !errors.Is(w.err, errSilent) {
				silent = 0
			}
		case w.heard.answered && !offered && word != "":
			t.other, silent = append(t.other, d), 0
		case s.Declined || s.Error.Code != "" || s.CheckOnly:
			t.declined, silent = append(t.declined, d), 0
		case answered && s.Reached >= decode.StageAgreed && w.c.Dialect == d:
			t.spoken, silent = append(t.spoken, d), 0
		case s.Reached >= decode.StageAgreed:
			t.other, silent = append(t.other, d), 0
		case errors.Is(w.err, errSilent):
			t.silent = append(t.silent, d)
		default:
			t.closed, silent = append(t.closed, d), 0
		}
		w.close()
	}
	r.tellDialects(&t)
	return t
}

// tellDialects says which dialects a server speaks, and what it does about others.
func (r *report) tellDialects(t *tried) {
	var rest []string
	add := func(list []int, what string) {
		if len(list) > 0 {
			rest = append(rest, what+" "+ranges(list))
		}
	}
	add(t.declined, "declines")
	add(t.closed, "closes the connection at")
	add(t.silent, "does not answer")
	add(t.odd, "says something else at")
	add(t.other, "chooses what was not offered at")
	add(t.skipped, "was not asked for")
	const what = "dialects"
	text := strings.Join(append([]string{"speaks " + ranges(t.spoken)}, rest...), "; ")
	switch {
	case len(t.spoken) == 0:
		r.bad(what, "see in the server's settings which it has", "speaks no dialect that is offered alone: it "+strings.Join(rest, "; "))
	case len(t.other) > 0:
		r.warn(what, "clients that take what they did not offer misread what comes then", text)
	default:
		r.fine(what, text)
	}
}

// ranges writes numbers of dialects: "MSNP2 to 7, 9".
func ranges(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		k := i
		for k+1 < len(list) && list[k+1] == list[k]+1 {
			k++
		}
		if part := fmt.Sprint(list[i]); k > i {
			parts = append(parts, fmt.Sprintf("%s to %d", part, list[k]))
		} else {
			parts = append(parts, part)
		}
		i = k + 1
	}
	return "MSNP" + strings.Join(parts, ", ")
}

// signIns begins to sign in with the newest dialect of each way to do that.
func (r *report) signIns(ctx context.Context, spoken []int, ips []netip.Addr) {
	best := map[string]int{}
	for _, d := range spoken {
		best[family(d)] = d
	}
	for _, name := range []string{"MD5", "TWN", "SSO"} {
		if d := best[name]; d > 0 && ctx.Err() == nil {
			r.pause(ctx)
			r.tellSignIn(ctx, d, ips)
		}
	}
}

// family is the way to sign in with a dialect.
func family(d int) string {
	switch {
	case d <= lastMD5:
		return "MD5"
	case d <= lastTWN:
		return "TWN"
	}
	return "SSO"
}

// tellSignIn says how far a client comes with a dialect that has no password.
func (r *report) tellSignIn(ctx context.Context, d int, ips []netip.Addr) {
	w, err := r.enter(ctx, d, ips)
	what := fmt.Sprintf("sign-in MSNP%d", d)
	if err != nil {
		r.bad(what, "", fmt.Sprintf("can't be tried: %v", root(err)))
		return
	}
	s, v := w.sign(), w.verdict()
	text, do := w.odd()
	switch {
	case text != "" && s.SentTo == "":
		r.bad(what, do, text+"; "+v.String())
	case s.SentTo != "" && !s.Has(decode.StageChallenged):
		r.tellRedirect(what, s, &v, ips)
	case s.Has(decode.StageChallenged):
		r.fine(what, "goes as far as it can without a password: "+family(d)+", "+stage.Of(s.Reached).Name(d))
	case s.Reached >= decode.StageNamed && s.Error.Code != "":
		r.fine(what, fmt.Sprintf("%s is refused with error %s (%s), as there is no such account", r.Account, s.Error.Code, decode.ErrorName(s.Error.Code)))
	default:
		do := v.Advice
		if do == "" && len(v.Reasons) > 0 {
			do = v.Reasons[0]
		}
		r.bad(what, do, v.Cause+"; "+v.String())
	}
}

// tellRedirect says where a server sends its clients, which was not looked at.
func (r *report) tellRedirect(what string, s *decode.SignIn, v *stage.Verdict, ips []netip.Addr) {
	if v.Advice != "" {
		r.bad(what, v.Advice, "sends clients to "+s.SentTo+v.Cause[strings.LastIndex(v.Cause, ": "):])
		return
	}
	if same(s.SentTo, ips) {
		r.bad(what, "see whether the notification server runs, and on this port", "sends clients to "+s.SentTo+", which can't be reached")
		return
	}
	r.warn(what, "look at that one as well: doctor --upstream "+s.SentTo, "sends clients to "+s.SentTo+", another machine, which was not looked at")
}

// same reports whether an address is on the machine that is looked at.
func same(addr string, ips []netip.Addr) bool {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return false
	}
	ip := a.Addr().Unmap()
	return slices.Contains(ips, ip) || ip.IsLoopback() && len(ips) > 0 && ips[0].IsLoopback()
}

// enter begins to sign in, and goes where it is sent on the same machine, as clients do.
func (r *report) enter(ctx context.Context, d int, ips []netip.Addr) (*walk, error) {
	conn, err := r.dial(ctx, r.Upstream)
	if err != nil {
		return nil, err
	}
	w := r.walk(conn, server(conn, r.Upstream))
	defer w.close()
	w.begin(d)
	const hops = 3
	for n := 0; n < hops && w.sign().SentTo != ""; n++ {
		if !same(w.sign().SentTo, ips) {
			break
		}
		r.pause(ctx)
		to := w.sign().SentTo
		conn, err := r.dial(ctx, to)
		if err != nil {
			break
		}
		w.on(conn, to)
		w.begin(d)
	}
	return w, nil
}

// server is the server's address, as far as the connection knows it.
func server(conn net.Conn, name string) string {
	if a := conn.RemoteAddr(); a != nil && a.Network() == "tcp" {
		return a.String()
	}
	return name
}
