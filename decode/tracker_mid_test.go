package decode

import (
	"testing"
	"time"
)

// A notification server's connection that was met in mid-stream is of whoever comes with
// a cookie that it gave out.
func TestMidStream(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		want         string
	}{
		{"by XFR", "1 S: XFR 5 SB 10.0.0.9:1863 CKI 1.2\n2 C: USR 1 alice@example.com;{1} 1.2", "alice@example.com"},
		{"by RNG", "1 S: RNG 77 10.0.0.9:1863 CKI 1.2 bob@example.com Bob\n2 C: ANS 1 alice@example.com 1.2 77", "alice@example.com"},
		{"with another cookie", "1 S: XFR 5 SB 10.0.0.9:1863 CKI 1.2\n2 C: USR 1 alice@example.com 1.3", ""},
		{"which is somebody's", "1 S: USR 4 OK carol@example.com 1 0\n1 S: XFR 5 SB 10.0.0.9:1863 CKI 1.2\n2 C: USR 1 alice@example.com 1.2", "carol@example.com"},
		{"which is gone", "1 S: XFR 5 SB 10.0.0.9:1863 CKI 1.2\n1 close\n2 C: USR 1 alice@example.com 1.2", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := NewTracker()
			c := tr.Open(1, "10.0.0.5:1", "10.0.0.8:1863", time.Time{})
			tr.Open(2, "10.0.0.5:2", "10.0.0.9:1863", time.Time{})
			play(t, tr, tt.script)
			if c.Account != tt.want || (c.Session != nil) != (tt.want != "") {
				t.Errorf("%q, session %v", c.Account, c.Session)
			}
			if sb := tr.Connection(2); tt.want == "alice@example.com" && sb.Session != c.Session {
				t.Errorf("sessions %v and %v", c.Session, sb.Session)
			}
		})
	}
}

// What a client of MSNP21 sends says who it is, and at which end point.
func TestIntroduce(t *testing.T) {
	tr := NewTracker()
	s := &teller{t, tr}
	s.say(1, Server, "SDG 0", passed("1:bob@example.com;epid={2}", "1:alice@example.com", "hi"))
	c := tr.Connection(1)
	if c.Account != "" || c.EndPoint != "" || c.Session != nil {
		t.Errorf("the server's word: %q at %q", c.Account, c.EndPoint)
	}
	m := s.say(1, Client, "SDG 5", passed("1:alice@example.com;epid={1}", "1:bob@example.com", "hi"))
	if c.Account != "alice@example.com" || c.EndPoint != "{1}" || c.Session == nil || m.Conversation() == nil {
		t.Errorf("%q at %q, session %v, conversation %v", c.Account, c.EndPoint, c.Session, m.Conversation())
	}
	s.say(1, Client, "SDG 6", passed("1:carol@example.com;epid={3}", "1:bob@example.com", "hi"))
	if c.Account != "alice@example.com" || c.EndPoint != "{1}" {
		t.Errorf("%q at %q", c.Account, c.EndPoint)
	}
	s.signIn(2, "dave@example.com")
	s.say(2, Client, "SDG 6", passed("1:carol@example.com;epid={3}", "1:bob@example.com", "hi"))
	if d := tr.Connection(2); d.Account != "dave@example.com" || d.EndPoint != "" {
		t.Errorf("%q at %q", d.Account, d.EndPoint)
	}
	s.say(2, Client, "SDG 7", passed("1:dave@example.com;epid={4}", "1:bob@example.com", "hi"))
	if d := tr.Connection(2); d.EndPoint != "{4}" || d.Session == c.Session {
		t.Errorf("at %q", d.EndPoint)
	}
	// Another connection of the same host and account is of the same session.
	tr.Close(1)
	s.say(3, Client, "SDG 7", passed("1:dave@example.com;epid={4}", "1:bob@example.com", "hi"))
	if tr.Connection(3).Session != tr.Connection(2).Session {
		t.Error("two sessions of one end point")
	}
}
