package decode

import "strconv"

// Hops returns how often the client was sent on, as the hop string of CVR or XFR says
// (MSNP21), and false if there is none that says so.
func (m *Message) Hops() (int, bool) {
	for i := range m.Len() {
		f := m.Field(i)
		if f.Param == nil || f.Param.Kind.Name != "hop" {
			continue
		}
		if string(f.Raw) == "0" {
			return 0, true
		}
		for _, n := range openHop(f.Raw) {
			if count, err := strconv.Atoi(n.Value); n.Name == "XfrCount" && err == nil && count >= 0 {
				return count, true
			}
		}
	}
	return 0, false
}
