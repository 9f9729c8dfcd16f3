package decode

// HidesRedirect reports whether bytes that are to be put into what a server says may send
// the client elsewhere in a way that no rewriting of whole commands finds: a redirect
// within a payload or behind bytes that are no command, one that is not whole or can't be
// read, the beginning of one at the end. Redirects that are whole commands hide nothing:
// see [ParseRedirect].
func HidesRedirect(b []byte) bool {
	var f Framer
	var fr Frame
	f.Feed(b)
	for f.Next(&fr) && (fr.Kind == Command && fr.EOL > 0 && fr.Missing == 0 || fr.Kind == Blank) {
		if _, unclear := UnclearRedirect(&fr); unclear || fr.Kind == Command && mentionsRedirect(fr.Raw[1:], false) {
			return true
		}
		if r, ok := ParseRedirect(&fr); ok && r.Gateway {
			return true
		}
		b = b[len(fr.Raw):]
	}
	return mentionsRedirect(b, true)
}

// mentionsRedirect reports whether a redirect may begin anywhere in b; more: what follows b
// may go on with what is at its end.
func mentionsRedirect(b []byte, more bool) bool {
	for i := range b {
		if (more || len(b)-i >= 3) && MayRedirect(b[i:]) {
			return true
		}
	}
	return false
}
