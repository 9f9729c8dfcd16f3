package replay

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"msnproxy/capture"
	"msnproxy/capture/compare"
	"msnproxy/decode"
	"msnproxy/proxy/offer"
	"msnproxy/proxy/proxytest"
)

// kept are dialects that may be offered.
func kept(t *testing.T, names string) *offer.List {
	t.Helper()
	l, err := offer.Parse([]string{names}, false)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// offersSaid is a recorder that notes what is offered.
type offersSaid struct {
	mu   sync.Mutex
	list []string
}

func (o *offersSaid) Put(records []capture.Record) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		if r.From == decode.Client && decode.ActAt(r.Frame.Raw) == decode.ActVersion {
			o.list = append(o.list, strings.Join(strings.Fields(string(r.Frame.Raw))[2:], " "))
		}
	}
	return 0
}

func (*offersSaid) Commit(uint64) {}

// A recorded client is kept to some of its dialects: that the server chooses another one
// than was recorded is no difference, as it is wanted.
func TestOffer(t *testing.T) {
	offered := []string{"MSNP7", "MSNP6", "MSNP5", "MSNP4", "CVR0"}
	file := recordScript(t, offered)
	for list, want := range map[string]string{"MSNP7": "MSNP7 CVR0", "msnp5": "MSNP5 CVR0", "MSNP4,MSNP6": "MSNP6 MSNP4 CVR0", "MSNP9,MSNP4": "MSNP4 CVR0"} {
		inMemory(t, func(t *bubble) {
			said := new(offersSaid)
			r := play(t, ClientConfig{Story: tell(t, file), Server: demoServer(t, proxytest.Config{Dialects: offered, Seed: 1}).DS,
				Accounts: demoPasswords(), Offer: kept(t.T, list), Recorder: said})
			if r.err != nil || r.SignedIn != 3 || list == "MSNP7" && r.Differences > 0 {
				t.Errorf("%s: %+v, %v\n%s", list, r.Result, r.err, r)
			}
			for _, d := range r.list {
				if decode.ActOf(d.Verb) == decode.ActVersion {
					t.Errorf("%s: %s", list, d.String())
				}
			}
			if all := slices.Compact(said.list); len(all) != 1 || all[0] != want {
				t.Errorf("%s: offered was %q; want %q", list, all, want)
			}
		})
	}
	// Nothing is left: the connections are not played.
	inMemory(t, func(t *bubble) {
		said := new(offersSaid)
		r := play(t, ClientConfig{Story: tell(t, file), Server: demoServer(t, proxytest.Config{Dialects: offered}).DS,
			Accounts: demoPasswords(), Offer: kept(t.T, "MSNP9"), Recorder: said})
		if !errors.Is(r.err, ErrNoSignIn) || r.Differences > 0 || len(said.list) > 0 ||
			!strings.Contains(r.String(), "not sent: nothing of what the recorded client offers (MSNP7, MSNP6, MSNP5, MSNP4) is in --offer MSNP9") {
			t.Errorf("%+v, %v, %q\n%s", r.Result, r.err, said.list, r)
		}
	})
}

// What the server chooses without having been offered it remains a difference.
func TestForced(t *testing.T) {
	diffs := func() []compare.FieldDifference {
		return []compare.FieldDifference{{Name: "dialects"}, {Name: "extra1"}}
	}
	for _, tt := range []struct {
		q    *request
		line string
		want int
	}{
		{nil, "VER 1 MSNP5", 2},
		{&request{}, "VER 1 MSNP5", 2},
		{&request{offer: []string{"VER", "1", "MSNP5"}}, "VER 1 msnp5", 1},
		{&request{offer: []string{"VER", "1", "MSNP5"}}, "VER 1 MSNP7", 2},
		{&request{offer: []string{"VER", "1", "MSNP5"}}, "VER 1 0", 2},
	} {
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(tt.line + "\r\n"))
		f.Next(&fr)
		var m decode.Message
		m.Decode(&fr, decode.Server, decode.NS, 0)
		if got := tt.q.forced(&m, diffs()); len(got) != tt.want {
			t.Errorf("%+v, %q: %d differences, not %d", tt.q, tt.line, len(got), tt.want)
		}
	}
}
