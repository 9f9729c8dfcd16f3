package api

import (
	"errors"
	"net/http"
	"time"

	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
)

// A held message as JSON.
type heldMessage struct {
	Number    int64      `json:"number"`
	Conn      uint32     `json:"conn"`
	From      string     `json:"from"`
	Verb      string     `json:"verb,omitempty"`
	Summary   string     `json:"summary"`
	Since     *time.Time `json:"since,omitempty"`
	Why       string     `json:"why"`
	ForMS     float64    `json:"for_ms,omitempty"`
	Frame     string     `json:"frame"`
	Base64    string     `json:"frame_base64,omitempty"`
	Behind    int        `json:"behind,omitempty"`
	First     bool       `json:"first"`
	Gone      bool       `json:"gone,omitempty"`
	ChangedBy []string   `json:"changed_by,omitempty"`
}

func (s *Server) held(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	list := []heldMessage{}
	for _, h := range s.o.Gate.Held() {
		if s.o.Mask {
			h.Frame, h.Message = masked(h.Message)
		}
		b := asBytes(h.Frame)
		m := heldMessage{Number: h.Number, Conn: h.Conn, From: h.From.String(), Summary: h.Message.Summary(), Why: h.Why,
			ForMS: float64(h.For) / 1e6, Frame: b.Text, Base64: b.Base64, Behind: h.Behind, First: h.First, Gone: h.Gone, ChangedBy: h.ChangedBy}
		if h.Message.Frame.Kind == decode.Command {
			m.Verb = h.Message.Name()
		}
		if !h.Since.IsZero() {
			at := h.Since.UTC()
			m.Since = &at
		}
		list = append(list, m)
	}
	answer(w, http.StatusOK, map[string]any{"held": list})
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	number, ok := pathNumber(w, r, "number", 63)
	if !ok {
		return
	}
	var in struct {
		Do []string `json:"do"`
	}
	if !body(w, r, &in) {
		return
	}
	do, err := Actions(in.Do)
	if err != nil {
		fail(w, http.StatusBadRequest, "do: "+err.Error(), "docs/rules.md lists the actions; an empty list forwards")
		return
	}
	m := s.shown(int64(number))
	out, err := s.o.Gate.DecideForeign(int64(number), do, by)
	if err != nil {
		how := "it is held as before; GET /v1/held shows it"
		if errors.Is(err, gate.ErrNotHeld) {
			how = "GET /v1/held lists what is held"
		} else if errors.Is(err, action.ErrHides) {
			how = wholeCommands + "; it is held as before"
		}
		fail(w, http.StatusConflict, err.Error(), how)
		return
	}
	answer(w, http.StatusOK, struct {
		Number uint64 `json:"number"`
		*bytesOf
		Withheld bool `json:"withheld,omitempty"`
		Waiting  bool `json:"waiting,omitempty"`
		Held     bool `json:"held,omitempty"`
	}{number, asBytes(s.conceal(m, out.Sent)), out.Sent == nil, out.Waiting, out.Held})
}

// Actions reads a list of texts of actions.
func Actions(list []string) (do []action.Action, err error) {
	for _, text := range list {
		more, err := action.ParseList(text)
		if err != nil {
			return nil, err
		}
		do = append(do, more...)
	}
	return do, nil
}
