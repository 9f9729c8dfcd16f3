package payload

import "testing"

// What is taken for typing at a glance is that when decoded, too.
func TestTyping(t *testing.T) {
	const control = "Content-Type: text/x-msmsgscontrol"
	tests := []struct {
		name, in, want string
	}{
		{"typing", lines("MIME-Version: 1.0", control, "TypingUser: a@example.com", "", "", ""), "is typing"},
		{"recording", lines(control, "RecordingUser: a@example.com", "", "", ""), "is recording"},
		{"both", lines(control, "RecordingUser: a@example.com", "TypingUser: a@example.com", "", ""), "is typing"},
		{"no body", lines(control, "TypingUser: a@example.com", ""), "is typing"},
		{"order, case, parameters", "typinguser:a\ncontent-type:TEXT/X-msmsgsControl ;charset=utf-8\n\n", "is typing"},
		{"no UTF-8", lines(control, "TypingUser: \xff", "", ""), "is typing"},
		{"nobody", lines(control, "TypingUser:", "TypingUser: a@example.com", "", ""), ""},
		{"no colon", lines(control, "TypingUser", "TypingUser: a@example.com", "", ""), ""},
		{"a text of its own", lines(control, "TypingUser: a@example.com", "", "Hello", ""), ""},
		{"two types", lines("Content-Type: text/plain", control, "TypingUser: a@example.com", "", ""), ""},
		{"no type", lines("TypingUser: a@example.com", "", ""), ""},
		{"in the body", lines("Content-Type: text/plain", "", control, "TypingUser: a@example.com", "", ""), ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Typing([]byte(tt.in))
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if full := Decode(MIME, []byte(tt.in)).Summary; got != "" && got != full {
				t.Errorf("%q at a glance, %q when decoded", got, full)
			}
		})
	}
}
