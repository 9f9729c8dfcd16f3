package replay

import (
	"testing"

	"msnproxy/proxy/proxytest"
)

// The recorded demo against the server that it was recorded of.
func TestClientDemo(t *testing.T) {
	s := demoServer(t, proxytest.Config{})
	r := play(t, ClientConfig{Story: tell(t, demoFile), Server: s.DS, Accounts: demoPasswords()})
	clean(t, r)
	t.Logf("%+v\n%s", r.Result, r)
}
