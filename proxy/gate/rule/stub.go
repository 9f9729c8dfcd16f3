// Placeholder until package rule lands: delete this file then.

package rule

import (
	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate/action"
)

type Set struct{}
type Status struct{}

func (s *Set) Interest() filter.Interest                { return filter.Interest{} }
func (s *Set) Look(m *decode.Message, e *action.Effect) {}
func (s *Set) Inherit(old *Set)                         {}
func (s *Set) Rules() []Status                          { return nil }
func (s *Set) Enable(name string, on bool) error        { return nil }
