package inspector

import (
	"testing"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
)

func TestOpenedByAWay(t *testing.T) {
	for way, want := range map[string]string{"": "opened: a to b", "SOCKS5": "opened: a to b, by SOCKS5 for ns:1863"} {
		c := &index.Conn{Facts: &decode.Connection{Client: "a", Server: "b"}, Record: &capture.Conn{Way: way, Asked: "ns:1863"}}
		if got := occasion(&index.Row{Kind: index.Opened, Conn: c}, &capture.Record{}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
