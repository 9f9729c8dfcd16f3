package payload

import "bytes"

// NewMail reports whether a MIME message tells of mail that has come: what a server
// sends when somebody has written (MSNP2 and later), and not in answer to anything.
func NewMail(b []byte) bool {
	v, _ := Header(b, "Content-Type")
	v, _, _ = bytes.Cut(v, []byte{';'})
	for _, t := range []string{"text/x-msmsgsemailnotification", "application/x-msmsgsemailnotification", "text/x-msmsgsoimnotification"} {
		if bytes.EqualFold(bytes.TrimSpace(v), []byte(t)) {
			return true
		}
	}
	return false
}
