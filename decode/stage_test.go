package decode

import (
	"testing"
	"time"
)

// toServer and toClient feed a line, of which a proxy made something.
func feed(t *testing.T, tr *Tracker, from Sender, line string, how Relay) *Message {
	t.Helper()
	frames := cut(&Framer{}, []byte(line+"\r\n"))
	if len(frames) != 1 {
		t.Fatalf("%q is %d frames", line, len(frames))
	}
	return tr.Relayed(1, from, &frames[0], time.Unix(1000, 0), how)
}

// A stage is reached by what came to its receiver: not by what was withheld, and by what is
// held only when it goes on.
func TestStagesOfWhatCame(t *testing.T) {
	tr := NewTracker()
	c := tr.Open(1, "10.0.0.9:1030", "10.0.0.5:1863", time.Unix(999, 0))
	reached := func(want Stage) {
		t.Helper()
		if c.SignIn.Reached != want {
			t.Errorf("stage %d, want %d", c.SignIn.Reached, want)
		}
	}
	reached(StageCame)
	feed(t, tr, Client, "VER 1 MSNP7 CVR0", Relay{Fate: Withheld})
	reached(StageCame)
	feed(t, tr, Client, "VER 1 MSNP7 CVR0", Relay{})
	reached(StageOffered)
	feed(t, tr, Server, "VER 1 MSNP7", Relay{Fate: Withheld})
	reached(StageOffered)
	held := feed(t, tr, Server, "VER 1 MSNP7", Relay{Fate: Held}).Keep()
	reached(StageOffered)
	before := c.SignIn.Changes()
	tr.Became(held, Relay{Fate: Passed})
	reached(StageAgreed)
	if c.SignIn.Changes() == before || c.SignIn.Dialect != 7 {
		t.Errorf("%d changes, as before; MSNP%d", before, c.SignIn.Dialect)
	}
	feed(t, tr, Server, "USR 3 OK alice@example.com Alice 1", Relay{Fate: Injected})
	reached(StageAdmitted)
}

// The end of a connection is that of the sign-in only where it is the newest.
func TestEndedIsOfTheNewest(t *testing.T) {
	tr := NewTracker()
	play(t, tr, `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: VER 1 MSNP7 CVR0
		1 S: VER 1 MSNP7
		1 C: USR 3 MD5 I alice@example.com
		1 S: XFR 3 NS 10.0.0.6:1863 0 10.0.0.5:1863
		2 open 10.0.0.9:1031 10.0.0.6:1863
		2 C: VER 4 MSNP7 CVR0`)
	s := tr.Connection(2).SignIn
	if s != tr.Connection(1).SignIn || s.Conn != 2 || s.First != 1 || s.Conns != 2 {
		t.Fatalf("%+v", s)
	}
	tr.Ended(1, Closed, Server, "", time.Unix(1001, 0))
	if !s.Open() {
		t.Error("the end of the connection before is that of the sign-in")
	}
	tr.Ended(2, Reset, Client, "why", time.Unix(1002, 0))
	if s.End != (End{Reset, Client, "why", time.Unix(1002, 0)}) || s.Open() {
		t.Errorf("%+v", s.End)
	}
	tr.Ended(9, Closed, 0, "", time.Time{}) // nobody knows it
}

// A second account on the same connection has a sign-in of its own.
func TestTwoAccountsOneConnection(t *testing.T) {
	tr := NewTracker()
	play(t, tr, `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: VER 1 MSNP7 CVR0
		1 S: VER 1 MSNP7
		1 C: USR 3 MD5 I alice@example.com
		1 S: 911 3
		1 C: USR 4 MD5 I bob@example.com`)
	s := tr.Connection(1).SignIn
	if s.Account != "bob@example.com" || s.Session != 2 || s.Error.Code != "" || s.Dialect != 7 || s.Reached != StageNamed {
		t.Errorf("%+v", s)
	}
}

// A connection of which the beginning is missing may turn out to be a switchboard: what was
// concluded of it is withdrawn, but not what others of the session have proven.
func TestSwitchboardWithdraws(t *testing.T) {
	tr := NewTracker()
	play(t, tr, `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 S: USR 1 OK alice@example.com Alice`)
	s := tr.Connection(1).SignIn
	if !s.Main || s.Reached != StageAdmitted {
		t.Fatalf("it is not taken for a sign-in before more is known: %+v", s)
	}
	before := s.Changes()
	play(t, tr, `
		1 C: CAL 2 bob@example.com
		1 S: CAL 2 RINGING 11752013
		1 S: JOI bob@example.com Bob`)
	if s != tr.Connection(1).SignIn || s.Main || s.Reached != StageTalking || s.Has(StageAdmitted) || !s.Has(StageTalking) || !s.Has(StageCame) ||
		len(s.Waiting()) != 0 || s.Changes() == before || s.Session == 0 || s.Account != "alice@example.com" {
		t.Errorf("%+v", s)
	}
}

// A switchboard takes nothing from a sign-in that has another connection.
func TestSwitchboardLeavesOthers(t *testing.T) {
	tr := NewTracker()
	play(t, tr, `
		1 open 10.0.0.9:1030 10.0.0.5:1863
		1 C: VER 1 MSNP7 CVR0
		1 S: VER 1 MSNP7
		1 C: USR 3 MD5 I alice@example.com
		1 S: USR 3 OK alice@example.com Alice 1
		2 open 10.0.0.9:1031 10.0.0.6:1863
		2 S: USR 1 OK alice@example.com Alice
		2 C: CAL 2 bob@example.com
		2 S: CAL 2 RINGING 11752013`)
	if s := tr.Connection(1).SignIn; !s.Main || !s.Has(StageAdmitted) || !s.Has(StageAgreed) {
		t.Errorf("%+v", s)
	}
}

// Of a switchboard of which the beginning is missing it is known that somebody was let in when
// the server says anything but an error or OUT.
func TestSwitchboardMidStream(t *testing.T) {
	for line, want := range map[string]Stage{"S: JOI bob@example.com Bob": StageTalking, "S: 911 1": StageCame, "S: OUT": StageCame, "C: CAL 2 bob@example.com": StageCame} {
		tr := NewTracker()
		play(t, tr, "\n1 open 10.0.0.9:1030 10.0.0.5:1863\n1 C: CAL 1 carol@example.com\n1 "+line)
		if c := tr.Connection(1); c.Role != SB || c.SignIn.Main || c.SignIn.Reached != want {
			t.Errorf("%s: %v, stage %d, want %d", line, c.Role, c.SignIn.Reached, want)
		}
	}
}
