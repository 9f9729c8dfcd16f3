package gate

import (
	"msnproxy/capture"
	"msnproxy/decode"
)

// redirected is [Outlet.Redirected] of a frame, or of several that raw bytes hold: what is
// no frame is left as it is.
func (l *Lane) redirected(b []byte, named bool) (instead []byte, remarks []capture.Record) {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(b)
	at := 0
	for f.Next(&fr) && fr.Kind != decode.Opaque && len(fr.Raw) < len(b) {
		end := at + len(fr.Raw)
		with, more := l.out.Redirected(b[at:end], named)
		remarks = append(remarks, more...)
		if with != nil && instead == nil {
			instead = append(make([]byte, 0, len(b)+len(with)), b[:at]...)
		}
		switch {
		case with != nil:
			instead = append(instead, with...)
		case instead != nil:
			instead = append(instead, b[at:end]...)
		}
		at = end
	}
	switch {
	case at == 0:
		return l.out.Redirected(b, named)
	case instead != nil:
		instead = append(instead, b[at:]...)
	}
	return instead, remarks
}
