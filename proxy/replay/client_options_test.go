package replay

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msnproxy/capture/compare"
	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/proxy"
	"msnproxy/proxy/proxytest"
)

// Others play the recorded accounts: their handles stand wherever the recorded ones
// stood.
func TestClientAccounts(t *testing.T) { t.Parallel(); inMemory(t, accountsInMemory) }

func accountsInMemory(t *bubble) {
	names := map[string]string{"alice@example.com": "dora@longer.example.org", "bob@example.com": "e@x.nl", "carol@example.com": "carol@example.com"}
	accounts, config := proxytest.DemoAccounts(), ClientConfig{Story: tell(t, demo), Accounts: make(map[string]ClientAccount)}
	for i := range accounts {
		a := &accounts[i]
		password := a.Password
		if a.Handle != "carol@example.com" {
			config.Accounts[a.Handle] = ClientAccount{Handle: names[a.Handle], Password: &password}
		}
		a.Handle = names[a.Handle]
		for _, list := range [][]proxytest.Contact{a.Forward, a.Allow} {
			for j := range list {
				list[j].Handle = names[list[j].Handle]
			}
		}
	}
	s, err := proxytest.Start(proxytest.Config{Accounts: accounts, Listen: t.host.Listen})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	config.Server = s.DS
	r := play(t, config)
	clean(t, r)
	if r.SignedIn != 3 {
		t.Errorf("%+v", r.Result)
	}
}

// One account alone: nobody is expected to hear of the other.
func TestClientOnly(t *testing.T) { t.Parallel(); inMemory(t, onlyInMemory) }

func onlyInMemory(t *bubble) {
	s := demoServer(t, proxytest.Config{})
	r := play(t, ClientConfig{Story: tell(t, demo), Server: s.DS, Accounts: demoPasswords(), Only: []string{"Bob@example.com"}, Timeout: 300 * time.Millisecond})
	if r.err != nil || r.Conns != 4 || r.SignedIn != 2 {
		t.Errorf("%v, %+v", r.err, r.Result)
	}
	for i := range r.list {
		d := &r.list[i]
		if !d.Note && d.Kind == DiffUnanswered {
			t.Errorf("%s", d)
		}
	}
}

// Wrong and missing passwords: nobody gets in, and it is said why.
func TestClientPasswords(t *testing.T) {
	t.Parallel()
	wrong := "wrong"
	for _, test := range []struct {
		what     string
		accounts map[string]ClientAccount
		want     string
		without  int
	}{
		{"none", nil, "give --account alice@example.com=:PASSWORD", 2},
		{"a wrong one", map[string]ClientAccount{"alice@example.com": {Password: &wrong}, "bob@example.com": {Password: &wrong}}, "911 (authentication failed)", 0},
	} {
		bubbled(t, test.what, func(t *bubble) {
			s := demoServer(t, proxytest.Config{})
			config := ClientConfig{Story: tell(t, demo), Server: s.DS, Accounts: test.accounts, Timeout: 200 * time.Millisecond}
			r := play(t, config)
			if !errors.Is(r.err, ErrNoSignIn) || !strings.Contains(r.String(), test.want) {
				t.Errorf("%v\n%s", r.err, r)
			}
			c, err := NewClient(config)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.WithoutPassword(); len(got) != test.without {
				t.Errorf("without a password: %q", got)
			}
		})
	}
}

// Challenges that the recording does not have are answered, and TrIDs stay unique.
func TestClientChallenges(t *testing.T) { t.Parallel(); inMemory(t, clientChallengesInMemory) }

func clientChallengesInMemory(t *bubble) {
	n := 0
	relay := newRelay(t, proxytest.Config{}, func(role decode.Role, line string, frame []byte) []byte {
		if role == decode.NS && (strings.HasPrefix(line, "CVR") || strings.HasPrefix(line, "URL")) {
			n++
			return []byte("CHL 0 1111111111\r\n" + string(frame))
		}
		return frame
	})
	file := filepath.Join(t.TempDir(), "r.pcapng")
	recorder, end := recordTo(t, file)
	r := play(t, ClientConfig{Story: tell(t, demo), Server: relay.DS, Accounts: demoPasswords(), Recorder: recorder, Timeout: 300 * time.Millisecond})
	end()
	// The server has not asked, so it refuses each; what counts is the answer. One
	// challenge takes the place of one of the recording.
	if r.err != nil || n == 0 || strings.Count(r.String(), "extra CHL") != n-1 {
		t.Errorf("%d: %v\n%s", n, r.err, r)
	}
	live := tell(t, file)
	reader, answers := live.NewReader(), 0
	for _, c := range live.Conns {
		seen := make(map[uint32]bool)
		for _, m := range c.Messages {
			if m.From != decode.Client || !m.HasTrID {
				continue
			}
			if seen[m.TrID] {
				t.Errorf("TrID %d twice on #%d", m.TrID, c.ID)
			}
			seen[m.TrID] = true
			if m.Name != "QRY" {
				continue
			}
			d, _, err := reader.Decode(m)
			if err != nil {
				t.Fatal(err)
			}
			if answers++; d.ChallengeRight() == "" {
				t.Errorf("message %d: %s", m.Number, d.Summary())
			}
		}
	}
	if answers < n+2 {
		t.Errorf("%d answers to %d challenges", answers, n+2)
	}
}

func TestClientStops(t *testing.T) { t.Parallel(); inMemory(t, clientStopsInMemory) }

func clientStopsInMemory(t *bubble) {
	relay := newRelay(t, proxytest.Config{}, once(decode.DS, "INF 2", func(string) string { return "INF 2 CTP" }))
	r := play(t, ClientConfig{Story: tell(t, demo), Server: relay.DS, Accounts: demoPasswords(), StopOnDiff: true})
	if r.Differences != 1 || r.Stopped == "" || r.Sent > 3 {
		t.Errorf("%+v, %v\n%s", r.Result, r.err, r)
	}
}

// What is ignored is no difference, and not waited for.
func TestClientIgnore(t *testing.T) { t.Parallel(); inMemory(t, ignoreInMemory) }

func ignoreInMemory(t *bubble) {
	rules, err := compare.NewRules([]string{"ILN.status", "verb:NLN"})
	if err != nil {
		t.Fatal(err)
	}
	relay := newRelay(t, proxytest.Config{}, func(_ decode.Role, line string, frame []byte) []byte {
		if strings.HasPrefix(line, "NLN") {
			return nil
		}
		return []byte(strings.Replace(string(frame), "ILN 9 NLN", "ILN 9 AWY", 1))
	})
	clean(t, play(t, ClientConfig{Story: tell(t, demo), Server: relay.DS, Accounts: demoPasswords(), Rules: rules}))
}

// At recorded pace, or a multiple of it.
func TestClientSpeed(t *testing.T) { t.Parallel(); inMemory(t, clientSpeedInMemory) }

func clientSpeedInMemory(t *bubble) {
	path := filepath.Join(t.TempDir(), "slow.jsonl")
	lines := `{"v":1,"event":"opened","conn":1,"time":"2020-01-01T00:00:00Z"}
{"v":1,"conn":1,"from":"client","time":"2020-01-01T00:00:00Z","raw":"VkVSIDEgTVNOUDcNCg=="}
{"v":1,"conn":1,"from":"server","time":"2020-01-01T00:00:00.01Z","raw":"VkVSIDEgTVNOUDcNCg=="}
{"v":1,"conn":1,"from":"client","time":"2020-01-01T00:00:01Z","raw":"SU5GIDINCg=="}
{"v":1,"conn":1,"from":"server","time":"2020-01-01T00:00:01Z","raw":"SU5GIDIgTUQ1DQo="}
`
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	s := demoServer(t, proxytest.Config{})
	for _, test := range []struct {
		speed float64
		takes time.Duration
	}{{0, 0}, {1, time.Second}, {4, 250 * time.Millisecond}} {
		r := play(t, ClientConfig{Story: tell(t, path), Server: s.DS, Speed: test.speed})
		clean(t, r)
		if got := r.Elapsed - 50*time.Millisecond; got != test.takes { // what should not come is waited for
			t.Errorf("speed %v: %v, want %v", test.speed, got, test.takes)
		}
	}
}

func TestClientConfig(t *testing.T) {
	s := tell(t, demo)
	for _, test := range []struct {
		what   string
		config ClientConfig
		want   string
	}{
		{"no recording", ClientConfig{Server: "127.0.0.1:1"}, "no recording"},
		{"no server", ClientConfig{Story: s}, "no server"},
		{"a bad server", ClientConfig{Story: s, Server: "a b"}, "cannot be part of a host name"},
		{"an account that is not there", ClientConfig{Story: s, Server: "127.0.0.1:1", Accounts: map[string]ClientAccount{"zoe@example.com": {}}},
			"who does is alice@example.com, bob@example.com"},
		{"only one that is not there", ClientConfig{Story: s, Server: "127.0.0.1:1", Only: []string{"zoe@example.com"}}, "zoe@example.com does not sign in"},
		{"a bad rule", ClientConfig{Story: s, Server: "127.0.0.1:1", Allow: []string{"10.0.0.0/99"}}, "10.0.0.0/99"},
		{"a timeout", ClientConfig{Story: s, Server: "127.0.0.1:1", Timeout: -1}, "negative"},
	} {
		if _, err := NewClient(test.config); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.what, err)
		}
	}
}

// A public server can't send the client into the user's own network.
func TestGuard(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dial := (&net.Dialer{}).DialContext
	public, loopback := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.1")
	for _, test := range []struct {
		what  string
		from  netip.Addr
		allow []string
		want  string
	}{
		{"what the user named", netip.Addr{}, nil, ""},
		{"by a server on loopback", loopback, nil, ""},
		{"by a public server", public, nil, "refused to follow the redirect"},
		{"by a public server, allowed", public, []string{l.Addr().String()}, ""},
		{"by a private server", netip.MustParseAddr("10.0.0.1"), nil, "is none of 1863"},
	} {
		g, err := proxy.NewGuard("192.0.2.1", test.allow)
		if err != nil {
			t.Fatal(err)
		}
		c, err := g.Dial(within(t, soon), l.Addr().String(), test.from, dial)
		if err == nil {
			c.Close()
		}
		if got := ""; test.want != "" || err != nil {
			if err != nil {
				got = err.Error()
			}
			if test.want == "" || !strings.Contains(got, test.want) {
				t.Errorf("%s: %v", test.what, err)
			}
		}
	}
}

// What is told of each answer: the recorded message and the live one.
func TestClientAnswered(t *testing.T) { t.Parallel(); inMemory(t, answeredInMemory) }

func answeredInMemory(t *bubble) {
	s := demoServer(t, proxytest.Config{})
	n := 0
	r := play(t, ClientConfig{Story: tell(t, demo), Server: s.DS, Accounts: demoPasswords(), Answered: func(m *story.Message, live *decode.Message) {
		if n++; m.Name != live.Name() {
			t.Errorf("message %d: %s, live %s", m.Number, m.Name, live.Name())
		}
	}})
	clean(t, r)
	if n != r.Compared || n < 100 {
		t.Errorf("%d of %d", n, r.Compared)
	}
}

// Passwords and fresh challenges of a replay server.
func TestClientServerPasswords(t *testing.T) {
	t.Parallel()
	inMemory(t, clientServerPasswordsInMemory)
}

func clientServerPasswordsInMemory(t *bubble) {
	s, e := serve(t, ServerConfig{Story: tell(t, demo), FreshChallenge: true,
		Passwords: map[string]string{"alice@example.com": "wonderland", "bob@example.com": "builder"}})
	clean(t, play(t, ClientConfig{Story: tell(t, demo), Server: s.Addr().String(), Accounts: demoPasswords()}))
	if got := e.of(unusual...); got != nil {
		t.Errorf("the server: %q", got)
	}
}

// A recording in which nothing begins can't be played.
func TestClientNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sb.txt")
	if err := os.WriteFile(path, []byte("C: USR 1 alice@example.com 1.2\nS: USR 1 OK alice@example.com Alice\nC: OUT\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := play(t, ClientConfig{Story: tell(t, path), Server: "127.0.0.1:1"})
	if r.err == nil || !strings.Contains(r.err.Error(), "nothing of") || !strings.Contains(r.String(), "what admitted the client") {
		t.Errorf("%v\n%s", r.err, r)
	}
}
