package payload

import "testing"

// What client programs and servers choose stays; what may tell of a person goes.
func TestPublic(t *testing.T) {
	for _, tt := range []struct {
		name, value, want string
		whole             bool // said at once, also where parts go
	}{
		{"Content-Type", "text/plain; charset=UTF-8", "text/plain; charset=UTF-8", true},
		{"Content-Type", "text/plain; charset=alice; name=holiday.jpg", "text/plain", true},
		{"Content-Type", `text/plain; CharSet = "utf-8"; x`, `text/plain; CharSet = "utf-8"`, true},
		{"Content-Type", "image/gif", "image/gif", true},
		{"Content-Type", "x-alice/diary", "application/x-unknown", true},
		{"X-MMS-IM-Format", "FN=Arial; EF=BI; CO=ff00aa; CS=0; PF=22", "FN=Arial; EF=BI; CO=ff00aa; CS=0; PF=22", true},
		{"X-MMS-IM-Format", "FN=Alice%20Hand; EF=alice; NM=alice;", "FN=Font; EF=;", true},
		{"Application-GUID", "{5D3E02AB-6190-11D3-BBBB-00C04F795683}", "{5D3E02AB-6190-11D3-BBBB-00C04F795683}", true},
		{"Application-GUID", "{00000000-0000-0000-0000-00000a11ce00}", "{00000000-0000-0000-0000-00000a11ce00}", false},
		{"Inbox-Unread", "4294967295", "4294967295", true},
		{"Inbox-Unread", "42949672950", "42949672950", false},
		{"MIME-Version", "1.0", "1.0", true},
		{"Invitation-Command", "Invite", "Invite", true},
		{"Invitation-Command", "alice", "alice", false},
		{"ID", "16", "16", true},
		{"ID", "160", "160", false},
		{"TypingUser", "", "", true},
		{"TypingUser", "alice@example.com", "alice@example.com", false},
	} {
		if got, ok := Public(tt.name, tt.value); got != tt.want || ok != tt.whole {
			t.Errorf("%s: %s is %q, %v; want %q, %v", tt.name, tt.value, got, ok, tt.want, tt.whole)
		}
	}
}
