package capture

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/gopacket/gopacket/layers"
	"golang.org/x/text/encoding/charmap"
)

// powerShell writes b as PowerShell's > does on a console of that code page.
func powerShell(b []byte, page *charmap.Charmap) []byte {
	out := []byte{0xff, 0xfe}
	for _, c := range b {
		r := rune(c)
		if c >= 0x80 {
			r = page.DecodeByte(c)
		}
		for _, u := range utf16.Encode([]rune{r}) {
			out = binary.LittleEndian.AppendUint16(out, u)
		}
	}
	return out
}

func unix2dos(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }

// What was taken for text on its way is named, and mended where that can be done.
func TestSpoiled(t *testing.T) {
	w := newWire(t)
	w.wrap = ethernet
	k := w.dial("10.10.0.2:1055", "198.51.100.10:1863")
	k.C(ver)
	k.S(ver)
	k.C(msg)
	k.end()
	pcap, ng := w.pcap(layers.LinkTypeEthernet), w.pcapng(binary.LittleEndian, layers.LinkTypeEthernet)
	said := []byte("tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n")
	tests := []struct {
		name   string
		b      []byte
		says   string // when it is read
		undone string
		lost   bool
	}{
		{"text mode, pcap", unix2dos(pcap), "carriage return before each line feed", "carriage returns that a transfer", false},
		{"text mode, pcapng", unix2dos(ng), "carriage return before each line feed", "carriage returns that a transfer", false},
		{"PowerShell, pcap", powerShell(pcap, charmap.CodePage437), "PowerShell", "UTF-16", false},
		{"PowerShell, code page 850", powerShell(pcap, charmap.CodePage850), "PowerShell", "UTF-16", false},
		{"PowerShell, line ends", powerShell(unix2dos(ng), charmap.CodePage437), "PowerShell", "UTF-16", false},
		{"text in front", join(said, pcap), "text in front", "text in front", false},
		{"two lines in front", join(said, said, ng), "text in front", "text in front", false},
		{"text behind", join(pcap, []byte("9 packets captured\n9 packets received by filter\n0 packets dropped by kernel\n")), "", "", true},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "spoiled.pcap")
		if err := os.WriteFile(path, tt.b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := readError(path); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: read says %v", tt.name, err)
		}
		done, err := Repair(path)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if (len(done.Lost) > 0) != tt.lost || !strings.Contains(strings.Join(done.Undone, "\n"), tt.undone) || done.Kept == 0 {
			t.Errorf("%s: %+v", tt.name, done)
		}
		mended, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(mended, pcap) && !bytes.Equal(mended, ng) {
			t.Errorf("%s: the mended file is not what it was", tt.name)
		}
		if old, err := os.ReadFile(done.Original); err != nil || !bytes.Equal(old, tt.b) {
			t.Errorf("%s: the original is not kept: %v", tt.name, err)
		}
	}
}

// What can't be mended is named: bytes that were taken away are gone.
func TestSpoiledForGood(t *testing.T) {
	w := newWire(t)
	k := w.dial(aliceAt, nsAt)
	for range 5 {
		k.C(ver)
		k.S(ver)
	}
	for name, b := range map[string][]byte{
		"pcap":   unixLines(w.pcap()),
		"pcapng": unixLines(w.pcapng(binary.LittleEndian, layers.LinkTypeRaw)),
	} {
		path := filepath.Join(t.TempDir(), "gone.pcap")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := readError(path); err == nil || !strings.Contains(err.Error(), "taken the carriage returns") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// readError reads a file whole and returns what keeps it from being read.
func readError(path string) error {
	r, err := Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	for err == nil {
		_, err = r.Next()
	}
	return err
}

// Whatever a file was taken for, undoing that does no harm.
func FuzzUnspoil(f *testing.F) {
	w := newWire(f)
	w.dial(aliceAt, nsAt).C(ver)
	pcap := w.pcap()
	f.Add(unix2dos(pcap))
	f.Add(powerShell(pcap, charmap.CodePage437))
	f.Add(join([]byte("tcpdump: listening\n"), pcap))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		_ = spoiledName(b)
		out, did := unspoil(b)
		if (out == nil) != (len(did) == 0) || len(out) > len(b) {
			t.Fatalf("%d bytes of %d, %q", len(out), len(b), did)
		}
	})
}
