// Package address takes apart what names an account on the wire, in all spellings that
// the protocol has had:
//
//	bob@example.com                             MSNP2 and later
//	tel:+15551111222                            MSNP11 and later
//	bob@example.com;{GUID}                      MSNP16: one of the account's end points
//	1:bob@example.com;via=9:GUID@live.com       MSNP18: network, and the circle it comes by
//	1:bob@example.com;epid={GUID};path=IM       MSNP18 and later, in routed payloads
//
// It never fails: what is no address is the account, as it stands.
package address

import "strings"

// Part is what a piece of an address is.
type Part uint8

// The parts. All but the account may be missing.
const (
	Network  Part = iota + 1 // number of the network: digits
	Account                  // who it is
	EndPoint                 // one of the places where the account is signed in, "{GUID}"
	Via                      // address by which it is reached: a circle, a gateway
	Path                     // service of it
	Other                    // a parameter that is not known, "name=value"
)

// Address is an address taken apart. What is missing is empty.
type Address struct {
	Network, Account, EndPoint, Via, Path string
}

// text is how addresses come.
type text interface{ ~string | ~[]byte }

// Parse takes an address apart. Its strings are parts of s.
func Parse(s string) (a Address) {
	if Plain(s) {
		return Address{Account: s}
	}
	Walk(s, func(part Part, start, end int) {
		v := s[start:end]
		switch part {
		case Network:
			a.Network = v
		case Account:
			a.Account = v
		case EndPoint:
			a.EndPoint = v
		case Via:
			a.Via = v
		case Path:
			a.Path = v
		}
	})
	return a
}

// Append appends the address in few words: the account, the beginning of its end point,
// and the circle or gateway it comes by.
func (a Address) Append(dst []byte) []byte {
	dst = append(dst, a.Account...)
	if a.EndPoint != "" {
		first, _, _ := strings.Cut(strings.Trim(a.EndPoint, "{}"), "-")
		dst = append(append(dst, " at "...), first...)
	}
	if a.Via != "" {
		circle, _, _ := strings.Cut(a.Via, "@")
		dst = append(append(dst, " via "...), circle...)
	}
	return dst
}

// Plain reports whether an address is nothing but an account.
func Plain[T text](s T) bool {
	for i := range len(s) {
		if s[i] == ';' || s[i] == ':' {
			return false
		}
	}
	return true
}

// Bare returns the account of an address: "bob@example.com" of
// "1:bob@example.com;{GUID}". It is a part of s.
func Bare[T text](s T) T {
	if Plain(s) {
		return s
	}
	start, end := account(s)
	return s[start:end]
}

// Same reports whether two addresses are of one account: case does not matter, nor by
// which network, circle or end point.
func Same(a, b string) bool { return strings.EqualFold(bareNumber(a), bareNumber(b)) }

// Identity is what addresses of one account have in common, to be compared or to be a
// key.
func Identity(s string) string { return strings.ToLower(bareNumber(s)) }

// bareNumber is Bare, of a telephone number without the word before it: its network may
// say the same.
func bareNumber(s string) string {
	s = Bare(s)
	if n := len(telephone); len(s) > n && strings.EqualFold(s[:n], telephone) {
		return s[n:]
	}
	return s
}

const telephone = "tel:"

// account returns where the account of an address stands.
func account[T text](s T) (start, end int) {
	for end < len(s) && s[end] != ';' {
		end++
	}
	n := 0
	for n < end && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	if 0 < n && n <= maxNetwork && n+1 < end && s[n] == ':' {
		start = n + 1
	}
	// Documents write a colon between account and end point.
	at := false
	for i := start; i < end; i++ {
		if s[i] == '@' {
			at = true
		} else if s[i] == ':' && at && isGUID(s[i+1:end]) {
			return start, i
		}
	}
	return start, end
}

// maxNetwork is how many digits the number of a network has at most.
const maxNetwork = 2

// Walk calls f for each part of an address, in order, with where it stands in s. Of
// parameters that is the value, of those that are not known all.
func Walk[T text](s T, f func(part Part, start, end int)) {
	start, end := account(s)
	if start > 0 {
		f(Network, 0, start-1)
	}
	f(Account, start, end)
	if end < len(s) && s[end] == ':' {
		i := end + 1
		for end = i; end < len(s) && s[end] != ';'; end++ {
		}
		f(EndPoint, i, end)
	}
	placed := false
	for end < len(s) {
		start = end + 1
		for end = start; end < len(s) && s[end] != ';'; end++ {
		}
		if start == end {
			continue
		}
		part, value := parameter(s[start:end])
		if part == EndPoint && placed {
			part, value = Other, 0
		}
		placed = placed || part == EndPoint
		f(part, start+value, end)
	}
}

// parameter says what a parameter is, and where its value begins. What has no name is
// an end point.
func parameter[T text](s T) (part Part, value int) {
	for i := range len(s) {
		if s[i] != '=' {
			continue
		}
		switch strings.ToLower(string(s[:min(i, 8)])) {
		case "epid":
			return EndPoint, i + 1
		case "via":
			return Via, i + 1
		case "path":
			return Path, i + 1
		}
		return Other, 0
	}
	return EndPoint, 0
}

// isGUID reports whether s has the shape of a GUID, in braces or without.
func isGUID[T text](s T) bool {
	if len(s) > 2 && s[0] == '{' && s[len(s)-1] == '}' {
		s = s[1 : len(s)-1]
	}
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'f':
		default:
			return false
		}
	}
	return true
}
