package api

import (
	"msnproxy/capture"
	"msnproxy/decode"
)

// masked returns a message without its secrets, and its bytes.
func masked(m *decode.Message) ([]byte, *decode.Message) {
	r, err := capture.NewRedactor(false)
	if err != nil {
		return []byte{}, m
	}
	rec := capture.Record{Conn: new(capture.Conn), Kind: capture.Data, From: m.From, Frame: m.Frame.Clone()}
	r.Redact(&rec, m.Role, m.Dialect)
	if now := m.Instead(rec.Frame.Raw); now != nil {
		m = now
	}
	return rec.Frame.Raw, m
}

// shown returns the held message of that number if what is sent in its stead must be
// masked.
func (s *Server) shown(number int64) *decode.Message {
	if s.o.Mask {
		for _, h := range s.o.Gate.Held() {
			if h.Number == number {
				return h.Message
			}
		}
	}
	return nil
}

// conceal masks what is sent in the stead of a message.
func (s *Server) conceal(m *decode.Message, sent []byte) []byte {
	if m == nil || sent == nil {
		return sent
	}
	now := m.Instead(sent)
	if now == nil {
		return []byte("(masked)")
	}
	b, _ := masked(now)
	return b
}
