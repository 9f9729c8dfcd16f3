// Package recent remembers the newest of what comes without end.
package recent

// Map keeps the newest values by key: when it is full the oldest key makes room.
// The zero value is empty and keeps nothing; set Max before the first Put.
type Map[V any] struct {
	// Max is how many keys are kept.
	Max int

	values map[string]V
	keys   []string // a ring, once it is full
	oldest int
}

// Get returns the value of a key, and whether there is one.
func (m *Map[V]) Get(key string) (V, bool) {
	v, ok := m.values[key]
	return v, ok
}

// Put sets the value of a key. A key that is there keeps its place in the order.
func (m *Map[V]) Put(key string, v V) {
	if _, known := m.values[key]; !known && !m.room(key) {
		return
	}
	m.values[key] = v
}

// room makes room for a key.
func (m *Map[V]) room(key string) bool {
	switch {
	case m.Max <= 0:
		return false
	case len(m.keys) < m.Max:
		if m.values == nil {
			m.values = make(map[string]V)
		}
		m.keys = append(m.keys, key)
		return true
	}
	delete(m.values, m.keys[m.oldest])
	m.keys[m.oldest] = key
	m.oldest = (m.oldest + 1) % m.Max
	return true
}

// Len returns how many keys there are.
func (m *Map[V]) Len() int { return len(m.values) }

// Each calls do with every value, in any order.
func (m *Map[V]) Each(do func(V)) {
	for _, v := range m.values {
		do(v)
	}
}
