package check

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
)

// only runs a script and returns the findings of some rules, or groups of them:
// "number rule", or "number rule: text" where texts is set.
func only(t *testing.T, script string, texts bool, rules ...string) string {
	t.Helper()
	var list []string
	for _, l := range play(t, script) {
		group, _, _ := strings.Cut(l.Rule, ".")
		if !slices.Contains(rules, l.Rule) && !slices.Contains(rules, group) {
			continue
		}
		s := fmt.Sprintf("%d %s", l.Number, l.Rule)
		if texts {
			s += ": " + l.Text
		}
		list = append(list, s)
	}
	return strings.Join(list, "; ")
}

// each makes lines 0 to n-1.
func each(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\n"+strings.ReplaceAll(format, "%d", "%[1]d"), i)
	}
	return b.String()
}

// Each limit of the protocol where it is reached, and one beyond.
func TestProtocolLimits(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	signIn := func(dialect int, pack string) string {
		return fmt.Sprintf("1 open\n1 C: VER 1 MSNP%d CVR0\n1 S: VER 1 MSNP%[1]d\n1 C: USR 2 %s I alice@example.com", dialect, pack)
	}
	redirect := func(dialect int, line string) string {
		return fmt.Sprintf("1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP%d CVR0\n1 S: VER 1 MSNP%[1]d\n1 S: ", dialect) + line
	}
	one := func(lists, network string) string {
		return fmt.Sprintf(`<ml><d n="example.com"><c n="bob" l="%s" t="%s"/></d></ml>`, lists, network)
	}
	ml := func(size int) string { // so many bytes
		return strings.Replace(one("3", "1"), "bob", x(size-len(one("3", "1"))+3), 1)
	}
	hop := func(cvr, xfr, next int) string { // XfrCount on the way
		h := func(n int) string {
			return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "Version: 1\r\nXfrCount: %d\r\n", n))
		}
		const cvrLine = "CVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 15.4 MSNMSGR alice@example.com "
		return "1 open 10.0.0.9:1 10.0.0.1:1863\n1 C: VER 1 MSNP21 CVR0\n1 S: VER 1 MSNP21\n1 C: " + cvrLine + h(cvr) +
			"\n1 S: XFR 2 NS 10.0.0.5:1863 U D " + h(xfr) + "\n1 close\n2 open 10.0.0.9:2 10.0.0.5:1863\n" +
			"2 C: VER 1 MSNP21 CVR0\n2 S: VER 1 MSNP21\n2 C: " + cvrLine + h(next)
	}
	const rng = "RNG 1 10.0.0.6:1863 CKI 1 bob@example.com Bob"
	text := len("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n")
	for _, tt := range []struct{ rule, good, bad string }{
		{"name.handle", "ns 7\n1 S: FLN " + x(129), "ns 7\n1 S: FLN " + x(130)},
		{"name.length", "ns 7\n1 C: REA 5 a@b " + x(387), "ns 7\n1 C: REA 5 a@b " + x(388)},
		{"name.group", "ns 7\n1 C: ADG 5 " + x(61) + " 0", "ns 7\n1 C: ADG 5 " + x(62) + " 0"},
		{"name.group", "ns 7\n1 C: REG 5 1 " + x(127) + " 0", "ns 7\n1 C: REG 5 1 " + x(128) + " 0"},
		{"name.phone", "ns 7\n1 C: PRP 5 PHM " + x(95), "ns 7\n1 C: PRP 5 PHM " + x(96)},
		{"name.phone", "ns 7\n1 C: PRP 5 PHW " + x(95), "ns 7\n1 C: PRP 5 PHW " + x(96)},
		{"name.escape", "ns 7\n1 C: REA 5 a@b x%41", "ns 7\n1 C: REA 5 a@b x%4"},
		{"name.escape", "ns 7\n1 C: REA 5 a@b %fF", "ns 7\n1 C: REA 5 a@b %"},
		{"name.escape", "ns 7\n1 C: REA 5 a@b %0a", "ns 7\n1 C: REA 5 a@b %g0"},
		{"name.raw", "ns 7\n1 C: REA 5 a@b \x7f", "ns 7\n1 C! REA 5 a@b \\x80\\r\\n"},
		{"name.utf-8", "ns 7\n1 C: REA 5 a@b %C3%A4", "ns 7\n1 C: REA 5 a@b %C3%"},
		{"name.raw", "ns 7\n1 C: LST 5 BL B\u00f6b", "ns 7\n1 C: REA 5 a@b B\u00f6b"}, // a parameter too many is no name
		{"lists.group-id", "ns 7\n1 C: RMG 5 29", "ns 7\n1 C: RMG 5 30"},
		{"lists.group-id", "ns 7\n1 C: REG 5 29 Pals 0", "ns 7\n1 C: REG 5 30 Pals 0"},
		{"lists.property", "ns 7\n1 C: PRP 5 WXYZ 1", "ns 7\n1 C: PRP 5 XYZ 1"},
		{"presence.offline", "ns 7\n1 S: ILN 5 NLN a@b A", "ns 7\n1 S: ILN 5 FLN a@b A"},
		{"presence.offline", "ns 7\n1 S: FLN a@b", "ns 7\n1 S: NLN FLN a@b A"},
		{"signin.package", signIn(7, "MD5"), signIn(8, "MD5")},
		{"signin.package", signIn(8, "TWN"), signIn(7, "TWN")},
		{"signin.package", signIn(14, "TWN"), signIn(15, "TWN")},
		{"signin.package", signIn(15, "SSO"), signIn(14, "SSO")},
		{"lists.size", "ns15 15\n1 C: ADL 5 #|" + ml(7500), "ns15 15\n1 C: ADL 5 #|" + ml(7501)},
		{"lists.size", "ns15 15\n1 C: RML 5 #|" + ml(7500), "ns15 15\n1 C: RML 5 #|" + ml(7501)},
		{"lists.network", "ns15 15\n1 C: ADL 5 #|" + one("3", "255"), "ns15 15\n1 C: RML 5 #|" + one("3", "256")},
		{"lists.network", "ns15 15\n1 C: ADL 5 #|" + one("3", ""), "ns15 15\n1 C: ADL 5 #|" + one("3", "x")},
		{"lists.bits", "ns15 15\n1 C: ADL 5 #|" + one("1", "1"), "ns15 15\n1 C: ADL 5 #|" + one("0", "1")},
		{"lists.bits", "ns15 15\n1 C: ADL 5 #|" + one("101", "1"), "ns15 15\n1 C: ADL 5 #|" + one("129", "1")},
		{"lists.bits", "ns15 15\n1 C: RML 5 #|" + one("16", "1"), "ns15 15\n1 C: ADL 5 #|" + one("16", "1")},
		{"lists.bits", "ns15 15\n1 C: RML 5 #|" + one("", "1"), "ns15 15\n1 C: ADL 5 #|" + one("", "1")},
		{"lists.bits", "ns15 15\n1 S: ADL 0 #|" + one("8", "1"), "ns15 13\n1 C: ADL 5 #|" + one("9", "1")},
		{"lists.both", "ns15 15\n1 C: RML 5 #|" + one("6", "1"), "ns15 15\n1 C: ADL 5 #|" + one("6", "1")},
		{"lists.both", "ns8 8\n1 S: LST bob@example.com Bob 13 0", "ns8 8\n1 S: LST bob@example.com Bob 14 0"},
		{"lists.both", "ns8 11\n1 S: LST N=bob@example.com F=Bob 2\n1 S: ADC 0 BL N=eve@example.com", "ns8 11\n1 S: LST N=bob@example.com F=Bob 2\n1 S: ADC 0 BL N=Bob@example.com"},
		{"lists.both", "ns8 11\n1 S: LST N=bob@example.com F=Bob 2\n1 C: REM 5 AL bob@example.com\n1 S: REM 5 AL bob@example.com\n1 S: ADC 0 BL N=bob@example.com", "ns8 11\n1 S: LST N=bob@example.com F=Bob 4\n1 S: ADC 0 AL N=bob@example.com"},
		{"lists.twice", "ns8 8\n1 S: LST bob@example.com Bob 3 0", "ns8 8\n1 S: LST bob@example.com Bob 3 0\n1 S: LST Bob@example.com Bob 8"},
		{"lists.count", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 1 0\n1 S: LST bob@example.com Bob 3 0", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 1 0\n1 S: LST bob@example.com Bob 3 0\n1 S: LST eve@example.com Eve 3 0"},
		{"lists.count", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 0 0", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 0 0\n1 S: LST eve@example.com Eve 3 0"},
		{"lists.count", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 2 0\n1 S: LST bob@example.com Bob 3 0\n1 close", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 2 0\n1 S: LST bob@example.com Bob 3 0\n1 C: CHG 6 NLN\n1 S: CHG 6 NLN\n1 close"},
		{"lists.group", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 1 1\n1 S: LSG 3 Pals 0\n1 S: LST bob@example.com Bob 3 3", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 1 1\n1 S: LSG 3 Pals 0\n1 S: LST bob@example.com Bob 3 4"},
		{"lists.group", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 1 2\n1 S: LSG 3 Pals 0\n1 S: LST bob@example.com Bob 3 4", "ns8 8\n1 C: SYN 5 0\n1 S: SYN 5 2 1 0\n1 S: LST bob@example.com Bob 3 4"},
		{"lists.reverse", "ns8 10\n1 C: ADC 5 RL N=bob@example.com", "ns8 10\n1 C: REM 5 RL bob@example.com"},
		{"lists.reverse", "ns8 9\n1 S: ADD 0 RL 9 bob@example.com Bob", "ns8 9\n1 C: ADD 5 RL bob@example.com Bob"},
		{"lists.pending", "ns8 10\n1 C: REM 5 PL bob@example.com", "ns8 10\n1 C: ADC 5 PL N=bob@example.com"},
		{"lists.nameless", "ns15 15\n1 C: ADL 5 #|<ml><t><c n=\"tel:+1\" l=\"3\"/></t></ml>", "ns15 15\n1 C: ADL 5 #|<ml><c n=\"bob\" l=\"3\"/></ml>"},
		{"lists.nameless", "ns15 15\n1 C: ADL 5 #|" + one("3", "1"), "ns15 15\n1 C: ADL 5 #|<ml><d n=\"example.com\"><c l=\"3\" t=\"1\"/></d></ml>"},
		{"lists.empty", "ns15 15\n1 C: ADL 5 #|<ml l=\"1\"></ml>", "ns15 15\n1 C: RML 5 #|<ml></ml>"},
		{"lists.empty", "ns15 15\n1 S: ADL 0 0", "ns15 15\n1 C: ADL 5 0"},
		{"lists.empty", "ns15 21\n1 C: SDG 5 0\n1 C: PUT 6 0\n1 C: DEL 7 0", "ns15 15\n1 C: RML 5 0"},
		{"lists.initial", "ns15 15\n1 C: ADL 5 #|" + one("3", "1") + "\n1 S: RFS 1\n1 C: ADL 6 #|<ml l=\"1\"></ml>", "ns15 15\n1 C: ADL 5 #|" + one("3", "1") + "\n1 C: ADL 6 #|<ml l=\"1\"></ml>"},
		{"lists.initial", "ns15 15\n1 C: ADL 5 #|<ml l=\"1\"></ml>", "ns15 15\n1 C: RML 5 #|<ml l=\"1\"></ml>"},
		{"signin.no-cvr", signIn(7, "MD5"), signIn(8, "TWN")},
		{"signin.no-cvr", "ns8 8\n1 S: XFR 0 NS 0\n1 C: VER 5 MSNP8\n1 S: VER 5 MSNP8\n1 C: USR 6 TWN I alice@example.com", signIn(21, "SSO")},
		{"signin.ticket", "nonce 15\n1 C: USR 4 SSO S t=x HAAA", "nonce 15\n1 C: USR 4 SSO S"},
		{"signin.key", "ds15 15\n1 S: USR 3 SSO S MBI_KEY_OLD\n1 C: USR 4 SSO S t=abc&p=", "nonce 15\n1 C: USR 4 SSO S t=abc&p= {0f0e0d0c-0b0a-0908-0706-050403020100}"},
		{"signin.machine", "nonce 16\n1 C: USR 4 SSO S t=abc&p= $blob 0f0e0d0c-0b0a-0908-0706-050403020100", "nonce 16\n1 C: USR 4 SSO S t=abc&p= $blob"},
		{"signin.machine", "nonce 16\n1 C: USR 4 SSO S t=abc&p= HAAAAAEAAAADZgAABIAAAAgAAAAUAAAASAAAAA==", "nonce 21\n1 C: USR 4 SSO S t=abc&p= $blob"},
		{"signin.no-cvr", strings.ReplaceAll(signIn(8, "TWN"), "USR 2", "USR 3"), strings.ReplaceAll(signIn(8, "TWN"), "VER 1", "VER 9")},
		{"signin.unproven", "ns 7", signIn(7, "MD5") + "\n1 S: USR 2 OK alice@example.com Alice"},
		{"redirect.hop", hop(1, 2, 2), hop(1, 1, 1)},
		{"redirect.hop", hop(0, 1, 1), hop(2, 1, 1)},
		{"redirect.hop", hop(1, 2, 3), hop(1, 2, 1)},
		{"session.reason", "ns8 10\n1 S: OUT MIG", "ns8 9\n1 S: OUT MIG"},
		{"session.reason", "ns8 10\n1 S: OUT TOU", "ns8 9\n1 S: OUT TOU"},
		{"session.reason", "ns8 11\n1 S: OUT RCT", "ns8 10\n1 S: OUT RCT"},
		{"session.reason", "ns 2\n1 S: OUT OTH", "ns 2\n1 S: OUT ODD"},
		{"session.reason", "1 mid\n1 S: OUT RCT", "1 mid\n1 S: OUT rct"},
		{"redirect.layout", redirect(2, "XFR 0 NS 10.0.0.6:1863"), redirect(2, "XFR 0 NS 10.0.0.6:1863 0")},
		{"redirect.layout", redirect(3, "XFR 0 NS 10.0.0.6:1863 0"), redirect(3, "XFR 0 NS 10.0.0.6:1863")},
		{"redirect.layout", redirect(6, "XFR 0 NS 10.0.0.6:1863 0"), redirect(6, "XFR 0 NS 10.0.0.6:1863 0 10.0.0.5:1863")},
		{"redirect.layout", redirect(7, "XFR 0 NS 10.0.0.6:1863 0 10.0.0.5:1863"), redirect(7, "XFR 0 NS 10.0.0.6:1863 0")},
		{"redirect.layout", redirect(20, "XFR 0 NS 10.0.0.6:1863 U D"), redirect(20, "XFR 0 NS 10.0.0.6:1863 U D hop")},
		{"redirect.layout", redirect(21, "XFR 0 NS 10.0.0.6:1863 U D hop"), redirect(21, "XFR 0 NS 10.0.0.6:1863 U D")},
		{"redirect.layout", redirect(12, rng), redirect(12, rng+" U host.example")},
		{"redirect.layout", redirect(13, rng+" U host.example"), redirect(13, rng)},
		{"redirect.layout", redirect(14, rng+" U host.example 1"), redirect(14, rng+" U host.example")},
		{"redirect.port", redirect(7, "XFR 0 NS [::1]:1863 0 10.0.0.5:1863"), redirect(7, "XFR 0 NS [::1] 0 10.0.0.5:1863")},
		{"redirect.unspecified", redirect(7, "XFR 0 NS 10.0.0.6:1 0 10.0.0.5:1863"), redirect(7, "XFR 0 NS 10.0.0.6:0 0 10.0.0.5:1863")},
		{"redirect.unspecified", redirect(7, "XFR 0 NS [::1]:1 0 10.0.0.5:1863"), redirect(7, "XFR 0 NS [::]:1863 0 10.0.0.5:1863")},
		// A line of a script takes a millisecond, and a pause is a line.
		{"challenge.late", "ns 7\n1 S: CHL 0 1\n+49.998s\n1 C: QRY 5 a #|" + x(32), "ns 7\n1 S: CHL 0 1\n+49.999s\n1 C: QRY 5 a #|" + x(32)},
		{"challenge.unanswered", "ns 7\n1 S: CHL 0 1\n+49.997s\n1 close", "ns 7\n1 S: CHL 0 1\n+49.998s\n1 close"},
		{"challenge.unanswered", "1 mid\n1 S: CHL 0 1\n1 close", "1 mid\n1 S: CHL 0 1\n1 C: CHG 5 NLN\n1 close"},
		{"challenge.form", "ns 7\n1 S: CHL 0 1\n1 C: QRY 5 a #|" + strings.Repeat("0", 32), "ns 7\n1 S: CHL 0 1\n1 C: QRY 5 a #|" + strings.Repeat("0", 33)},
		{"switchboard.late", "ring 7\n+2m59.997s\n2 C: ANS 1 alice@example.com 84.5 4711", "ring 7\n+2m59.998s\n2 C: ANS 1 alice@example.com 84.5 4711"},
		{"switchboard.size", "talk 7\n2 C: MSG 3 N #|$text" + x(1664-text), "talk 7\n2 C: MSG 3 N #|$text" + x(1665-text)},
		{"mime.format", format("CO=ffffff"), format("CO=fffffff")},
		{"mime.format", format("CS=ff"), format("CS=fff")},
		{"mime.format", format("PF=0"), format("PF=")},
		{"mime.format", format("RL=1"), format("RL=2")},
		{"mime.format", format("RL=0;;  ;"), format("; ")},
		{"mime.format", format("EF="), format("EF")},
		{"mime.type", "talk 7\n2 C: MSG 3 N #|$text", "talk 7\n2 C: MSG 3 N 0"},
		{"mime.end", "talk 7\n2 C: MSG 3 N 0", "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0"},
		{"switchboard.present", strings.ReplaceAll(talk16, "MSNP7", "MSNP16"), strings.ReplaceAll(talk16, "MSNP7", "MSNP15")},
		{"trid.range", "ns 7\n1 C: CHG 4294967295 NLN", "ns 7\n1 C: CHG 4294967300 NLN"},
		{"trid.range", "ns 7\n1 C: CHG 4000000009 NLN", "ns 7\n1 C: CHG 9999999999 NLN"},
		{"trid.form", "ns 7\n1 C: CHG 9999999990 NLN", "ns 7\n1 C: CHG 1/ NLN"},
		{"trid.form", "ns 7\n1 C: CHG 10 NLN", "ns 7\n1 C: CHG 1: NLN"},
	} {
		if got := only(t, tt.good, true, tt.rule); got != "" {
			t.Errorf("good: %s\n in %s", got, tt.good)
		}
		if got := only(t, tt.bad, false, tt.rule); !strings.HasSuffix(got, " "+tt.rule) {
			t.Errorf("bad: %q, no %s\n in %s", got, tt.rule, tt.bad)
		}
	}
}

func format(v string) string {
	return "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain|X-MMS-IM-Format: " + v + "||hi"
}

// talk16 has one end point that joins twice.
const talk16 = `
	1 open 10.0.0.9:1 10.0.0.5:1863
	1 C: VER 1 MSNP7 CVR0
	1 S: VER 1 MSNP7
	1 C: USR 3 SSO I alice@example.com
	1 S: USR 3 OK alice@example.com 1 0
	1 S: XFR 0 SB 10.0.1.2:1863 CKI 17.1 U messenger.hotmail.com 1
	2 open 10.0.0.9:2 10.0.1.2:1863
	2 C: USR 1 alice@example.com 17.1
	2 S: USR 1 OK alice@example.com Alice
	2 S: JOI bob@example.com Bob
	2 S: JOI bob@example.com Bob`

// What is remembered, as far as it goes and one further.
func TestMemory(t *testing.T) {
	reuse := func(n int) string {
		return "1 open\n1 C: VER 1 MSNP7 CVR0\n1 C: CHG 5 NLN" + strings.Repeat("\n1 C: CHG 5 BSY", n) + "\n1 S: VER 1 MSNP7"
	}
	words := func(n int) string {
		return "1 open\n1 C: VER 1" + strings.Repeat(" MSNP6", n-1) + " MSNP7 CVR0\n1 S: VER 1 MSNP7"
	}
	packs := func(n int) string {
		return "1 open\n1 C: VER 1 MSNP2 CVR0\n1 S: VER 1 MSNP2\n1 C: INF 2\n1 S: INF 2" + strings.Repeat(" CKI", n-1) + " MD5\n1 C: USR 3 MD5 I alice@example.com"
	}
	groups := func(n int) string {
		return "syn 7" + each(n, "1 S: LSG 5 9 1 1 %d G 0") + "\n1 S: LST 5 FL 9 1 1 bob@example.com Bob 999"
	}
	cookies := func(n int) string {
		return "ns 7" + each(n, "1 S: RNG 1 10.0.1.2:1863 CKI a%d bob@example.com Bob") + "\n1 close"
	}
	owners := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "\n%d mid 10.0.0.9:1 10.0.0.5:1863\n%[1]d C: USR 3 MD5 I user%[1]d@example.com\n%[1]d S: USR 3 OK user%[1]d@example.com U\n%[1]d S: RNG 1 10.0.1.2:1863 CKI a bob@example.com Bob", i+10)
		}
		return b.String() + "\n2 open 10.0.0.9:2 10.0.1.2:1863\n2 C: ANS 1 carol@example.com a 1"
	}
	calls := func(n int) string {
		return "call 7" + each(n, "2 C: CAL 1%d u%d@example.com\n2 S: CAL 1%d RINGING 4711") + "\n2 close"
	}
	people := func(n int) string {
		return "talk 7" + each(n-1, "2 S: JOI u%d@example.com U") + "\n2 S: MSG carol@example.com C #|$text"
	}
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "\n1 S: LST 5 FL 9 %d %d u%[1]d@example.com U 0", i+1, n)
		}
		return "syn 7" + b.String() + "\n1 S: NLN NLN carol@example.com C"
	}
	for _, tt := range []struct {
		name, script string
		rules        []string
		want         int
	}{
		{"findings that wait for the server", reuse(14), []string{"trid.reused", "signin.order"}, 15},
		{"findings that wait for the server", reuse(15), []string{"trid.reused", "signin.order"}, 16},
		{"findings that wait for the server", reuse(16), []string{"trid.reused", "signin.order"}, 16},
		{"dialects offered", words(64), []string{"version.choice"}, 0},
		{"dialects offered", words(65), []string{"version.choice"}, 1},
		{"packages", packs(16), []string{"signin.not-offered"}, 0},
		{"packages", packs(17), []string{"signin.not-offered"}, 1},
		{"groups", groups(255), []string{"lists.group"}, 1},
		{"groups", groups(256), []string{"lists.group"}, 0},
		{"cookies of a connection", cookies(64), []string{"switchboard.unused"}, 64},
		{"cookies of a connection", cookies(65), []string{"switchboard.unused"}, 64},
		{"owners of a cookie", owners(7), []string{"switchboard.handle"}, 1},
		{"owners of a cookie", owners(8), []string{"switchboard.handle"}, 0},
		{"calls", calls(256), []string{"switchboard.ringing"}, 256},
		{"calls", calls(257), []string{"switchboard.ringing"}, 256},
		{"people", people(255), []string{"switchboard.stranger"}, 1},
		{"people", people(256), []string{"switchboard.stranger"}, 0},
		{"members of a list", members(2048), []string{"presence.stranger"}, 1},
		{"members of a list", members(2049), []string{"presence.stranger"}, 0},
		{"challenges", "ns 7" + each(8, "1 S: CHL 0 %d") + "\n1 C: CHG 5 NLN", []string{"challenge.unanswered"}, 8},
		{"challenges", "ns 7" + each(9, "1 S: CHL 0 %d") + "\n1 C: CHG 5 NLN", []string{"challenge.unanswered"}, 8},
		{"replies to nothing", "ns 7" + each(16, "1 S: CHG 9%d NLN"), []string{"trid.unknown"}, 16},
		{"replies to nothing", "ns 7" + each(17, "1 S: CHG 9%d NLN"), []string{"trid.unknown"}, 16},
		{"statuses", "ns 7" + each(256, "1 S: NLN A%d a@b A"), []string{"presence.status"}, 90}, // only those of three letters
		{"requests", "ns 7" + each(124, "1 C: CHG 1%d NLN") + "\n1 S: USR 2 MD5", []string{"trid.unknown"}, 0},
		{"requests", "ns 7" + each(200, "1 C: CHG 1%d NLN") + "\n1 S: CHG 2 NLN\n1 S: CHG 999999 NLN", []string{"trid.unknown"}, 1},
		{"requests without a reply", "ns 7" + each(200, "1 C: CHG 1%d NLN") + "\n1 S: CHG 1199 NLN" + each(128, "1 C: CHG 3%d NLN") + "\n1 C: OUT", []string{"trid.unanswered"}, 127},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := only(t, tt.script, false, tt.rules...)
			if n := len(strings.FieldsFunc(got, func(r rune) bool { return r == ';' })); n != tt.want {
				t.Errorf("%d findings, want %d: %.300s", n, tt.want, got)
			}
		})
	}
	s := newStage(t)
	s.run(owners(10))
	if p, _ := s.checker.cookies.Get("a"); len(p.accounts) != 8 {
		t.Errorf("%d accounts of a cookie", len(p.accounts))
	}
}

// What is said of which message, whole.
func TestExactly(t *testing.T) {
	const join = "JOI comes before the switchboard has let the client in; the client takes it for that, and goes on with "
	const list3 = "syn 7\n1 S: LST 5 AL 9 1 2 bob@example.com Bob\n"
	const group0 = "syn 7\n1 S: LSG 5 9 1 1 0 G 0\n"
	const overtaken = "\n1 C: CHG 5 NLN\n1 C: CHG 6 BSY\n1 S: CHG 6 BSY\n"
	for _, tt := range []struct {
		name, script string
		rules        []string
		want         string
	}{
		// One fault, one finding.
		{"no reply, then the end", "ns 7\n1 C: CHG 5 NLN\n1 closed S", []string{"trid", "end.unanswered"},
			"0 end.unanswered: the connection ends without a reply to CHG in message 9"},
		{"no reply, then OUT", "ns 7\n1 C: CHG 5 NLN\n1 C: OUT\n1 closed S", []string{"trid", "end.unanswered"},
			"9 trid.abandoned: the connection ended before CHG with TrID 5 had its reply"},
		{"no reply, then nothing", "ns 7\n1 C: CHG 5 NLN", []string{"trid", "end.unanswered"},
			"9 trid.abandoned: the recording ends before CHG with TrID 5 had its reply"},
		{"no reply although later ones have", "ns 7" + overtaken + "1 closed S", []string{"trid", "end.unanswered"},
			"9 trid.unanswered: CHG with TrID 5 has no reply, but later requests have"},
		{"both", "ns 7" + overtaken + "1 C: CHG 7 NLN\n1 closed S", []string{"trid", "end.unanswered"},
			"0 end.unanswered: the connection ends without a reply to CHG in message 12; 9 trid.unanswered: CHG with TrID 5 has no reply, but later requests have"},
		{"a dialect that was not offered", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP8\n1 closed C", []string{"version"},
			`2 version.choice: the server chooses "MSNP8", which the client does not offer`},
		{"OUT after VER", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: OUT\n1 close", []string{"version"},
			"2 version.cvr0-reply: the connection ended with nothing said after this VER, which does not name CVR0 as the client did; aMSN up to 0.94 and others leave then"},
		{"INF after VER", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: INF 2\n1 close", []string{"version"}, ""},
		{"the server leaves after VER", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 closed S", []string{"version"}, ""},
		{"an empty VER", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1", []string{"version"}, ""},
		{"two dialects", "1 open\n1 C: VER 1 MSNP7 MSNP6 CVRO\n1 S: VER 1 MSNP7 MSNP6 CVRO", []string{"version"},
			"2 version.several: the reply names 2 dialects; the first one counts"},

		{"a charset that nobody knows", "talk 7\n2 C: MSG 3 N #|$plainx-klingon||hi\n2 C: MSG 4 N #|$plainwindows-1252||hi", []string{"mime"},
			`18 mime.charset-unknown: charset "x-klingon" is not known: read as UTF-8; 19 mime.charset: the charset is "windows-1252"`},
		{"one TrID twice", "ns 7\n1 C: CHG 5 NLN\n1 C: URL 5 INBOX\n1 S: CHG 5 NLN\n1 closed S", []string{"trid", "end.unanswered"},
			"10 trid.reused: URL has the TrID 5 of CHG in message 9, which has no reply yet"},
		{"one TrID twice, no reply", "ns 7\n1 C: CHG 5 NLN\n1 C: URL 5 INBOX\n1 closed S", []string{"trid", "end.unanswered"},
			"10 trid.reused: URL has the TrID 5 of CHG in message 9, which has no reply yet; 0 end.unanswered: the connection ends without a reply to URL in message 10"},

		// Who is to blame.
		{"JOI before the reply to ANS", "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: JOI alice@example.com Alice\n2 C: MSG 2 N #|$text\n2 S: IRO 1 1 1 bob@example.com Bob\n2 S: ANS 1 OK", []string{"switchboard"},
			"11 switchboard.order: " + join + "MSG in message 12"},
		{"two JOI before it", "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: JOI alice@example.com Alice\n2 S: JOI carol@example.com C\n2 C: CAL 2 d@example.com\n2 C: MSG 3 N #|$text\n2 S: ANS 1 OK", []string{"switchboard"},
			"11 switchboard.order: " + join + "CAL in message 13"},
		{"no JOI", "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: IRO 1 1 1 bob@example.com Bob\n2 C: MSG 2 N #|$text\n2 S: ANS 1 OK", []string{"switchboard"},
			"12 switchboard.order: MSG before the switchboard has let the client in"},
		{"JOI after it", "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: ANS 1 OK\n2 S: JOI bob@example.com Bob\n2 C: MSG 2 N #|$text", []string{"switchboard"}, ""},
		{"let in again", "ns 7\n1 C: USR 5 MD5 I alice@example.com\n1 S: USR 5 OK alice@example.com Alice", []string{"signin"},
			"9 signin.repeated: the client starts to sign in again; 10 signin.repeated: the server lets the client in again"},
		{"a right answer refused", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: USR 3 MD5 I alice@example.com\n1 S: USR 3 MD5 S 1234567890.123456789\n1 C: USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903\n1 S: 910 4", []string{"signin"},
			"6 signin.refused: the server refuses USR in message 5: 910 (server is too busy); the answer was right for the password given"},
		{"a right answer called wrong", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: USR 3 MD5 I alice@example.com\n1 S: USR 3 MD5 S 1234567890.123456789\n1 C: USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903\n1 S: 911 4", []string{"signin"},
			"6 signin.rejected: the server refuses the answer in message 5, which is right for the password given"},
		{"a wrong answer refused", "1 open\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: USR 3 MD5 I alice@example.com\n1 S: USR 3 MD5 S 1234567890.123456789\n1 C: USR 4 MD5 S 00000000000000000000000000000000\n1 S: 910 4", []string{"signin.refused"},
			"6 signin.refused: the server refuses USR in message 5: 910 (server is too busy)"},

		// Lists.
		{"the list again", list3 + "1 S: LST 5 AL 9 2 2 carol@example.com C\n1 S: LST 5 AL 9 1 2 bob@example.com Bob\n1 S: LST 5 AL 9 2 2 carol@example.com C", []string{"lists"}, ""},
		{"an entry again", list3 + "1 S: LST 5 AL 9 1 2 carol@example.com C", []string{"lists"}, "12 lists.order: entry 1 of AL comes twice in a row"},
		{"another total", list3 + "1 S: LST 5 AL 9 2 3 carol@example.com C", []string{"lists"}, "12 lists.count: AL has 3 entries by this line, and 2 by those before"},
		{"another list too soon", list3 + "1 S: LST 5 BL 9 0 0", []string{"lists"}, "12 lists.count: BL begins, but only 1 of 2 entries of AL have come"},
		{"entries that were not seen", "1 mid\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 S: LST 5 AL 9 3 4 bob@example.com Bob\n1 S: LST 5 BL 9 0 0", []string{"lists"}, "4 lists.count: BL begins, but only 3 of 4 entries of AL have come"},
		{"entries that were not seen, to the last", "1 mid\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 S: LST 5 AL 9 3 3 bob@example.com Bob\n1 S: LST 5 BL 9 0 0", []string{"lists"}, ""},
		{"all entries, in mid-stream", "1 mid\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 S: LST 5 FL 9 1 1 bob@example.com Bob\n1 S: NLN NLN carol@example.com C", []string{"presence"}, `4 presence.stranger: "carol@example.com" is not on FL`},
		{"not all entries, in mid-stream", "1 mid\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 S: LST 5 FL 9 2 2 bob@example.com Bob\n1 S: NLN NLN carol@example.com C", []string{"presence"}, ""},
		{"added to a group that is not there", group0 + "1 S: ADD 0 FL 10 bob@example.com Bob 3", []string{"lists"}, `12 lists.group: there is no group "3"`},
		{"added to another list", group0 + "1 S: ADD 0 AL 10 bob@example.com Bob 3", []string{"lists"}, ""},
		{"groups anew", group0 + "1 S: LSG 6 9 1 1 1 G 0\n1 S: ADD 0 FL 10 bob@example.com Bob 1\n1 S: ADD 0 FL 11 carol@example.com C 2", []string{"lists"}, `14 lists.group: there is no group "2"`},
		{"groups anew, without the old", "syn 7\n1 S: LSG 5 9 1 1 2 G 0\n1 S: LSG 6 9 1 1 1 G 0\n1 S: ADD 0 FL 10 bob@example.com Bob 2", []string{"lists"}, `13 lists.group: there is no group "2"`},
		{"groups in two lines", "syn 7\n1 S: LSG 5 9 1 2 1 G 0\n1 S: LSG 5 9 2 2 2 G 0\n1 S: ADD 0 FL 10 bob@example.com Bob 1", []string{"lists"}, ""},
		{"groups, not asked for", "ns 7\n1 S: LSG 0 9 1 1 1 G 0\n1 S: ADD 0 FL 10 bob@example.com Bob 1", []string{"lists"}, ""},
		{"not all groups yet", "syn 7\n1 S: LSG 5 9 1 2 1 G 0\n1 S: ADD 0 FL 10 bob@example.com Bob 2", []string{"lists"}, ""},
		{"a group that is gone", group0 + "1 S: ADG 0 10 G 1 0\n1 S: RMG 0 11 1\n1 S: ADD 0 FL 12 bob@example.com Bob 1", []string{"lists"}, `14 lists.group: there is no group "1"`},
		{"a group that the client wants gone", group0 + "1 S: ADG 0 10 G 1 0\n1 C: RMG 6 1\n1 S: ADD 0 FL 12 bob@example.com Bob 1", []string{"lists"}, ""},
		{"a group id of ten digits", group0 + "1 S: ADG 0 10 G 1234567890 0\n1 S: ADD 0 FL 12 bob@example.com Bob 1234567890", []string{"lists.group"}, ""},
		{"a group id of 39 bytes", group0 + "1 S: ADG 0 10 G 111111111111111111111111111111111111111 0\n1 S: ADD 0 FL 12 bob@example.com Bob 111111111111111111111111111111111111111", []string{"lists.group"}, `13 lists.group: there is no group "111111111111111111111111111111111111111"`},

		// Names.
		{"the first % that is none", "ns 7\n1 C: REA 5 a@b %zz%yy", []string{"name"}, `9 name.escape: the % at byte 0 of friendly "%zz%yy" is no escape`},
		{"one name twice", "ns 7\n1 C: REA 5 a@b %zz\n1 C: REA 6 a@b x\n1 C: REA 7 a@b %zz", []string{"name"}, `9 name.escape: the % at byte 0 of friendly "%zz" is no escape`},

		// Switchboards.
		{"a call refused", "call 7\n2 C: CAL 2 bob@example.com\n2 S: CAL 2 RINGING 4711\n2 C: CAL 3 carol@example.com\n2 S: CAL 3 RINGING 4711\n2 S: 217 3\n2 close", []string{"switchboard"},
			`15 switchboard.ringing: the connection ended before "bob@example.com" answered the call`},
		{"a call that does not ring", "call 7\n2 C: CAL 2 bob@example.com\n2 C: CAL 3 carol@example.com\n2 S: CAL 3 RINGING 4711\n2 close", []string{"switchboard.ringing"},
			`16 switchboard.ringing: the connection ended before "carol@example.com" answered the call`},
		{"another session", "call 7\n2 C: CAL 2 b@c\n2 S: CAL 2 RINGING 1\n2 C: CAL 3 d@e\n2 S: CAL 3 RINGING 2\n2 C: CAL 4 f@g\n2 S: CAL 4 RINGING 2", []string{"switchboard.session"},
			`18 switchboard.session: the session is "2"; it was "1" before`},
		{"no cookie", "ns 7\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN\n1 C: XFR 6 SB\n1 S: XFR 6 SB 10.0.1.2:1863 CKI\n1 close", []string{"switchboard", "redirect"},
			"12 redirect.layout: XFR SB has 4 parameters; in MSNP7 it has 5; 12 redirect.cookie: no cookie comes with the address of the switchboard"},
		{"an end point speaks by its handle", strings.ReplaceAll(talk16, "MSNP7", "MSNP18") + "\n2 S: JOI c@d;{1} C\n2 S: MSG c@d C #|$text", []string{"switchboard.stranger"}, ""},
		{"the first end point speaks by its handle", strings.ReplaceAll(strings.ReplaceAll(talk16, "MSNP7", "MSNP18"), "JOI bob@example.com", "JOI c@d;{1}") + "\n2 S: MSG c@d C #|$text", []string{"switchboard.stranger"}, ""},
		{"a message of a stranger", "talk 7\n2 S: MSG carol@example.com C #|$text", []string{"switchboard.stranger"},
			`18 switchboard.stranger: MSG from "carol@example.com", who is not in the conversation`},
		{"typing of who is not known", "1 mid\n1 S: JOI b@c B\n1 C: MSG 2 U #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|TypingUser: a@b|||", []string{"mime"}, ""},

		// TrIDs.
		{"the TrID of the first request", "ns 7\n1 C: CHG 1 NLN", []string{"trid.order"}, "9 trid.order: CHG has the TrID 1, which VER in message 1 has had"},
		{"a reply to a request long past", "ns 7" + each(200, "1 C: CHG 1%d NLN") + "\n1 S: CHG 2 NLN\n1 S: CHG 999999 NLN\n1 C: OUT\n1 C: OUT", []string{"trid.unknown"}, "210 trid.unknown: CHG has the TrID 999999, which no request has had"},
		{"a command that is not known", "ns 7\n1 C: ZZZ 5\n1 S: CHG 77 NLN", []string{"trid"}, ""},
		{"a command of the other side", "ns 7\n1 C: QNG\n1 S: CHG 77 NLN", []string{"trid"}, "10 trid.unknown: CHG has the TrID 77, which no request has had"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := only(t, tt.script, true, tt.rules...); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.script, got, tt.want)
			}
		})
	}
}

// A length that counts characters, or the units of UTF-16, cuts the payload short by
// what the characters have more in bytes; then the rest stands where a command should.
func TestCharacters(t *testing.T) {
	const head = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n"
	for _, tt := range []struct {
		text  string
		count int // what the length says of the text
		want  bool
	}{
		{"ä", 1, true},
		{"äöü", 3, true},
		{"äöü ab", 6, true},
		{"äöüab", 4, false},
		{"äöüab", 6, false},
		{"😀", 1, true},
		{"😀", 2, true},
		{"ää😀", 3, true},
		{"ää😀", 4, true},
		{"ää😀", 5, false},
		{"😀ää", 4, true},
		{"😀ää", 3, true},
		{"日本語", 3, true},
	} {
		s := newStage(t)
		s.run("talk 7")
		s.bytes(2, 'S', fmt.Sprintf("MSG bob@example.com Bob %d\r\n%s%sBYE bob@example.com\r\n", len(head)+tt.count, head, tt.text))
		got := slices.ContainsFunc(s.found, func(l Located) bool { return l.Rule == "payload.characters" })
		if got != tt.want {
			t.Errorf("%s counted as %d: %v", tt.text, tt.count, s.found)
		}
	}
	for in, want := range map[string][2]int{
		"": {0, 0}, "abcdefgh": {0, 0}, "\x7f": {0, 0}, "\x80": {1, 0}, "\xbf": {1, 0}, "\xc0": {0, 0}, "\xef": {0, 0}, "\xf0": {0, 1},
		"abcdefghä": {1, 0}, "abcdefgäbcdefgh": {1, 0}, "ä2345678": {1, 0}, "abcdefgh😀": {3, 1}, "日本": {4, 0},
	} {
		if n, big := trails([]byte(in)); n != want[0] || big != want[1] {
			t.Errorf("%q: %d, %d", in, n, big)
		}
	}
}

// A proxy changes what each end knows: the rules follow that.
func TestFates(t *testing.T) {
	const head = "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n"
	const usr = "1 C: USR 3 MD5 I alice@example.com\n"
	for _, tt := range []struct {
		name, script string
		rules        []string
		want         string
	}{
		{"the client gets another VER", "1 open\n1 Ce VER 1 MSNP7 CVR0 => VER 1 MSNP5 CVR0\n1 S: VER 1 MSNP7", []string{"version"}, `2 version.choice: the server chooses "MSNP7", which was taken out of what the client offers`},
		{"the server takes what nobody offers", "1 open\n1 Ce VER 1 MSNP7 CVR0 => VER 1 MSNP5 CVR0\n1 S: VER 1 MSNP6", []string{"version"}, `2 version.choice: the server chooses "MSNP6", which the client does not offer`},
		{"the server refuses what was left of a VER", "1 open\n1 Ce VER 1 MSNP7 MSNP6 CVR0 => VER 1 MSNP6 CVR0\n1 S: VER 1 0", []string{"version"}, ""},
		{"the server refuses a VER that was touched in its number", "1 open\n1 Ce VER 1 MSNP7 CVR0 => VER 2 MSNP7 CVR0\n1 S: VER 2 0", []string{"version"}, "2 version.refused: the server speaks none of the dialects that the client offers"},
		{"the server gets the VER of the proxy", "1 open\n1 Ce VER 1 MSNP5 CVR0 => VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7", []string{"version"}, ""},
		{"the server gets no VER", "1 open\n1 Cw VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP5", []string{"version"}, ""},
		{"a VER of the proxy, then the client's", "1 open\n1 Ci VER 1 MSNP7 CVR0\n1 C: VER 1 MSNP7 CVR0", []string{"version"}, ""},
		{"the client knows no packages", head + "1 C: INF 2\n1 Sw INF 2 CKI\n" + usr, []string{"signin"}, ""},
		{"the proxy names packages", head + "1 C: INF 2\n1 Si INF 2 CKI\n" + usr, []string{"signin"}, `5 signin.not-offered: the client signs in by MD5; the server offers CKI`},
		{"a status that the server did not get", "ns 7\n1 Cw CHG 5 HDN\n1 C: XFR 6 SB", []string{"switchboard"}, "10 switchboard.hidden: the client asks for a switchboard before its first CHG"},
		{"a status of the proxy", "ns 7\n1 Ci CHG 5 NLN\n1 C: XFR 6 SB", []string{"switchboard"}, ""},
		{"an entry that the client did not get", "syn 7\n1 Sw LST 5 AL 9 1 2 b@c B\n1 S: LST 5 AL 9 2 2 c@d C", []string{"lists"}, ""},
		{"an entry of the proxy", "syn 7\n1 S: LST 5 AL 9 1 1 b@c B\n1 Si LST 5 AL 9 1 1 c@d C", []string{"lists"}, ""},
		{"a reply of the proxy", "ns 7\n1 C: CHG 5 NLN\n1 Si CHG 5 NLN\n1 close", []string{"trid"}, ""},
		{"a reply that is withheld", "ns 7\n1 C: CHG 5 NLN\n1 Sw CHG 5 NLN\n1 close", []string{"trid"}, ""},
		{"a request that is withheld", "ns 7\n1 Cw CHG 5 NLN\n1 close", []string{"trid"}, ""},
		{"a request of the proxy, its reply withheld", "ns 7\n1 Ci CHG 99 NLN\n1 Sw CHG 99 NLN\n1 close", []string{"trid"}, ""},
		{"a request of the proxy", "ns 7\n1 Ci CHG 5 NLN\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN", []string{"trid.reused", "trid.order"}, ""},
		{"a request that is edited", "ns 7\n1 Ce CHG 5 NLN => CHG 6 NLN\n1 S: CHG 6 NLN\n1 close", []string{"trid"}, ""},
		{"an error of the proxy", "call 7\n2 C: CAL 2 b@c\n2 S: CAL 2 RINGING 1\n2 Si 217 2\n2 close", []string{"trid", "switchboard.ringing"}, "15 switchboard.ringing: the connection ended before \"b@c\" answered the call"},
		{"a ping of the proxy", "ns 7\n1 Ci PNG\n1 C: PNG\n1 S: QNG\n1 closed C", []string{"session", "end.unanswered"}, "0 end.unanswered: the connection ends without a reply to PNG in message 10"},
		{"a ping of the proxy at the end", "ns 7\n1 Ci PNG\n1 closed C", []string{"end.unanswered"}, ""},
		{"OUT of the proxy", "ns 7\n1 Ci OUT\n1 C: CHG 5 NLN\n1 closed S", []string{"session", "end.mid-session"}, ""},
		{"a challenge that is withheld", "ns 7\n1 Sw CHL 0 1\n+60s\n1 C: CHG 5 NLN", []string{"challenge"}, ""},
		{"a challenge of the proxy", "ns 7\n1 Si CHL 0 1\n+60s\n1 C: OUT", []string{"challenge"}, "9 challenge.unanswered: the recording ends before the challenge had an answer, 1m0s after it"},
		{"a cookie that is withheld", "ns 7\n1 Sw RNG 1 10.0.1.2:1863 CKI a bob@example.com Bob\n1 close", []string{"switchboard"}, ""},
		{"a cookie that is edited", "ns 7\n1 Se RNG 1 10.0.1.2:1863 CKI a bob@example.com Bob => RNG 1 10.0.1.2:1863 CKI b bob@example.com Bob\n2 open 10.0.0.9:2 10.0.1.2:1863\n2 C: ANS 1 alice@example.com b 1\n2 S: ANS 1 OK\n1 close", []string{"switchboard"}, ""},
		{"bytes of the proxy", "ns 7\n1 Ci ZZZ 5\n1 S: CHG 77 NLN", []string{"trid", "version"}, "10 trid.unknown: CHG has the TrID 77, which no request has had"},
		{"a redirect to another server", head + usr + "1 Si XFR 3 NS 10.0.0.6:1863 0 10.0.0.5:1863\n1 C: INF 4", []string{"redirect"}, "5 redirect.ignored: the client goes on with INF although XFR NS sends it to another server"},
		{"a redirect that is no answer", "ns 7\n1 S: XFR 0 NS 10.0.0.6:1863 0 10.0.0.5:1863\n1 C: CHG 5 NLN", []string{"redirect"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := only(t, tt.script, true, tt.rules...); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.script, got, tt.want)
			}
		})
	}
}

func TestSmallThings(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "999999999999999999": 999999999999999999, "": -1, "1000000000000000000": -1, "1/": -1, "1:": -1, "90": 90} {
		n, ok := number([]byte(in))
		if !ok {
			n = -1
		}
		if n != want {
			t.Errorf("number(%q) is %d", in, n)
		}
	}
	for n, want := range map[int]bool{1024: true, 1025: false} {
		var last []byte
		v := []byte(strings.Repeat("x", n))
		if again(&last, v) || again(&last, v) != want {
			t.Errorf("%d bytes are remembered: not %v", n, want)
		}
	}
	c := &conn{}
	for i := range 257 {
		if key := fmt.Sprint(i); c.once(key) != (i < 256) || c.once(key) {
			t.Errorf("key %d", i)
		}
	}
	for n, want := range map[int]int{511: 511, 512: 512, 513: 512} {
		if got := len(head([]byte(strings.Repeat("x", n)))); got != want {
			t.Errorf("%d of %d bytes", got, n)
		}
	}
	for _, tt := range []struct {
		r    Rule
		want string
		in   []int
		out  []int
	}{
		{Rule{First: 2}, "all dialects", []int{0, 2, 21}, nil},
		{Rule{First: 3}, "MSNP3 and later", []int{3, 21}, []int{0, 2}},
		{Rule{First: 2, Last: 7}, "MSNP2 to 7", []int{2, 7}, []int{0, 8}},
		{Rule{First: 7, Last: 7}, "MSNP7", []int{7}, []int{0, 6, 8}},
	} {
		if got := tt.r.Dialects(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
		for _, d := range append(tt.in, tt.out...) {
			if tt.r.In(d) != slices.Contains(tt.in, d) {
				t.Errorf("%s has MSNP%d: not so", tt.want, d)
			}
		}
	}
	for n, want := range map[int64]string{-1: "bytes of the server are missing", 0: "0 bytes of the server are missing", 1: "1 byte of the server is missing", 2: "2 bytes of the server are missing"} {
		k := New()
		if got := k.Lost(&decode.Connection{}, decode.Server, n, time.Time{})[0].Text; got != want+" in the recording here" {
			t.Errorf("%d: %s", n, got)
		}
	}
	long := strings.Repeat("x", 90)
	for in, want := range map[string]string{
		long: long + "\n", long + " a": long + "\na\n", "": "\n",
		strings.Repeat("x", 84) + " a":  strings.Repeat("x", 84) + " a\n",
		strings.Repeat("x", 85) + " a":  strings.Repeat("x", 85) + "\na\n",
		strings.Repeat("x", 85) + " 1.": strings.Repeat("x", 85) + " 1.\n",
	} {
		var b strings.Builder
		w := bufio.NewWriter(&b)
		wrap(w, in)
		w.Flush()
		if b.String() != want {
			t.Errorf("%q becomes %q", in, b.String())
		}
	}
	if host := clientHost(&conn{info: &decode.Connection{Client: "somewhere"}}); host != "somewhere" {
		t.Error(host)
	}
}

// Eight bytes at a time, or one: wherever a byte stands in its eight, and whatever is
// beside it.
func TestTrailsByEight(t *testing.T) {
	one := func(b []byte) (n, big int) {
		for _, c := range b {
			more, large := trails([]byte{c})
			n, big = n+more, big+large
		}
		return n, big
	}
	for c := range 256 {
		for at := range 8 {
			for _, fill := range []byte{0, 0x7f, 0x80, 0xbf, 0xc0, 0xef, 0xf0, 0xff} {
				b := bytes.Repeat([]byte{fill}, 17)
				b[at] = byte(c)
				n, big := trails(b)
				if wantN, wantBig := one(b); n != wantN || big != wantBig {
					t.Fatalf("% x: %d and %d, want %d and %d", b, n, big, wantN, wantBig)
				}
			}
		}
	}
}
