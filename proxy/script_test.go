package proxy

import (
	"context"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/proxytest"
)

// TestScriptThroughTheProxy has the scripted accounts sign in, meet and talk
// through the proxy, and finds that nobody gets around it: every connection to the
// server is one of the proxy's, and every one makes sense from its first byte to
// its last.
func TestScriptThroughTheProxy(t *testing.T) {
	for _, ports := range []Ports{OnePort, PerTarget} {
		t.Run(ports.String(), func(t *testing.T) {
			s := proxytest.NewServer(proxytest.Config{Accounts: proxytest.DemoAccounts()})
			defer s.Close()
			p, j := start(t, Config{Upstream: s.DS, Ports: ports, Allow: anyLoopback})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := proxytest.RunScript(ctx, p.Addr().String(), s, nil); err != nil {
				t.Fatal(err)
			}
			if err := p.Shutdown(ctx); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			servers := map[string]int{}
			redirects := 0
			for _, r := range j.all() {
				switch r.Kind {
				case capture.Opened:
					servers[r.Conn.Server]++
				case capture.Data:
					if !r.Frame.Complete() {
						t.Errorf("connection %d: %s sent %q", r.Conn.ID, r.From, r.Frame.Raw)
					}
					if _, ok := decode.ParseRedirect(&r.Frame); ok && r.From == decode.Server {
						redirects++
						if r.Sent == nil {
							t.Errorf("passed as it came: %q", r.Frame.Raw)
						}
					}
				case capture.Remark:
					t.Errorf("remark: %s", r.Text)
				}
			}
			if len(servers) != 3 || servers[s.DS] == 0 || servers[s.NS] == 0 || servers[s.SB] == 0 {
				t.Errorf("connections by server: %v; want DS %s, NS %s, SB %s", servers, s.DS, s.NS, s.SB)
			}
			if redirects == 0 || p.Stats().Redirects != int64(redirects) {
				t.Errorf("%d redirects, %+v", redirects, p.Stats())
			}
		})
	}
}
