package payload

import (
	"bytes"
	"html"
	"slices"
	"strings"
)

// Shown is what somebody lets others see (UUX), and what others are shown (UBX).
type Shown struct {
	// Message and Media are the personal message and what is listened to.
	Message, Media string
	// Places are what the end points that it tells of can do.
	Places []string

	data, private bool
}

// ReadShown reads it, by a look at the text alone; of nothing it is that nothing is shown.
func ReadShown(b []byte) (s Shown) {
	_, data := element(b, "Data")
	s.data = data || bytes.Contains(b, []byte("<Data/>"))
	s.Message, s.Media = elementText(b, "PSM"), elementText(b, "CurrentMedia")
	_, s.private = element(b, "PrivateEndpointData")
	for {
		at, ok := element(b, "Capabilities")
		if !ok || len(s.Places) >= maxPlaces {
			return s
		}
		b = b[at:]
		text, _, _ := bytes.Cut(b, []byte{'<'})
		s.Places = append(s.Places, html.UnescapeString(strings.TrimSpace(valid(text))))
	}
}

// maxPlaces is how many end points are looked at.
const maxPlaces = 16

// Private reports whether it is nothing that others see: what only the account's own end
// points are told.
func (s *Shown) Private() bool { return s.private && !s.data && len(s.Places) == 0 }

// In reports whether others are shown what it says. They are shown more: all end points.
func (s *Shown) In(other Shown) bool {
	if s.data && (s.Message != other.Message || s.Media != other.Media) {
		return false
	}
	for _, p := range s.Places {
		if !slices.Contains(other.Places, p) {
			return false
		}
	}
	return true
}
