package address

import (
	"strings"
	"testing"
)

const guid = "{0f0e0d0c-0b0a-0908-0706-050403020100}"

func TestParse(t *testing.T) {
	circle := "9:00000000-0000-0000-0009-000000000001@live.com"
	bare := strings.Trim(guid, "{}")
	for in, want := range map[string]Address{
		"":                          {},
		"bob@example.com":           {Account: "bob@example.com"},
		"Hotmail":                   {Account: "Hotmail"},
		"tel:+15551111222":          {Account: "tel:+15551111222"},
		"4:tel:+15551111222":        {Network: "4", Account: "tel:+15551111222"},
		"1:bob@example.com":         {Network: "1", Account: "bob@example.com"},
		"32:joe@yahoo.example":      {Network: "32", Account: "joe@yahoo.example"},
		"123:joe@yahoo.example":     {Account: "123:joe@yahoo.example"},
		"bob@example.com;" + guid:   {Account: "bob@example.com", EndPoint: guid},
		"bob@example.com:" + guid:   {Account: "bob@example.com", EndPoint: guid},
		"1:bob@example.com:" + bare: {Network: "1", Account: "bob@example.com", EndPoint: bare},
		"1:bob@example.com:" + bare + ";via=14:fb":     {Network: "1", Account: "bob@example.com", EndPoint: bare, Via: "14:fb"},
		"bob@example.com:" + bare[1:]:                  {Account: "bob@example.com:" + bare[1:]},
		"bob@example.com:x" + bare[1:]:                 {Account: "bob@example.com:x" + bare[1:]},
		"bob@example.com;" + bare:                      {Account: "bob@example.com", EndPoint: bare},
		"1:bob@example.com;epid=" + guid:               {Network: "1", Account: "bob@example.com", EndPoint: guid},
		"1:bob@example.com;EPID=" + guid:               {Network: "1", Account: "bob@example.com", EndPoint: guid},
		"1:bob@example.com;via=" + circle:              {Network: "1", Account: "bob@example.com", Via: circle},
		"1:bob@example.com;via=" + circle + ";" + guid: {Network: "1", Account: "bob@example.com", Via: circle, EndPoint: guid},
		circle + ";path=IM":                            {Network: "9", Account: circle[2:], Path: "IM"},
		"13:100000@x;via=14:fb;path=IM;x=1;":           {Network: "13", Account: "100000@x", Via: "14:fb", Path: "IM"},
		"bob@example.com;{1};{2}":                      {Account: "bob@example.com", EndPoint: "{1}"},
		"1:":                                           {Account: "1:"},
		":bob@example.com":                             {Account: ":bob@example.com"},
		";{1}":                                         {EndPoint: "{1}"},
		"8:live:bob":                                   {Network: "8", Account: "live:bob"},
	} {
		if got := Parse(in); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
		if got := Bare(in); got != want.Account {
			t.Errorf("%q: %q", in, got)
		}
		if got := string(Bare([]byte(in))); got != want.Account {
			t.Errorf("%q: bytes %q", in, got)
		}
	}
}

// Parameters that are not known are told of, whole and in their place.
func TestOther(t *testing.T) {
	var got []string
	in := "1:a@x;viaduct=1;{1};{2};ep=3"
	Walk(in, func(part Part, start, end int) { got = append(got, string('0'+rune(part))+in[start:end]) })
	if s := strings.Join(got, " "); s != "11 2a@x 6viaduct=1 3{1} 6{2} 6ep=3" {
		t.Error(s)
	}
}

func TestSame(t *testing.T) {
	for _, same := range [][2]string{
		{"Bob@Example.com", "1:bob@example.com;" + guid},
		{"1:bob@example.com;via=9:x@live.com", "bob@example.com;epid=" + guid},
		{"tel:+1555", "4:+1555"},
	} {
		if !Same(same[0], same[1]) || Identity(same[0]) != Identity(same[1]) {
			t.Errorf("%q is not %q", same[0], same[1])
		}
	}
	for _, not := range [][2]string{{"bob@example.com", "rob@example.com"}, {"tel:", ""}, {"1:a@x", "2:b@x"}} {
		if Same(not[0], not[1]) || Identity(not[0]) == Identity(not[1]) {
			t.Errorf("%q is %q", not[0], not[1])
		}
	}
}

// FuzzAddress: whatever it is, its parts stand in it, in order and apart, and an address
// made of them is the same one.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"bob@example.com", "1:bob@example.com;via=9:x@live.com;" + guid, "tel:+1555", "a@x:" + guid, ";;=;:", "13:1@x;via=14:fb;path=IM"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, accounts := 0, 0
		Walk(s, func(part Part, start, end int) {
			if start < at || end < start || end > len(s) || part != Account && start == end && part != Via && part != Path && part != EndPoint {
				t.Fatalf("%q: part %d from %d to %d, after %d", s, part, start, end, at)
			}
			if at = end; part == Account {
				accounts++
			}
		})
		a := Parse(s)
		if accounts != 1 || Bare(s) != a.Account || string(Bare([]byte(s))) != a.Account || !Same(s, s) || Identity(s) != Identity(strings.ToUpper(strings.ToLower(s))) && isASCII(s) {
			t.Fatalf("%q: %+v, %d accounts", s, a, accounts)
		}
		again := a.Account
		if a.Network != "" {
			again = a.Network + ":" + again
		}
		if a.EndPoint != "" {
			again += ";epid=" + a.EndPoint
		}
		if a.Via != "" {
			again += ";via=" + a.Via
		}
		if b := Parse(again); b.EndPoint != a.EndPoint || b.Via != a.Via || a.Network != "" && b != (Address{a.Network, a.Account, a.EndPoint, a.Via, ""}) {
			t.Fatalf("%q: %+v, but %q: %+v", s, a, again, b)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

func BenchmarkBare(b *testing.B) {
	handles := [][]byte{[]byte("alice@example.com"), []byte("1:bob@example.com;" + guid)}
	b.ReportAllocs()
	for i := range b.N {
		if len(Bare(handles[i%2])) < 15 {
			b.Fatal("not there")
		}
	}
}
