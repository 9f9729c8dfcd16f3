package meaning

import (
	"strings"
	"testing"
)

func TestReadClientError(t *testing.T) {
	for s, want := range map[string]uint32{"0x81000306": 0x81000306, "80072EFD": 0x80072efd, "0X80072efd": 0x80072efd, "ffffffff": 0xffffffff} {
		if code, ok := ReadClientError(s); !ok || code != want {
			t.Errorf("%s: %x %v", s, code, ok)
		}
	}
	for _, s := range []string{"", "0x", "8100030", "0x810003060", "8100030g", "+1000306", "911", "0x0x8100"} {
		if code, ok := ReadClientError(s); ok {
			t.Errorf("%q: %x", s, code)
		}
	}
}

func TestLookupClientError(t *testing.T) {
	for code, want := range map[uint32]string{
		0x81000306: "can't sign in", 0x80072efd: "can't connect to the web server", 0x80072f0d: "does not trust",
		0x81000999: "Messenger itself", 0x80048888: "sign-in service",
		0x80072edf: "Error 11999 of Windows, an error of the network", 0x80072ee0: "Error 12000 of Windows, an error of HTTP",
		0x80072710: "Error 10000 of Windows, an error of the network", 0x8007270f: "Error 9999 of Windows.",
		0x800732c7: "Error 12999 of Windows, an error of HTTP", 0x800732c8: "Error 13000 of Windows.", 0x81000301: "can't connect to the service",
	} {
		e, ok := LookupClientError(code)
		if !ok || !strings.Contains(e.About, want) || e.Code != code {
			t.Errorf("%x: %+v, want %q", code, e, want)
		}
	}
	if e, ok := LookupClientError(0xc0000005); ok {
		t.Errorf("%+v", e)
	}
}

// The way back: what a client shows for an error reply.
func TestClientErrorsOf(t *testing.T) {
	for reply, want := range map[string]string{"205": "0x8100030A", "207": "0x81000304", "201": "0x81000435", "217": "0x81000430"} {
		list := ClientErrorsOf(reply)
		if len(list) != 1 || list[0].String() != want {
			t.Errorf("%s: %v, want %s", reply, list, want)
		}
	}
	if list := ClientErrorsOf("911"); len(list) != 0 {
		t.Errorf("911: %v", list)
	}
	seen := map[uint32]bool{}
	for _, e := range clientErrors {
		if seen[e.Code] || !strings.HasSuffix(e.About, ".") {
			t.Errorf("%+v", e)
		}
		seen[e.Code] = true
	}
}
