package action

import "msnproxy/decode/filter"

// Values returns the expressions that the action works out for a message: that of a set,
// and those within quoted texts.
func (a Action) Values() (list []*filter.Value) {
	if a.Value != nil {
		list = append(list, a.Value)
	}
	if a.line == nil {
		return list
	}
	for _, p := range a.line.pieces {
		if p.value != nil {
			list = append(list, p.value)
		}
	}
	return list
}
