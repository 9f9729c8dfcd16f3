package payload

import (
	"strings"
	"testing"
)

// Message types that a source names, and others; what they are read as.
func TestMessageTypes(t *testing.T) {
	for name, want := range map[string]struct {
		readAs    string
		unsourced bool
	}{
		"text": {"text/plain", false}, "NUDGE": {"text/x-msnmsgr-datacast", false}, "Control/Typing": {"text/x-msmsgscontrol", false},
		"VoiceClip": {"text/x-msnmsgr-datacast", true}, "action": {"text/x-msnmsgr-datacast", true},
		"AnimEmoticon": {"text/x-mms-animemoticon", true}, "Ink": {"application/x-ms-ink", true}, "Signal/Turn": {"", false},
	} {
		got, ok := LookupMessageType(name)
		if !ok || got.ReadAs != want.readAs || got.Unsourced != want.unsourced || !strings.EqualFold(got.Name, name) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
		about := Decode(MIME, []byte("Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: "+name+"\r\nContent-Length: 2\r\n\r\nhi"))
		nodes, _ := about.Unfold()
		if n := find(nodes, "Message-Type"); n == nil || strings.Contains(n.Meaning, "no source") != want.unsourced {
			t.Errorf("%s: %+v", name, n)
		}
	}
	if _, ok := LookupMessageType("Signal"); ok {
		t.Error("Signal alone is a type")
	}
	for name, want := range map[string][2]bool{
		"text/search-query": {true, true}, "TEXT/HTML": {true, true}, "text/plain": {false, true}, "image/gif": {false, true}, "text/x-none": {false, false},
	} {
		if guess, known := ContentType(name); (guess != "") != want[0] || known != want[1] {
			t.Errorf("%s: %q, %v", name, guess, known)
		}
	}
}
