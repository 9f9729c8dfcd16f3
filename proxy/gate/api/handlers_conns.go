package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"msnproxy/decode"
)

// A connection as JSON.
type connection struct {
	Conn     uint32         `json:"conn"`
	Client   string         `json:"client"`
	Server   string         `json:"server,omitempty"`
	Role     string         `json:"role,omitempty"`
	Dialect  string         `json:"dialect,omitempty"`
	Account  string         `json:"account,omitempty"`
	SignedIn bool           `json:"signed_in"`
	Opened   *time.Time     `json:"opened,omitempty"`
	LastTrID uint32         `json:"last_trid,omitempty"`
	Waiting  map[string]int `json:"waiting,omitempty"`
}

func (s *Server) conns(w http.ResponseWriter, r *http.Request) {
	if _, ok := query(w, r); !ok {
		return
	}
	list := []connection{}
	for _, c := range s.o.Gate.Conns() {
		n := connection{Conn: c.ID, Client: c.Client, Server: c.Server, Role: c.Role.String(), Account: strings.ToValidUTF8(c.Account, "\ufffd"),
			Dialect: dialect(c.Dialect), SignedIn: c.SignedIn, LastTrID: c.LastTrID}
		if !c.Opened.IsZero() {
			at := c.Opened.UTC()
			n.Opened = &at
		}
		if c.FromClient > 0 || c.FromServer > 0 {
			n.Waiting = map[string]int{"client": c.FromClient, "server": c.FromServer}
		}
		list = append(list, n)
	}
	answer(w, http.StatusOK, map[string]any{"conns": list})
}

func dialect(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("MSNP%d", n)
}

// side reads which end of a connection is meant.
func side(s string) (decode.Sender, bool) {
	switch s {
	case "client":
		return decode.Client, true
	case "server":
		return decode.Server, true
	}
	return decode.Either, s == ""
}

func (s *Server) end(reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, ok := query(w, r, "side")
		if !ok {
			return
		}
		id, ok := pathNumber(w, r, "conn", 32)
		if !ok {
			return
		}
		of, ok := side(q.Get("side"))
		if !ok {
			fail(w, http.StatusBadRequest, fmt.Sprintf("side is %q", q.Get("side")), "it is client or server; without it both ends are meant")
			return
		}
		if err := s.o.Gate.End(uint32(id), of, reset, by); err != nil {
			fail(w, http.StatusNotFound, err.Error(), "GET /v1/conns lists those that are")
			return
		}
		answer(w, http.StatusOK, map[string]any{"conn": id, "ended": true})
	}
}
