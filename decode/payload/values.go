package payload

import (
	"fmt"
	"strconv"
	"time"
)

// unixTime says which moment a number of seconds is.
func unixTime(v string) string {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 || n > 1<<33 {
		return ""
	}
	return time.Unix(n, 0).UTC().Format("2006-01-02 15:04:05 UTC")
}

// swappedPort reads a ClientPort (MSNP8): Microsoft's servers sent its bytes
// swapped, others send it plain.
func swappedPort(v string) string {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("port %d, or %d if its bytes are swapped", n, n&0xff<<8|n>>8)
}

// unsignedHex shows half of a passport id, a signed number, as NOT and IPG spell
// it.
func unsignedHex(v string) string {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < -1<<31 || n > 1<<32-1 {
		return ""
	}
	return fmt.Sprintf("0x%08x", uint32(n))
}

// accountNumber joins the halves of an account's number, as the address book and other
// services have it: its CID, signed in decimal.
func accountNumber(high, low string) string {
	h, err1 := strconv.ParseInt(high, 10, 64)
	l, err2 := strconv.ParseInt(low, 10, 64)
	if err1 != nil || err2 != nil || unsignedHex(high) == "" || unsignedHex(low) == "" {
		return ""
	}
	n := uint64(uint32(h))<<32 | uint64(uint32(l))
	return fmt.Sprintf("with MemberIdHigh the CID %d, 0x%016x", int64(n), n)
}
