package api

import (
	"net/http"

	"msnproxy/proxy/gate/rule"
)

// A rule as JSON.
type ruleStatus struct {
	Name    string `json:"name"`
	Rule    string `json:"rule"`
	Enabled bool   `json:"enabled"`
	Matched int64  `json:"matched"`
	Applied int64  `json:"applied"`
	Failed  int64  `json:"failed,omitempty"`
	Error   string `json:"error,omitempty"`
}

func (s *Server) rules(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); ok {
		s.tellRules(w)
	}
}

func (s *Server) tellRules(w http.ResponseWriter) {
	all, err := s.o.Gate.Rules()
	if err != nil {
		fail(w, http.StatusConflict, err.Error(), "")
		return
	}
	list := []ruleStatus{}
	for _, st := range all {
		list = append(list, ruleStatus{st.Name, st.Text, st.Enabled, st.Matched, st.Applied, st.Failed, st.Error})
	}
	answer(w, http.StatusOK, map[string]any{"rules": list})
}

func (s *Server) setRules(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	text, ok := read(w, r)
	if !ok {
		return
	}
	set, err := rule.Parse(string(text), "rules")
	if err == nil {
		err = s.o.Gate.SetForeignRules(set)
	}
	if err != nil {
		fail(w, http.StatusConflict, err.Error(), "the rules that were in force still are; docs/rules.md describes the file")
		return
	}
	s.tellRules(w)
}

func (s *Server) switchRule(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	var in struct {
		Enabled *bool `json:"enabled"`
	}
	if !body(w, r, &in) {
		return
	}
	if in.Enabled == nil {
		fail(w, http.StatusBadRequest, "the body does not say what is to change", `write {"enabled": true} or {"enabled": false}`)
		return
	}
	if err := s.o.Gate.EnableRule(r.PathValue("name"), *in.Enabled); err != nil {
		fail(w, http.StatusNotFound, err.Error(), "GET /v1/rules lists the rules")
		return
	}
	s.tellRules(w)
}
