package proxy

import "testing"

func TestListensLine(t *testing.T) {
	const line = "   0: 0100007F:0747 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0 100 0 0 10 0\n"
	for _, tt := range []struct {
		line string
		port int
		want string
	}{
		{line, 1863, "12345"}, {line, 1864, ""}, {"", 1863, ""},
		{"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n", 0, ""},
		{"   0: 0100007F:0747 00000000:0000 01 00000000:00000000 00:00000000 00000000  1000        0 12345 1\n", 1863, ""},
	} {
		if got := listens(tt.line, tt.port); got != tt.want {
			t.Errorf("%q: %q", tt.line, got)
		}
	}
	if who := listenerOf(0); who != "" {
		t.Error(who)
	}
}
