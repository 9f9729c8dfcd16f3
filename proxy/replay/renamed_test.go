package replay

import (
	"strings"
	"testing"

	"msnproxy/proxy/proxytest"
)

// Other accounts play the recorded ones, in each way in which dialects write them.
func TestRenamedInDialects(t *testing.T) {
	for _, dialect := range []string{"MSNP9", "MSNP12", "MSNP13", "MSNP14", "MSNP18", "MSNP21"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			offered := []string{dialect, "CVR0"}
			file := recordScript(t, offered)
			accounts, config := proxytest.DemoAccounts(), ClientConfig{Story: tell(t, file), Accounts: make(map[string]ClientAccount)}
			rename := func(handle string) string {
				if handle == "carol@example.com" { // who does not sign in can't go by another name
					return handle
				}
				return strings.Replace(handle, "@example.com", ".test@example.org", 1)
			}
			for i := range accounts {
				a := &accounts[i]
				old := a.Handle
				a.Handle = rename(a.Handle)
				for _, list := range [][]proxytest.Contact{a.Forward, a.Allow} {
					for j := range list {
						list[j].Handle = rename(list[j].Handle)
					}
				}
				if old != "carol@example.com" {
					ticket := Ticket(proxytest.TicketFor(a.Handle, a.Password))
					config.Accounts[old] = ClientAccount{Handle: a.Handle, Ticket: &ticket}
				}
			}
			s, err := proxytest.Start(proxytest.Config{Accounts: accounts, Dialects: offered})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			config.Server = s.DS
			r := play(t, config)
			clean(t, r)
		})
	}
}
