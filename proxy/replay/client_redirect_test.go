package replay

import (
	"context"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"msnproxy/proxy/proxytest"
)

// Where a server may send the clients: what is refused is not dialled, and where
// another one than a public server names an address, it is said on whose word that is
// followed. Nothing is dialled outside the test.
func TestClientRedirects(t *testing.T) {
	const local, lan, public = "127.0.0.1:1863", "192.168.1.5:1863", "65.54.239.5:1863"
	word := func(what, from, kind string) string {
		return "redirect (answers USR of message 3): following the redirect to " + what + " on the word of the server at " + from + ", which is a " + kind + " address"
	}
	for _, test := range []struct {
		server, target string
		allow          []string
		dialled        string
		note, refused  string
	}{
		{local, "192.168.1.7:1863", nil, "192.168.1.7:1863", word("192.168.1.7:1863 (a private address)", "127.0.0.1", "loopback"), ""},
		{local, "65.54.239.9", nil, "65.54.239.9:1863", word("65.54.239.9:1863 (a public address)", "127.0.0.1", "loopback"), ""},
		{lan, "10.1.2.3:1863", nil, "10.1.2.3:1863", word("10.1.2.3:1863 (a private address)", "192.168.1.5", "private"), ""},
		{local, "192.168.1.7:1863", []string{"192.168.0.0/16"}, "192.168.1.7:1863", "", ""},
		{local, "127.0.0.9:5190", nil, "127.0.0.9:5190", "", ""},
		{lan, "192.168.1.5:5190", nil, "192.168.1.5:5190", "", ""},
		{public, "65.54.239.9:1863", nil, "65.54.239.9:1863", "", ""},
		{local, "169.254.169.254:80", nil, "", "", "a cloud metadata address"},
		{local, "169.254.169.254:80", []string{"169.254.169.254"}, "169.254.169.254:80", "", ""},
		{local, "169.254.1.2:1863", nil, "", "", "a link-local address"},
		{local, "[fe80::1]:1863", nil, "", "", "a link-local address"},
		{local, "[64:ff9b::a9fe:a9fe]:80", nil, "", "", "a cloud metadata address"},
		{local, "0.0.0.0:1863", nil, "", "", "which no server has"},
		{local, "192.168.1.7:25", nil, "", "", "port 25 is none of"},
		{lan, "169.254.169.254:80", nil, "", "", "a cloud metadata address"},
		{public, "169.254.169.254:80", nil, "", "", "a public server redirects to a cloud metadata address"},
		{public, "127.0.0.1:1863", nil, "", "", "a public server redirects to a loopback address"},
		{public, "192.168.1.7:1863", nil, "", "", "a public server redirects to a private address"},
		{public, "10.1.2.3:1863", []string{"10.0.0.0/8"}, "10.1.2.3:1863", "", ""},
	} {
		bubbled(t, test.server+" to "+test.target, func(t *bubble) {
			l := proxytest.NewMemoryListener(test.server)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				next := lines(c)
				for _, out := range []string{"VER 1 MSNP7\r\n", "XFR 2 NS " + test.target + " 0\r\n"} {
					next()
					_, _ = c.Write([]byte(out))
				}
				c.Close()
			}()
			defer l.Close()
			var dialled []string
			client, err := NewClient(ClientConfig{Server: test.server, Allow: test.allow,
				Story: tell(t, transcribed(t, "Client opens a connection to 192.0.2.1:1863\r\nC: VER 1 MSNP7\r\nS: VER 1 MSNP7\r\nC: USR 2 MD5 I alice@example.com\r\nS: XFR 2 NS 192.0.2.2:1863 0\r\nServer disconnects client\r\n"+
					"Client opens a connection to 192.0.2.2:1863\r\nC: VER 3 MSNP7\r\nS: VER 3 MSNP7\r\n")),
				Dialer: func(_ context.Context, network, address string) (net.Conn, error) {
					dialled = append(dialled, address)
					if address == test.server {
						return l.Dial("127.0.0.1:5000"), nil
					}
					return nil, syscall.ECONNREFUSED
				}})
			if err != nil {
				t.Fatal(err)
			}
			var notes, told []string
			client.config.Report = func(d *Difference) {
				switch {
				case !d.Note:
					told = append(told, d.String())
				case d.Kind == DiffRedirect:
					notes = append(notes, d.String())
				}
			}
			r, err := client.Run(within(t, soon))
			want := []string{test.server}
			if test.dialled != "" {
				want = append(want, test.dialled)
			}
			if !slices.Equal(dialled, want) {
				t.Errorf("dialled %q, want %q", dialled, want)
			}
			if len(told) != 1 || !strings.Contains(told[0], "XFR leads nowhere: ") || !strings.Contains(told[0], test.refused) || strings.Contains(told[0], "refused to follow") != (test.refused != "") {
				t.Errorf("%v, %+v\n%q, want %q", err, r, told, test.refused)
			}
			if len(notes) > 1 || (len(notes) == 1) != (test.note != "") || test.note != "" && !strings.HasSuffix(notes[0], test.note) {
				t.Errorf("%q, want %q", notes, test.note)
			}
		})
	}
}
