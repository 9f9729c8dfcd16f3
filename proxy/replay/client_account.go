package replay

import "strings"

// ParseAccount reads OLD=NEW:PASSWORD, of which NEW or :PASSWORD may be missing: who
// plays the recorded account OLD.
func ParseAccount(s string) (old string, a ClientAccount, ok bool) {
	old, rest, ok := strings.Cut(s, "=")
	if !ok || old == "" || rest == "" {
		return "", a, false
	}
	handle, password, known := strings.Cut(rest, ":")
	a.Handle = handle
	if known {
		a.Password = &password
	}
	return old, a, handle == "" || strings.Contains(handle, "@")
}
