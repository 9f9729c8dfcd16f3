package capture

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/address"
)

// Stand-ins: what takes the place of a value. Each depends on nothing but the value
// and the redactor's key, and shows neither its length nor its symbols.

// digest is a number that is the same for the same value.
func (r *Redactor) digest(b []byte) []byte {
	mac := hmac.New(sha256.New, r.key)
	mac.Write(b)
	return mac.Sum(nil)
}

// secret stands for a password, a cookie, a ticket.
func (r *Redactor) secret(b []byte) []byte {
	return append([]byte("REDACTED"), hex.EncodeToString(r.digest(b)[:6])...)
}

// hash stands for an MD5 in hexadecimal, and is one in shape.
func (r *Redactor) hash(b []byte) []byte {
	return []byte(hex.EncodeToString(r.digest(b)[:16]))
}

// number stands for a number: five digits, a port if that is wanted.
func (r *Redactor) number(b []byte) []byte {
	return strconv.AppendUint(nil, 10000+uint64(binary.BigEndian.Uint32(r.digest(b)))%50000, 10)
}

// word stands for a run of characters between blanks.
func (r *Redactor) word(b []byte) []byte {
	d := r.digest(b)
	out := make([]byte, 3+d[0]%6)
	for i := range out {
		out[i] = "aeioubdfgklmnprst"[int(d[i+1])%17]
	}
	return out
}

// guid stands for a GUID, with the braces and dashes of any other.
func (r *Redactor) guid(b []byte) []byte {
	bare := strings.ToLower(strings.Trim(string(b), "{}"))
	d := r.digest([]byte(bare))
	s := fmt.Sprintf("%x-%x-%x-%x-%x", d[:4], d[4:6], d[6:8], d[8:10], d[10:16])
	if len(b) > 0 && b[0] == '{' {
		s = "{" + s + "}"
	}
	return []byte(s)
}

// standIn returns the stand-in of a value that is counted, and makes it the first
// time.
func standIn(m map[string]string, key string, make func(n int) string) string {
	s, ok := m[key]
	if !ok {
		s = make(len(m) + 1)
		m[key] = s
	}
	return s
}

// person stands for an account, the same for either case.
func (r *Redactor) person(handle string) string {
	return standIn(r.handles, strings.ToLower(handle), func(n int) string { return fmt.Sprintf("person%d@example.net", n) })
}

// phone stands for a telephone number.
func (r *Redactor) phone(digits string) string {
	return standIn(r.phones, digits, func(n int) string { return fmt.Sprintf("1555%07d", 100000+n) })
}

// telephone is what a telephone number looks like that says so itself.
var telephone = regexp.MustCompile(`^((?i:tel):)?\+[0-9][0-9().-]{3,}$|^(?i:tel):[0-9][0-9().-]{3,}$`)

// phoneNumber stands for a number in any spelling, the same for the same digits: what is
// before them (tel:, +) stays, what parts them goes. It returns false if there are too few.
func (r *Redactor) phoneNumber(s string) (string, bool) {
	before := ""
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") {
		before, s = s[:4], s[4:]
	}
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		before, s = before+"+", rest
	}
	digits := strings.Map(func(c rune) rune {
		if strings.ContainsRune(" ().-/", c) {
			return -1
		}
		return c
	}, s)
	if len(digits) < 4 || !isDigits(digits) {
		return "", false
	}
	return before + r.phone(digits), true
}

// handle stands for what names an account: alice@example.com, 1:alice@example.com,
// alice@example.com;{guid}, a handle with "via=", a phone number; also
// percent-encoded. What is before it (a network) stays.
func (r *Redactor) handle(b []byte) []byte {
	s := decode.Unescape(b)
	if s == "" || s == "Hotmail" {
		return b
	}
	var out strings.Builder
	at := 0
	address.Walk(s, func(part address.Part, start, end int) {
		out.WriteString(s[at:start])
		at = end
		switch v := s[start:end]; part {
		case address.Account:
			out.WriteString(r.account(v))
		case address.Via:
			out.Write(r.via(v))
		case address.EndPoint:
			out.Write(r.endPoint([]byte(v)))
		case address.Other:
			out.Write(r.word([]byte(v)))
		default:
			out.WriteString(v)
		}
	})
	return []byte(out.String())
}

// via stands for the circle or gateway that an account comes by; the names of gateways
// are public.
func (r *Redactor) via(s string) []byte {
	if s == "14:fb" {
		return []byte(s)
	}
	return r.handle([]byte(s))
}

func (r *Redactor) account(s string) string {
	before := ""
	if rest, ok := strings.CutPrefix(s, "tel:"); ok {
		before, s = "tel:", rest
	}
	if digits := strings.TrimPrefix(s, "+"); len(digits) > 3 && isDigits(digits) {
		return before + s[:len(s)-len(digits)] + r.phone(digits)
	}
	if isDigits(s) {
		return before + s // an index
	}
	return before + r.person(s)
}

// endPoint stands for the GUID of one of the places where an account is signed in.
func (r *Redactor) endPoint(b []byte) []byte {
	if len(b) > 1 && b[0] == '{' {
		return r.guid(b)
	}
	return r.word(b)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// name stands for a friendly name or the name of a group.
func (r *Redactor) name(raw []byte) []byte {
	s := decode.Unescape(raw)
	switch {
	case s == "" || s == "Hotmail":
		return raw
	case mailbox.MatchString(s):
		return escape(r.words([]byte(s)))
	}
	return []byte(standIn(r.names, s, func(n int) string { return fmt.Sprintf("Name%d", n) }))
}

// escape percent-encodes what can't stand in a parameter.
func escape(b []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("%"), []byte("%25")), []byte(" "), []byte("%20"))
}

// host stands for the name or address of a machine. Loopback addresses and the
// names of Microsoft's service say nothing of anybody.
func (r *Redactor) host(s string) string {
	if s == "" || strings.EqualFold(s, "localhost") || microsofts.MatchString(s) {
		return s
	}
	ip, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return standIn(r.hosts, strings.ToLower(s), func(n int) string { return fmt.Sprintf("host%d.example", n) })
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsLoopback() || ip.IsUnspecified() {
		return s
	}
	out := standIn(r.ips, ip.String(), func(n int) string {
		if ip.Is6() {
			return fmt.Sprintf("2001:db8::%x", n)
		}
		return documentation(n).String()
	})
	if strings.HasPrefix(s, "[") {
		return "[" + out + "]"
	}
	return out
}

// microsofts are the hosts of Microsoft's service.
var microsofts = regexp.MustCompile(`(?i)^([a-z0-9-]{1,32}\.){1,4}(hotmail|msn|passport|live)\.com$`)

// documentation returns the n-th of the addresses set apart for documents (RFC 5737),
// and then of those for benchmarks (RFC 2544).
func documentation(n int) netip.Addr {
	nets := [...][3]byte{{192, 0, 2}, {198, 51, 100}, {203, 0, 113}}
	if i := (n - 1) / 254; i < len(nets) {
		return netip.AddrFrom4([4]byte{nets[i][0], nets[i][1], nets[i][2], byte((n-1)%254 + 1)})
	}
	n -= 254 * len(nets)
	return netip.AddrFrom4([4]byte{198, 18 + byte(n>>16&1), byte(n >> 8), byte(n)})
}

// address stands for HOST or HOST:PORT; the port stays.
func (r *Redactor) address(s string) string {
	if host, port, err := net.SplitHostPort(s); err == nil && len(port) <= 5 && isDigits(port) {
		return net.JoinHostPort(r.host(host), port)
	}
	if !hostName.MatchString(s) {
		return string(r.word([]byte(s))) + ".example"
	}
	return r.host(s)
}

// url stands for a web address, whole or relative.
func (r *Redactor) url(b []byte) []byte {
	page := string(r.word(b))
	for _, scheme := range []string{"http://", "https://"} {
		if len(b) > len(scheme) && strings.EqualFold(string(b[:len(scheme)]), scheme) {
			return []byte(scheme + "site.example/" + page)
		}
	}
	return []byte("/" + page)
}

var (
	mailbox  = regexp.MustCompile(`[^\s<>"'(),:;=&%/\[\]]+@[A-Za-z0-9._-]+\.[A-Za-z]{2,}`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9._:%\[\]-]+$`)
	guid     = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?$`)
	runs     = regexp.MustCompile(`[^ \t\r\n]+`)
)

// words redacts a text: each run between blanks gets a stand-in, an account or an
// address of a machine that of its kind.
func (r *Redactor) words(b []byte) []byte { return runs.ReplaceAllFunc(b, r.run) }

func (r *Redactor) run(b []byte) []byte {
	plain := b
	if bytes.IndexByte(b, '%') >= 0 {
		plain = []byte(decode.Unescape(b))
	}
	if a := mailbox.FindIndex(plain); a != nil {
		if account := address.Bare(plain); a[0] == bytes.Index(plain, account) && a[1]-a[0] == len(account) {
			return r.handle(plain)
		}
		return r.handle(plain[a[0]:a[1]])
	}
	core := bytes.Trim(plain, `.,;:!?()<>"'`)
	switch {
	case telephone.Match(core):
		if s, ok := r.phoneNumber(string(core)); ok {
			return []byte(s)
		}
		return r.word(b)
	case guid.Match(core):
		return r.guid(core)
	case len(core) > 3 && isDigits(string(core)):
		return r.number(core)
	case bytes.Contains(core, []byte("://")):
		return r.url(core)
	}
	if host, port, err := net.SplitHostPort(string(core)); err == nil && isDigits(port) {
		core = []byte(host)
		if _, err := netip.ParseAddr(host); err == nil {
			return []byte(net.JoinHostPort(r.host(host), port))
		}
	}
	if _, err := netip.ParseAddr(string(core)); err == nil {
		return []byte(r.host(string(core)))
	}
	return r.word(b)
}
