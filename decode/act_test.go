package decode

import "testing"

// Every act is some verb's, and what the program does for one it does for a command of the
// table.
func TestActsAreInTheTable(t *testing.T) {
	played := make(map[Act]bool)
	for _, v := range Verbs() {
		played[v.Act] = true
		if got := ActOf(v.Name); got != v.Act {
			t.Errorf("ActOf(%s) = %d, want %d", v.Name, got, v.Act)
		}
	}
	for a := NoAct; a < Acts; a++ {
		if !played[a] {
			t.Errorf("no verb plays act %d", a)
		} else if v := VerbOf(a); v == nil || v.Act != a {
			t.Errorf("VerbOf(%d) = %v", a, v)
		}
	}
	if v := VerbOf(ActAcknowledge); v == nil || v.Forms[0].Refuses {
		t.Errorf("VerbOf(ActAcknowledge) = %v, want the one that refuses nothing", v)
	}
	if v := VerbOf(Acts); v != nil {
		t.Errorf("VerbOf of what is no act = %s", v.Name)
	}
	for _, name := range []string{"QQQ", "911", ""} {
		if a := ActOf(name); a != NoAct {
			t.Errorf("ActOf(%q) = %d, want none", name, a)
		}
	}
}

// Of a command whose end is missing, OUT alone tells what it would have told with it.
func TestTorn(t *testing.T) {
	for _, c := range []struct {
		bytes string
		want  bool
	}{
		{"OUT", false},
		{"OUT\r\n", false},
		{"PNG", true},
		{"PNG\r\n", false},
		{"QQQ 1", true},
		{"MSG a@example.com A 3\r\nab", true},
		{"MSG a@example.com A 2\r\nab", false},
	} {
		var f Framer
		f.Feed([]byte(c.bytes))
		var fr Frame
		if !f.Next(&fr) && !f.Flush(&fr) {
			t.Fatalf("%q: no frame", c.bytes)
		}
		var m Message
		m.Decode(&fr, Server, SB, 0)
		if got := m.Torn(); got != c.want {
			t.Errorf("%q (%v): torn %v, want %v", c.bytes, fr.Kind, got, c.want)
		}
	}
}
