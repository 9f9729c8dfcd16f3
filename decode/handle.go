package decode

import "strings"

// BareHandle returns the account of a handle without the end point that MSNP16 and
// later put behind it: "alice@example.com" of "alice@example.com;{1BE9...}".
func BareHandle(handle string) string {
	account, _ := SplitHandle(handle)
	return account
}

// SplitHandle parts a handle into account and end point; without one that is "".
func SplitHandle(handle string) (account, endPoint string) {
	account, endPoint, _ = strings.Cut(handle, ";")
	return account, endPoint
}

// sameAccount compares two handles: case does not matter, nor does the end point.
func sameAccount(a, b string) bool { return strings.EqualFold(BareHandle(a), BareHandle(b)) }
